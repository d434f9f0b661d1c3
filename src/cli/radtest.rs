//! `tollgate radtest`: sends one request as a router would and shows the decoded reply.
//! Exit codes: 0 accepted or answered, 1 rejected or a reply that cannot be trusted, 2 wrong usage, 4 no answer.

mod exchange;
mod report;
mod request;

use crate::radius::client::{Code, Requirement};
use crate::radius::dictionary::Dictionary;
use clap::{Args, ValueEnum};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code for a wrong command line.
const EXIT_USAGE: u8 = 2;
/// Exit code when no answer came.
const EXIT_UNREACHABLE: u8 = 4;
/// More than this is no secret and no password: a wrong file was named.
const MAX_SECRET_FILE_OCTETS: u64 = 4096;

/// What to send and how to prove who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// Access-Request with User-Password.
    Pap,
    /// Access-Request with CHAP-Password and CHAP-Challenge.
    Chap,
    /// Access-Request with MS-CHAPv1.
    Mschap,
    /// Access-Request with MS-CHAPv2; the server's proof is checked too.
    Mschapv2,
    /// Accounting-Request.
    Acct,
    /// Status-Server.
    Status,
}

impl Method {
    fn needs_password(self) -> bool {
        !matches!(self, Self::Acct | Self::Status)
    }

    fn default_port(self) -> u16 {
        if self == Self::Acct { 1813 } else { 1812 }
    }
}

/// Send a test request to a RADIUS server and show its reply.
#[derive(Debug, Clone, Args)]
pub struct RadtestArgs {
    /// User-Name; may be left out with `--method status`.
    #[arg(default_value = "")]
    pub username: String,
    /// Password in clear; other users of this machine can see it in the process list, so prefer `--password-file`.
    #[arg(long, conflicts_with = "password_file")]
    pub password: Option<String>,
    /// File with the password in its first line; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Server; the port is 1812, or 1813 with `--method acct`, unless named.
    #[arg(long, value_name = "HOST[:PORT]", default_value = "127.0.0.1")]
    pub server: String,
    /// Shared secret.
    #[arg(long, conflicts_with = "secret_file", required_unless_present = "secret_file")]
    pub secret: Option<String>,
    /// File with the shared secret in its first line; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// What to send.
    #[arg(long, value_enum, default_value_t = Method::Pap)]
    pub method: Method,
    /// Acct-Status-Type by name or number.
    #[arg(long, value_name = "TYPE", default_value = "Start")]
    pub status_type: String,
    /// A further attribute, by dictionary name; may be repeated. One that is sent by default is replaced.
    #[arg(long = "attribute", short = 'a', value_name = "NAME=VALUE")]
    pub attributes: Vec<String>,
    /// Folder with dictionary files over the built-in ones.
    #[arg(long, value_name = "FOLDER")]
    pub dictionary: Option<PathBuf>,
    /// Send no Message-Authenticator, as routers before RouterOS 7.15.
    #[arg(long)]
    pub no_message_authenticator: bool,
    /// Refuse an answer without Message-Authenticator, as RouterOS does since 7.15.
    #[arg(long)]
    pub require_message_authenticator: bool,
    /// Seconds to wait for an answer to each try.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub timeout_secs: f64,
    /// How often the request is sent before giving up.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub tries: u32,
    /// Print the result as one JSON object (the command line's own option).
    #[arg(skip)]
    pub json: bool,
}

/// What the user must change; the text says what.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Runs the command and prints to standard output; errors go to standard error.
///
/// # Errors
/// Only when the result cannot be printed; all else is an exit code.
pub fn run(args: RadtestArgs) -> anyhow::Result<ExitCode> {
    let code = run_to(&args, &mut io::stdin().lock(), &mut io::stdout().lock(), &mut io::stderr().lock())?;
    Ok(ExitCode::from(code))
}

/// [`run`] with its streams as arguments; returns the exit code.
fn run_to(args: &RadtestArgs, stdin: &mut dyn Read, stdout: &mut dyn Write, stderr: &mut dyn Write) -> anyhow::Result<u8> {
    match prepare_and_ask(args, stdin) {
        Ok(result) => {
            result.write(args.json, stdout)?;
            Ok(result.exit_code())
        }
        Err(Usage(reason)) => {
            writeln!(stderr, "radtest: {reason}")?;
            Ok(EXIT_USAGE)
        }
    }
}

fn prepare_and_ask(args: &RadtestArgs, stdin: &mut dyn Read) -> Result<report::TestResult, Usage> {
    let stdin_twice =
        [&args.password_file, &args.secret_file].iter().all(|file| file.as_deref().is_some_and(|path| path.as_os_str() == "-"));
    if stdin_twice {
        return Err(Usage("only one of --password-file and --secret-file can be standard input".into()));
    }
    let secret = secret_text("secret", args.secret.as_deref(), args.secret_file.as_ref(), stdin)?;
    let secret =
        secret.filter(|secret| !secret.is_empty()).ok_or_else(|| Usage("the secret is empty; give --secret or --secret-file".into()))?;
    let password = secret_text("password", args.password.as_deref(), args.password_file.as_ref(), stdin)?;
    if args.method.needs_password() && password.is_none() {
        return Err(Usage("give --password or --password-file (an empty password is --password \"\")".into()));
    }
    if args.method != Method::Status && args.username.is_empty() && args.attributes.is_empty() {
        return Err(Usage("give a USERNAME; only --method status goes without".into()));
    }
    let timeout = std::time::Duration::try_from_secs_f64(args.timeout_secs).ok().filter(|timeout| !timeout.is_zero());
    let timeout = timeout.ok_or_else(|| Usage("--timeout-secs must be more than 0".into()))?;
    let dictionary = match &args.dictionary {
        Some(folder) => Dictionary::load_folder(folder).map_err(|error| Usage(error.to_string()))?,
        None => Dictionary::embedded(),
    };
    let request = request::build(args, &dictionary, &secret, password.as_deref().unwrap_or_default())?;
    let server = exchange::resolve(&args.server, args.method.default_port()).map_err(Usage)?;
    let requirement = if args.require_message_authenticator && request.code() == Code::AccessRequest {
        Requirement::Required
    } else {
        Requirement::IfPresent
    };
    let exchange = exchange::ask(&request, server, &secret, requirement, timeout, args.tries);
    Ok(report::TestResult::new(server, &request, exchange, &dictionary, &secret))
}

/// A secret from the command line or the first line of a file; `None` if neither is named.
fn secret_text(what: &str, given: Option<&str>, file: Option<&PathBuf>, stdin: &mut dyn Read) -> Result<Option<Vec<u8>>, Usage> {
    let Some(path) = file else { return Ok(given.map(|text| text.as_bytes().to_vec())) };
    let mut content = Vec::new();
    let read = if path.as_os_str() == "-" {
        stdin.take(MAX_SECRET_FILE_OCTETS).read_to_end(&mut content)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_SECRET_FILE_OCTETS).read_to_end(&mut content))
    };
    read.map_err(|error| Usage(format!("cannot read the {what} from {}: {error}", path.display())))?;
    let end = content.iter().position(|&octet| octet == b'\n').unwrap_or(content.len());
    content.truncate(end);
    if content.last() == Some(&b'\r') {
        content.pop();
    }
    Ok(Some(content))
}

#[cfg(test)]
#[path = "radtest/tests.rs"]
mod tests;
