//! A certificate of the server's own making, so that the first start speaks HTTPS: nobody vouches for it, but what it encrypts is encrypted, and its
//! fingerprint in the log tells it from an impostor's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

use super::TlsError;
use super::pair::Pair;
use crate::config::HttpConfig;
use crate::units::{DAY_MS, UnixMs};

const VALID_DAYS: i64 = 365;
const RENEW_BEFORE: i64 = 30 * DAY_MS;

/// Where it is kept and what for.
#[derive(Debug)]
pub struct SelfSigned {
    path: PathBuf,
    names: Vec<String>,
}

impl SelfSigned {
    /// One for these names, kept in this file.
    pub fn new(path: PathBuf, names: Vec<String>) -> SelfSigned {
        SelfSigned { path, names }
    }

    /// The kept one; a new one if there is none, it is for other names, or it ends within a month.
    pub fn find_or_make(&self, now: UnixMs) -> Result<Pair, TlsError> {
        let purpose = format!("self-signed for {}", self.names.join(", "));
        match Pair::read_kept(&self.path, &purpose) {
            Some(kept) if !is_due(&kept, now) => Ok(kept),
            _ => {
                let (certificate, key) = make(&self.names, now)?;
                Ok(Pair::keep(&self.path, &purpose, &certificate, &key)?)
            }
        }
    }
}

/// Whether it is time for a new one.
pub fn is_due(pair: &Pair, now: UnixMs) -> bool {
    pair.validity.not_after - now < RENEW_BEFORE
}

/// What clients may call this server: the machine's name, `localhost`, where it listens, and the host of `http.public_url`.
pub fn names(http: &HttpConfig, listening: &[SocketAddr], host_name: Option<String>) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    names.extend(host_name);
    names.extend(http.public_host().map(str::to_ascii_lowercase));
    for address in listening {
        let ip = match address.ip().to_canonical() {
            // On all addresses: those of the machine change, this one does not.
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        names.push(ip.to_string());
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The machine's name, if a certificate can hold it.
pub fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_ascii_lowercase();
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (!name.is_empty() && name.len() <= 253 && name.bytes().all(fits)).then_some(name)
}

/// Certificate and key in PEM.
fn make(names: &[String], now: UnixMs) -> Result<(String, String), rcgen::Error> {
    let midnight = |at: UnixMs| {
        let day = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC).date();
        date_time_ymd(i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Tollgate, self-signed");
    // From the day before: clocks differ.
    (params.not_before, params.not_after) = (midnight(now - DAY_MS), midnight(now + VALID_DAYS * DAY_MS));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_config;

    const NOW: UnixMs = 1_800_000_000_000;

    #[test]
    fn it_is_kept_until_it_ends_soon_or_the_names_change() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |names: &[&str], now: UnixMs| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            SelfSigned::new(folder.path().join("self-signed.pem"), names).find_or_make(now).expect("made")
        };
        let first = at(&["a.example", "192.0.2.1", "2001:db8::1"], NOW);
        let span = (first.validity.not_after - NOW) / DAY_MS;
        assert!(first.validity.not_before < NOW && (364..=365).contains(&span), "{:?}", first.validity);
        let again = at(&["a.example", "192.0.2.1", "2001:db8::1"], NOW + 330 * DAY_MS);
        assert_eq!(first.fingerprint(), again.fingerprint());
        let renewed = at(&["a.example", "192.0.2.1", "2001:db8::1"], NOW + 340 * DAY_MS);
        assert_ne!(first.fingerprint(), renewed.fingerprint());
        assert!(!is_due(&renewed, NOW + 340 * DAY_MS));
        let other = at(&["a.example", "192.0.2.2"], NOW + 340 * DAY_MS);
        assert_ne!(other.fingerprint(), renewed.fingerprint());
    }

    #[test]
    fn it_names_all_by_which_the_server_may_be_called() {
        let mut http = load_config(None, std::iter::empty()).expect("the defaults").http;
        http.public_url = Some("https://Panel.example.org:8443".to_owned());
        let listening = ["0.0.0.0:443", "[::]:443", "[::ffff:192.0.2.1]:443", "192.0.2.1:8443"].map(|a| a.parse().expect("an address"));
        let found = names(&http, &listening, Some("radius1".to_owned()));
        assert_eq!(found, ["127.0.0.1", "192.0.2.1", "::1", "localhost", "panel.example.org", "radius1"]);
    }
}
