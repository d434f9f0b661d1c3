//! The change feed: what changed, in commit order, for followers in this and other processes.

use super::{Conn, StoreError};
use crate::q;

/// One change: a row of a table was inserted, updated or deleted (the follower re-reads it; 0 = reload the table).
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FeedChange {
    /// Position, gapless.
    pub seq: i64,
    /// Whose row.
    pub tenant_id: i64,
    /// Which table.
    pub table_name: String,
    /// Which row.
    pub row_id: i64,
}

/// Newest position, and the newest one that was trimmed away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct FeedHead {
    /// Newest position.
    pub seq: i64,
    /// Changes up to here are no longer in the feed; an older follower must reload.
    pub trimmed: i64,
}

/// Hands out positions by locking the head, the last lock this transaction takes, so commit order = seq order.
pub(super) async fn publish(conn: &mut Conn, changes: &[(i64, &'static str, i64)], now: i64) -> Result<(), StoreError> {
    let count = changes.len() as i64;
    let (last,): (i64,) = q!(one conn, (i64,), "UPDATE feed_head SET seq = seq + $1 WHERE id = 1 RETURNING seq", count)?;
    for (seq, (tenant_id, table, row_id)) in (last - count + 1..).zip(changes) {
        q!(exec conn, "INSERT INTO feed (seq, tenant_id, table_name, row_id, changed_at) VALUES ($1, $2, $3, $4, $5)",
            seq, *tenant_id, *table, *row_id, now)?;
    }
    Ok(())
}

/// The feed's head.
// cross-tenant: followers serve every tenant of the server
pub async fn find_feed_head(conn: &mut Conn) -> Result<FeedHead, StoreError> {
    q!(one conn, FeedHead, "SELECT seq, trimmed FROM feed_head WHERE id = 1")
}

/// Changes after a position, oldest first, at most `limit`.
// cross-tenant: followers serve every tenant of the server
pub async fn list_feed_after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<FeedChange>, StoreError> {
    q!(all conn, FeedChange, "SELECT seq, tenant_id, table_name, row_id FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2", seq, limit)
}

/// Removes changes made before an instant; followers older than that reload.
// cross-tenant: the feed is the server's own
pub async fn trim_feed(conn: &mut Conn, before: i64) -> Result<u64, StoreError> {
    let newest: Option<(Option<i64>,)> = q!(opt conn, (Option<i64>,), "SELECT max(seq) FROM feed WHERE changed_at < $1", before)?;
    let Some((Some(newest),)) = newest else { return Ok(0) };
    q!(exec conn, "UPDATE feed_head SET trimmed = $1 WHERE id = 1 AND trimmed < $1", newest)?;
    q!(exec conn, "DELETE FROM feed WHERE seq <= $1", newest)
}
