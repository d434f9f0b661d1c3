//! One customer's meter: sums of what the store has of him, by period. Pure.

use std::sync::Arc;

use super::MeterNeed;
use super::sums::Sums;
use crate::packages::{Hours, Period, PeriodSet, Spans};
use crate::sessions::applier::UsageAdded;
use crate::sessions::buckets::Charging;
use crate::sessions::used::{Amounts, Used};
use crate::units::{OctetReader, OctetWriter, UnixMs};

/// 80 octets and 24 for each kind of period that is counted; with its place in the table under 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meter {
    tenant_id: i64,
    /// 0 = not known.
    period_started_at: UnixMs,
    /// 0 = not known.
    package_since_at: UnixMs,
    /// The sums are of the spans that run at this instant.
    at: UnixMs,
    sums: Sums,
    /// Of the spans before those; only for customers with a limit that rolls over.
    before: Option<Box<Sums>>,
    free_hours: Option<Arc<Vec<Hours>>>,
    counted: PeriodSet,
    rolled_over: PeriodSet,
}

/// What one takes.
#[cfg(test)]
pub(in crate::sessions) const OCTETS: usize = std::mem::size_of::<Meter>();

impl Meter {
    /// Nothing used yet.
    pub fn new(need: &MeterNeed, now: UnixMs) -> Meter {
        Meter {
            tenant_id: need.tenant_id,
            period_started_at: need.charging.period_started_at,
            package_since_at: need.charging.package_since_at,
            at: now,
            sums: Sums::new(both(need.counted, need.rolled_over)),
            before: (!need.rolled_over.is_empty()).then(|| Box::new(Sums::new(need.rolled_over))),
            free_hours: shared(&need.charging.free_hours),
            counted: need.counted,
            rolled_over: need.rolled_over,
        }
    }

    pub fn tenant_id(&self) -> i64 {
        self.tenant_id
    }

    pub fn counted(&self) -> PeriodSet {
        self.counted
    }

    pub fn rolled_over(&self) -> PeriodSet {
        self.rolled_over
    }

    pub fn charging(&self) -> Charging {
        let free_hours = self.free_hours.as_deref().cloned().unwrap_or_default();
        Charging { period_started_at: self.period_started_at, package_since_at: self.package_since_at, free_hours }
    }

    /// These spans with the customer's own starts.
    pub fn own(&self, spans: Spans) -> Spans {
        spans.with_starts(self.period_started_at, self.package_since_at)
    }

    /// What this meter was made for.
    pub fn need(&self, customer_id: i64) -> MeterNeed {
        MeterNeed {
            tenant_id: self.tenant_id,
            customer_id,
            counted: self.counted,
            rolled_over: self.rolled_over,
            charging: self.charging(),
        }
    }

    /// Takes new terms; false if the sums must be read again for them.
    pub fn take_terms(&mut self, need: &MeterNeed) -> bool {
        self.free_hours = shared(&need.charging.free_hours);
        let mut is_enough = self.counted.has_all(need.counted) && self.rolled_over.has_all(need.rolled_over);
        for (period, own, start) in [
            (Period::Validity, &mut self.period_started_at, need.charging.period_started_at),
            (Period::Once, &mut self.package_since_at, need.charging.package_since_at),
        ] {
            if start > *own {
                // It has begun: nearly always just now, so nothing is used of it until the sums say otherwise.
                self.sums.clear(period);
            }
            is_enough &= start == *own || !need.counted.has(period);
            *own = start;
        }
        is_enough
    }

    /// The sums of the spans that run, those that ended since left out.
    pub fn sums(&self, spans: &Spans) -> Used {
        let mut used = Used::default();
        for period in Period::ALL.into_iter().filter(|p| self.is_of(spans, *p)) {
            *used.of_mut(period) = self.sums.of(period);
        }
        used
    }

    /// The sums of the spans before the ones that run.
    pub fn sums_before(&self, spans: &Spans) -> Used {
        let mut used = Used::default();
        for period in Period::ALL.into_iter().filter(|p| self.rolled_over.has(*p)) {
            *used.of_mut(period) = match &self.before {
                Some(before) if self.is_of(spans, period) => before.of(period),
                _ if self.at >= spans.start_before(period) && !self.is_of(spans, period) => self.sums.of(period),
                _ => Amounts::default(),
            };
        }
        used
    }

    /// Whether the sums of a kind are of its span that runs.
    fn is_of(&self, spans: &Spans, period: Period) -> bool {
        matches!(period, Period::Validity | Period::Once) || self.at >= spans.start(period)
    }

    /// Adds usage that came into the store by `now`, at which `spans` run.
    pub fn add(&mut self, usage: &[UsageAdded], spans: &Spans, now: UnixMs) {
        self.roll(spans, now);
        for one in usage {
            self.add_bucket(one.bucket_at, one.counts, spans);
        }
    }

    /// Adds what was used in a bucket, to the running spans or those before.
    pub fn add_bucket(&mut self, bucket_at: UnixMs, counts: [u64; 3], spans: &Spans) {
        for period in Period::ALL {
            if bucket_at >= spans.start(period) {
                self.sums.add(period, counts);
            } else if let Some(before) = &mut self.before
                && bucket_at >= spans.start_before(period)
            {
                before.add(period, counts);
            }
        }
    }

    fn roll(&mut self, spans: &Spans, now: UnixMs) {
        for period in Period::ALL {
            if self.is_of(spans, period) {
                continue;
            }
            if let Some(before) = &mut self.before {
                let is_adjacent = self.at >= spans.start_before(period);
                if is_adjacent {
                    before.set(period, &self.sums);
                } else {
                    before.clear(period);
                }
            }
            self.sums.clear(period);
        }
        self.at = self.at.max(now);
    }

    /// Appends it for the snapshot.
    pub fn write(&self, customer_id: i64, out: &mut Vec<u8>) {
        let mut w = OctetWriter(out);
        w.i64(customer_id).i64(self.tenant_id).i64(self.period_started_at).i64(self.package_since_at).i64(self.at);
        w.u8(self.counted.bits()).u8(self.rolled_over.bits());
        self.sums.write(&mut w);
        w.u8(u8::from(self.before.is_some()));
        if let Some(before) = &self.before {
            before.write(&mut w);
        }
        let free = self.free_hours.as_ref().map_or(&[][..], |hours| hours);
        w.u8(free.len().min(255) as u8);
        for hours in free.iter().take(255) {
            w.u8(hours.days).u16(hours.from_minute).u16(hours.until_minute);
        }
    }

    /// Reads what [`Meter::write`] wrote.
    pub fn read(r: &mut OctetReader<'_>) -> Option<(i64, Meter)> {
        let (customer_id, tenant_id, period_started_at, package_since_at, at) = (r.i64()?, r.i64()?, r.i64()?, r.i64()?, r.i64()?);
        let (counted, rolled_over) = (PeriodSet::from_bits(r.u8()?), PeriodSet::from_bits(r.u8()?));
        let sums = Sums::read(both(counted, rolled_over), r)?;
        let before = if r.u8()? == 1 { Some(Box::new(Sums::read(rolled_over, r)?)) } else { None };
        let free: Vec<Hours> =
            (0..r.u8()?).map(|_| Some(Hours { days: r.u8()?, from_minute: r.u16()?, until_minute: r.u16()? })).collect::<Option<_>>()?;
        let free_hours = (!free.is_empty()).then(|| Arc::new(free));
        Some((customer_id, Meter { tenant_id, period_started_at, package_since_at, at, sums, before, free_hours, counted, rolled_over }))
    }
}

fn shared(hours: &[Hours]) -> Option<Arc<Vec<Hours>>> {
    (!hours.is_empty()).then(|| Arc::new(hours.to_vec()))
}

/// Kinds of either.
fn both(counted: PeriodSet, rolled_over: PeriodSet) -> PeriodSet {
    PeriodSet::from_bits(counted.bits() | rolled_over.bits())
}
