//! `tollgate export sessions|usage`: rows as CSV on standard output, page by page, everything acknowledged before the call included.

use std::io::{ErrorKind, Write};

use clap::{Args, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

use super::catch_up::catch_up;
use super::context::with_context;
use super::dictionary::load_dictionary;
use super::sessions::PrintedSession;
use super::{Context, Failure, Globals};
use crate::accounts::Scope;
use crate::sessions::{list_sessions_after, list_usage_after};
use crate::units::{UnixMs, parse_instant, print_instant};

/// Rows read at once.
const PAGE: i64 = 2000;

/// What to export.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(subcommand)]
    what: What,
}

/// How to write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values with a header (RFC 4180).
    Csv,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Sessions in order of their start
    Sessions {
        /// How to write them
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
        /// Only sessions that were heard of since: 2026-12-31, 2026-12-31 18:00 (in the tenant's zone) or 2026-12-31T18:00:00Z
        #[arg(long, value_name = "INSTANT")]
        since: Option<String>,
    },
    /// Usage per session and local day
    Usage {
        /// How to write it
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
    },
}

/// Runs it.
pub fn run(globals: &Globals, args: ExportArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let (tenant, scope) = ctx.tenant_and_scope().await?;
        let out = std::io::stdout().lock();
        let result = match &args.what {
            What::Sessions { format: Format::Csv, since } => {
                let since = since.as_deref().map_or(Ok(i64::MIN), |text| since_instant(text, &tenant.zone()))?;
                catch_up(ctx).await?;
                export_sessions(ctx, &scope, since, out).await
            }
            What::Usage { format: Format::Csv } => {
                catch_up(ctx).await?;
                export_usage(ctx, &scope, out).await
            }
        };
        match result {
            // A reader that went away ends the output, not the command.
            Err(Stop::Write(e)) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(Stop::Write(e)) => Err(e.into()),
            Err(Stop::Failure(e)) => Err(e),
            Ok(()) => Ok(()),
        }
    })
}

/// A bare date means its beginning here.
fn since_instant(text: &str, zone: &TimeZone) -> Result<UnixMs, Failure> {
    let text = text.trim();
    let text = if text.len() <= 10 { format!("{text} 00:00") } else { text.to_owned() };
    parse_instant(&text, zone).map_err(|reason| Failure::usage(format!("--since: {reason}")))
}

/// Why an export ends early.
enum Stop {
    Write(std::io::Error),
    Failure(Failure),
}

impl From<csv::Error> for Stop {
    fn from(error: csv::Error) -> Stop {
        match error.into_kind() {
            csv::ErrorKind::Io(e) => Stop::Write(e),
            other => Stop::Failure(Failure::new(format!("CSV: {other:?}"))),
        }
    }
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Failure(error.into())
    }
}

async fn export_sessions(ctx: &Context, scope: &Scope, since: UnixMs, out: impl Write) -> Result<(), Stop> {
    let dictionary = load_dictionary(ctx.config.radius.dictionaries.as_deref())?;
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "router",
        "acct_session_id",
        "username",
        "mac",
        "started_at",
        "ended_at",
        "session_secs",
        "octets_in",
        "octets_out",
        "terminate_cause",
    ])?;
    let mut after = Vec::new();
    loop {
        let page = list_sessions_after(&mut ctx.db.read().await?, scope, &after, since, PAGE).await?;
        let Some(last) = page.last() else { return csv.flush().map_err(Stop::Write) };
        after.clone_from(&last.session_key);
        for line in page {
            let s = PrintedSession::new(line, &dictionary);
            let numbers = [s.session_secs, s.octets_in, s.octets_out].map(|n| n.to_string());
            let texts = [&s.router, &s.acct_session_id, &s.username, &s.mac, &s.started_at, s.ended_at.as_ref().unwrap_or(&String::new())]
                .map(Clone::clone);
            csv.write_record(texts.iter().chain(&numbers).chain([&s.terminate_cause]))?;
        }
    }
}

async fn export_usage(ctx: &Context, scope: &Scope, out: impl Write) -> Result<(), Stop> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["session_key", "bucket_at", "day", "charging_class", "customer_id", "octets_in", "octets_out", "secs"])?;
    let mut after = (Vec::new(), i64::MIN, 0);
    loop {
        let page = list_usage_after(&mut ctx.db.read().await?, scope, (&after.0, after.1, after.2), PAGE).await?;
        let Some(last) = page.last() else { return csv.flush().map_err(Stop::Write) };
        after = (last.session_key.clone(), last.bucket_at, last.charging_class);
        for u in page {
            let key = crate::units::hex(&u.session_key);
            let customer = u.customer_id.map(|id| id.to_string()).unwrap_or_default();
            let numbers = [u.octets_in, u.octets_out, u.secs].map(|n| n.to_string());
            let bucket_at = print_instant(u.bucket_at);
            csv.write_record([key, bucket_at, u.day.to_string(), u.charging_class.to_string(), customer].iter().chain(&numbers))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_a_date_means_since_its_beginning() {
        let dhaka = TimeZone::get("Asia/Dhaka").expect("a bundled zone");
        for (text, instant) in
            [("2027-01-01", 1_798_740_000_000), ("2027-01-01 00:30", 1_798_741_800_000), ("2026-12-31T18:00:00Z", 1_798_740_000_000)]
        {
            assert_eq!(since_instant(text, &dhaka).ok(), Some(instant), "{text}");
        }
        assert_eq!(since_instant("yesterday", &dhaka).expect_err("no instant").exit(), 2);
    }

    #[test]
    fn an_export_has_a_header_and_a_line_per_session() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("tollgate.toml");
        std::fs::write(&config, "[data]\nfolder = \"data\"\n").expect("writes");
        let globals = Globals { config: Some(config), tenant: None, json: false, verbose: 0, quiet: true };
        crate::cli::migrate::run(&globals, crate::cli::migrate::MigrateArgs {}).expect("a store");
        let exported = with_context(&globals, async |ctx| {
            let scope = ctx.scope().await?;
            let mut tx = ctx.db.begin().await?;
            for (key, ended_at) in [(1u8, Some(1_800_000_060_000i64)), (2, None)] {
                crate::q!(exec tx, "INSERT INTO sessions VALUES ($1, $2, 3, 4, NULL, '81000001', 'b,ob', '020000000001', '', '', '', 1800000000000, \
                    1800000060000, $3, FALSE, $4, 60, 5000000000, 7, 0, 0, 0, 0)", scope.tenant().0, &[key; 16][..], ended_at, i64::from(ended_at.is_some()))?;
            }
            tx.commit(ctx.now).await?;
            for (since, lines) in [(i64::MIN, 3), (1_800_000_060_001, 1)] {
                let mut out = Vec::new();
                assert!(export_sessions(ctx, &scope, since, &mut out).await.is_ok());
                let text = String::from_utf8(out).expect("text");
                assert_eq!(text.lines().count(), lines);
                let wanted = "4,81000001,\"b,ob\",02:00:00:00:00:01,2027-01-15T08:00:00Z,2027-01-15T08:01:00Z,60,5000000000,7,User-Request";
                assert!(lines == 1 || text.lines().nth(1) == Some(wanted), "{text}");
                assert!(lines == 1 || text.ends_with("2027-01-15T08:00:00Z,,60,5000000000,7,\n"), "{text}");
            }
            let mut out = Vec::new();
            assert!(export_usage(ctx, &scope, &mut out).await.is_ok());
            Ok(())
        });
        exported.expect("exported");
    }
}
