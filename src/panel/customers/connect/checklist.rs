//! What to look at when nothing of a customer arrives: each point with its fact as it is now.

use super::Names;
use crate::aaa::explain::{ExplainError, Likeness, SimilarName, list_similar_names};
use crate::accounts::capability::Capability;
use crate::customers::{ConnectionType, Customer};
use crate::routers::{RouterSummary, list_router_summaries, list_unknown_sources};
use crate::store::Conn;
use crate::units::UnixMs;
use crate::web::{Said, Shell, Signed};

/// Routers that are looked at.
const MOST_ROUTERS: i64 = 1_000;
const MOST_SOURCES: i64 = 5;
/// Customers come and go all the time: a network without a request in so many milliseconds is worth a look.
const QUIET_MS: i64 = 600_000;

/// A point: class of its mark, what is looked at, facts.
pub(super) struct Point {
    pub class: &'static str,
    pub title: String,
    pub facts: Vec<String>,
}

/// The points in the order in which to look at them.
pub(super) async fn points(
    conn: &mut Conn,
    who: &Signed,
    shell: &Shell,
    customer: &Customer,
    names: &Names,
) -> Result<Vec<Point>, ExplainError> {
    let scope = who.scope();
    let mut all = Vec::new();
    if scope.may(Capability::RoutersView) {
        let routers = list_router_summaries(conn, scope, "", MOST_ROUTERS).await?;
        all.push(requests(shell, &routers, who.now()));
        all.extend(secrets(shell, &routers));
        let sources = list_unknown_sources(conn, scope, MOST_SOURCES).await?;
        let fact = |address: &str, at: UnixMs| {
            shell.language.text("point-source", &[("address", Said::from(address)), ("when", Said::from(shell.ago(at)))])
        };
        let facts: Vec<String> = sources.iter().map(|source| fact(&source.address, source.last_seen_at)).collect();
        all.push(point(shell, if facts.is_empty() { "ok" } else { "warn" }, "point-sources", facts, "point-sources-none"));
    } else {
        all.push(point(shell, "off", "point-requests", Vec::new(), "point-requests-unseen"));
    }
    let settings = match customer.connection_type {
        ConnectionType::Pppoe | ConnectionType::Vpn => "point-settings-ppp",
        ConnectionType::Hotspot => "point-settings-hotspot",
        ConnectionType::Dhcp => "point-settings-dhcp",
        ConnectionType::Static | ConnectionType::Other => "point-settings-any",
    };
    all.push(point(shell, "off", "point-settings", Vec::new(), settings));
    let spelling = if who.tenant.case_sensitive_usernames { "point-name-exact" } else { "point-name-any-case" };
    all.push(point(shell, "off", "point-name", vec![shell.t_with(spelling, "username", &customer.username)], ""));
    let similar = list_similar_names(conn, scope, &customer.username, who.now()).await?;
    let facts: Vec<String> = similar.iter().map(|name| similar_fact(shell, names, name)).collect();
    all.push(point(shell, if facts.is_empty() { "ok" } else { "warn" }, "point-similar", facts, "point-similar-none"));
    Ok(all)
}

fn point(shell: &Shell, class: &'static str, title: &str, facts: Vec<String>, none: &str) -> Point {
    Point { class, title: shell.t(title), facts: if facts.is_empty() { vec![shell.t(none)] } else { facts } }
}

/// Whether any router that he sees asks anything at all.
fn requests(shell: &Shell, routers: &[RouterSummary], now: UnixMs) -> Point {
    let heard = |router: &RouterSummary| router.counters.map_or(0, |c| c.last_access_at);
    let Some(newest) = routers.iter().max_by_key(|router| heard(router)) else {
        return point(shell, "off", "point-requests", Vec::new(), "point-requests-unseen");
    };
    let at = heard(newest);
    if at == 0 {
        return point(shell, "bad", "point-requests", Vec::new(), "point-requests-none");
    }
    let values = [("router", Said::from(newest.router.name.as_str())), ("when", Said::from(shell.ago(at)))];
    let class = if now - at < QUIET_MS { "ok" } else { "warn" };
    point(shell, class, "point-requests", vec![shell.language.text("point-requests-heard", &values)], "")
}

/// Routers whose shared secret does not fit, if there are any.
fn secrets(shell: &Shell, routers: &[RouterSummary]) -> Option<Point> {
    let misfits = |router: &&RouterSummary| {
        router.counters.is_some_and(|c| c.bad_message_authenticator + c.bad_authenticator + c.garbled_passwords > 0)
    };
    let named: Vec<&str> = routers.iter().filter(misfits).map(|router| router.router.name.as_str()).take(5).collect();
    let fact = || shell.t_with("point-secret-misfits", "routers", named.join(", "));
    (!named.is_empty()).then(|| point(shell, "warn", "point-secret", vec![fact()], ""))
}

fn similar_fact(shell: &Shell, names: &Names, name: &SimilarName) -> String {
    let likeness = match name.likeness {
        Likeness::Same => "likeness-same",
        Likeness::OtherCase => "likeness-case",
        Likeness::OtherRealm => "likeness-realm",
        Likeness::Close => "likeness-close",
    };
    let device = name.mac.map(|mac| format!(" ({})", mac.with_colons())).unwrap_or_default();
    shell.language.text(
        "point-similar-name",
        &[
            ("username", Said::from(format!("{}{device}", name.username))),
            ("router", Said::from(names.of(shell, name.router_id))),
            ("when", Said::from(shell.ago(name.last_at))),
            ("count", Said::from(name.times)),
            ("likeness", Said::from(shell.t(likeness))),
        ],
    )
}
