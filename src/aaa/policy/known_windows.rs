//! Windows of the week that this thread computed lately. Few packages have hours, and between two changes the answer stays the same, while the rules of a time zone
//! take longer than all the rest of a login.

use std::cell::RefCell;

use jiff::tz::TimeZone;

use crate::packages::Hours;
use crate::packages::hours::{self, Window};
use crate::units::UnixMs;

/// Hours of different packages and steps that are remembered.
const REMEMBERED: usize = 32;

struct Known {
    zone: TimeZone,
    hours: Box<[Hours]>,
    from: UnixMs,
    window: Window,
}

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// See [`hours::window`].
pub(super) fn window(spans: &[Hours], at: UnixMs, zone: &TimeZone) -> Window {
    KNOWN.with_borrow_mut(|known| {
        let same = |k: &Known| *k.hours == *spans && k.zone == *zone;
        let found = known.iter().position(same);
        if let Some(k) = found.map(|index| &known[index])
            && (k.from..k.window.changes_at).contains(&at)
        {
            return k.window;
        }
        let window = hours::window(spans, at, zone);
        let fresh = Known { zone: zone.clone(), hours: spans.into(), from: at, window };
        match found {
            Some(index) => known[index] = fresh,
            None if known.len() < REMEMBERED => known.push(fresh),
            // Which one goes does not matter: with more packages than that each is computed now and then.
            None => known[at as usize % REMEMBERED] = fresh,
        }
        window
    })
}
