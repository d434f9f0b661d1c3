//! `tollgate explain`: a decision or a number by the facts behind it. One topic per file.

mod events;
mod session;
mod usage;
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
    /// What a customer used: each bucket of each session, what of it counts, and what is not in the store yet
    Usage(usage::UsageArgs),
    /// One session: its totals, what of them counts, its buckets, and the events that the journal still holds
    Session(session::SessionArgs),
    /// Why a customer was let in or not: his last decisions, and the facts as they are now
    Verdict(verdict::VerdictArgs),
}

/// Runs the command.
pub fn run(globals: &Globals, args: ExplainArgs) -> Result<(), Failure> {
    match args.topic {
        Topic::Usage(args) => usage::run(globals, args),
        Topic::Session(args) => session::run(globals, args),
        Topic::Verdict(args) => verdict::run(globals, args),
    }
}
