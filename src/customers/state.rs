//! In which state a customer is. It is never stored: this rule computes it from facts.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::HoldKind;
use crate::units::{UnixMs, local_day};

/// The facts that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What staff decided.
    pub hold: HoldKind,
    /// Whether he has left for good.
    pub is_closed: bool,
    /// Whether his validity begins with a first login that has not been.
    pub is_pending: bool,
    /// The first instant without service, without grace; `None` for ever.
    pub expires_at: Option<UnixMs>,
    /// How long he is served after that, milliseconds.
    pub grace_ms: i64,
}

/// A customer's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// May come in; his time begins when he first does.
    Pending,
    /// May come in.
    Active,
    /// The paid time is over.
    Expired,
    /// Held for a reason that can pass.
    Suspended,
    /// Held for good.
    Disabled,
    /// Has left.
    Closed,
}

/// What is worth knowing of an active customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActiveView {
    /// Nothing.
    Plain,
    /// His paid time ends before the local day does.
    ExpiresToday,
    /// His paid time is over, and he is still served.
    Grace,
}

impl State {
    /// The word that people read.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Active => "active",
            State::Expired => "expired",
            State::Suspended => "suspended",
            State::Disabled => "disabled",
            State::Closed => "closed",
        }
    }
}

/// The state at an instant. What staff decided is named before expiry: it is what they must lift first.
pub fn state(facts: Facts, now: UnixMs) -> State {
    match facts.hold {
        _ if facts.is_closed => State::Closed,
        HoldKind::Disabled => State::Disabled,
        HoldKind::Suspended => State::Suspended,
        HoldKind::None if facts.expires_at.is_some_and(|at| at.saturating_add(facts.grace_ms) <= now) => State::Expired,
        HoldKind::None if facts.is_pending => State::Pending,
        HoldKind::None => State::Active,
    }
}

/// What is worth knowing of an active customer at an instant; of others there is nothing.
pub fn active_view(facts: Facts, now: UnixMs, zone: &TimeZone) -> ActiveView {
    match (state(facts, now), facts.expires_at) {
        (State::Active, Some(at)) if at <= now => ActiveView::Grace,
        // The last instant of service counts: a customer who is paid until midnight has today.
        (State::Active, Some(at)) if local_day(at - 1, zone) == local_day(now, zone) => ActiveView::ExpiresToday,
        _ => ActiveView::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_instant;

    const PLAIN: Facts = Facts { hold: HoldKind::None, is_closed: false, is_pending: false, expires_at: None, grace_ms: 0 };

    #[test]
    fn facts_decide_the_state() {
        let until = |at| Facts { expires_at: Some(at), ..PLAIN };
        for (facts, wanted) in [
            (PLAIN, State::Active),
            (until(1001), State::Active),
            (until(1000), State::Expired),
            (Facts { grace_ms: 1, ..until(1000) }, State::Active),
            (Facts { grace_ms: 1, ..until(999) }, State::Expired),
            (Facts { hold: HoldKind::Suspended, ..until(999) }, State::Suspended),
            (Facts { hold: HoldKind::Suspended, ..PLAIN }, State::Suspended),
            (Facts { hold: HoldKind::Disabled, ..until(2000) }, State::Disabled),
            (Facts { is_pending: true, ..PLAIN }, State::Pending),
            (Facts { is_pending: true, ..until(1000) }, State::Expired),
            (Facts { is_pending: true, hold: HoldKind::Suspended, ..PLAIN }, State::Suspended),
            (Facts { is_closed: true, hold: HoldKind::Disabled, ..until(1000) }, State::Closed),
        ] {
            assert_eq!(state(facts, 1000), wanted, "{facts:?}");
        }
    }

    #[test]
    fn the_last_day_and_grace_are_views_of_active() {
        let dhaka = TimeZone::get("Asia/Dhaka").expect("a bundled zone");
        let read = |text: &str| parse_instant(text, &dhaka).expect(text);
        let now = read("2026-11-20 09:00");
        for (expires, wanted) in [
            ("2026-11-20 09:01", ActiveView::ExpiresToday),
            ("2026-11-20", ActiveView::ExpiresToday),
            ("2026-11-21 00:01", ActiveView::Plain),
            ("2026-11-20 08:59", ActiveView::Grace),
            ("2026-11-18 08:59", ActiveView::Plain),
        ] {
            let facts = Facts { expires_at: Some(read(expires)), grace_ms: 3_600_000, ..PLAIN };
            assert_eq!(active_view(facts, now, &dhaka), wanted, "{expires}");
        }
    }
}
