//! The table of kinds: everything that the runner can run. A kind that is not here is left in the queue for a node that has it.

use super::backup::{self, BackupOptions};
use super::{Kind, Terms};
use super::{customers_bulk, customers_import};

/// What is known of every kind, for pages and commands.
pub const TERMS: &[&Terms] = &[&backup::TERMS, &customers_bulk::BULK, &customers_bulk::UNDO, &customers_import::IMPORT];

/// Their names, as a filter knows them.
pub const KIND_NAMES: &[&str] = &[backup::TERMS.name, customers_bulk::BULK.name, customers_bulk::UNDO.name, customers_import::IMPORT.name];

/// What kinds take from the configuration.
#[derive(Debug, Clone)]
pub struct KindSettings {
    /// Of the nightly backup.
    pub backup: BackupOptions,
}

/// Every kind, ready to run.
pub fn kinds(settings: KindSettings) -> Vec<Kind> {
    let import = customers_import::kind(settings.backup.clone());
    std::iter::once(backup::kind(settings.backup)).chain(customers_bulk::kinds()).chain([import]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_each_is_there_twice() {
        let made: Vec<&str> = kinds(KindSettings { backup: BackupOptions::sample() }).iter().map(|kind| kind.terms.name).collect();
        let known: Vec<&str> = TERMS.iter().map(|terms| terms.name).collect();
        assert_eq!(made, known);
        assert_eq!(KIND_NAMES, known);
        // they stand between commas in one statement, and in addresses
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        assert!(known.iter().all(|name| !name.is_empty() && name.chars().all(is_plain)));
    }
}
