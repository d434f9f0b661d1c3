//! Section `http`: what fits together and what does not.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use super::load::Reader;
use super::settings::{AcmeConfig, CertificateFiles, HttpConfig};

/// Reads the section; mistakes are noted in the reader.
pub(super) fn read(base: &Path, r: &Reader<'_>) -> Option<HttpConfig> {
    let listen = r.addresses("http.listen");
    let insecure = r.optional("http.insecure");
    let certificate = match (r.path(base, "http.certificate"), r.path(base, "http.certificate_key")) {
        (Some(certificate), Some(key)) => Some(CertificateFiles { certificate, key }),
        (Some(_), None) => {
            r.reject("http.certificate", "needs its key too: http.certificate_key");
            None
        }
        (None, Some(_)) => {
            r.reject("http.certificate_key", "needs its certificate too: http.certificate");
            None
        }
        (None, None) => None,
    };
    let acme = read_acme(base, r);
    if acme.is_some() && certificate.is_some() {
        r.reject("http.acme_domains", "http.certificate is set too; a certificate is either your own or got by ACME");
    }
    if insecure == Some(true) && (certificate.is_some() || acme.is_some()) {
        r.reject("http.insecure", "a certificate is set too, which plain http would not use");
    }
    Some(HttpConfig {
        listen: listen?,
        insecure: insecure?,
        certificate,
        acme,
        trusted_proxies: networks(r, "http.trusted_proxies")?,
        metrics_from: networks(r, "http.metrics_from")?,
        public_url: public_url(r),
    })
}

fn read_acme(base: &Path, r: &Reader<'_>) -> Option<AcmeConfig> {
    let domains: Vec<String> = r.optional("http.acme_domains")?;
    let email: Option<String> = r.optional("http.acme_email").filter(|text: &String| !text.is_empty());
    let (directory, ca) = (r.optional::<String>("http.acme_directory"), r.path(base, "http.acme_ca"));
    if email.as_ref().is_some_and(|email| !email.contains('@')) {
        r.reject("http.acme_email", "is no address of e-mail");
    }
    if directory.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        r.reject("http.acme_directory", "must begin with https://");
    }
    for domain in domains.iter().filter(|domain| !is_host_name(domain)) {
        let reason = if domain.contains('*') { "a wildcard cannot be proven in this way" } else { "is no host name" };
        r.reject("http.acme_domains", &format!("{domain:?}: {reason}"));
    }
    if domains.is_empty() {
        for (name, is_set) in [("http.acme_email", email.is_some()), ("http.acme_ca", ca.is_some())] {
            if is_set {
                r.reject(name, "is of no use without http.acme_domains");
            }
        }
        return None;
    }
    let mut lower: Vec<String> = Vec::with_capacity(domains.len());
    for domain in domains.iter().map(|domain| domain.to_ascii_lowercase()) {
        if lower.contains(&domain) {
            r.reject("http.acme_domains", &format!("{domain:?} comes twice"));
        }
        lower.push(domain);
    }
    Some(AcmeConfig { domains: lower, email, directory: directory?, ca })
}

/// A name that an authority can look up: labels of letters, digits and hyphens; no address.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let inside = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !label.is_empty() && label.len() <= 63 && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label) && text.parse::<IpAddr>().is_err()
}

/// Networks; an address stands for itself alone.
fn networks(r: &Reader<'_>, name: &'static str) -> Option<Vec<IpNet>> {
    let texts: Vec<String> = r.optional(name)?;
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        let address = text.parse::<IpAddr>().map(|ip| IpNet::from(ip.to_canonical()));
        match address.ok().or_else(|| text.parse::<IpNet>().ok()) {
            Some(net) => found.push(net.trunc()),
            None => r.reject(name, &format!("{text:?} is neither an address nor a network such as 10.0.0.0/8")),
        }
    }
    Some(found)
}

fn public_url(r: &Reader<'_>) -> Option<String> {
    let text: String = r.optional("http.public_url").filter(|text: &String| !text.is_empty())?;
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', '@', ' '])) {
        r.reject("http.public_url", "expected the panel's address without a path, such as https://panel.example.org");
    }
    Some(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::is_host_name;

    #[test]
    fn host_names_are_told_from_what_no_authority_can_look_up() {
        for good in ["panel.example.org", "localhost", "xn--bcher-kva.example", "a-b.c", "9.example"] {
            assert!(is_host_name(good), "{good}");
        }
        for bad in ["", ".", "a..b", "*.example.org", "192.0.2.1", "-a.example", "a_b.example", "a.example.", "bücher.example", "a b"] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }
}
