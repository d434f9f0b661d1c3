//! What the books say about a customer at an instant: whether he may be online, how fast, until when, and how much is left. Pure.
//!
//! Logins, the enforcement of live sessions, `simulate`, `explain` and the panel all ask [`assess`]; there is no second rule.

use jiff::tz::TimeZone;

use super::decide::{HoldFact, RejectReason};
use crate::packages::{Direction, Limits, RateLimit};
use crate::sessions::Used;
use crate::units::UnixMs;

/// Octets bought on top of a volume limit. They are used when the period's own allowance (with what rolled over) is used up; of several the one that expires
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopUp {
    /// Its id.
    pub id: i64,
    /// Which octets.
    pub direction: Direction,
    /// How many are left at the start of the running period.
    pub octets_left: u64,
    /// When the rest is lost, unix ms; `UnixMs::MAX` = never.
    pub expires_at: UnixMs,
}

/// What is known of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Staff's hold.
    pub hold: HoldFact,
    /// Whether he has left for good.
    pub is_closed: bool,
    /// The first instant without service, unix ms; `UnixMs::MAX` = never.
    pub expires_at: UnixMs,
    /// Whether his validity begins with a first login that has not been.
    pub is_pending: bool,
    /// The package's limits with his own put in.
    pub limits: &'a Limits,
    /// The package's rate.
    pub rate: &'a RateLimit,
    /// A rate of his own and until when it holds.
    pub own_rate: Option<(RateLimit, UnixMs)>,
    /// What he bought on top, the first to expire first.
    pub top_ups: &'a [TopUp],
    /// What rolled over from the last period, octets per volume limit in their order; missing ones are 0.
    pub carried: &'a [u64],
    /// What he used in the running periods.
    pub used: &'a Used,
    /// The tenant's.
    pub zone: &'a TimeZone,
}

/// Why a session ends at [`Assessment::ends_at`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// It does not end by the clock.
    None,
    /// The package runs out.
    Expiry,
    /// The allowed hours are over.
    HoursOver,
    /// The time online is used up then, if he stays online.
    TimeUsedUp,
}

/// What is left of the volume, of all sessions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VolumeLeft {
    /// Both directions together; `None` = no limit.
    pub total: Option<u64>,
    /// Towards the customer.
    pub download: Option<u64>,
    /// From the customer.
    pub upload: Option<u64>,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// Why he may not be online; `None` = he may.
    pub denial: Option<RejectReason>,
    /// The rate that holds now.
    pub rate: RateLimit,
    /// Number of the fair-use step that set it (from 0); `None` = the package's rate or his own.
    pub fair_use_step: Option<usize>,
    /// When a session that is open now must end, unix ms; `UnixMs::MAX` = never.
    pub ends_at: UnixMs,
    /// Why then.
    pub ends_why: EndReason,
    /// What is left until access ends.
    pub left: VolumeLeft,
    /// Octets until the next fair-use step, per direction that one watches.
    pub next_step: VolumeLeft,
    /// The next instant at which anything above may change without any usage, unix ms; `UnixMs::MAX` = never.
    pub next_change_at: UnixMs,
}

/// Assesses a customer.
pub fn assess(standing: &Standing<'_>, now: UnixMs) -> Assessment {
    let denial = match standing.hold {
        HoldFact::Disabled => Some(RejectReason::Disabled),
        HoldFact::Suspended => Some(RejectReason::Suspended),
        HoldFact::None if standing.expires_at <= now => Some(RejectReason::Expired),
        HoldFact::None => None,
    };
    Assessment {
        denial,
        rate: *standing.rate,
        fair_use_step: None,
        ends_at: standing.expires_at,
        ends_why: if standing.expires_at == UnixMs::MAX { EndReason::None } else { EndReason::Expiry },
        left: VolumeLeft::default(),
        next_step: VolumeLeft::default(),
        next_change_at: if standing.expires_at > now { standing.expires_at } else { UnixMs::MAX },
    }
}
