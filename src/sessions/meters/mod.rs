//! Meters: what each customer with limits has used in his running periods, exact and in memory.
//!
//! A customer's usage is what the store has of him, summed by period, and what his sessions in memory used beyond that. The applier tells after each
//! transaction what it added and how much of each session that covers; both change under the customer's lock, so nobody sees one without the other. Nothing is
//! counted by a second rule: what waits for the store is split into buckets by the code that the applier uses.

mod keeper;
mod meter;
mod remote;
mod snapshot;
mod sums;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use dashmap::DashMap;
use hashbrown::HashMap;
use jiff::tz::TimeZone;
use parking_lot::{Mutex, RwLock};

use super::applier::{AppliedBatch, StoredSession, UsageAdded};
use super::buckets::{Buckets, Charging, class};
use super::live::{LiveSession, LiveSessions};
use super::used::Used;
use crate::packages::{Period, PeriodSet, Spans, spans};
use crate::units::{FastHash, UnixMs};
pub(super) use keeper::{KEEP_BATCHES_MS, MeterKeeper};
use meter::Meter;
#[cfg(test)]
pub(super) use meter::OCTETS as METER_OCTETS;
pub(super) use remote::encode_batch;

/// A node that was not heard of for this long is not relied on, milliseconds.
const STALE_AFTER_MS: i64 = 5_000;

/// What is to be metered of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterNeed {
    /// Whose.
    pub tenant_id: i64,
    /// Which customer.
    pub customer_id: i64,
    /// Periods whose usage his limits ask for; none = no meter.
    pub counted: PeriodSet,
    /// Those of which the span before the running one matters too.
    pub rolled_over: PeriodSet,
    /// When his period began, and his free hours.
    pub charging: Charging,
}

/// How the meters stand, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeterStatus {
    /// Customers who have one.
    pub meters: usize,
    /// Customers whose sums are to be read from the store.
    pub waiting: usize,
    /// Open sessions that other nodes take accounting of.
    pub remote_sessions: usize,
    /// Whether there are other nodes.
    pub has_others: bool,
    /// How often somebody asked for a customer's usage whose meter was not read yet.
    pub unknown: u64,
}

/// A tenant's zone and its running spans.
struct Zone {
    zone: TimeZone,
    spans: Spans,
}

/// Is told of customers whose usage changed by something that this node's sessions did not tell.
type Watch = Box<dyn Fn(i64) + Send + Sync>;

/// Meters of the customers whose limits need them.
pub struct Meters {
    live: Arc<LiveSessions>,
    table: DashMap<i64, Box<Meter>, FastHash>,
    zones: RwLock<HashMap<i64, Zone>>,
    /// Customers whose sums are to be read.
    wanted: Mutex<HashMap<i64, MeterNeed>>,
    /// Whether everything is to be read again.
    is_lost: AtomicBool,
    has_others: AtomicBool,
    unknown: AtomicU64,
    /// When the other nodes' changes were last read to their end, unix ms.
    synced_at: AtomicI64,
    watch: RwLock<Option<Watch>>,
}

impl Meters {
    /// Meters over these sessions; nobody has one yet.
    pub fn new(live: Arc<LiveSessions>) -> Meters {
        Meters {
            live,
            table: DashMap::default(),
            zones: RwLock::default(),
            wanted: Mutex::default(),
            is_lost: AtomicBool::new(true),
            has_others: AtomicBool::new(false),
            unknown: AtomicU64::new(0),
            synced_at: AtomicI64::new(0),
            watch: RwLock::new(None),
        }
    }

    /// Calls `watch` with each customer whose usage changed by another node or by reading his sums again. Called without a lock.
    pub fn set_watch(&self, watch: impl Fn(i64) + Send + Sync + 'static) {
        *self.watch.write() = Some(Box::new(watch));
    }

    /// What a customer used in his periods that run at `now`, all his sessions on all nodes together; `None` = he has no meter that counts all of `counted`, or it is
    /// not read yet. Kinds of periods that his limits do not count are 0.
    pub fn used(&self, customer_id: i64, counted: PeriodSet, now: UnixMs) -> Option<Used> {
        // Held while the sessions are asked: the applier waits.
        let Some(meter) = self.table.get(&customer_id).filter(|meter| meter.counted().has_all(counted)) else {
            self.unknown.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let spans = self.spans(&meter, now);
        let mut used = meter.sums(&spans);
        let mut buckets = None;
        self.live.each_of_customer(customer_id, |session| {
            let rest = session.rest();
            if rest != [0; 3] {
                let buckets = buckets.get_or_insert_with(|| (Buckets::new(self.zone(meter.tenant_id())), meter.charging()));
                add_rest(&mut used, session, rest, buckets, &spans);
            }
        });
        for period in Period::ALL.into_iter().filter(|p| !meter.counted().has(*p)) {
            *used.of_mut(period) = super::Amounts::default();
        }
        Some(used)
    }

    /// What he used in the spans before the running ones, as far as the store has it, of the kinds that roll over; `None` as for [`Meters::used`].
    pub fn used_before(&self, customer_id: i64, rolled_over: PeriodSet, now: UnixMs) -> Option<Used> {
        let meter = self.table.get(&customer_id).filter(|meter| meter.rolled_over().has_all(rolled_over))?;
        Some(meter.sums_before(&self.spans(&meter, now)))
    }

    /// Whether a customer is metered.
    pub fn has_meter(&self, customer_id: i64) -> bool {
        self.table.contains_key(&customer_id)
    }

    /// Since when what other nodes do is not known, because the store is away; `None` = it is known, or there are none. Limits over all nodes are open then.
    pub fn blind_since(&self, now: UnixMs) -> Option<UnixMs> {
        let synced_at = self.synced_at.load(Ordering::Relaxed);
        (self.has_others.load(Ordering::Relaxed) && now - synced_at > STALE_AFTER_MS).then_some(synced_at)
    }

    /// For metrics.
    pub fn status(&self) -> MeterStatus {
        MeterStatus {
            meters: self.table.len(),
            waiting: self.wanted.lock().len(),
            remote_sessions: self.live.remote().len(),
            has_others: self.has_others.load(Ordering::Relaxed),
            unknown: self.unknown.load(Ordering::Relaxed),
        }
    }

    /// Says what is to be metered of a customer from now on. His sums are read from the store soon; until then he has no meter, or his old one.
    pub fn want(&self, need: MeterNeed) {
        if need.counted.is_empty() {
            return self.drop_meter(need.customer_id);
        }
        if let Some(mut meter) = self.table.get_mut(&need.customer_id)
            && meter.take_terms(&need)
        {
            return;
        }
        self.wanted.lock().insert(need.customer_id, need);
    }

    /// A customer is gone, or his limits count nothing any more.
    pub fn drop_meter(&self, customer_id: i64) {
        self.wanted.lock().remove(&customer_id);
        self.table.remove(&customer_id);
    }

    /// Tells where a tenant's days begin; a changed zone makes the sums of its customers be read again.
    pub fn set_zone(&self, tenant_id: i64, zone: &TimeZone, now: UnixMs) {
        let mut zones = self.zones.write();
        let is_same = zones.get(&tenant_id).is_some_and(|known| known.zone == *zone);
        if !is_same {
            let old = zones.insert(tenant_id, Zone { zone: zone.clone(), spans: spans(now, zone, 0, 0) });
            if old.is_some() {
                self.is_lost.store(true, Ordering::Release);
            }
        }
    }

    /// What the applier brought into the store.
    pub fn applied(&self, batch: &AppliedBatch<'_>, now: UnixMs) {
        self.take_batch(batch.sessions(), batch.usage(), now);
        let remote = self.live.remote();
        if remote.len() > 0 {
            batch.sessions().for_each(|session| remote.remove(&session.told_key));
        }
        for customer_id in batch.late_customers() {
            self.read_again(customer_id);
        }
    }

    /// The store has more than was told: everything is read again.
    pub fn lost_track(&self) {
        self.is_lost.store(true, Ordering::Release);
    }

    fn take_batch<'b>(&self, sessions: impl Iterator<Item = StoredSession<'b>>, usage: &[UsageAdded], now: UnixMs) {
        let mut usage: Vec<UsageAdded> = usage
            .iter()
            .filter(|u| u.class == class::CHARGED && u.customer_id.is_some_and(|id| self.table.contains_key(&id)))
            .copied()
            .collect();
        usage.sort_unstable_by_key(|u| u.customer_id);
        let mut sessions: Vec<StoredSession<'b>> = sessions.collect();
        sessions.sort_by_key(|s| s.customer_id);
        let mut usage = &usage[..];
        for of_customer in sessions.chunk_by(|a, b| a.customer_id == b.customer_id) {
            let customer_id = of_customer[0].customer_id;
            // Usage of a customer none of whose sessions is told of here cannot be, but would not be lost.
            let before = usage.partition_point(|u| u.customer_id < customer_id);
            self.add_all(&usage[..before], now);
            usage = &usage[before..];
            let (his, later) = usage.split_at(usage.partition_point(|u| u.customer_id <= customer_id));
            usage = later;
            let mut meter = customer_id.and_then(|id| self.table.get_mut(&id));
            if let Some(meter) = &mut meter {
                let spans = self.spans(meter, now);
                meter.add(his, &spans, now);
            }
            of_customer.iter().for_each(|session| self.live.take_stored(session));
        }
        self.add_all(usage, now);
    }

    fn add_all(&self, usage: &[UsageAdded], now: UnixMs) {
        for one in usage.chunk_by(|a, b| a.customer_id == b.customer_id) {
            if let Some(mut meter) = one[0].customer_id.and_then(|id| self.table.get_mut(&id)) {
                let spans = self.spans(&meter, now);
                meter.add(one, &spans, now);
            }
        }
    }

    fn read_again(&self, customer_id: i64) {
        if let Some(need) = self.table.get(&customer_id).map(|meter| meter.need(customer_id)) {
            self.wanted.lock().entry(customer_id).or_insert(need);
        }
    }

    fn tell_watch(&self, customer_id: i64) {
        if let Some(watch) = &*self.watch.read() {
            watch(customer_id);
        }
    }

    /// The spans that run for a customer at `now`.
    fn spans(&self, meter: &Meter, now: UnixMs) -> Spans {
        let tenant_id = meter.tenant_id();
        if let Some(known) = self.zones.read().get(&tenant_id)
            && (known.spans.start(Period::Day)..known.spans.earliest_end()).contains(&now)
        {
            return meter.own(known.spans);
        }
        let mut zones = self.zones.write();
        let zone = zones.get(&tenant_id).map_or(TimeZone::UTC, |known| known.zone.clone());
        let spans = spans(now, &zone, 0, 0);
        zones.insert(tenant_id, Zone { zone, spans });
        meter.own(spans)
    }

    fn zone(&self, tenant_id: i64) -> TimeZone {
        self.zones.read().get(&tenant_id).map_or(TimeZone::UTC, |known| known.zone.clone())
    }
}

/// Adds what a session used and the store does not have, bucket by bucket.
fn add_rest(used: &mut Used, session: &LiveSession, rest: [u64; 3], with: &mut (Buckets, Charging), spans: &Spans) {
    let (buckets, charging) = with;
    buckets.split(session.applied().at, session.last_event_at(), rest, charging, |part| {
        if part.class == class::CHARGED {
            for period in Period::ALL.into_iter().filter(|p| part.bucket_at >= spans.start(*p)) {
                *used.of_mut(period) += sums::amounts(part.counts);
            }
        }
    });
}
