//! The configuration as the program uses it; the keys' comments in [`keys`](super::keys) say what each means.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
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
    /// The nightly backup.
    pub backup: BackupConfig,
    /// The snapshot.
    pub snapshot: SnapshotConfig,
    /// RADIUS.
    pub radius: RadiusConfig,
    /// Brute-force limits.
    pub brute_force: BruteForceConfig,
    /// Panel, metrics and health.
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

/// Section `backup`.
#[derive(Debug, Clone)]
pub struct BackupConfig {
    /// `backup.enabled`
    pub enabled: bool,
    /// `backup.folder`, resolved.
    pub folder: PathBuf,
    /// `backup.keep`
    pub keep: u32,
    /// `backup.hour`
    pub hour: u8,
    /// `backup.passphrase_file`, resolved.
    pub passphrase_file: Option<PathBuf>,
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
    /// `http.insecure`
    pub insecure: bool,
    /// `http.certificate` and `http.certificate_key`, resolved.
    pub certificate: Option<CertificateFiles>,
    /// The keys `http.acme_...`, if there are domains.
    pub acme: Option<AcmeConfig>,
    /// `http.trusted_proxies`
    pub trusted_proxies: Vec<IpNet>,
    /// `http.metrics_from`
    pub metrics_from: Vec<IpNet>,
    /// `http.public_url`, without a slash at its end.
    pub public_url: Option<String>,
}

impl HttpConfig {
    /// Whether this address of `http.listen` speaks HTTPS: all do, but for loopback without a certificate of its own, and under `http.insecure`.
    pub fn is_tls(&self, address: SocketAddr) -> bool {
        !self.insecure && (self.certificate.is_some() || self.acme.is_some() || !address.ip().to_canonical().is_loopback())
    }

    /// Host (and no port) of `http.public_url`; an IPv6 address without its brackets.
    pub fn public_host(&self) -> Option<&str> {
        let (_, rest) = self.public_url.as_ref()?.split_once("://")?;
        match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next(),
            None => rest.split(':').next(),
        }
    }
}

/// A certificate and its key, each in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// `http.certificate`
    pub certificate: PathBuf,
    /// `http.certificate_key`
    pub key: PathBuf,
}

/// Where certificates are got by ACME, and for which names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeConfig {
    /// `http.acme_domains`, at least one, in lower case.
    pub domains: Vec<String>,
    /// `http.acme_email`
    pub email: Option<String>,
    /// `http.acme_directory`
    pub directory: String,
    /// `http.acme_ca`, resolved.
    pub ca: Option<PathBuf>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn http(insecure: bool, certificate: bool, acme: bool, public_url: Option<&str>) -> HttpConfig {
        let files = CertificateFiles { certificate: "a".into(), key: "b".into() };
        let domains = vec!["a.example".to_owned()];
        HttpConfig {
            listen: Vec::new(),
            insecure,
            certificate: certificate.then_some(files),
            acme: acme.then_some(AcmeConfig { domains, email: None, directory: String::new(), ca: None }),
            trusted_proxies: Vec::new(),
            metrics_from: Vec::new(),
            public_url: public_url.map(str::to_owned),
        }
    }

    #[test]
    fn plain_http_is_for_loopback_or_where_it_is_asked_for() {
        for (address, insecure, certificate, acme, wanted) in [
            ("127.0.0.1:8080", false, false, false, false),
            ("127.9.9.9:8080", false, false, false, false),
            ("[::1]:8080", false, false, false, false),
            ("[::ffff:127.0.0.1]:8080", false, false, false, false),
            ("127.0.0.1:8080", false, true, false, true),
            ("[::1]:8080", false, false, true, true),
            ("0.0.0.0:8080", false, false, false, true),
            ("[::]:8080", false, false, false, true),
            ("192.0.2.1:8080", false, true, false, true),
            ("0.0.0.0:8080", true, false, false, false),
            ("192.0.2.1:8080", true, false, false, false),
        ] {
            let found = http(insecure, certificate, acme, None).is_tls(address.parse().expect("an address"));
            assert_eq!(found, wanted, "{address} {insecure} {certificate} {acme}");
        }
    }

    #[test]
    fn the_public_host_is_read_off_the_url() {
        for (url, host) in [
            (None, None),
            (Some("https://panel.example.org"), Some("panel.example.org")),
            (Some("https://panel.example.org:8443"), Some("panel.example.org")),
            (Some("https://[2001:db8::1]:8443"), Some("2001:db8::1")),
        ] {
            assert_eq!(http(false, false, false, url).public_host(), host);
        }
    }
}
