//! `tollgate sessions ls`.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::catch_up::catch_up;
use super::context::with_context;
use super::dictionary::load_dictionary;
use super::output::Table;
use super::{Failure, Globals, output};
use crate::radius::dictionary::Dictionary;
use crate::sessions::{NEWEST, SessionLine, list_newest_sessions};
use crate::units::{Mac, hex, print_instant};

/// Which action.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List sessions, newest first, everything acknowledged so far included
    Ls {
        /// Only those that are open
        #[arg(long)]
        online: bool,
        /// Only those of this user name, in whatever case
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        username: String,
        /// The next page: only those older than this one, by the `session_key` that `--json` prints
        #[arg(long, value_name = "KEY", value_parser = parse_key)]
        before: Option<[u8; 16]>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: u32,
    },
}

/// A session as commands print it: instants RFC 3339 in UTC, causes by name.
#[derive(Debug, Serialize)]
pub struct PrintedSession {
    /// Its name: 32 hex digits, in order of the sessions' beginnings.
    pub session_key: String,
    /// Name of the router entry.
    pub router: String,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// User-Name.
    pub username: String,
    /// `AA:BB:CC:DD:EE:FF` or empty.
    pub mac: String,
    /// Framed-IP-Address or empty.
    pub framed_ip: String,
    /// Begin.
    pub started_at: String,
    /// Newest event.
    pub last_event_at: String,
    /// End; `None` while it is open.
    pub ended_at: Option<String>,
    /// Acct-Session-Time.
    pub session_secs: i64,
    /// From the customer.
    pub octets_in: i64,
    /// To the customer.
    pub octets_out: i64,
    /// Acct-Terminate-Cause by name, or its number; empty while it is open.
    pub terminate_cause: String,
}

impl PrintedSession {
    /// Prepares a line; `dictionary` names the causes.
    pub fn new(line: SessionLine, dictionary: &Dictionary) -> PrintedSession {
        PrintedSession {
            session_key: hex(&line.session_key),
            mac: Mac::parse(line.mac.as_bytes()).map(Mac::with_colons).unwrap_or_default(),
            started_at: print_instant(line.started_at),
            last_event_at: print_instant(line.last_event_at),
            ended_at: line.ended_at.map(print_instant),
            terminate_cause: print_cause(line.terminate_cause, dictionary),
            router: line.router,
            acct_session_id: line.acct_session_id,
            username: line.username,
            framed_ip: line.framed_ip,
            session_secs: line.session_secs,
            octets_in: line.octets_in,
            octets_out: line.octets_out,
        }
    }
}

/// Reads a session's name.
pub fn parse_key(text: &str) -> Result<[u8; 16], String> {
    let wrong = || "a session key has 32 hexadecimal digits".to_owned();
    if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u128::from_str_radix(text, 16).map(u128::to_be_bytes).map_err(|_| wrong())
}

fn print_cause(cause: i64, dictionary: &Dictionary) -> String {
    if cause == 0 {
        return String::new();
    }
    let name = dictionary.by_name("Acct-Terminate-Cause").and_then(|a| a.value_name(cause.unsigned_abs()));
    name.map_or_else(|| cause.to_string(), str::to_owned)
}

/// Runs it.
pub fn run(globals: &Globals, args: SessionsArgs) -> Result<(), Failure> {
    let Action::Ls { online, username, before, limit } = args.action;
    with_context(globals, async |ctx| {
        let scope = ctx.scope().await?;
        catch_up(ctx).await?;
        let dictionary = load_dictionary(ctx.config.radius.dictionaries.as_deref())?;
        let (mut conn, before) = (ctx.db.read().await?, before.unwrap_or(NEWEST));
        let lines = list_newest_sessions(&mut conn, &scope, online, &username, &before, i64::from(limit)).await?;
        let sessions: Vec<PrintedSession> = lines.into_iter().map(|line| PrintedSession::new(line, &dictionary)).collect();
        if globals.json { output::json(&sessions) } else { table(sessions).print("no sessions") }
    })
}

fn table(sessions: Vec<PrintedSession>) -> Table {
    let mut table =
        Table::new(&["username", "router", "session", "mac", "address", "started", "ended", "seconds", "octets in", "octets out", "cause"]);
    for s in sessions {
        table.row(vec![
            s.username,
            s.router,
            s.acct_session_id,
            s.mac,
            s.framed_ip,
            s.started_at,
            s.ended_at.unwrap_or_else(|| "online".into()),
            s.session_secs.to_string(),
            s.octets_in.to_string(),
            s.octets_out.to_string(),
            s.terminate_cause,
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> SessionLine {
        SessionLine {
            session_key: vec![1; 16],
            router: "rw01".into(),
            acct_session_id: "81000001".into(),
            username: "bob".into(),
            mac: "020000000001".into(),
            framed_ip: String::new(),
            started_at: 1_800_000_000_999,
            last_event_at: 1_800_000_060_000,
            ended_at: Some(1_800_000_060_000),
            session_secs: 60,
            octets_in: 1,
            octets_out: 2,
            terminate_cause: 1,
        }
    }

    #[test]
    fn a_session_is_printed_for_people_and_programs() {
        let dictionary = Dictionary::embedded();
        let printed = PrintedSession::new(line(), &dictionary);
        assert_eq!((printed.mac.as_str(), printed.terminate_cause.as_str()), ("02:00:00:00:00:01", "User-Request"));
        assert_eq!((printed.started_at.as_str(), printed.ended_at.as_deref()), ("2027-01-15T08:00:00Z", Some("2027-01-15T08:01:00Z")));
        let open = PrintedSession::new(SessionLine { ended_at: None, terminate_cause: 0, mac: String::new(), ..line() }, &dictionary);
        assert_eq!((open.mac.as_str(), open.terminate_cause.as_str(), open.ended_at), ("", "", None));
        assert_eq!((open.session_key.as_str(), parse_key(&open.session_key)), ("01010101010101010101010101010101", Ok([1; 16])));
        assert!(parse_key("0101").is_err() && parse_key("").is_err() && parse_key(&"x".repeat(32)).is_err());
        assert_eq!(print_cause(4_000_000, &dictionary), "4000000");
    }
}
