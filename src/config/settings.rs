//! The configuration as the program uses it; the keys' comments in [`keys`](super::keys) say what each means.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::store::StoreUrl;

/// Everything.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from, if any.
    pub file: Option<PathBuf>,
    /// The database.
    pub store: StoreConfig,
    /// The data folder.
    pub data: DataConfig,
    /// The accounting journal.
    pub journal: JournalConfig,
    /// The decision log.
    pub decision_log: DecisionLogConfig,
    /// Ended sessions.
    pub history: HistoryConfig,
    /// The snapshot.
    pub snapshot: SnapshotConfig,
    /// RADIUS.
    pub radius: RadiusConfig,
    /// Brute-force limits.
    pub brute_force: BruteForceConfig,
    /// Metrics and health.
    pub http: HttpConfig,
    /// Logs.
    pub log: LogConfig,
    /// The default tenant.
    pub tenant: TenantConfig,
}

/// Section `store`.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `store.url`, a relative SQLite path resolved.
    pub url: StoreUrl,
}

/// Section `data`.
#[derive(Debug, Clone)]
pub struct DataConfig {
    /// `data.folder`, resolved.
    pub folder: PathBuf,
    /// `data.key_file`, resolved.
    pub key_file: PathBuf,
}

/// Section `journal`.
#[derive(Debug, Clone)]
pub struct JournalConfig {
    /// `journal.segment_mib`
    pub segment_mib: u32,
    /// `journal.budget_gib`
    pub budget_gib: u32,
    /// `journal.retain_hours`
    pub retain_hours: u32,
}

/// Section `decision_log`.
#[derive(Debug, Clone)]
pub struct DecisionLogConfig {
    /// `decision_log.budget_mib`
    pub budget_mib: u32,
    /// `decision_log.retention_days`
    pub retention_days: u32,
}

/// Section `history`.
#[derive(Debug, Clone)]
pub struct HistoryConfig {
    /// `history.retention_days`
    pub retention_days: u32,
}

/// Section `snapshot`.
#[derive(Debug, Clone)]
pub struct SnapshotConfig {
    /// `snapshot.budget_mib`
    pub budget_mib: u32,
}

/// Section `radius`.
#[derive(Debug, Clone)]
pub struct RadiusConfig {
    /// `radius.auth`
    pub auth: Vec<SocketAddr>,
    /// `radius.acct`
    pub acct: Vec<SocketAddr>,
    /// `radius.workers`; 0 for one per core.
    pub workers: u32,
    /// `radius.receive_buffer_kib`
    pub receive_buffer_kib: u32,
    /// `radius.dictionaries`, resolved.
    pub dictionaries: Option<PathBuf>,
    /// `radius.reject_delay_ms`
    pub reject_delay_ms: u32,
    /// `radius.patience_ms`
    pub patience_ms: u32,
    /// `radius.duplicate_cache_secs`
    pub duplicate_cache_secs: u32,
    /// `radius.duplicate_cache_mib`
    pub duplicate_cache_mib: u32,
    /// `radius.coa_source`
    pub coa_source: Option<IpAddr>,
    /// `radius.coa_per_second`
    pub coa_per_second: u32,
    /// `radius.coa_window`
    pub coa_window: u32,
}

/// Section `brute_force`.
#[derive(Debug, Clone)]
pub struct BruteForceConfig {
    /// `brute_force.window_secs`
    pub window_secs: u32,
    /// `brute_force.failures_per_mac`; 0 for no limit.
    pub failures_per_mac: u32,
    /// `brute_force.failures_per_username`; 0 for no limit.
    pub failures_per_username: u32,
}

/// Section `http`.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// `http.listen`
    pub listen: Vec<SocketAddr>,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Section `log`.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// `log.level`
    pub level: String,
    /// `log.format`
    pub format: LogFormat,
}

/// Section `tenant`.
#[derive(Debug, Clone)]
pub struct TenantConfig {
    /// `tenant.name`
    pub name: String,
}
