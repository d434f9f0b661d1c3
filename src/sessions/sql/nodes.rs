//! Nodes that serve one store, and what their appliers tell each other.

use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::UnixMs;

/// A process that serves this store.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Node {
    /// Its journal, which names it.
    pub journal_id: i64,
    /// For people: data folder and process.
    pub name: String,
    /// Tells its key file from another.
    pub key_fingerprint: Vec<u8>,
    /// When it last said that it serves, unix ms.
    pub seen_at: UnixMs,
}

/// Says that a node serves.
// cross-tenant: a node serves every tenant
pub async fn upsert_node(conn: &mut Conn, node: &Node) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO nodes (journal_id, name, key_fingerprint, seen_at) VALUES ($1, $2, $3, $4) ON CONFLICT (journal_id) DO UPDATE \
        SET name = excluded.name, key_fingerprint = excluded.key_fingerprint, seen_at = excluded.seen_at",
        node.journal_id, &node.name, &node.key_fingerprint[..], node.seen_at)
}

/// All nodes that ever served, by journal.
// cross-tenant: a node serves every tenant
pub async fn list_nodes(conn: &mut Conn) -> Result<Vec<Node>, StoreError> {
    q!(all conn, Node, "SELECT journal_id, name, key_fingerprint, seen_at FROM nodes ORDER BY journal_id")
}

/// A node whose key file is another one than that with this fingerprint, by its name for people.
// cross-tenant: a node serves every tenant
pub async fn find_node_with_other_key(conn: &mut Conn, fingerprint: [u8; 16]) -> Result<Option<String>, StoreError> {
    let found =
        q!(opt conn, (String,), "SELECT name FROM nodes WHERE key_fingerprint <> $1 ORDER BY seen_at DESC LIMIT 1", &fingerprint[..])?;
    Ok(found.map(|(name,)| name))
}

/// How many other nodes were seen since an instant.
// cross-tenant: a node serves every tenant
pub async fn count_other_nodes(conn: &mut Conn, journal_id: i64, since: UnixMs) -> Result<i64, StoreError> {
    let (count,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM nodes WHERE journal_id <> $1 AND seen_at >= $2", journal_id, since)?;
    Ok(count)
}

/// Where each journal but this one stands.
// cross-tenant: journals belong to nodes
pub(in crate::sessions) async fn list_other_positions(conn: &mut Conn, journal_id: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    q!(all conn, (i64, i64), "SELECT journal_id, applied_seq FROM journals WHERE journal_id <> $1", journal_id)
}

/// What a transaction changed that moved a journal from `after_seq` to `seq`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::sessions) struct NodeBatch {
    pub seq: i64,
    pub after_seq: i64,
    pub payload: Vec<u8>,
}

/// Adds what a transaction changes.
// cross-tenant: a transaction carries records of all tenants
pub(in crate::sessions) async fn insert_node_batch(
    conn: &mut Conn,
    journal_id: i64,
    batch: &NodeBatch,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO node_batches (journal_id, seq, after_seq, payload, applied_at) VALUES ($1, $2, $3, $4, $5)",
        journal_id, batch.seq, batch.after_seq, &batch.payload[..], now)
}

/// A journal's batches after a position, in order, at most `limit`.
// cross-tenant: journals belong to nodes
pub(in crate::sessions) async fn list_node_batches(
    conn: &mut Conn,
    journal_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<NodeBatch>, StoreError> {
    q!(all conn, NodeBatch, "SELECT seq, after_seq, payload FROM node_batches WHERE journal_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        journal_id, after, limit)
}

/// Removes a journal's batches from before an instant.
// cross-tenant: journals belong to nodes
pub(in crate::sessions) async fn delete_node_batches(conn: &mut Conn, journal_id: i64, before: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM node_batches WHERE journal_id = $1 AND applied_at < $2", journal_id, before)
}
