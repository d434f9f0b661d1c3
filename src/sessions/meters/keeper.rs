//! Keeps the meters as the store is: reads sums for new ones, follows the other nodes, reads everything again when track was lost.
//!
//! Runs in the applier's task, between its transactions: while it reads, nothing of this node's journal comes into the store, so that what it reads and what the
//! applier tells fit together. Of other nodes it reads sums and positions in one snapshot.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashMap;

use super::meter::Meter;
use super::{MeterNeed, Meters};
use crate::accounts::list_tenants;
use crate::packages::{Period, Spans};
use crate::sessions::sql::bulk::{BucketSum, Want, list_bucket_sums, list_tallies};
use crate::sessions::sql::{
    Node, count_other_nodes, delete_node_batches, list_node_batches, list_open_sessions, list_other_positions, upsert_node,
};
use crate::store::{Conn, Db, StoreError};
use crate::units::UnixMs;

/// Customers whose sums are read by one statement.
const LOT: usize = 2_048;
/// A node says this often that it serves, milliseconds.
const BEAT_EVERY_MS: i64 = 2_000;
/// Changes of other nodes are looked for this often, milliseconds.
const FOLLOW_EVERY_MS: i64 = 250;
/// The same while no other node is known.
const FOLLOW_ALONE_EVERY_MS: i64 = 2_000;
const TRIM_EVERY_MS: i64 = 60_000;
/// Batches are kept, and written for a node that was not heard of, this long, milliseconds. Whoever was away longer reads everything again.
pub(in crate::sessions) const KEEP_BATCHES_MS: i64 = 3_600_000;
const BATCHES_AT_ONCE: i64 = 64;
const SESSIONS_AT_ONCE: i64 = 5_000;

/// See the head of the file.
pub(in crate::sessions) struct MeterKeeper {
    meters: Arc<Meters>,
    node: Node,
    /// Up to where each other journal is in memory.
    cursors: HashMap<i64, i64>,
    beaten_at: UnixMs,
    followed_at: UnixMs,
    trimmed_at: UnixMs,
}

impl MeterKeeper {
    /// A keeper for the node of this journal. `key_fingerprint` tells its key file from another.
    pub fn new(meters: Arc<Meters>, journal_id: i64, name: &str, key_fingerprint: [u8; 16]) -> MeterKeeper {
        let node = Node { journal_id, name: name.to_owned(), key_fingerprint: key_fingerprint.to_vec(), seen_at: 0 };
        MeterKeeper { meters, node, cursors: HashMap::new(), beaten_at: 0, followed_at: 0, trimmed_at: 0 }
    }

    /// Makes everything due at the next call.
    #[cfg(test)]
    pub fn rest(&mut self) {
        (self.beaten_at, self.followed_at) = (0, 0);
    }

    /// Does what is due. What fails is tried again at the next call.
    pub async fn tick(&mut self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        // The embedded database has one node.
        let is_shared = !db.is_sqlite();
        if self.beaten_at == 0 || is_shared && now - self.beaten_at >= BEAT_EVERY_MS {
            self.beat(db, now).await?;
        }
        if self.meters.is_lost.swap(false, Ordering::AcqRel)
            && let Err(error) = self.read_everything(db, now).await
        {
            self.meters.is_lost.store(true, Ordering::Release);
            return Err(error);
        }
        // Without other nodes, a command may still apply a dead one's journal.
        let follow_every_ms = if self.meters.has_others.load(Ordering::Relaxed) { FOLLOW_EVERY_MS } else { FOLLOW_ALONE_EVERY_MS };
        if now - self.followed_at >= follow_every_ms {
            self.follow(&mut *db.snapshot().await?, now).await?;
            self.followed_at = now;
        }
        if !self.meters.wanted.lock().is_empty() {
            self.read_wanted(db, now).await?;
        }
        Ok(())
    }

    async fn beat(&mut self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        self.node.seen_at = now;
        let mut tx = db.begin().await?;
        upsert_node(&mut tx, &self.node).await?;
        let others = count_other_nodes(&mut tx, self.node.journal_id, now - KEEP_BATCHES_MS).await?;
        if now - self.trimmed_at >= TRIM_EVERY_MS {
            delete_node_batches(&mut tx, self.node.journal_id, now - KEEP_BATCHES_MS).await?;
            self.trimmed_at = now;
        }
        tx.commit(now).await?;
        self.meters.has_others.store(others > 0, Ordering::Relaxed);
        self.beaten_at = now;
        Ok(())
    }

    /// Reads sums, positions and open sessions in one snapshot, and says of each session in memory how much of it is stored.
    async fn read_everything(&mut self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        let mut snapshot = db.snapshot().await?;
        for tenant in list_tenants(&mut snapshot).await? {
            self.meters.set_zone(tenant.id.0, &tenant.zone(), now);
        }
        // Zones are read now; a change that this found needs no further reading.
        self.meters.is_lost.store(false, Ordering::Release);
        self.cursors = list_other_positions(&mut snapshot, self.node.journal_id).await?.into_iter().collect();
        let mut tallies = HashMap::new();
        let has_others = self.meters.has_others.load(Ordering::Relaxed);
        let unapplied = self.meters.live.unapplied_keys(has_others);
        for lot in unapplied.chunks(LOT) {
            list_tallies(&mut snapshot, lot, &mut tallies).await?;
        }
        if has_others {
            self.read_remote_sessions(&mut snapshot).await?;
        }
        let mut needs: HashMap<i64, MeterNeed> = self.meters.table.iter().map(|meter| (*meter.key(), meter.need(*meter.key()))).collect();
        needs.extend(std::mem::take(&mut *self.meters.wanted.lock()));
        let needs: Vec<MeterNeed> = needs.into_values().collect();
        self.meters.live.take_rows(&tallies);
        self.install(&mut snapshot, needs, now).await?;
        self.meters.synced_at.store(now, Ordering::Relaxed);
        Ok(())
    }

    async fn read_remote_sessions(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let (remote, own) = (self.meters.live.remote(), self.meters.live.keys());
        remote.clear();
        let mut after = (i64::MIN, [0; 16]);
        loop {
            let page = list_open_sessions(conn, after, SESSIONS_AT_ONCE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = (last.nas().nas_instance, last.session_key);
            // This node's own are among them.
            page.into_iter().filter(|session| !own.contains(&session.session_key)).for_each(|session| remote.put(session));
        }
    }

    async fn read_wanted(&mut self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        let mut snapshot = db.snapshot().await?;
        self.follow(&mut snapshot, now).await?;
        let needs: Vec<MeterNeed> = std::mem::take(&mut *self.meters.wanted.lock()).into_values().collect();
        self.install(&mut snapshot, needs, now).await
    }

    /// Reads sums and makes meters of them; puts back what it could not read.
    async fn install(&self, conn: &mut Conn, needs: Vec<MeterNeed>, now: UnixMs) -> Result<(), StoreError> {
        for (at, lot) in needs.chunks(LOT).enumerate() {
            if let Err(error) = self.install_lot(conn, lot, now).await {
                let mut wanted = self.meters.wanted.lock();
                for need in &needs[at * LOT..] {
                    wanted.entry(need.customer_id).or_insert_with(|| need.clone());
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn install_lot(&self, conn: &mut Conn, needs: &[MeterNeed], now: UnixMs) -> Result<(), StoreError> {
        let mut fresh: HashMap<i64, (Meter, Spans)> = HashMap::with_capacity(needs.len());
        let mut wants = Vec::with_capacity(needs.len());
        for need in needs {
            let meter = Meter::new(need, now);
            let spans = self.meters.spans(&meter, now);
            wants.push(Want { tenant_id: need.tenant_id, customer_id: need.customer_id, since: since(need, &spans) });
            fresh.insert(need.customer_id, (meter, spans));
        }
        for BucketSum { customer_id, bucket_at, octets_in, octets_out, secs } in list_bucket_sums(conn, &wants).await? {
            if let Some((meter, spans)) = fresh.get_mut(&customer_id) {
                meter.add_bucket(bucket_at, [octets_in, octets_out, secs].map(i64::unsigned_abs), spans);
            }
        }
        for (customer_id, (meter, _)) in fresh {
            self.meters.table.insert(customer_id, Box::new(meter));
            self.meters.tell_watch(customer_id);
        }
        Ok(())
    }

    /// Takes in what other nodes applied since; everything is read again if a part is missing.
    async fn follow(&mut self, conn: &mut Conn, now: UnixMs) -> Result<(), StoreError> {
        for (journal_id, applied_seq) in list_other_positions(conn, self.node.journal_id).await? {
            let mut cursor = self.cursors.get(&journal_id).copied().unwrap_or(0);
            while cursor < applied_seq {
                let batches = list_node_batches(conn, journal_id, cursor, BATCHES_AT_ONCE).await?;
                let mut is_whole = !batches.is_empty();
                for batch in &batches {
                    is_whole &= batch.after_seq == cursor && self.meters.take_remote(&batch.payload, now);
                    cursor = batch.seq;
                }
                if !is_whole {
                    tracing::info!(journal_id, cursor, "another node's changes are not all there; reading everything again");
                    self.meters.is_lost.store(true, Ordering::Release);
                    return Ok(());
                }
                self.cursors.insert(journal_id, cursor);
            }
        }
        self.meters.synced_at.store(now, Ordering::Relaxed);
        Ok(())
    }
}

/// The earliest instant from which a need's usage counts.
fn since(need: &MeterNeed, spans: &Spans) -> UnixMs {
    let begin = |period: Period| if need.rolled_over.has(period) { spans.start_before(period) } else { spans.start(period) };
    Period::ALL.into_iter().filter(|p| need.counted.has(*p)).map(begin).min().unwrap_or(UnixMs::MAX)
}
