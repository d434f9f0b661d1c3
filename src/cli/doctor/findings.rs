//! From facts to findings: a plain sentence and the remedy each. Pure.

use serde::Serialize;

use super::pool_findings::of_pool;
use super::router_findings::of_router;
use crate::routers::pools::PoolSummary;
use crate::routers::{MessageAuthenticatorMode, RouterCounters, SHORT_SECRET_OCTETS, UnknownSource};
use crate::units::{UnixMs, print_instant, printable};

const MIB: u64 = 1 << 20;
/// Fewer wrong packets than this are chance: a bit that fell over, a test.
const FEW: i64 = 3;
/// A secret does not fit when at least one packet in this many is wrong.
const ONE_IN: i64 = 20;
const NO_ACCOUNTING_MS: i64 = 600_000;
/// A login's Start has this long to arrive.
const START_GRACE_MS: i64 = 60_000;
const MOST_SKEW_SECS: i64 = 60;
/// Beyond this, routers with short timeouts begin to repeat accounting requests.
const SLOW_FSYNC_US: u64 = 50_000;
const LEAST_FREE_OCTETS: u64 = 512 * MIB;
/// Of the disk, used.
const MOST_USED_PERCENT: u64 = 95;
const MOST_LAG_MS: i64 = 30_000;
const RECENT_MS: i64 = 86_400_000;

/// What was found out.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// When.
    pub now: UnixMs,
    /// Why the store cannot be used, and what to do.
    pub store_trouble: Option<Trouble>,
    /// Routers of all tenants.
    pub routers: Vec<RouterFacts>,
    /// Routers that leave CoA and Disconnect requests unanswered: name, port, and how many actions wait for that.
    pub coa_silent: Vec<(String, i64, i64)>,
    /// Address pools of all tenants, each with ` --tenant NAME` if its tenant is not the default one.
    pub pools: Vec<(PoolSummary, String)>,
    /// Addresses that belong to no router.
    pub unknown: Vec<UnknownSource>,
    /// Packages and customers; `None` if the store could not be asked.
    pub packages_and_customers: Option<(i64, i64)>,
    /// The data folder.
    pub folder: String,
    /// Why nothing can be written there.
    pub folder_trouble: Option<String>,
    /// How long a small write takes to be on disk, 99th percentile, microseconds.
    pub fsync_p99_us: Option<u64>,
    /// Free and total octets of the disk.
    pub disk: Option<(u64, u64)>,
    /// Wanted and allowed socket buffer, octets.
    pub receive_buffer: Option<(u64, u64)>,
    /// Newest record in this node's journal, newest in the store, and when that got there.
    pub journal: Option<(u64, i64, UnixMs)>,
}

/// Something that keeps the store from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was never made.
    Absent,
    /// It does not answer.
    Unreachable(String),
    /// Its schema is not this program's.
    Schema(String),
    /// The key file is missing, or another's.
    Key(String),
}

/// What is known of a router.
#[derive(Debug, Clone)]
pub(super) struct RouterFacts {
    /// Its name.
    pub name: String,
    /// ` --tenant NAME` if its tenant is not the default one.
    pub tenant_option: String,
    pub mode: MessageAuthenticatorMode,
    pub limit_proxy_state: bool,
    pub learned_addresses: i64,
    /// Octets of its secret, if it opened.
    pub secret_octets: Option<usize>,
    pub counters: RouterCounters,
}

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Stable.
    pub code: &'static str,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

pub(super) fn finding(code: &'static str, problem: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { code, problem: problem.into(), remedy: remedy.into() }
}

/// Everything that is wrong, what keeps customers out first.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(facts.store_trouble.as_ref().map(store));
    found.extend(nothing_there(facts));
    for router in &facts.routers {
        found.extend(secret_mismatch(router));
        found.extend(unsigned(router));
        found.extend(no_accounting(router, facts.now));
        found.extend(clock_skew(router));
        found.extend(weak_secret(router));
        found.extend(of_router(router));
    }
    found.extend(facts.coa_silent.iter().map(coa_silent));
    found.extend(facts.pools.iter().filter_map(|(pool, tenant_option)| of_pool(pool, tenant_option, facts.now)));
    found.extend(unknown_sources(facts));
    found.extend(applier_lag(facts));
    found.extend(disk(facts));
    found.extend(receive_buffer(facts));
    found
}

fn store(trouble: &Trouble) -> Finding {
    match trouble {
        Trouble::Absent => {
            finding("no-store", "there is no store yet", "run `tollgate migrate`: it makes the store, its key file and the default tenant")
        }
        Trouble::Unreachable(why) => finding(
            "store-unreachable",
            format!("the database does not answer: {why}"),
            "start the database, or correct `store.url`; a running server meanwhile goes on from its snapshot and catches up later",
        ),
        Trouble::Schema(why) => finding(
            "schema",
            format!("the store cannot be used as it is: {why}"),
            "run `tollgate migrate` with the newest program; take a backup before",
        ),
        Trouble::Key(why) => finding(
            "key-file",
            format!("the key file does not fit: {why}"),
            "put the key file back that the store was made with (`data.key_file`), or restore a backup, which contains it",
        ),
    }
}

/// What to do next on a new installation.
fn nothing_there(facts: &Facts) -> Vec<Finding> {
    let Some((packages, customers)) = facts.packages_and_customers else { return Vec::new() };
    let steps = [
        (facts.routers.is_empty(), "no-routers", "there is no router yet", "tollgate router add NAME --address IP --secret SECRET"),
        (packages == 0, "no-packages", "there is no package yet", "tollgate package add NAME --download 20M --upload 10M"),
        (
            customers == 0,
            "no-customers",
            "there is no customer yet",
            "tollgate customer add USERNAME --password-file - --package NAME, or tollgate import customers FILE.csv",
        ),
    ];
    steps.into_iter().filter(|(absent, ..)| *absent).map(|(_, code, problem, remedy)| finding(code, problem, remedy)).collect()
}

fn is_frequent(wrong: i64, right: i64) -> bool {
    wrong >= FEW && wrong.saturating_mul(ONE_IN) >= wrong.saturating_add(right)
}

fn secret_mismatch(r: &RouterFacts) -> Option<Finding> {
    let c = &r.counters;
    let dropped = c.bad_authenticator + c.bad_message_authenticator;
    let is_dropped = is_frequent(dropped, c.access_requests + c.accounting_requests);
    let is_garbled = is_frequent(c.garbled_passwords, c.accepts);
    let signs = [
        (c.bad_authenticator, "accounting requests with a wrong authenticator"),
        (c.bad_message_authenticator, "requests signed with another secret"),
        (c.garbled_passwords, "passwords that decrypt to nonsense"),
    ];
    let signs: Vec<String> = signs.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    (is_dropped || is_garbled).then(|| {
        finding(
            "secret-mismatch",
            format!("router {} seems to have another shared secret than is stored here: {}", r.name, signs.join(", ")),
            format!(
                "set the same secret on both sides: here `tollgate router set {}{} --secret-file -`, on the router `/radius set [find] secret=...`",
                quoted(&r.name),
                r.tenant_option
            ),
        )
    })
}

fn unsigned(r: &RouterFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    let (missing, proxied) = (r.counters.missing_message_authenticator, r.counters.proxy_state_drops);
    let set = format!("tollgate router set {}{}", quoted(&r.name), r.tenant_option);
    if missing > 0 && r.mode == MessageAuthenticatorMode::Auto && r.learned_addresses > 0 {
        found.push(finding(
            "message-authenticator-drops",
            format!("router {}: {missing} unsigned requests were dropped, because it used to sign all of them; this is an attack, or a router that was changed", r.name),
            format!("if the router was downgraded or replaced, let it be learned anew: {set} --relearn"),
        ));
    }
    if missing > 0 && r.mode == MessageAuthenticatorMode::Require {
        found.push(finding(
            "message-authenticator-drops",
            format!("router {}: {missing} unsigned requests were dropped, because it must sign all of them", r.name),
            format!("let the router sign (RouterOS 7.15 or newer: `/radius set [find] require-message-auth=yes-for-request-resp`), or: {set} --message-authenticator auto"),
        ));
    }
    if proxied > 0 && r.limit_proxy_state {
        found.push(finding(
            "proxy-state-drops",
            format!("router {}: {proxied} unsigned requests that came through a proxy were dropped", r.name),
            format!("let the proxy sign its requests (Message-Authenticator); if it cannot and the way to it is safe: {set} --limit-proxy-state false"),
        ));
    }
    found
}

fn no_accounting(r: &RouterFacts, now: UnixMs) -> Option<Finding> {
    let c = &r.counters;
    let silent = c.accepts > 0 && c.last_access_at - c.last_accounting_at > NO_ACCOUNTING_MS && now - c.last_access_at > START_GRACE_MS;
    let since = if c.last_accounting_at == 0 { "never".to_owned() } else { format!("last {}", print_instant(c.last_accounting_at)) };
    silent.then(|| {
        finding(
            "no-accounting",
            format!("router {} logs customers in but sends no accounting ({since}): their use is not measured", r.name),
            "turn accounting on: `/ppp aaa set accounting=yes interim-update=5m`, `/ip hotspot profile set [find] radius-accounting=yes`; check that UDP port 1813 is let through",
        )
    })
}

fn clock_skew(r: &RouterFacts) -> Option<Finding> {
    let secs = r.counters.clock_skew_secs;
    let way = if secs > 0 { "ahead" } else { "behind" };
    (secs.abs() > MOST_SKEW_SECS).then(|| {
        finding(
            "clock-skew",
            format!("the clock of router {} is {} seconds {way} of this machine's", r.name, secs.abs()),
            "set both by NTP: on the router `/system ntp client set enabled=yes servers=pool.ntp.org`, here e.g. chrony",
        )
    })
}

fn weak_secret(r: &RouterFacts) -> Option<Finding> {
    let octets = r.secret_octets.filter(|n| *n < SHORT_SECRET_OCTETS)?;
    Some(finding(
        "weak-secret",
        format!("the shared secret of router {} has {octets} octets; whoever captures one packet can try out short secrets", r.name),
        format!(
            "choose a random one of {SHORT_SECRET_OCTETS} or more: `tollgate router set {}{} --next-secret-file -`, then change it on the router",
            quoted(&r.name),
            r.tenant_option
        ),
    ))
}

fn coa_silent((router, port, actions): &(String, i64, i64)) -> Finding {
    finding(
        "coa-unreachable",
        format!(
            "router {router} does not answer CoA and Disconnect requests on UDP port {port}; {actions} sessions are not as the books say"
        ),
        format!(
            "on the router `/radius incoming set accept=yes port={port}` and a firewall rule that lets this server in; it must know the server by the address that its \
             requests come from (`radius.coa_source`) and share its secret"
        ),
    )
}

fn unknown_sources(facts: &Facts) -> Option<Finding> {
    let recent: Vec<_> = facts.unknown.iter().filter(|u| facts.now - u.last_seen_at < RECENT_MS).collect();
    let shown: Vec<String> = recent.iter().take(5).map(|u| format!("{} ({} packets)", u.address, u.packets)).collect();
    let more = if recent.len() > shown.len() { " and more" } else { "" };
    recent.first().map(|first| {
        finding(
            "unknown-sources",
            format!("requests come from addresses that belong to no router and are ignored: {}{more}", shown.join(", ")),
            format!(
                "if they are yours: tollgate router add NAME --address {} --secret SECRET; `tollgate router unknown` lists all",
                first.address
            ),
        )
    })
}

fn applier_lag(facts: &Facts) -> Option<Finding> {
    let (written, applied, at) = facts.journal?;
    let behind = written.saturating_sub(u64::try_from(applied).unwrap_or(0));
    (behind > 0 && facts.now - at > MOST_LAG_MS).then(|| {
        finding(
            "applier-lag",
            format!(
                "{behind} accounting records are safe in the journal but not yet in the store, which last took some at {}",
                print_instant(at)
            ),
            "if no server is running, start it: it catches up by itself; else its log says what the store refuses",
        )
    })
}

fn disk(facts: &Facts) -> Vec<Finding> {
    let folder = &facts.folder;
    let mut found = Vec::new();
    if let Some(why) = &facts.folder_trouble {
        found.push(finding(
            "data-folder",
            format!("nothing can be written to the data folder {folder}: {why}"),
            "correct `data.folder`, or let the user that runs Tollgate write there",
        ));
    }
    if let Some(us) = facts.fsync_p99_us.filter(|us| *us > SLOW_FSYNC_US) {
        found.push(finding(
            "slow-fsync",
            format!("the disk under {folder} takes up to {} ms to make a small write durable; accounting answers wait for that", us / 1000),
            "put `data.folder` on an SSD with power-loss protection, and do not share it with other heavy writers",
        ));
    }
    if let Some((free, total)) = facts.disk
        && total > 0
        && (free < LEAST_FREE_OCTETS || (total - free.min(total)) * 100 / total >= MOST_USED_PERCENT)
    {
        found.push(finding(
            "disk-nearly-full",
            format!(
                "the disk under {folder} has only {} MiB of {} MiB free; accounting is no longer acknowledged once it is full",
                free / MIB,
                total / MIB
            ),
            "make room, or lower `journal.budget_gib`, `decision_log.budget_mib` and `snapshot.budget_mib`",
        ));
    }
    found
}

fn receive_buffer(facts: &Facts) -> Option<Finding> {
    let (wanted, allowed) = facts.receive_buffer?;
    (allowed < wanted).then(|| {
        finding(
            "small-socket-buffer",
            format!(
                "the kernel allows UDP receive buffers of {} KiB, but {} KiB are wanted; bursts of requests may be lost",
                allowed / 1024,
                wanted / 1024
            ),
            format!("sysctl -w net.core.rmem_max={wanted}, and the same in /etc/sysctl.d/ to keep it"),
        )
    })
}

/// A name as a shell takes it.
pub(super) fn quoted(name: &str) -> String {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b));
    if is_plain { name.to_owned() } else { format!("'{}'", printable(name.as_bytes()).replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_800_000_000_000;

    fn healthy() -> Facts {
        let counters = RouterCounters {
            access_requests: 1_000,
            accepts: 900,
            rejects: 100,
            accounting_requests: 5_000,
            last_access_at: NOW - 5_000,
            last_accounting_at: NOW - 1_000,
            clock_skew_secs: 60,
            bad_authenticator: 2,
            garbled_passwords: 3,
            ..RouterCounters::default()
        };
        let router = RouterFacts {
            name: "core".into(),
            tenant_option: String::new(),
            mode: MessageAuthenticatorMode::Auto,
            limit_proxy_state: true,
            learned_addresses: 1,
            secret_octets: Some(16),
            counters,
        };
        Facts {
            now: NOW,
            routers: vec![router],
            packages_and_customers: Some((1, 1)),
            folder: "/var/lib/tollgate".into(),
            fsync_p99_us: Some(2_000),
            disk: Some((50 << 30, 100 << 30)),
            receive_buffer: Some((4 << 20, 4 << 20)),
            journal: Some((100, 100, NOW - 3_600_000)),
            ..Facts::default()
        }
    }

    fn unknown_source(last_seen_at: UnixMs) -> UnknownSource {
        UnknownSource { address: "203.0.113.5".into(), nas_identifier: String::new(), packets: 3, first_seen_at: 0, last_seen_at }
    }

    #[test]
    fn nothing_is_said_about_what_is_well() {
        assert_eq!(findings(&healthy()), []);
        let mut relearned = healthy();
        relearned.routers[0].counters.missing_message_authenticator = 5;
        relearned.routers[0].learned_addresses = 0;
        assert_eq!(findings(&relearned), [], "drops of the past, learned anew since");
        let mut fresh_login = healthy();
        fresh_login.routers[0].counters.last_accounting_at = NOW - 9_000_000;
        assert_eq!(findings(&fresh_login), [], "its Start is still on the way");
        let quiet = Facts { unknown: vec![unknown_source(NOW - RECENT_MS)], ..healthy() };
        assert_eq!(findings(&quiet), []);
    }

    #[test]
    fn each_trouble_is_named_with_its_remedy() {
        type Break = fn(&mut Facts);
        let cases: [(&str, &str, Break); 23] = [
            ("no-store", "tollgate migrate", |f| f.store_trouble = Some(Trouble::Absent)),
            ("store-unreachable", "store.url", |f| f.store_trouble = Some(Trouble::Unreachable("refused".into()))),
            ("schema", "tollgate migrate", |f| f.store_trouble = Some(Trouble::Schema("old".into()))),
            ("key-file", "backup", |f| f.store_trouble = Some(Trouble::Key("wrong".into()))),
            ("no-routers", "tollgate router add", |f| f.routers.clear()),
            ("no-packages", "tollgate package add", |f| f.packages_and_customers = Some((0, 1))),
            ("no-customers", "tollgate customer add", |f| f.packages_and_customers = Some((1, 0))),
            ("secret-mismatch", "router set core --secret-file", |f| f.routers[0].counters.bad_authenticator = 600),
            ("secret-mismatch", "secret", |f| f.routers[0].counters.bad_message_authenticator = 600),
            ("secret-mismatch", "secret", |f| f.routers[0].counters.garbled_passwords = 90),
            ("message-authenticator-drops", "router set core --relearn", |f| f.routers[0].counters.missing_message_authenticator = 1),
            ("message-authenticator-drops", "--message-authenticator auto", |f| {
                f.routers[0].mode = MessageAuthenticatorMode::Require;
                f.routers[0].counters.missing_message_authenticator = 1;
            }),
            ("proxy-state-drops", "--limit-proxy-state false", |f| f.routers[0].counters.proxy_state_drops = 1),
            ("no-accounting", "accounting=yes", |f| {
                f.routers[0].counters.last_access_at = NOW - START_GRACE_MS - 1;
                f.routers[0].counters.last_accounting_at = 0;
            }),
            ("clock-skew", "NTP", |f| f.routers[0].counters.clock_skew_secs = -61),
            ("weak-secret", "--tenant other", |f| {
                f.routers[0].secret_octets = Some(15);
                f.routers[0].tenant_option = " --tenant other".into();
            }),
            ("unknown-sources", "router add NAME --address 203.0.113.5", |f| f.unknown = vec![unknown_source(NOW)]),
            ("applier-lag", "start it", |f| f.journal = Some((101, 100, NOW - MOST_LAG_MS - 1))),
            ("data-folder", "data.folder", |f| f.folder_trouble = Some("permission denied".into())),
            ("slow-fsync", "SSD", |f| f.fsync_p99_us = Some(SLOW_FSYNC_US + 1)),
            ("disk-nearly-full", "make room", |f| f.disk = Some((4 << 30, 100 << 30))),
            ("disk-nearly-full", "make room", |f| f.disk = Some((LEAST_FREE_OCTETS - 1, 1 << 30))),
            ("small-socket-buffer", "net.core.rmem_max=4194304", |f| f.receive_buffer = Some((4 << 20, 212_992))),
        ];
        for (code, remedy, break_it) in cases {
            let mut facts = healthy();
            break_it(&mut facts);
            let found = findings(&facts);
            assert_eq!(found.iter().map(|f| f.code).collect::<Vec<_>>(), [code]);
            assert!(found[0].remedy.contains(remedy), "{:?}", found[0]);
        }
    }

    #[test]
    fn names_are_quoted_for_the_shell() {
        for (name, wanted) in [("core-1", "core-1"), ("my router", "'my router'"), ("o'hara; rm", "'o'\\''hara; rm'")] {
            assert_eq!(quoted(name), wanted);
        }
    }
}
