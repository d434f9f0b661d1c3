//! What a router's own traffic shows of its health, beyond wrong secrets: each with the command of RouterOS that mends it. Pure.

use super::findings::{Finding, RouterFacts, finding, quoted};

/// Fewer than this are chance.
const SOME: i64 = 20;
/// Repetitions are too many when they are at least one in so many.
const ONE_IN: i64 = 20;
/// Of sessions that end at once, so many of a hundred are too many.
const EARLY_PERCENT: i64 = 20;

/// Everything that this router's counters show.
pub(super) fn of_router(r: &RouterFacts) -> Vec<Finding> {
    [unsigned_requests(r), repeated(r), missing_gigawords(r), reused_ids(r), ended_early(r), more_rejects_than_accepts(r)]
        .into_iter()
        .flatten()
        .collect()
}

fn is_much(of: i64, all: i64) -> bool {
    of >= SOME && of.saturating_mul(ONE_IN) >= all
}

fn unsigned_requests(r: &RouterFacts) -> Option<Finding> {
    let c = &r.counters;
    is_much(c.unsigned_requests, c.access_requests).then(|| {
        finding(
            "unsigned-requests",
            format!("router {} sent {} of {} logins without Message-Authenticator: they can be forged on the way", r.name, c.unsigned_requests, c.access_requests),
            format!(
                "RouterOS 7.15 or newer: `/radius set [find] require-message-auth=yes-for-request-resp`; then `tollgate router set {}{} --message-authenticator require`",
                quoted(&r.name),
                r.tenant_option
            ),
        )
    })
}

fn repeated(r: &RouterFacts) -> Option<Finding> {
    let c = &r.counters;
    let (again, all) = (c.repeated_access + c.repeated_accounting, c.access_requests + c.accounting_requests);
    is_much(again, all).then(|| {
        finding(
            "router-timeouts",
            format!(
                "router {} repeated {} logins and {} accounting requests that were answered or on their way: it gives up before the answer is there",
                r.name, c.repeated_access, c.repeated_accounting
            ),
            "give it more time: `/radius set [find] timeout=3s`; if it already waits that long, packets are lost on the way: `/tool ping` from the router, and its firewall",
        )
    })
}

fn missing_gigawords(r: &RouterFacts) -> Option<Finding> {
    let c = &r.counters;
    (c.with_gigawords == 0 && c.without_gigawords >= SOME).then(|| {
        finding(
            "missing-gigawords",
            format!(
                "router {} never sends the high words of its octet counters (Acct-Input-Gigawords): after 4 GiB a session's use can only be guessed",
                r.name
            ),
            "upgrade it: `/system package update install`; until then let it report often, so that no 4 GiB pass between two reports: `/ppp aaa set interim-update=1m`",
        )
    })
}

fn reused_ids(r: &RouterFacts) -> Option<Finding> {
    let c = &r.counters;
    (c.reused_session_ids >= SOME && c.reused_session_ids.saturating_mul(ONE_IN) >= c.sessions_ended).then(|| {
        finding(
            "duplicate-session-ids",
            format!(
                "router {} began {} sessions under the id of one that was still open: their Stops are lost, or several boxes share one entry and name",
                r.name, c.reused_session_ids
            ),
            format!(
                "check that accounting arrives: `/radius monitor [find]`; if several boxes stand behind this entry, give each its own name (`/system identity set name=...`) and entry: tollgate router add NAME --nas-identifier NAME (now: {})",
                quoted(&r.name)
            ),
        )
    })
}

fn ended_early(r: &RouterFacts) -> Option<Finding> {
    let c = &r.counters;
    (c.sessions_ended_early >= SOME && c.sessions_ended_early * 100 >= c.sessions_ended.saturating_mul(EARLY_PERCENT)).then(|| {
        finding(
            "sessions-end-at-once",
            format!(
                "on router {} {} of {} sessions ended within ten seconds of their start: what the package names is probably missing there, or its pool is full",
                r.name, c.sessions_ended_early, c.sessions_ended
            ),
            "see that the package's pool and profile exist on the router: `/ip pool print`, `/ip pool used print count-only`, `/ppp profile print`; its log says more: `/log print where topics~\"ppp\"`",
        )
    })
}

fn more_rejects_than_accepts(r: &RouterFacts) -> Option<Finding> {
    let c = &r.counters;
    (c.rejects >= 10 * SOME && c.accepts == 0).then(|| {
        finding(
            "nobody-accepted",
            format!("router {} sent {} logins and none was accepted", r.name, c.access_requests),
            "`tollgate trace USERNAME` says why for any of them; check that the router's entry belongs to the tenant of its customers",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routers::{MessageAuthenticatorMode, RouterCounters};

    fn healthy() -> RouterFacts {
        let counters = RouterCounters {
            access_requests: 1_000,
            accepts: 900,
            rejects: 100,
            accounting_requests: 5_000,
            unsigned_requests: 49,
            repeated_access: 100,
            repeated_accounting: 199,
            with_gigawords: 1,
            without_gigawords: 4_000,
            reused_session_ids: 49,
            sessions_ended: 1_000,
            sessions_ended_early: 199,
            ..RouterCounters::default()
        };
        RouterFacts {
            name: "core".into(),
            tenant_option: String::new(),
            mode: MessageAuthenticatorMode::Auto,
            limit_proxy_state: true,
            learned_addresses: 0,
            secret_octets: Some(16),
            counters,
        }
    }

    #[test]
    fn each_sign_is_named_with_the_command_that_mends_it() {
        assert_eq!(of_router(&healthy()), []);
        type Break = fn(&mut RouterCounters);
        let cases: [(&str, &str, Break); 6] = [
            ("unsigned-requests", "require-message-auth", |c| c.unsigned_requests = 50),
            ("router-timeouts", "timeout=3s", |c| c.repeated_accounting = 200),
            ("missing-gigawords", "interim-update", |c| c.with_gigawords = 0),
            ("duplicate-session-ids", "/system identity", |c| c.reused_session_ids = 50),
            ("sessions-end-at-once", "/ip pool print", |c| c.sessions_ended_early = 200),
            ("nobody-accepted", "tollgate trace", |c| (c.accepts, c.rejects) = (0, 1_000)),
        ];
        for (code, remedy, break_it) in cases {
            let mut router = healthy();
            break_it(&mut router.counters);
            let found = of_router(&router);
            assert_eq!(found.iter().map(|f| f.code).collect::<Vec<_>>(), [code]);
            assert!(include_str!("../../../docs/src/diagnosis.md").contains(&format!("`{code}`")), "{code} is not in the guide");
            assert!(found[0].remedy.contains(remedy) && found[0].problem.contains("core"), "{:?}", found[0]);
        }
    }
}
