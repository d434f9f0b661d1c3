//! The one pure rule of accounting: how an event changes what is known of a session. Workers run it in memory, the applier runs it on stored rows.

use super::event::Status;
use super::record::Update;
use crate::units::UnixMs;

/// What was noticed about a session's counters; bits of [`Tally::flags`].
pub mod flag {
    /// The end was inferred (lost Stop, reboot, silence), so a later interim reopens the session.
    pub const END_INFERRED: u16 = 1;
    /// A counter went backwards; the higher value was kept.
    pub const BACKWARDS: u16 = 2;
    /// A 32-bit counter without high word wrapped.
    pub const WRAPPED: u16 = 4;
    /// A value was absurd and ignored.
    pub const IMPLAUSIBLE: u16 = 8;
    /// The router let this one in by its own list.
    pub const LOCAL: u16 = 16;
    /// No Start was seen.
    pub const NO_START: u16 = 32;
    /// At least one interim was seen.
    pub const HAD_INTERIM: u16 = 64;
    /// The session was carried over from before its router was added; what it had used then is not charged.
    pub const CARRIED_OVER: u16 = 128;
    /// High words of the counters were seen.
    pub const HAD_GIGAWORDS: u16 = 256;
}

/// Above this rate a wrapped counter is not believed: 10 Gbit/s.
const MAX_OCTETS_PER_SEC: u64 = 1_250_000_000;
/// More octets than this in one session are a broken counter, not usage (1 EiB).
const MAX_OCTETS: u64 = 1 << 60;

/// What accounting knows of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Unix ms.
    pub started_at: UnixMs,
    /// Newest event, unix ms.
    pub last_event_at: UnixMs,
    /// Unix ms; 0 while it is open.
    pub ended_at: UnixMs,
    /// Acct-Terminate-Cause of the end.
    pub terminate_cause: u32,
    /// Acct-Session-Time.
    pub session_secs: u32,
    /// Octets from the customer.
    pub octets_in: u64,
    /// Octets to the customer.
    pub octets_out: u64,
    /// Part of `octets_in` that was used before Tollgate was in charge.
    pub uncharged_in: u64,
    /// Part of `octets_out` that was used before Tollgate was in charge.
    pub uncharged_out: u64,
    /// Part of `session_secs` from before Tollgate was in charge.
    pub uncharged_secs: u32,
    /// See [`flag`].
    pub flags: u16,
}

impl Tally {
    /// A session of which nothing is known yet.
    pub fn open(started_at: UnixMs) -> Tally {
        Tally {
            started_at,
            last_event_at: started_at,
            ended_at: 0,
            terminate_cause: 0,
            session_secs: 0,
            octets_in: 0,
            octets_out: 0,
            uncharged_in: 0,
            uncharged_out: 0,
            uncharged_secs: 0,
            flags: 0,
        }
    }

    /// Whether the session is open.
    pub fn is_open(&self) -> bool {
        self.ended_at == 0
    }

    /// When and how it ended.
    pub fn end(&self) -> (UnixMs, u32, bool) {
        (self.ended_at, self.terminate_cause, self.flags & flag::END_INFERRED != 0)
    }

    /// Octets and seconds that count: totals less what came before Tollgate's time.
    pub fn charged(&self) -> (u64, u64, u64) {
        (
            self.octets_in.saturating_sub(self.uncharged_in),
            self.octets_out.saturating_sub(self.uncharged_out),
            u64::from(self.session_secs.saturating_sub(self.uncharged_secs)),
        )
    }

    /// Applies an event. Counters never shrink; repeating or reordering events changes nothing; a real Stop is final, an inferred end is not.
    pub fn apply(&mut self, update: &Update<'_>) {
        let is_late = update.at < self.last_event_at || update.session_secs.is_some_and(|secs| secs < self.session_secs);
        let elapsed_secs = ((update.at - self.last_event_at).max(0) / 1000) as u64 + 1;
        self.take_octets(update, is_late, elapsed_secs);
        self.take_secs(update);
        if update.carried_over {
            self.flags |= flag::CARRIED_OVER;
            (self.uncharged_in, self.uncharged_out, self.uncharged_secs) = (self.octets_in, self.octets_out, self.session_secs);
        }
        if update.is_local {
            self.flags |= flag::LOCAL;
        }
        match update.status {
            Status::Interim => self.flags |= flag::HAD_INTERIM,
            Status::Stop => {}
            _ => self.flags &= !flag::NO_START,
        }
        self.take_end(update);
        self.last_event_at = self.last_event_at.max(update.at);
    }

    /// Takes over what the store knows better: of a session that memory had forgotten and met again, or that another node heard too. A Stop that the store has is
    /// final.
    pub fn adopt(&mut self, stored: &Tally) {
        // What waits for the store may be more; where nothing does, the store is right.
        let waits = self.last_event_at > stored.last_event_at;
        let take = |own: u64, stored: u64| if waits { own.max(stored) } else { stored };
        self.octets_in = take(self.octets_in, stored.octets_in);
        self.octets_out = take(self.octets_out, stored.octets_out);
        self.session_secs = if waits { self.session_secs.max(stored.session_secs) } else { stored.session_secs };
        (self.uncharged_in, self.uncharged_out, self.uncharged_secs) = (stored.uncharged_in, stored.uncharged_out, stored.uncharged_secs);
        self.last_event_at = self.last_event_at.max(stored.last_event_at);
        // Whether the end was inferred goes with the end; a Start that either has seen was seen.
        let kept = self.flags & (flag::END_INFERRED | stored.flags & flag::NO_START);
        self.flags = (self.flags | stored.flags) & !(flag::END_INFERRED | flag::NO_START) | kept;
        if stored.has_stopped() {
            (self.ended_at, self.terminate_cause) = (stored.ended_at, stored.terminate_cause);
            self.flags &= !flag::END_INFERRED;
        } else if !waits && self.is_open() && !stored.is_open() {
            (self.ended_at, self.terminate_cause) = (stored.ended_at, stored.terminate_cause);
            self.flags |= flag::END_INFERRED;
        }
    }

    /// Whether its Stop was seen: it never opens again.
    pub fn has_stopped(&self) -> bool {
        !self.is_open() && self.flags & flag::END_INFERRED == 0
    }

    /// Ends the session by inference, at its newest event.
    pub fn infer_end(&mut self, terminate_cause: u32) {
        if self.is_open() {
            self.ended_at = self.last_event_at.max(1);
            self.terminate_cause = terminate_cause;
            self.flags |= flag::END_INFERRED;
        }
    }

    fn take_octets(&mut self, update: &Update<'_>, is_late: bool, elapsed_secs: u64) {
        let high_words_missing = !update.has_gigawords;
        let most = elapsed_secs.saturating_mul(MAX_OCTETS_PER_SEC);
        let mut flags = self.flags;
        for (total, reported) in [(&mut self.octets_in, update.octets_in), (&mut self.octets_out, update.octets_out)] {
            let Some(reported) = reported else { continue };
            if reported > MAX_OCTETS {
                flags |= flag::IMPLAUSIBLE;
                continue;
            }
            let value = if high_words_missing && !is_late { extend(*total, reported, most, &mut flags) } else { reported };
            if value >= *total {
                *total = value;
            } else if !is_late {
                flags |= flag::BACKWARDS;
            }
        }
        if update.has_gigawords {
            flags |= flag::HAD_GIGAWORDS;
        }
        self.flags = flags;
    }

    fn take_secs(&mut self, update: &Update<'_>) {
        let Some(secs) = update.session_secs else { return };
        // A session cannot be older than the century's clocks.
        if i64::from(secs) * 1000 > update.at - 946_684_800_000 {
            self.flags |= flag::IMPLAUSIBLE;
        } else {
            self.session_secs = self.session_secs.max(secs);
        }
    }

    fn take_end(&mut self, update: &Update<'_>) {
        if self.has_stopped() {
            return;
        }
        if update.status == Status::Stop {
            self.ended_at = update.at.max(self.started_at).max(1);
            self.terminate_cause = update.terminate_cause;
            self.flags &= !flag::END_INFERRED;
        } else if !self.is_open() && update.at > self.ended_at {
            self.ended_at = 0;
            self.terminate_cause = 0;
            self.flags &= !flag::END_INFERRED;
        }
    }
}

/// A 32-bit counter that belongs to a 64-bit total: the high word is the total's, or one more if the low word fell and that much can have passed.
fn extend(total: u64, low: u64, most: u64, flags: &mut u16) -> u64 {
    let high = total & !0xffff_ffff;
    let same = high | low;
    if same >= total {
        return same;
    }
    let wrapped = same + (1 << 32);
    if wrapped - total > most {
        return same;
    }
    *flags |= flag::WRAPPED;
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T0: i64 = 1_800_000_000_000;

    fn update(status: Status, secs: u32, octets_in: u64, octets_out: u64) -> Update<'static> {
        Update {
            status,
            at: T0 + i64::from(secs) * 1000,
            session_secs: Some(secs),
            octets_in: Some(octets_in),
            octets_out: Some(octets_out),
            ..Update::sample()
        }
    }

    fn after(updates: &[Update<'_>]) -> Tally {
        let mut tally = Tally::open(T0);
        updates.iter().for_each(|u| tally.apply(u));
        tally
    }

    #[test]
    fn late_and_repeated_events_change_nothing() {
        let start = update(Status::Start, 0, 0, 0);
        let first = update(Status::Interim, 300, 100, 1000);
        let second = update(Status::Interim, 600, 200, 2000);
        let stop = update(Status::Stop, 700, 250, 2500);
        let straight = after(&[start.clone(), first.clone(), second.clone(), stop.clone()]);
        assert_eq!((straight.octets_in, straight.octets_out, straight.session_secs), (250, 2500, 700));
        assert_eq!(straight.ended_at, T0 + 700_000);
        for order in [vec![&stop, &start, &second, &first], vec![&start, &start, &stop, &stop, &second, &first, &first]] {
            let mut tally = Tally::open(T0);
            order.into_iter().for_each(|u| tally.apply(u));
            assert_eq!((tally.octets_in, tally.octets_out, tally.session_secs, tally.ended_at), (250, 2500, 700, T0 + 700_000));
            assert_eq!(tally.flags & flag::BACKWARDS, 0);
        }
    }

    #[test]
    fn a_counter_without_high_word_wraps_once_and_only_if_that_much_can_have_passed() {
        let no_giga = |mut u: Update<'static>| {
            u.has_gigawords = false;
            u
        };
        let high = no_giga(update(Status::Interim, 300, 4_000_000_000, 10));
        let wrapped = no_giga(update(Status::Interim, 600, 1_000_000, 20));
        let tally = after(&[high.clone(), wrapped.clone(), wrapped]);
        assert_eq!((tally.octets_in, tally.octets_out), ((1 << 32) + 1_000_000, 20));
        assert_ne!(tally.flags & flag::WRAPPED, 0);
        let first = no_giga(update(Status::Interim, 300, 3_000, 10));
        let overtaken = no_giga(update(Status::Interim, 300, 2_000, 10));
        let tally = after(&[first, overtaken]);
        assert_eq!(tally.octets_in, 3_000, "4 GiB cannot have passed at once: the packet was overtaken");
        assert_ne!(tally.flags & flag::BACKWARDS, 0);
    }

    #[test]
    fn with_high_words_a_counter_that_falls_keeps_its_height() {
        let tally = after(&[update(Status::Interim, 300, 5_000_000_000, 7), update(Status::Interim, 600, 1_000, 8)]);
        assert_eq!((tally.octets_in, tally.octets_out), (5_000_000_000, 8));
        assert_ne!(tally.flags & flag::BACKWARDS, 0);
        let absurd = after(&[update(Status::Interim, 300, 0xffff_ffff_0000_0000, 9)]);
        assert_eq!((absurd.octets_in, absurd.octets_out), (0, 9));
        assert_ne!(absurd.flags & flag::IMPLAUSIBLE, 0);
    }

    #[test]
    fn an_inferred_end_reopens_but_a_stop_is_final() {
        let mut tally = after(&[update(Status::Interim, 300, 1, 1)]);
        tally.infer_end(2);
        assert_eq!(tally.ended_at, T0 + 300_000);
        tally.apply(&update(Status::Interim, 900, 2, 2));
        assert!(tally.is_open());
        tally.apply(&update(Status::Stop, 1000, 3, 3));
        tally.apply(&update(Status::Interim, 1200, 3, 3));
        assert_eq!(tally.ended_at, T0 + 1_000_000);
        tally.infer_end(2);
        assert_eq!(tally.flags & flag::END_INFERRED, 0);
    }

    #[test]
    fn the_stores_word_is_taken_where_nothing_newer_waits() {
        let stored = after(&[update(Status::Start, 0, 0, 0), update(Status::Interim, 300, 30, 300), update(Status::Stop, 600, 60, 600)]);
        // Forgotten and met again by a late interim: the Stop stays the end.
        let mut met_again = after(&[update(Status::Interim, 300, 30, 300)]);
        met_again.flags |= flag::NO_START;
        met_again.adopt(&stored);
        assert_eq!((met_again.ended_at, met_again.octets_in, met_again.flags), (stored.ended_at, 60, stored.flags));
        // More waits here than is stored.
        let mut ahead = after(&[update(Status::Start, 0, 0, 0), update(Status::Interim, 900, 90, 900)]);
        ahead.adopt(&after(&[update(Status::Start, 0, 0, 0), update(Status::Interim, 300, 30, 300)]));
        assert!(ahead.is_open() && ahead.octets_in == 90);
        // An end that was inferred elsewhere holds until something newer is heard.
        let mut silent = after(&[update(Status::Interim, 300, 30, 300)]);
        let mut ended = silent.clone();
        ended.infer_end(2);
        silent.adopt(&ended);
        assert!(!silent.is_open() && !silent.has_stopped());
        ahead.adopt(&ended);
        assert!(ahead.is_open());
    }

    #[test]
    fn what_was_used_before_tollgate_is_stored_but_not_charged() {
        let mut first = update(Status::Interim, 5000, 1000, 9000);
        first.carried_over = true;
        let tally = after(&[first, update(Status::Stop, 5300, 1500, 9900)]);
        assert_eq!((tally.octets_in, tally.octets_out), (1500, 9900));
        assert_eq!(tally.charged(), (500, 900, 300));
    }

    proptest! {
        #[test]
        fn loss_and_repetition_cost_no_more_than_the_last_counters_that_arrived(
            arrived in prop::collection::vec(0..8u32, 1..24), gigawords in any::<bool>(),
        ) {
            // Any packets of a session in any order, each any number of times: totals are those of the ideal order of what arrived.
            let event = |i: u32| {
                let status = match i { 0 => Status::Start, 7 => Status::Stop, _ => Status::Interim };
                // Below a wrap, so that a missing high word is no riddle.
                Update { has_gigawords: gigawords, ..update(status, i * 300, u64::from(i) * 30_000_000, u64::from(i) * 70_000_000) }
            };
            let mut ideal: Vec<u32> = arrived.clone();
            ideal.sort_unstable();
            ideal.dedup();
            let ideal = after(&ideal.into_iter().map(event).collect::<Vec<_>>());
            let tally = after(&arrived.iter().copied().map(event).collect::<Vec<_>>());
            prop_assert_eq!(tally.charged(), ideal.charged());
            prop_assert_eq!((tally.ended_at, tally.last_event_at), (ideal.ended_at, ideal.last_event_at));
        }

        #[test]
        fn any_order_of_the_same_events_gives_the_same_totals(order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(), repeat in 0..8usize) {
            let events: Vec<_> = (0..8u32).map(|i| {
                let status = match i { 0 => Status::Start, 7 => Status::Stop, _ => Status::Interim };
                update(status, i * 300, u64::from(i) * 3_000_000_000, u64::from(i) * 7_000_000_000)
            }).collect();
            let mut tally = Tally::open(T0);
            for i in order.into_iter().chain([repeat]) {
                tally.apply(&events[i]);
            }
            prop_assert_eq!((tally.octets_in, tally.octets_out, tally.session_secs), (21_000_000_000, 49_000_000_000, 2100));
            prop_assert_eq!(tally.ended_at, T0 + 2_100_000);
        }
    }
}
