//! The checks of a decision in their order, each with how it came out. Pure.

use crate::aaa::decide::{CHECKS_IN_ORDER, RejectReason};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing against him.
    Passed,
    /// This one decided: he was rejected for it.
    Failed,
    /// He was let into the walled garden only for it; the checks after it were made all the same.
    WalledGarden,
    /// Another had decided before.
    NotMade,
}

impl Outcome {
    /// In English words, as commands print it.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::WalledGarden => "walled garden",
            Outcome::NotMade => "not made",
        }
    }
}

/// A check, by the reason that its failing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Which one.
    pub check: RejectReason,
    /// How it came out.
    pub outcome: Outcome,
}

/// Each check with its outcome: those before the one that decided were passed, those after it were not made. The walled garden is no end of the checks.
pub fn checks(reject: Option<RejectReason>, walled: Option<RejectReason>) -> Vec<Check> {
    let mut decided = false;
    let mut outcome = |reason: RejectReason| match reason {
        _ if decided => Outcome::NotMade,
        _ if Some(reason) == reject => {
            decided = true;
            Outcome::Failed
        }
        _ if Some(reason) == walled => Outcome::WalledGarden,
        _ => Outcome::Passed,
    };
    // EAP is seen where a credential is looked for, and is no check of its own unless it was tried
    let order = CHECKS_IN_ORDER.into_iter().flat_map(|check| {
        let eap =
            (check == RejectReason::NoCredential && reject == Some(RejectReason::EapNotOffered)).then_some(RejectReason::EapNotOffered);
        eap.into_iter().chain([check])
    });
    order.map(|check| Check { check, outcome: outcome(check) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_one_that_decided_was_not_made() {
        for reason in RejectReason::ALL {
            let all = checks(Some(reason), None);
            let failed = all.iter().position(|c| c.outcome == Outcome::Failed).unwrap_or_else(|| panic!("{reason:?} fails nowhere"));
            assert_eq!(all[failed].check, reason);
            assert!(all[..failed].iter().all(|c| c.outcome == Outcome::Passed));
            assert!(all[failed + 1..].iter().all(|c| c.outcome == Outcome::NotMade));
        }
        let walled = checks(None, Some(RejectReason::Expired));
        assert_eq!(walled.len(), CHECKS_IN_ORDER.len());
        assert!(walled.iter().all(|c| (c.outcome == Outcome::WalledGarden) == (c.check == RejectReason::Expired)));
        let both = checks(Some(RejectReason::MacNotAllowed), Some(RejectReason::Expired));
        assert_eq!(both.iter().filter(|c| c.outcome == Outcome::Passed).count(), 15);
    }
}
