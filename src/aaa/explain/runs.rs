//! Decisions that repeat one another, as one line each: a router asks again and again. Pure.

use super::sql::KeptLine;
use crate::aaa::decide::RejectReason;
use crate::aaa::decision_log::Decision;
use crate::units::{Mac, UnixMs, printable};

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Come in.
    Accepted,
    /// Come into the walled garden only, for this reason.
    WalledGarden(RejectReason),
    /// Stay out, for this reason.
    Rejected(RejectReason),
}

impl Said {
    /// Why not, or not whole.
    pub fn reason(self) -> Option<RejectReason> {
        match self {
            Said::Accepted => None,
            Said::WalledGarden(reason) | Said::Rejected(reason) => Some(reason),
        }
    }

    /// Why he stays out.
    pub fn reject(self) -> Option<RejectReason> {
        if let Said::Rejected(reason) = self { Some(reason) } else { None }
    }

    /// Why he is behind the wall.
    pub fn walled(self) -> Option<RejectReason> {
        if let Said::WalledGarden(reason) = self { Some(reason) } else { None }
    }
}

/// The same request with the same answer, once or many times in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When first, unix ms.
    pub first_at: UnixMs,
    /// When last, unix ms.
    pub last_at: UnixMs,
    /// How often.
    pub times: i64,
    /// At which router.
    pub router_id: i64,
    /// User-Name as sent, printable.
    pub username: String,
    /// From which device.
    pub mac: Option<Mac>,
    /// What was said.
    pub said: Said,
    /// Whether it is known from the store alone: another node decided, or this one's log has it no more.
    pub is_kept: bool,
}

impl Run {
    fn of(d: &Decision<'_>) -> Run {
        let said = match (d.reject, d.walled) {
            (Some(reason), _) => Said::Rejected(reason),
            (None, Some(reason)) => Said::WalledGarden(reason),
            (None, None) => Said::Accepted,
        };
        let username = printable(d.username).into_owned();
        Run { first_at: d.at, last_at: d.at, times: 1, router_id: d.router_id, username, mac: d.mac, said, is_kept: false }
    }

    fn of_kept(line: &KeptLine) -> Option<Run> {
        let said = match line.reason.as_str() {
            "accepted" => Said::Accepted,
            code => Said::Rejected(RejectReason::from_code(code)?),
        };
        Some(Run {
            first_at: line.first_at,
            last_at: line.last_at,
            times: line.repeats.max(1),
            router_id: line.router_id,
            username: line.username.clone(),
            mac: line.mac(),
            said,
            is_kept: true,
        })
    }

    fn is_like(&self, other: &Run) -> bool {
        self.router_id == other.router_id
            && self.mac == other.mac
            && self.said.reject() == other.said.reject()
            && self.username == other.username
    }

    fn is_told_by(&self, other: &Run) -> bool {
        self.is_like(other) && other.first_at <= self.last_at && other.last_at >= self.first_at
    }
}

/// Decisions, the newest first, as runs.
pub(super) fn runs<'d>(decisions: impl IntoIterator<Item = Decision<'d>>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for decision in decisions {
        let run = Run::of(&decision);
        match runs.last_mut().filter(|last| last.said == run.said && last.is_like(&run)) {
            Some(last) => (last.first_at, last.times) = (run.first_at, last.times + 1),
            None => runs.push(run),
        }
    }
    runs
}

/// Adds what the store keeps and the log does not have; the newest first, no more than `limit`.
pub(super) fn with_kept<'k>(logged: Vec<Run>, kept: impl IntoIterator<Item = &'k KeptLine>, limit: usize) -> Vec<Run> {
    let further: Vec<Run> =
        kept.into_iter().filter_map(Run::of_kept).filter(|run| !logged.iter().any(|other| run.is_told_by(other))).collect();
    let mut all = logged;
    all.extend(further);
    all.sort_by_key(|run| std::cmp::Reverse(run.last_at));
    all.truncate(limit);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(at: UnixMs, reject: Option<RejectReason>) -> Decision<'static> {
        Decision {
            at,
            tenant_id: 1,
            router_id: 2,
            customer_id: 3,
            username: b"bob",
            mac: None,
            reject,
            walled: None,
            blind_since: None,
            method: "PAP",
            took_us: 1,
            attributes: &[],
        }
    }

    fn kept(first_at: UnixMs, last_at: UnixMs, reason: &str) -> KeptLine {
        KeptLine {
            customer_id: Some(3),
            router_id: 2,
            username: "bob".into(),
            mac_text: String::new(),
            reason: reason.into(),
            first_at,
            last_at,
            repeats: 4,
        }
    }

    #[test]
    fn repeated_decisions_are_one_line_and_the_store_adds_what_the_log_lacks() {
        let wrong = Some(RejectReason::WrongCredential);
        let logged = runs([decision(50, wrong), decision(40, wrong), decision(30, None), decision(20, wrong)]);
        let times: Vec<_> = logged.iter().map(|run| (run.first_at, run.last_at, run.times)).collect();
        assert_eq!(times, [(40, 50, 2), (30, 30, 1), (20, 20, 1)]);
        let lines = [
            kept(35, 45, "wrong-credential"),
            kept(60, 70, "expired"),
            kept(1, 9, "wrong-credential"),
            kept(30, 30, "accepted"),
            kept(2, 3, "nonsense"),
        ];
        let all = with_kept(logged, &lines, 9);
        let told: Vec<_> = all.iter().map(|run| (run.last_at, run.times, run.is_kept)).collect();
        assert_eq!(told, [(70, 4, true), (50, 2, false), (30, 1, false), (20, 1, false), (9, 4, true)]);
        assert_eq!(all[0].said, Said::Rejected(RejectReason::Expired));
    }
}
