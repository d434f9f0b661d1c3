//! `tollgate trace USERNAME|MAC`: what was decided about a login, in words for support. Reads the local decision log, also while a server writes it;
//! the store is only asked for names, so a trace works while it is away.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::context::{block_on, open_db, read_config};
use super::dictionary::load_dictionary;
use super::{Failure, Globals, output};
use crate::aaa::decision_log::{Decision, name_key};
use crate::aaa::explain::{DECISIONS_FOLDER, ReplyAttribute, newest_entries, reply_attributes};
use crate::aaa::list_router_names;
use crate::accounts::{Scope, Tenant, list_tenants};
use crate::config::Config;
use crate::journal::{Entry, LocalLogReader};
use crate::radius::dictionary::Dictionary;
use crate::routers::{UnknownSource, list_unknown_sources};
use crate::units::{Mac, TenantId, UnixMs, print_instant, printable};

const POLL_EVERY: Duration = Duration::from_millis(200);
const ACCESS_ACCEPT: u8 = 2;
const ACCESS_REJECT: u8 = 3;

/// Whom to trace.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Username (realm and letter case do not matter) or MAC address in any spelling
    subject: String,
    /// Go on printing what is decided from now on
    #[arg(long)]
    follow: bool,
    /// How many past decisions to print
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    limit: u32,
}

/// Names for the numbers in a record; empty while the store is away.
#[derive(Default)]
struct Names {
    routers: HashMap<i64, String>,
    tenants: HashMap<i64, Tenant>,
    /// Only this tenant's decisions are shown.
    only: Option<i64>,
    unknown: Vec<UnknownSource>,
    /// Why there are no names.
    missing: Option<String>,
}

/// One verdict as printed; its fields are the keys of the JSON output.
#[derive(Debug, Serialize)]
struct Line {
    at: String,
    #[serde(skip)]
    local_time: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'static str>,
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    router: String,
    router_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    method: String,
    took_us: u32,
    /// Since when other nodes were not known of.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_nodes_unknown_since: Option<String>,
    #[serde(skip)]
    blind: Option<String>,
    attributes: Vec<ReplyAttribute>,
}

/// Runs the command.
pub fn run(globals: &Globals, args: TraceArgs) -> Result<(), Failure> {
    let config = read_config(globals)?;
    let dictionary = load_dictionary(config.radius.dictionaries.as_deref())?;
    let names = block_on(read_names(globals, &config))?;
    if let Some(reason) = &names.missing {
        output::note(globals, format!("warning: names of routers are not known now: {reason}"));
    }
    let key = name_key(args.subject.trim().as_bytes());
    let folder = config.data.folder.join(DECISIONS_FOLDER);
    // The follower starts before the past is read, so that nothing falls between the two.
    let reader = LocalLogReader::open(&folder);
    let mut follower = match (&reader, args.follow) {
        (Ok(reader), true) => Some(reader.follow()?),
        _ => None,
    };
    let mut entries = match &reader {
        Ok(reader) => newest_entries(reader, key, args.limit as usize)?,
        Err(_) => Vec::new(),
    };
    entries.truncate(args.limit as usize);
    let lines: Vec<Line> = entries.iter().rev().filter_map(|e| line_of(e, &names, &dictionary)).collect();
    let newest = entries.first().map_or(0, |e| e.unix_ms);
    print_past(globals, &args, &lines, &names, &folder)?;
    while let Some(following) = &mut follower {
        while let Some(entry) = following.poll()? {
            let is_new = entry.unix_ms > newest || !entries.contains(&entry);
            if let Some(line) = Some(&entry).filter(|e| is_new && e.has_key(key)).and_then(|e| line_of(e, &names, &dictionary)) {
                print_line(globals, &line)?;
            }
        }
        if output::is_reader_gone() {
            return Ok(());
        }
        std::thread::sleep(POLL_EVERY);
    }
    match reader {
        Err(error) if args.follow => {
            Err(Failure::new(format!("nothing to follow in {}: {error}; start `tollgate serve` first", folder.display())))
        }
        _ => Ok(()),
    }
}

/// Asks the store for names; if it cannot be asked, the trace goes on without them.
async fn read_names(globals: &Globals, config: &Config) -> Result<Names, Failure> {
    let read = async {
        let db = open_db(config).await?;
        let mut conn = db.read().await?;
        let tenants = list_tenants(&mut conn).await?;
        let wanted = globals.tenant.as_deref().unwrap_or(&config.tenant.name);
        let only = tenants.iter().find(|t| t.name == wanted).map(|t| t.id.0);
        let names = Names {
            routers: list_router_names(&mut conn).await?.into_iter().collect(),
            only,
            tenants: tenants.into_iter().map(|t| (t.id.0, t)).collect(),
            // They are of no tenant.
            unknown: list_unknown_sources(&mut conn, &Scope::administrator(TenantId(0)), 5).await?,
            missing: None,
        };
        drop(conn);
        db.close().await;
        Ok::<Names, Failure>(names)
    };
    match read.await {
        Ok(names) if names.only.is_none() && globals.tenant.is_some() => Err(Failure::usage("there is no tenant of this name")),
        Ok(names) => Ok(names),
        Err(failure) => Ok(Names { missing: Some(failure.to_string()), ..Names::default() }),
    }
}

fn print_past(globals: &Globals, args: &TraceArgs, lines: &[Line], names: &Names, folder: &Path) -> Result<(), Failure> {
    if globals.json && !args.follow {
        return output::json(&lines);
    }
    for line in lines {
        print_line(globals, line)?;
    }
    if lines.is_empty() && !globals.json && args.limit > 0 {
        output::raw(&nothing_seen(&args.subject, names, folder.exists()))?;
    }
    Ok(())
}

/// One line of JSON while following, else words.
fn print_line(globals: &Globals, line: &Line) -> Result<(), Failure> {
    if globals.json {
        return output::line(serde_json::to_string(line).map_err(|e| Failure::new(e.to_string()))?);
    }
    output::raw(&line.in_words())
}

fn line_of(entry: &Entry, names: &Names, dictionary: &Dictionary) -> Option<Line> {
    let decision = Decision::read(&entry.payload)?;
    if names.only.is_some_and(|tenant| tenant != decision.tenant_id) {
        return None;
    }
    let zone = names.tenants.get(&decision.tenant_id).map_or(TimeZone::UTC, Tenant::zone);
    let code = if decision.reject.is_some() { ACCESS_REJECT } else { ACCESS_ACCEPT };
    Some(Line {
        at: print_instant(decision.at),
        local_time: local_time(decision.at, zone.clone()),
        verdict: match (decision.reject, decision.walled) {
            (Some(_), _) => "rejected",
            (None, Some(_)) => "walled-garden",
            (None, None) => "accepted",
        },
        reason: decision.reject.or(decision.walled).map(|r| r.code()),
        explanation: decision.reject.or(decision.walled).map(|r| r.explanation()),
        username: printable(decision.username).into_owned(),
        mac: decision.mac.map(Mac::with_colons),
        router: names.routers.get(&decision.router_id).cloned().unwrap_or_else(|| format!("(router {})", decision.router_id)),
        router_id: decision.router_id.to_string(),
        customer_id: (decision.customer_id != 0).then(|| decision.customer_id.to_string()),
        method: decision.method.to_owned(),
        took_us: decision.took_us,
        other_nodes_unknown_since: decision.blind_since.map(print_instant),
        blind: decision.blind_since.map(|since| local_time(since, zone.clone())),
        attributes: reply_attributes(dictionary, code, decision.attributes),
    })
}

fn local_time(at: UnixMs, zone: TimeZone) -> String {
    let Ok(instant) = Timestamp::from_millisecond(at) else { return at.to_string() };
    instant.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S%.3f %Z").to_string()
}

impl Line {
    fn in_words(&self) -> String {
        let method = if self.method.is_empty() { String::new() } else { format!(" by {}", self.method) };
        let device = self.mac.as_ref().map_or(String::new(), |mac| format!(" from device {mac}"));
        let why = self.reason.map_or(String::new(), |code| format!(" ({code})"));
        let username = if self.username.is_empty() { "(no username)" } else { &self.username };
        let took = f64::from(self.took_us) / 1000.0;
        let mut text = format!(
            "{}  {}{why}: {username}{device}{method} on router {}, answered in {took:.1} ms\n",
            self.local_time,
            self.verdict.to_uppercase(),
            printable(self.router.as_bytes())
        );
        if let Some(explanation) = self.explanation {
            text.push_str(&format!("    because {explanation}\n"));
        }
        if let Some(since) = &self.blind {
            text.push_str(&format!("    limits of other nodes not known: store away since {since}\n"));
        }
        for attribute in &self.attributes {
            text.push_str(&format!("    {} = {}\n", attribute.name, attribute.value));
        }
        text
    }
}

/// What to look at when there is no decision.
fn nothing_seen(subject: &str, names: &Names, has_log: bool) -> String {
    let mut text = format!("No request for {} was ever decided here. What to check, in this order:\n", printable(subject.as_bytes()));
    let mut step = 0;
    let mut add = |line: String| {
        step += 1;
        text.push_str(&format!("  {step}. {line}\n"));
    };
    if !has_log {
        add("No server has written a decision log in this data folder: is `tollgate serve` running, with this configuration?".into());
    }
    match (names.routers.len(), &names.missing) {
        (_, Some(_)) => add("The store cannot be asked now; `tollgate doctor` says why.".into()),
        (0, None) => add("No router is added yet: tollgate router add NAME --address IP --secret SECRET".into()),
        (n, None) => add(format!(
            "Is the customer's router among those that are added ({n})? `tollgate router ls` shows them and when each was last heard."
        )),
    }
    if let Some(newest) = names.unknown.first() {
        let all: Vec<_> = names.unknown.iter().map(|u| u.address.as_str()).collect();
        let last = print_instant(newest.last_seen_at);
        add(format!(
            "Requests came from addresses that belong to no router: {} (last {last}). If one is the customer's router, add it.",
            all.join(", ")
        ));
    }
    add("Does the router use this server? In RouterOS: /radius print, and `use-radius=yes` in /ppp aaa or the hotspot's server profile."
        .into());
    add("Is the shared secret the same on both sides? `tollgate doctor` shows routers whose secret does not fit.".into());
    add("Does a firewall let UDP ports 1812 and 1813 through?".into());
    add("Is the name spelled as the device sends it? A device without PPP or hotspot name is traced by its MAC address.".into());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aaa::decide::RejectReason;

    fn entry(decision: &Decision<'_>) -> Entry {
        let mut payload = Vec::new();
        decision.write(&mut payload);
        Entry { unix_ms: decision.at, keys: decision.keys(), payload }
    }

    fn decision<'a>() -> Decision<'a> {
        Decision {
            at: 1_800_000_000_123,
            tenant_id: 1,
            router_id: 2,
            customer_id: 3,
            username: b"bob\x1b[31m",
            mac: Some(Mac([0xaa, 0xbb, 0xcc, 0, 0, 1])),
            reject: None,
            walled: None,
            blind_since: None,
            method: "CHAP",
            took_us: 150,
            attributes: &[80, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 10, 0, 0, 7, 27, 6, 0, 0, 14, 16],
        }
    }

    fn names() -> Names {
        let tenant = Tenant {
            id: crate::units::TenantId(1),
            name: "default".into(),
            time_zone: "Asia/Dhaka".into(),
            currency: "BDT".into(),
            case_sensitive_usernames: false,
            cross_provider_login: false,
            access_rules: crate::accounts::AccessRules::default(),
            host_name: None,
            language: "en".into(),
            created_at: 0,
        };
        Names { routers: [(2, "core".into())].into(), tenants: [(1, tenant)].into(), only: Some(1), ..Names::default() }
    }

    #[test]
    fn an_accept_and_a_reject_in_words() {
        let dictionary = Dictionary::embedded();
        let line = line_of(&entry(&decision()), &names(), &dictionary).expect("a line");
        assert_eq!(
            line.in_words(),
            "2027-01-15 14:00:00.123 +06  ACCEPTED: bob\\x1b[31m from device AA:BB:CC:00:00:01 by CHAP on router core, answered in 0.1 ms\n    \
             Framed-IP-Address = 10.0.0.7\n    Session-Timeout = 3600\n"
        );
        let rejected =
            Decision { reject: Some(RejectReason::Suspended), attributes: &[18, 4, b'n', b'o'], mac: None, router_id: 9, ..decision() };
        let line = line_of(&entry(&rejected), &names(), &dictionary).expect("a line");
        assert_eq!(
            line.in_words(),
            "2027-01-15 14:00:00.123 +06  REJECTED (suspended): bob\\x1b[31m by CHAP on router (router 9), answered in 0.1 ms\n    \
             because the customer is suspended\n    Reply-Message = no\n"
        );
        let blind = Decision { blind_since: Some(1_799_999_990_000), attributes: &[], mac: None, ..decision() };
        let line = line_of(&entry(&blind), &names(), &dictionary).expect("a line");
        let words = line.in_words();
        assert!(words.ends_with("\n    limits of other nodes not known: store away since 2027-01-15 13:59:50.000 +06\n"), "{words}");
        assert!(line_of(&entry(&Decision { tenant_id: 5, ..decision() }), &names(), &dictionary).is_none(), "another tenant's");
    }

    #[test]
    fn nothing_seen_names_what_is_missing() {
        let text = nothing_seen("bob", &Names::default(), false);
        assert!(text.contains("router add") && text.contains("tollgate serve"), "{text}");
        let unknown =
            UnknownSource { address: "203.0.113.5".into(), nas_identifier: String::new(), packets: 1, first_seen_at: 0, last_seen_at: 0 };
        let text = nothing_seen("bob", &Names { unknown: vec![unknown], ..names() }, true);
        assert!(text.contains("203.0.113.5") && !text.contains("tollgate serve"), "{text}");
    }
}
