//! Answers that go on for as long as something happens: server-sent events. They take places for connections, so there are few of them, fewer yet for one account, and
//! all end when the server stops.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::units::AccountId;

/// All together.
const MOST: usize = 128;
/// Of one account.
const MOST_OF_ACCOUNT: usize = 6;

/// See the head of the file.
#[derive(Debug, Default)]
pub struct Streams {
    open: Mutex<HashMap<i64, usize>>,
    is_closed: AtomicBool,
}

/// A place that is held until it is dropped.
#[derive(Debug)]
pub struct StreamPlace {
    streams: Arc<Streams>,
    account: AccountId,
}

impl Streams {
    /// A place for one more of this account; `None` if it has, or all together have, as many as may be.
    pub fn take(self: &Arc<Streams>, account: AccountId) -> Option<StreamPlace> {
        let mut open = self.open.lock();
        let (all, own) = (open.values().sum::<usize>(), open.get(&account.0).copied().unwrap_or(0));
        if all >= MOST || own >= MOST_OF_ACCOUNT || self.is_closed() {
            return None;
        }
        open.insert(account.0, own + 1);
        drop(open);
        Some(StreamPlace { streams: self.clone(), account })
    }

    /// Whether the server stops: whoever writes a stream looks at it, and ends.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Ends them all.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock();
        if let Some(own) = open.get_mut(&self.account.0) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.account.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_few_and_all_have_some() {
        let streams = Arc::new(Streams::default());
        let take = |account: i64| streams.take(AccountId(account));
        let own: Vec<_> = (0..10).filter_map(|_| take(1)).collect();
        assert_eq!(own.len(), MOST_OF_ACCOUNT);
        let others: Vec<_> = (2..200).filter_map(take).collect();
        assert_eq!(others.len(), MOST - MOST_OF_ACCOUNT);
        drop((own, others));
        assert!(streams.open.lock().is_empty());
        streams.close();
        assert!(take(1).is_none());
    }
}
