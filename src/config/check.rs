//! What `check-config` finds beyond the text of the file: folders, addresses, key file.

use std::net::SocketAddr;
use std::path::Path;

use super::{Config, HttpConfig};
use crate::app::{certificate_findings, now_ms};

/// Something to know before starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The server would not start.
    Error(String),
    /// It would, but.
    Warning(String),
}

/// Checks what can be checked without starting and without the database.
pub fn check_config(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folder = &config.data.folder;
    if folder.exists() {
        if let Err(e) = probe_write(folder) {
            findings.push(Finding::Error(format!("data.folder {} is not writable: {e}", folder.display())));
        }
    } else {
        findings.push(Finding::Warning(format!("data.folder {} does not exist yet: `tollgate migrate` makes it", folder.display())));
    }
    if let Some(dictionaries) = config.radius.dictionaries.as_ref().filter(|d| !d.is_dir()) {
        findings.push(Finding::Error(format!("radius.dictionaries {} is not a folder", dictionaries.display())));
    }
    for address in config.radius.auth.iter().filter(|a| a.port() != 0 && config.radius.acct.contains(a)) {
        findings.push(Finding::Error(format!("{address} stands in radius.auth and in radius.acct")));
    }
    for (name, addresses) in [("radius.auth", &config.radius.auth), ("radius.acct", &config.radius.acct)] {
        findings.extend(addresses.iter().filter_map(|a| cannot_bind(*a)).map(|e| Finding::Warning(format!("{name} {e}"))));
    }
    findings.extend(check_http(&config.http));
    if tracing_subscriber::EnvFilter::try_new(&config.log.level).is_err() {
        findings.push(Finding::Error(format!("log.level {:?} is neither a level nor a filter", config.log.level)));
    }
    findings
}

fn check_http(http: &HttpConfig) -> Vec<Finding> {
    let mut findings = certificate_findings(http, now_ms());
    if http.insecure {
        let outside = http.listen.iter().filter(|a| !a.ip().to_canonical().is_loopback());
        findings.extend(outside.map(|address| {
            Finding::Warning(format!(
                "http.listen {address} is reachable from outside and speaks plain http: passwords can be read on the way"
            ))
        }));
    }
    if http.acme.is_some() && http.listen.iter().all(|a| a.port() != 443) {
        let text = "http.acme_domains: the authority asks on port 443, which http.listen does not name: forward it to this server";
        findings.push(Finding::Warning(text.to_owned()));
    }
    findings
}

fn probe_write(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".write-probe-{}", std::process::id()));
    std::fs::write(&probe, b"probe")?;
    std::fs::remove_file(probe)
}

/// A running server holds the port, so this is a warning only.
fn cannot_bind(address: SocketAddr) -> Option<String> {
    let domain = socket2::Domain::for_address(address);
    let bind = || -> std::io::Result<()> {
        let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())
    };
    bind().err().map(|e| format!("{address} cannot be bound now: {e}"))
}
