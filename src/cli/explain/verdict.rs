//! `tollgate explain verdict USERNAME`: the last decisions about a customer with the facts behind each as they are now.

use std::collections::HashMap;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::super::context::with_context;
use super::super::dictionary::load_dictionary;
use super::super::simulate::books;
use super::super::{Context, Failure, Globals, output};
use crate::aaa::decide::RejectReason;
use crate::aaa::decision_log::{Decision, name_key};
use crate::aaa::explain::{DECISIONS_FOLDER, Known, decisions_under, find_known, limit_facts};
use crate::aaa::list_router_names;
use crate::accounts::{Scope, Tenant};
use crate::customers::{find_customer, list_top_ups, lookup_key};
use crate::units::{Mac, UnixMs, print_instant, printable};

/// Whom to explain.
#[derive(Debug, Args)]
pub struct VerdictArgs {
    /// Username, with or without realm
    username: String,
    /// How many decisions
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

/// A decision with what is behind it.
#[derive(Debug, Serialize)]
struct Explained {
    at: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    router: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    /// What the reason means.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'static str>,
    /// The facts that decide it, as they are now.
    facts: Vec<String>,
}

/// Runs the command.
pub fn run(globals: &Globals, args: VerdictArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let (tenant, scope) = ctx.tenant_and_scope().await?;
        let known = ask(ctx, &scope, &tenant, &args.username).await?;
        let routers = list_router_names(&mut ctx.db.read().await?).await?.into_iter().collect();
        let found = decisions(ctx, &tenant, &args, &known, &routers)?;
        let facts = known.all(ctx.now);
        if globals.json {
            return output::json(&serde_json::json!({ "username": args.username, "decisions": found, "facts": facts }));
        }
        if found.is_empty() {
            output::line(format!(
                "no decision about {:?} is in the log of this machine; `tollgate trace` says what to check",
                args.username
            ))?;
        }
        for decision in &found {
            output::raw(&decision.in_words(&args.username))?;
        }
        output::line("now:")?;
        facts.iter().try_for_each(|fact| output::line(format!("    {fact}")))
    })
}

async fn ask(ctx: &Context, scope: &Scope, tenant: &Tenant, username: &str) -> Result<Known, Failure> {
    let mut conn = ctx.db.read().await?;
    let mut customer = None;
    // As a login looks a name up: in full, then without realm.
    let mut buffer = crate::customers::LookupBuffer::default();
    for name in crate::customers::lookup_candidates(username.as_bytes(), tenant.case_sensitive_usernames, &mut buffer) {
        if customer.is_none() {
            customer = find_customer(&mut conn, scope, &lookup_key(name, tenant.case_sensitive_usernames)).await?;
        }
    }
    let mut known = find_known(&mut conn, scope, &tenant.access_rules, customer, ctx.now).await?;
    if let Some(customer) = &known.customer {
        let bought = list_top_ups(&mut conn, scope, customer.id).await?;
        drop(conn);
        let dictionary = Arc::new(load_dictionary(ctx.config.radius.dictionaries.as_deref())?);
        let access = books(ctx, scope, tenant, &dictionary).open(Some(customer), ctx.now).await?;
        known.limits = limit_facts(&access, &bought, customer, &known.package, ctx.now);
    }
    Ok(known)
}

/// Router names by id.
type Routers = HashMap<i64, String>;

fn decisions(ctx: &Context, tenant: &Tenant, args: &VerdictArgs, known: &Known, routers: &Routers) -> Result<Vec<Explained>, Failure> {
    let folder = ctx.config.data.folder.join(DECISIONS_FOLDER);
    let entries = decisions_under(&folder, &[name_key(args.username.trim().as_bytes())], args.limit as usize)?;
    let read = entries.iter().filter_map(|e| Decision::read(&e.payload)).filter(|d| d.tenant_id == tenant.id.0);
    let mut found: Vec<Explained> = read.take(args.limit as usize).map(|d| explain(known, routers, &d, ctx.now)).collect();
    found.reverse();
    Ok(found)
}

fn explain(known: &Known, routers: &Routers, d: &Decision<'_>, now: UnixMs) -> Explained {
    let mut facts = d.reject.map_or_else(Vec::new, |reason| known.behind(reason, d.mac, now));
    facts.extend(d.blind_since.map(|since| format!("limits of other nodes not known: store away since {}", print_instant(since))));
    Explained {
        at: print_instant(d.at),
        verdict: if d.reject.is_some() { "rejected" } else { "accepted" },
        reason: d.reject.map(RejectReason::code),
        router: routers.get(&d.router_id).cloned().unwrap_or_else(|| d.router_id.to_string()),
        mac: d.mac.map(Mac::with_colons),
        explanation: d.reject.map(RejectReason::explanation),
        facts,
    }
}

impl Explained {
    fn in_words(&self, username: &str) -> String {
        let why = self.reason.map_or(String::new(), |code| format!(" ({code})"));
        let device = self.mac.as_ref().map_or(String::new(), |mac| format!(" from device {mac}"));
        let (username, router) = (printable(username.as_bytes()), printable(self.router.as_bytes()));
        let mut text = format!("{}  {}{why}: {username}{device} on router {router}\n", self.at, self.verdict.to_uppercase());
        if let Some(explanation) = self.explanation {
            text.push_str(&format!("    because {explanation}\n"));
        }
        for fact in &self.facts {
            text.push_str(&format!("    - {fact}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_800_000_000_000;

    fn decision(reject: Option<RejectReason>) -> Decision<'static> {
        Decision {
            walled: None,
            blind_since: None,
            at: NOW,
            tenant_id: 1,
            router_id: 2,
            customer_id: 3,
            username: b"bob",
            mac: Some(Mac([0x48, 0, 0, 0, 0, 1])),
            reject,
            method: "PAP",
            took_us: 1,
            attributes: &[],
        }
    }

    #[test]
    fn a_verdict_says_what_is_behind_it_and_what_changed_since() {
        let (known, routers) = (Known::default(), [(2, "core".to_owned())].into());
        let gone = explain(&known, &routers, &decision(Some(RejectReason::Expired)), NOW);
        assert_eq!(gone.facts, ["there is no such customer now"]);
        assert_eq!(known.all(NOW), ["no customer has this name"]);
        assert!(
            gone.in_words("bob")
                .starts_with("2027-01-15T08:00:00Z  REJECTED (expired): bob from device 48:00:00:00:00:01 on router core\n")
        );
        let blind = explain(&known, &routers, &Decision { blind_since: Some(NOW), ..decision(None) }, NOW);
        assert_eq!(blind.facts, ["limits of other nodes not known: store away since 2027-01-15T08:00:00Z"]);
        let accepted = explain(&known, &routers, &decision(None), NOW);
        assert_eq!(accepted.in_words("bob"), "2027-01-15T08:00:00Z  ACCEPTED: bob from device 48:00:00:00:00:01 on router core\n");
    }
}
