//! What kinds of jobs take from the configuration.

use crate::config::Config;
use crate::jobs::backup::BackupOptions;
use crate::jobs::{Kind, KindSettings, kinds};
use crate::store::backup::DerivationCost;

/// Every kind of job as this configuration has it: for the server, and for commands that run a job themselves.
pub fn job_kinds(config: &Config) -> Vec<Kind> {
    let backup = BackupOptions {
        is_nightly: config.backup.enabled,
        folder: config.backup.folder.clone(),
        keep: config.backup.keep as usize,
        hour: config.backup.hour,
        passphrase_file: config.backup.passphrase_file.clone(),
        key_file: config.data.key_file.clone(),
        cost: DerivationCost::default(),
    };
    kinds(KindSettings { backup })
}
