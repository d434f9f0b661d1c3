//! In which state a customer is. It is never stored: this rule computes it from facts.

use serde::Serialize;

use super::HoldKind;
use crate::units::UnixMs;

/// The facts that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What staff decided.
    pub hold: HoldKind,
    /// The first instant without service; `None` for ever.
    pub expires_at: Option<UnixMs>,
}

/// A customer's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// May come in.
    Active,
    /// The paid time is over.
    Expired,
    /// Held for a reason that can pass.
    Suspended,
    /// Held for good.
    Disabled,
}

impl State {
    /// The word that people read.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Expired => "expired",
            State::Suspended => "suspended",
            State::Disabled => "disabled",
        }
    }
}

/// The state at an instant. A hold is named before expiry: it is what staff must lift first.
pub fn state(facts: Facts, now: UnixMs) -> State {
    match facts.hold {
        HoldKind::Disabled => State::Disabled,
        HoldKind::Suspended => State::Suspended,
        HoldKind::None if facts.expires_at.is_some_and(|at| at <= now) => State::Expired,
        HoldKind::None => State::Active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_decide_the_state() {
        for (hold, expires_at, wanted) in [
            (HoldKind::None, None, State::Active),
            (HoldKind::None, Some(1001), State::Active),
            (HoldKind::None, Some(1000), State::Expired),
            (HoldKind::Suspended, Some(999), State::Suspended),
            (HoldKind::Suspended, None, State::Suspended),
            (HoldKind::Disabled, Some(2000), State::Disabled),
        ] {
            assert_eq!(state(Facts { hold, expires_at }, 1000), wanted);
        }
    }
}
