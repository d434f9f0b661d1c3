//! The passphrase of a backup: from a file, the environment, or typed unseen.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

use super::Failure;
use super::secret_text::read_secret;

const VARIABLE: &str = "TOLLGATE_PASSPHRASE";

/// Where the passphrase comes from.
#[derive(Debug, Args)]
pub struct PassphraseArgs {
    /// File that holds the passphrase, `-` for standard input [default: the variable TOLLGATE_PASSPHRASE; on a terminal you are asked]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// Reads it; asks only on a terminal, twice where it is new.
    pub fn read(&self, is_new: bool) -> Result<String, Failure> {
        let found = match read_secret(None, self.passphrase_file.as_ref())? {
            Some(text) => text,
            None => match std::env::var(VARIABLE) {
                Ok(text) => text,
                Err(std::env::VarError::NotUnicode(_)) => return Err(Failure::usage(format!("{VARIABLE} is not UTF-8"))),
                Err(std::env::VarError::NotPresent) => ask(is_new)?,
            },
        };
        if found.is_empty() {
            return Err(Failure::usage("the passphrase is empty"));
        }
        Ok(found)
    }
}

fn ask(is_new: bool) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("a passphrase is needed: --passphrase-file FILE (or -), or the variable {VARIABLE}")));
    }
    let first = type_unseen("Passphrase: ")?;
    if is_new && first != type_unseen("Once more: ")? {
        return Err(Failure::new("the two passphrases differ"));
    }
    Ok(first)
}

fn type_unseen(prompt: &str) -> Result<String, Failure> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(prompt.as_bytes())?;
    let mut line = String::new();
    let unseen = Unseen::begin(&terminal)?;
    let read = BufReader::new(&terminal).read_line(&mut line);
    drop(unseen);
    terminal.write_all(b"\n")?;
    read?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// While it lives, the terminal does not show what is typed.
struct Unseen<'t> {
    terminal: &'t File,
}

impl<'t> Unseen<'t> {
    fn begin(terminal: &'t File) -> std::io::Result<Unseen<'t>> {
        stty(terminal, "-echo")?;
        Ok(Unseen { terminal })
    }
}

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        // the shell sets its terminal right as well
        stty(self.terminal, "echo").unwrap_or_default();
    }
}

/// The program of POSIX: setting a terminal from here would take `unsafe`.
fn stty(terminal: &File, setting: &str) -> std::io::Result<()> {
    let status = Command::new("stty").arg(setting).stdin(Stdio::from(terminal.try_clone()?)).status()?;
    if status.success() { Ok(()) } else { Err(std::io::Error::other("stty cannot hide what is typed; use --passphrase-file")) }
}
