//! What a purchase does to a customer's own instants: from when his validity runs, and until when. Pure.

use super::Customer;
use crate::packages::{Validity, ValidityStart};
use crate::units::UnixMs;

/// Begins a period of a package with this validity. `has_expiry` means that staff named an expiry themselves: it stays.
pub(super) fn begin_period(customer: &mut Customer, validity: Option<Validity>, has_expiry: bool, now: UnixMs) {
    let c = customer;
    (c.activated_at, c.first_login_secs, c.period_started_at) = (None, None, Some(now));
    let Some(validity) = validity else { return };
    match validity.from {
        ValidityStart::Purchase if !has_expiry => c.expires_at = Some(after(now, validity.secs)),
        ValidityStart::Purchase => {}
        ValidityStart::FirstLogin => {
            (c.first_login_secs, c.period_started_at) = (Some(validity.secs), None);
            if !has_expiry {
                c.expires_at = None;
            }
        }
    }
}

/// The instant so many seconds later.
pub fn after(at: UnixMs, secs: u64) -> UnixMs {
    at.saturating_add(i64::try_from(secs).unwrap_or(i64::MAX).saturating_mul(1000))
}
