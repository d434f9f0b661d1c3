//! What workers count: plainly while they work on a batch, added to the shared counters after it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a datagram was dropped without an answer. The codes are metric labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum DropReason {
    /// Not a RADIUS packet.
    Malformed,
    /// A code that this port does not serve.
    WrongCode,
    /// From an address that no router has.
    UnknownSource,
    /// Accounting that no secret verifies.
    BadAuthenticator,
    /// A Message-Authenticator that no secret verifies.
    BadMessageAuthenticator,
    /// None where one is required.
    MissingMessageAuthenticator,
    /// Proxy-State without Message-Authenticator.
    UnsignedProxyState,
    /// The router does not wait for the answer any more.
    Stale,
    /// A repetition of a request whose answer is on its way.
    Repeated,
    /// The answer would not fit a packet.
    ReplyTooLong,
    /// The journal cannot take more.
    JournalFull,
    /// A router names more boxes, or one box more sessions, than there can be.
    Absurd,
}

impl DropReason {
    /// All of them, in the order of their numbers.
    pub const ALL: [DropReason; 12] = [
        Self::Malformed,
        Self::WrongCode,
        Self::UnknownSource,
        Self::BadAuthenticator,
        Self::BadMessageAuthenticator,
        Self::MissingMessageAuthenticator,
        Self::UnsignedProxyState,
        Self::Stale,
        Self::Repeated,
        Self::ReplyTooLong,
        Self::JournalFull,
        Self::Absurd,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::WrongCode => "wrong-code",
            Self::UnknownSource => "unknown-source",
            Self::BadAuthenticator => "bad-authenticator",
            Self::BadMessageAuthenticator => "bad-message-authenticator",
            Self::MissingMessageAuthenticator => "missing-message-authenticator",
            Self::UnsignedProxyState => "unsigned-proxy-state",
            Self::Stale => "stale",
            Self::Repeated => "repeated",
            Self::ReplyTooLong => "reply-too-long",
            Self::JournalFull => "journal-full",
            Self::Absurd => "absurd",
        }
    }
}

/// More than there are reasons to reject a login; they are counted by their numbers.
const REASONS: usize = 32;

/// Upper bounds of the latency buckets, microseconds from arrival to answer; the last bucket has none.
pub const LATENCY_BUCKETS_US: [u32; 11] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000, 1_000_000];

/// Counters of all workers of one kind.
#[derive(Debug, Default)]
pub struct ListenCounters {
    /// Datagrams that arrived.
    pub received: AtomicU64,
    /// Answered from the duplicate cache.
    pub answered_again: AtomicU64,
    /// Answered: accepts, rejects by reason number, accounting, status.
    pub accepts: AtomicU64,
    /// By number of the reason, 0 unused.
    pub rejects: [AtomicU64; REASONS],
    /// Accounting taken into the journal.
    pub accounted: AtomicU64,
    /// Status-Server.
    pub status: AtomicU64,
    /// Drops by reason.
    pub drops: [AtomicU64; DropReason::ALL.len()],
    /// Replies that the kernel did not take.
    pub unsent: AtomicU64,
    /// Requests by latency bucket.
    pub latency: [AtomicU64; LATENCY_BUCKETS_US.len() + 1],
    /// Sum of latencies, microseconds.
    pub latency_sum_us: AtomicU64,
    /// Decision records that found the log's queue full.
    pub log_overflow: AtomicU64,
}

/// One worker's counters of the batch at hand.
#[derive(Debug, Default)]
pub(super) struct Tick {
    pub received: u64,
    pub answered_again: u64,
    pub accepts: u64,
    pub rejects: [u64; REASONS],
    pub accounted: u64,
    pub status: u64,
    pub drops: [u64; DropReason::ALL.len()],
    pub unsent: u64,
    pub latency: [u64; LATENCY_BUCKETS_US.len() + 1],
    pub latency_sum_us: u64,
    pub log_overflow: u64,
}

impl Tick {
    pub fn dropped(&mut self, reason: DropReason) {
        self.drops[reason as usize] += 1;
    }

    pub fn took(&mut self, us: u32) {
        let bucket = LATENCY_BUCKETS_US.iter().position(|bound| us <= *bound).unwrap_or(LATENCY_BUCKETS_US.len());
        self.latency[bucket] += 1;
        self.latency_sum_us += u64::from(us);
    }

    /// Adds everything to the shared counters and starts anew.
    pub fn publish(&mut self, shared: &ListenCounters) {
        let add = |counter: &AtomicU64, n: u64| {
            if n > 0 {
                counter.fetch_add(n, Ordering::Relaxed);
            }
        };
        add(&shared.received, self.received);
        add(&shared.answered_again, self.answered_again);
        add(&shared.accepts, self.accepts);
        add(&shared.accounted, self.accounted);
        add(&shared.status, self.status);
        add(&shared.unsent, self.unsent);
        add(&shared.latency_sum_us, self.latency_sum_us);
        add(&shared.log_overflow, self.log_overflow);
        shared.rejects.iter().zip(&self.rejects).for_each(|(c, n)| add(c, *n));
        shared.drops.iter().zip(&self.drops).for_each(|(c, n)| add(c, *n));
        shared.latency.iter().zip(&self.latency).for_each(|(c, n)| add(c, *n));
        *self = Tick::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_explains_every_drop_and_no_other() {
        let guide = include_str!("../../docs/src/diagnosis.md");
        let start = guide.find("## Why a request gets no answer").expect("the chapter");
        let chapter = guide[start..].split("\n## ").next().expect("its text");
        let mut sections: std::collections::BTreeMap<&str, &str> =
            chapter.split("\n### ").skip(1).filter_map(|section| section.split_once('\n')).collect();
        for reason in DropReason::ALL {
            let text = sections.remove(reason.code()).unwrap_or_else(|| panic!("{} is not in docs/src/diagnosis.md", reason.code()));
            assert!(text.contains("**Remedy:**"), "{} has no remedy", reason.code());
        }
        assert!(sections.is_empty(), "no reason is called {:?}", sections.keys());
    }

    #[test]
    fn reasons_are_numbered_as_listed_and_batches_add_up() {
        assert!(DropReason::ALL.iter().enumerate().all(|(i, r)| *r as usize == i));
        let shared = ListenCounters::default();
        let mut tick = Tick::default();
        for us in [10, 50, 51, 2_000_000] {
            tick.took(us);
        }
        tick.dropped(DropReason::Stale);
        tick.publish(&shared);
        tick.publish(&shared);
        let latency: Vec<u64> = shared.latency.iter().map(|n| n.load(Ordering::Relaxed)).collect();
        assert_eq!(latency, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(shared.drops[DropReason::Stale as usize].load(Ordering::Relaxed), 1);
    }
}
