//! The command line: one subcommand per file.

pub mod radtest;
