//! Why the network is told something. The codes are stable: actions, commands, metrics and docs share them.

use crate::aaa::decide::RejectReason;

/// Why a session is changed or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The customer may not be online any more; why is what a login would be told.
    Denied(RejectReason),
    /// The customer may use the network again and leaves the walled garden, which no change of a running session can do.
    LeavesGarden,
    /// There is no such customer any more.
    CustomerRemoved,
    /// The session is as long as its package allows, and its router did not end it.
    SessionMaximum,
    /// Another session of the customer takes its place.
    Replaced,
    /// A member of staff said so.
    Staff,
    /// The rate is another one.
    Rate,
    /// The end is at another time.
    EndsAt,
    /// The volume left is another one.
    Volume,
    /// Group, filter or another setting that a running session takes is another one.
    Settings,
    /// Address, pool, address list or another attribute is another one that only a login can bring.
    NewLogin,
}

impl Reason {
    const OWN: [Reason; 10] = [
        Reason::LeavesGarden,
        Reason::CustomerRemoved,
        Reason::SessionMaximum,
        Reason::Replaced,
        Reason::Staff,
        Reason::Rate,
        Reason::EndsAt,
        Reason::Volume,
        Reason::Settings,
        Reason::NewLogin,
    ];

    /// The stable code; of a denial that of the login's rejection.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Denied(reason) => reason.code(),
            Reason::LeavesGarden => "leaves-garden",
            Reason::CustomerRemoved => "customer-removed",
            Reason::SessionMaximum => "session-maximum",
            Reason::Replaced => "replaced",
            Reason::Staff => "staff",
            Reason::Rate => "rate",
            Reason::EndsAt => "ends-at",
            Reason::Volume => "volume",
            Reason::Settings => "settings",
            Reason::NewLogin => "new-login",
        }
    }

    /// The reason of a code.
    pub fn from_code(code: &str) -> Option<Reason> {
        let denial = || RejectReason::ALL.into_iter().find(|r| r.code() == code).map(Reason::Denied);
        Self::OWN.into_iter().find(|r| r.code() == code).or_else(denial)
    }

    /// What the books say, as the middle of a sentence: "books say ...".
    pub fn words(self) -> &'static str {
        match self {
            Reason::Denied(RejectReason::Expired) => "expired",
            Reason::Denied(RejectReason::Suspended) => "suspended",
            Reason::Denied(RejectReason::Disabled) => "disabled",
            Reason::Denied(reason) => reason.code(),
            Reason::LeavesGarden => "free to leave the walled garden",
            Reason::CustomerRemoved => "no such customer",
            Reason::SessionMaximum => "longer online than one session may be",
            Reason::Replaced => "replaced by another session",
            Reason::Staff => "ended by staff",
            Reason::Rate => "another rate",
            Reason::EndsAt => "another end",
            Reason::Volume => "another volume",
            Reason::Settings => "another group or filter",
            Reason::NewLogin => "another address, pool or address list",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_read_back() {
        let all: Vec<Reason> = Reason::OWN.into_iter().chain(RejectReason::ALL.into_iter().map(Reason::Denied)).collect();
        let codes: std::collections::BTreeSet<_> = all.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|r| Reason::from_code(r.code()) == Some(*r)));
        assert_eq!(Reason::from_code("nonsense"), None);
    }
}
