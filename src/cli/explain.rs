//! `tollgate explain`: a decision or a number by the facts behind it. One topic per file.

mod verdict;

use clap::{Args, Subcommand};

use super::{Failure, Globals};

/// Which topic.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(subcommand)]
    topic: Topic,
}

#[derive(Debug, Subcommand)]
enum Topic {
    /// Why a customer was let in or not: his last decisions, and the facts as they are now
    Verdict(verdict::VerdictArgs),
}

/// Runs the command.
pub fn run(globals: &Globals, args: ExplainArgs) -> Result<(), Failure> {
    match args.topic {
        Topic::Verdict(args) => verdict::run(globals, args),
    }
}
