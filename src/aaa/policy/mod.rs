//! What the books say about a customer at an instant: whether he may be online, how fast, until when, and how much is left. Pure.
//!
//! The checks are made and named in this order: closed, disabled, suspended, expired, outside his hours, volume used up, time used up. Reading order: `volume`
//! (what is left), `online_time`, `fair_use` (the rate), then [`assess`], then `allowance` (what of it one session is told).
//!
//! Logins, the enforcement of live sessions, `simulate`, `explain` and the panel all ask [`assess`]; there is no second rule.

mod allowance;
mod fair_use;
mod known_spans;
mod known_windows;
mod online_time;
#[cfg(test)]
mod tests;
mod top_ups;
mod usage;
mod usage_days;
mod volume;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::decide::{HoldFact, RejectReason};
use crate::packages::hours::Window;
use crate::packages::{Direction, Limits, RateLimit};
use crate::sessions::Used;
use crate::units::UnixMs;

pub use allowance::{Share, share};
pub use fair_use::step_rate;
pub use top_ups::{Bought, ExpiredShare, Settled, days_since, settle};
pub use usage::{NoMeters, UsageSource};
pub use usage_days::{StoredUsage, UsageDay};
pub use volume::{VolumeAccount, carried, volume_account};

/// Octets bought on top of a volume limit. They are used when the period's own allowance (with what rolled over) is used up; of several the one that expires
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The first instant without service, the tenant's grace included, unix ms; `UnixMs::MAX` = never.
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
    /// Sessions of his that are open, at least 1: the one that asks, or is asked about, included. Each uses up time online.
    pub open_sessions: u32,
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
    /// Whether it was not known what he used, so that he was taken to have used nothing. Nothing is asked of a router on that ground.
    pub is_provisional: bool,
}

/// Access at any hour.
const ALWAYS: Window = Window { is_within: true, changes_at: UnixMs::MAX };

/// Whether he may not come in for a reason that needs neither limits nor usage. In the order in which staff must lift them.
pub fn plain_denial(hold: HoldFact, is_closed: bool, expires_at: UnixMs, now: UnixMs) -> Option<RejectReason> {
    match hold {
        _ if is_closed => Some(RejectReason::Closed),
        HoldFact::Disabled => Some(RejectReason::Disabled),
        HoldFact::Suspended => Some(RejectReason::Suspended),
        HoldFact::None if expires_at <= now => Some(RejectReason::Expired),
        HoldFact::None => None,
    }
}

/// Assesses a customer.
pub fn assess(standing: &Standing<'_>, now: UnixMs) -> Assessment {
    let limits = standing.limits;
    // Starts of validity and package do not matter here: what was used in them is counted already, and they do not end by themselves.
    let running = known_spans::around(now, standing.zone);
    let open = if limits.hours.is_empty() { ALWAYS } else { known_windows::window(&limits.hours, now, standing.zone) };
    let left = volume::left_of_hard_limits(standing, now);
    let is_volume_used_up = [left.total, left.download, left.upload].contains(&Some(0));
    let is_time_used_up = online_time::is_used_up(standing);
    let denial = plain_denial(standing.hold, standing.is_closed, standing.expires_at, now).or(match () {
        () if !open.is_within => Some(RejectReason::OutsideHours),
        () if is_volume_used_up => Some(RejectReason::VolumeUsedUp),
        () if is_time_used_up => Some(RejectReason::TimeUsedUp),
        () => None,
    });
    let closes_at = if open.is_within { open.changes_at } else { now };
    let time_ends_at = if limits.time.is_empty() { UnixMs::MAX } else { online_time::used_up_at(standing, &running, now) };
    let ends = [(standing.expires_at, EndReason::Expiry), (closes_at, EndReason::HoursOver), (time_ends_at, EndReason::TimeUsedUp)];
    let (ends_at, ends_why) = ends.into_iter().min_by_key(|(at, _)| *at).unwrap_or((UnixMs::MAX, EndReason::None));
    let steps = fair_use::steps(standing, &running, now);
    let own_rate = standing.own_rate.filter(|(_, until)| *until > now);
    let fair_use_step = steps.number.filter(|_| own_rate.is_none());
    let rate = match (own_rate, fair_use_step) {
        (Some((rate, _)), _) => rate,
        (None, Some(step)) => step_rate(&limits.fair_use[step].rate, standing.rate),
        (None, None) => *standing.rate,
    };
    let turns = limits.volume.iter().map(|l| l.per).chain(limits.time.iter().map(|l| l.per)).map(|per| running.end(per));
    let others = [
        standing.expires_at,
        open.changes_at,
        time_ends_at,
        steps.changes_at,
        own_rate.map_or(UnixMs::MAX, |(_, until)| until),
        volume::next_top_up_expiry(standing, now),
    ];
    Assessment {
        denial,
        rate,
        fair_use_step,
        ends_at,
        ends_why: if ends_at == UnixMs::MAX { EndReason::None } else { ends_why },
        left,
        next_step: steps.next,
        next_change_at: others.into_iter().chain(turns).filter(|at| *at > now).min().unwrap_or(UnixMs::MAX),
        is_provisional: false,
    }
}
