//! One TOML file with environment override; every key has a default and a comment.
//!
//! [`keys`] is the one table of keys: the commented example is printed from it and the loader refuses what is not in it.

mod check;
mod http;
pub mod keys;
mod load;
mod settings;
mod suggest;

pub use check::{Finding, check_config};
pub use load::{ConfigError, SEARCH_PATHS, default_config, load_config};
pub use settings::{
    AcmeConfig, BackupConfig, BruteForceConfig, CertificateFiles, Config, DataConfig, DecisionLogConfig, HistoryConfig, HttpConfig,
    JournalConfig, LogConfig, LogFormat, RadiusConfig, SnapshotConfig, StoreConfig, TenantConfig,
};
pub use suggest::nearest;
