//! How a command fails: a sentence, perhaps a stable code, and an exit code.

use std::io::Write;
use std::process::ExitCode;

use crate::aaa::explain::ExplainError;
use crate::accounts::AccountError;
use crate::config::ConfigError;
use crate::customers::CustomerError;
use crate::customers::import::ImportError;
use crate::jobs::JobError;
use crate::packages::PackageError;
use crate::routers::RouterError;
use crate::routers::pools::PoolError;
use crate::sessions::SessionError;
use crate::store::{IdentityError, KeyError, SchemaError, StoreError};

/// What went wrong and with which code the process ends.
#[derive(Debug)]
pub struct Failure {
    exit: u8,
    code: Option<&'static str>,
    lines: Vec<String>,
}

impl Failure {
    /// Exit code 1.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { exit: 1, code: None, lines: vec![message.into()] }
    }

    /// Exit code 2: the command line asks for something impossible.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: 2, ..Failure::new(message) }
    }

    /// Exit code 3: the configuration, or a store that cannot be used as it is.
    pub fn config(message: impl Into<String>) -> Failure {
        Failure { exit: 3, ..Failure::new(message) }
    }

    /// Exit code 4: the store or a server cannot be reached.
    pub fn unreachable(message: impl Into<String>) -> Failure {
        Failure { exit: 4, ..Failure::new(message) }
    }

    /// Exit code 1 with a stable code.
    pub fn coded(code: &'static str, message: impl Into<String>) -> Failure {
        Failure { code: Some(code), ..Failure::new(message) }
    }

    /// With further lines below the first.
    pub fn with_lines(mut self, lines: impl IntoIterator<Item = String>) -> Failure {
        self.lines.extend(lines);
        self
    }

    /// The exit code.
    pub fn exit(&self) -> u8 {
        self.exit
    }

    /// Prints to standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let mut err = std::io::stderr().lock();
        for (at, line) in self.lines.iter().enumerate() {
            // nothing is left to tell if standard error is gone
            let _ = match (at, self.code) {
                (0, Some(code)) => writeln!(err, "error: {line} ({code})"),
                (0, None) => writeln!(err, "error: {line}"),
                _ => writeln!(err, "{line}"),
            };
        }
        ExitCode::from(self.exit)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines.join("; "))
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Failure {
        match &e {
            StoreError::Url(_) => Failure::config(e.to_string()),
            _ if e.is_unreachable() => Failure::unreachable(format!("the store cannot be reached: {e}")),
            _ => Failure::new(e.to_string()),
        }
    }
}

impl From<SchemaError> for Failure {
    fn from(e: SchemaError) -> Failure {
        match e {
            SchemaError::Store(e) => e.into(),
            SchemaError::Migrate(_) => Failure::new(e.to_string()),
            SchemaError::Absent | SchemaError::Older { .. } | SchemaError::Newer { .. } => Failure::config(e.to_string()),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(e: KeyError) -> Failure {
        Failure::config(e.to_string())
    }
}

impl From<IdentityError> for Failure {
    fn from(e: IdentityError) -> Failure {
        match e {
            IdentityError::Store(e) => e.into(),
            IdentityError::Key(e) => e.into(),
            IdentityError::Absent => Failure::config(e.to_string()),
        }
    }
}

impl From<Vec<ConfigError>> for Failure {
    fn from(errors: Vec<ConfigError>) -> Failure {
        let mut lines = errors.iter().map(ToString::to_string);
        Failure::config(lines.next().unwrap_or_default()).with_lines(lines.map(|l| format!("error: {l}")))
    }
}

/// Errors of the rooms: the store's part keeps its own exit code, the rest is a failure with a code.
macro_rules! from_room {
    ($($error:ident),+) => {$(
        impl From<$error> for Failure {
            fn from(e: $error) -> Failure {
                match e {
                    $error::Store(e) => e.into(),
                    e => Failure::coded(e.code(), e.to_string()),
                }
            }
        }
    )+};
}
from_room!(AccountError, PackageError, RouterError, PoolError, CustomerError, SessionError, JobError);

impl From<ExplainError> for Failure {
    fn from(e: ExplainError) -> Failure {
        match e {
            ExplainError::Store(e) => e.into(),
            ExplainError::Customer(e) => e.into(),
            ExplainError::Session(e) => e.into(),
            ExplainError::Pool(e) => e.into(),
            ExplainError::Router(e) => e.into(),
            ExplainError::Log(e) => e.into(),
            ExplainError::Denied(denial) => Failure::coded(denial.code(), denial.to_string()),
            ExplainError::Load(_) | ExplainError::ReplyTooLong => Failure::new(e.to_string()),
            ExplainError::Request(why) => Failure::usage(why),
        }
    }
}

impl From<ImportError> for Failure {
    fn from(e: ImportError) -> Failure {
        match e {
            ImportError::Customer(e) => e.into(),
            e => Failure::new(e.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Failure {
        match e.kind() {
            // Whoever reads our output has seen enough (`| head`): nothing to say, and 141 is what a shell expects of SIGPIPE.
            std::io::ErrorKind::BrokenPipe => Failure { exit: 141, code: None, lines: Vec::new() },
            _ => Failure::new(e.to_string()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(e: anyhow::Error) -> Failure {
        match e.downcast::<std::io::Error>() {
            Ok(io) => io.into(),
            Err(e) => Failure::new(format!("{e:#}")),
        }
    }
}
