//! What a simulated router counted: atomics that a live display reads while the router runs. Names follow `/radius monitor` where it has them.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Reject texts kept apart; what comes after is counted under the name below.
const MAX_TEXTS: usize = 64;
const OTHER_TEXTS: &str = "(other texts)";

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of one or several simulated routers. All only grow, but `online`.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: AtomicU64,)*
            rejects_by_text: Mutex<BTreeMap<String, u64>>,
        }

        /// The counters at one instant.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct CountersSnapshot {
            $($(#[$doc])* pub $name: u64,)*
            /// Rejects by the text that came with them: Reply-Message, else MS-CHAP-Error.
            pub rejects_by_text: BTreeMap<String, u64>,
        }

        impl Counters {
            /// Reads all counters. They are read one after the other while routers go on counting.
            pub fn snapshot(&self) -> CountersSnapshot {
                CountersSnapshot { $($name: self.$name.load(Relaxed),)* rejects_by_text: self.rejects_by_text.lock().clone() }
            }
        }
    };
}

counters! {
    /// Access-Requests begun (resends not counted).
    logins,
    /// Access-Accepts.
    accepts,
    /// Access-Rejects (and Access-Challenges, which this router cannot answer).
    rejects,
    /// Sessions online now.
    online,
    /// Octets received from customers (upload).
    octets_in,
    /// Octets sent to customers (download).
    octets_out,
    /// Accounting-Requests begun.
    accounting_requests,
    /// Accounting-Responses.
    accounting_responses,
    /// Requests sent again.
    resends,
    /// Requests given up after the last try.
    timeouts,
    /// Replies that were malformed, unauthentic or lacked a proof.
    bad_replies,
    /// Stops that a fault swallowed.
    lost_stops,
    /// CoA-Requests carried out.
    coa_acks,
    /// Disconnect-Requests carried out.
    disconnect_acks,
    /// CoA and Disconnect requests refused.
    coa_naks,
    /// CoA and Disconnect requests left unanswered: wrong secret, wrong source, or told to be silent.
    coa_ignored,
    /// Accepts whose Mikrotik-Rate-Limit does not follow the grammar: the customer then has no limit.
    bad_rate_limits,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Relaxed);
    }

    pub(super) fn count_reject(&self, text: &str) {
        Self::add(&self.rejects, 1);
        let mut by_text = self.rejects_by_text.lock();
        let key = if by_text.len() < MAX_TEXTS || by_text.contains_key(text) { text } else { OTHER_TEXTS };
        *by_text.entry(key.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reject_texts_are_bounded() {
        let counters = Counters::default();
        for number in 0..1000 {
            counters.count_reject(&format!("text {number}"));
        }
        counters.count_reject("text 0");
        let snapshot = counters.snapshot();
        assert_eq!((snapshot.rejects, snapshot.rejects_by_text.len(), snapshot.rejects_by_text["text 0"]), (1001, MAX_TEXTS + 1, 2));
        assert_eq!(snapshot.rejects_by_text.values().sum::<u64>(), 1001);
    }
}
