//! `tollgate explain session ACCT_SESSION_ID|KEY`.

use clap::Args;
use serde::Serialize;

use super::events::{Event, Events, find_events, flags_in_words};
use crate::accounts::Scope;
use crate::cli::context::with_context;
use crate::cli::dictionary::load_dictionary;
use crate::cli::output::Table;
use crate::cli::sessions::{PrintedSession, parse_key};
use crate::cli::{Context, Failure, Globals, output};
use crate::radius::dictionary::Dictionary;
use crate::sessions::{SessionLine, UsageLine, find_session, find_session_facts, list_sessions_of_id, list_usage_of_session};
use crate::units::print_instant;

/// Which session.
#[derive(Debug, Args)]
pub struct SessionArgs {
    /// Acct-Session-Id, or the session's key: 32 hexadecimal digits as `export usage` prints them
    #[arg(value_name = "ID")]
    id: String,
    /// How many sessions at most, the newest first: routers use ids again
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Usage of a session in a bucket, as printed.
#[derive(Debug, Serialize)]
pub struct Bucket {
    /// Where it begins.
    pub bucket_at: String,
    /// Its local day.
    pub day: i64,
    /// Whether it counts against limits.
    pub is_charged: bool,
    /// From the customer.
    pub octets_in: i64,
    /// To the customer.
    pub octets_out: i64,
    /// Seconds.
    pub secs: i64,
}

impl From<&UsageLine> for Bucket {
    fn from(line: &UsageLine) -> Bucket {
        Bucket {
            bucket_at: print_instant(line.bucket_at),
            day: line.day,
            is_charged: line.charging_class == 0,
            octets_in: line.octets_in,
            octets_out: line.octets_out,
            secs: line.secs,
        }
    }
}

#[derive(Debug, Serialize)]
struct Explained {
    #[serde(flatten)]
    session: PrintedSession,
    customer_id: Option<String>,
    /// Used before Tollgate's time: octets in, octets out, seconds.
    not_charged: [i64; 3],
    noticed: Vec<&'static str>,
    usage: Vec<Bucket>,
    journal: Option<Events>,
}

/// Runs it.
pub fn run(globals: &Globals, args: SessionArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let scope = ctx.scope().await?;
        let dictionary = load_dictionary(ctx.config.radius.dictionaries.as_deref())?;
        let lines = find_lines(ctx, &scope, &args).await?;
        if lines.is_empty() {
            return Err(Failure::new(format!("no session {:?} is in the store", args.id)));
        }
        let mut all = Vec::with_capacity(lines.len());
        for line in lines {
            all.push(explain(ctx, &scope, line, &dictionary).await?);
        }
        if globals.json { output::json(&all) } else { all.iter().try_for_each(print) }
    })
}

async fn find_lines(ctx: &Context, scope: &Scope, args: &SessionArgs) -> Result<Vec<SessionLine>, Failure> {
    let mut conn = ctx.db.read().await?;
    if let Ok(key) = parse_key(&args.id)
        && let Some(line) = find_session(&mut conn, scope, &key).await?
    {
        return Ok(vec![line]);
    }
    Ok(list_sessions_of_id(&mut conn, scope, &args.id, i64::from(args.limit)).await?)
}

async fn explain(ctx: &Context, scope: &Scope, line: SessionLine, dictionary: &Dictionary) -> Result<Explained, Failure> {
    let mut conn = ctx.db.read().await?;
    let key = line.session_key.clone();
    let gone = || Failure::new("the session was removed meanwhile");
    let facts = find_session_facts(&mut conn, scope, &key).await?.ok_or_else(gone)?;
    let usage = list_usage_of_session(&mut conn, scope, &key).await?.iter().map(Bucket::from).collect();
    drop(conn);
    // Events whose start was blurred came under another key.
    let is_near = |at: i64| (at - line.started_at).abs() <= 120_000;
    let journal = find_events(ctx, |update| {
        let is_named = update.nas_instance == facts.nas_instance && update.acct_session_id == line.acct_session_id.as_bytes();
        update.tenant_id == scope.tenant().0 && (update.session_key[..] == key[..] || is_named && is_near(update.started_at))
    })
    .await?;
    Ok(Explained {
        session: PrintedSession::new(line, dictionary),
        customer_id: facts.customer_id.map(|id| id.to_string()),
        not_charged: [facts.uncharged_in, facts.uncharged_out, facts.uncharged_secs],
        noticed: flags_in_words(facts.flags),
        usage,
        journal,
    })
}

fn print(one: &Explained) -> Result<(), Failure> {
    let s = &one.session;
    output::line(format!("session {} (Acct-Session-Id {}) of {:?} on {}", s.session_key, s.acct_session_id, s.username, s.router))?;
    let end = match &s.ended_at {
        Some(at) => format!("ended {at} ({})", s.terminate_cause),
        None => "is open".to_owned(),
    };
    output::line(format!("  began {}, newest report {}, {end}", s.started_at, s.last_event_at))?;
    output::line(format!("  {} octets in, {} out, {} s", s.octets_in, s.octets_out, s.session_secs))?;
    if one.not_charged != [0; 3] {
        let [octets_in, octets_out, secs] = one.not_charged;
        output::line(format!("  of these {octets_in} in, {octets_out} out and {secs} s are from before Tollgate's time and not charged"))?;
    }
    if one.customer_id.is_none() {
        output::line("  no customer is known for it: it counts for nobody")?;
    }
    one.noticed.iter().try_for_each(|word| output::line(format!("  {word}")))?;
    buckets(&one.usage).print("no usage is stored")?;
    match &one.journal {
        Some(journal) => {
            output::line(format!(
                "events in the journal (from record {}; the store has those up to {}):",
                journal.from_seq, journal.applied_seq
            ))?;
            events(&journal.events).print("none: they were removed after their time, or another node has them")
        }
        None => output::line("this data folder has no journal"),
    }
}

fn buckets(usage: &[Bucket]) -> Table {
    let mut table = Table::new(&["bucket from", "day", "counts", "octets in", "octets out", "seconds"]);
    for u in usage {
        let counts = if u.is_charged { "charged" } else { "free hours" };
        let numbers = [u.octets_in, u.octets_out, u.secs].map(|n| n.to_string());
        table.row([u.bucket_at.clone(), u.day.to_string(), counts.to_owned()].into_iter().chain(numbers).collect());
    }
    table
}

/// Events as a table.
pub fn events(events: &[Event]) -> Table {
    let mut table = Table::new(&["record", "at", "event", "seconds", "octets in", "octets out", "notes"]);
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    for e in events {
        let secs = number(e.session_secs.map(u64::from));
        let cells =
            vec![e.seq.to_string(), e.at.clone(), e.status.to_owned(), secs, number(e.octets_in), number(e.octets_out), e.notes.join("; ")];
        table.row(cells);
    }
    table
}
