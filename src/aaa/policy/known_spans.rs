//! Days, weeks and months that this thread computed lately: nearly all questions are about today in few zones, and the rules of a time zone take longer than all
//! the rest of a login.

use std::cell::RefCell;

use jiff::tz::TimeZone;

use crate::packages::{Period, Spans, spans};
use crate::units::UnixMs;

/// Spans that are remembered. Of each zone today's are asked for, and those in which running ones end.
const REMEMBERED: usize = 32;

thread_local! {
    static KNOWN: RefCell<Vec<(TimeZone, Spans)>> = const { RefCell::new(Vec::new()) };
}

/// Day, week and month around an instant; starts of validity and package are not known. See [`spans`].
pub(super) fn around(at: UnixMs, zone: &TimeZone) -> Spans {
    KNOWN.with_borrow_mut(|known| {
        let holds = |(its, spans): &&(TimeZone, Spans)| (spans.start(Period::Day)..spans.earliest_end()).contains(&at) && its == zone;
        if let Some((_, spans)) = known.iter().find(holds) {
            return *spans;
        }
        let fresh = spans(at, zone, 0, 0);
        // The newest stand first. Of those of a day that is over nobody asks again, so they sink and fall out.
        known.truncate(REMEMBERED - 1);
        known.insert(0, (zone.clone(), fresh));
        fresh
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::DAY_MS;

    #[test]
    fn what_is_remembered_is_what_would_be_computed() {
        let zones = ["Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "UTC"].map(|name| TimeZone::get(name).expect("a bundled zone"));
        // Around a change of clocks in Berlin (2026-10-25), in steps that fall before and after midnights, zones in turn.
        for step in 0..200 {
            let at = 1_792_800_000_000 + step * DAY_MS / 5;
            for zone in &zones {
                for at in [at, at + 1, at - 40 * DAY_MS] {
                    assert_eq!(around(at, zone), spans(at, zone, 0, 0), "{at} in {zone:?}");
                }
            }
        }
    }
}
