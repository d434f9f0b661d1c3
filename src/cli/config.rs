//! `tollgate config default`.

use clap::{Args, Subcommand};

use super::{Failure, Globals, output};
use crate::config::keys;

/// What to print.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print every key with its default and its meaning
    Default,
}

/// Runs it.
pub fn run(globals: &Globals, args: ConfigArgs) -> Result<(), Failure> {
    let What::Default = args.what;
    if !globals.json {
        return output::raw(&keys::example());
    }
    let shown = keys::KEYS.iter().map(|k| serde_json::json!({ "key": k.name, "default": k.default, "comment": k.comment }));
    output::json(&shown.collect::<Vec<_>>())
}
