//! Cookies: read from a request, written to a response. Their names tell whether they came by https: a browser takes `__Host-` only with Secure, for this host
//! alone, so a plain-http neighbour can neither read nor plant one.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// Which cookie; the name follows from how the request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jar {
    /// The token of a sign-in.
    SignIn,
    /// The ticket between password and second factor.
    Ticket,
    /// A guest's random number, to which forms are bound before anybody has signed in.
    Guest,
    /// Light or dark.
    Theme,
    /// The part that somebody looks at.
    Within,
    /// Whether keys of one letter are off.
    Keys,
    /// The language that a guest chose.
    Language,
}

impl Jar {
    fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Jar::SignIn, true) => "__Host-tollgate",
            (Jar::SignIn, false) => "tollgate-insecure",
            (Jar::Ticket, true) => "__Host-tollgate-ticket",
            (Jar::Ticket, false) => "tollgate-ticket-insecure",
            (Jar::Guest, true) => "__Host-tollgate-guest",
            (Jar::Guest, false) => "tollgate-guest-insecure",
            (Jar::Theme, true) => "__Host-tollgate-theme",
            (Jar::Theme, false) => "tollgate-theme-insecure",
            (Jar::Within, true) => "__Host-tollgate-within",
            (Jar::Within, false) => "tollgate-within-insecure",
            (Jar::Keys, true) => "__Host-tollgate-keys",
            (Jar::Keys, false) => "tollgate-keys-insecure",
            (Jar::Language, true) => "__Host-tollgate-language",
            (Jar::Language, false) => "tollgate-language-insecure",
        }
    }

    /// How long a browser keeps it, seconds; `None` until it is closed.
    fn max_age_secs(self) -> Option<u32> {
        match self {
            Jar::SignIn | Jar::Ticket | Jar::Guest | Jar::Within => None,
            Jar::Theme | Jar::Keys | Jar::Language => Some(365 * 86_400),
        }
    }
}

/// The cookies of one request.
#[derive(Debug, Clone, Default)]
pub struct Cookies {
    is_https: bool,
    pairs: Vec<(String, String)>,
}

impl Cookies {
    /// Reads them; what does not read as a cookie is passed over.
    pub fn read(headers: &HeaderMap, is_https: bool) -> Cookies {
        let lines = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        Cookies { is_https, pairs: pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect() }
    }

    /// The value of one. Two of the same name are none: somebody has planted one of them.
    pub fn get(&self, jar: Jar) -> Option<&str> {
        let mut found = self.pairs.iter().filter(|(name, _)| name == jar.name(self.is_https)).map(|(_, value)| value.as_str());
        found.next().filter(|value| found.next().is_none() && !value.is_empty())
    }

    /// The header that sets one.
    pub fn set(&self, jar: Jar, value: &str) -> String {
        let (secure, age) = (if self.is_https { "; Secure" } else { "" }, jar.max_age_secs());
        let age = age.map(|secs| format!("; Max-Age={secs}")).unwrap_or_default();
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", jar.name(self.is_https))
    }

    /// The header that removes one.
    pub fn remove(&self, jar: Jar) -> String {
        let secure = if self.is_https { "; Secure" } else { "" };
        format!("{}=; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age=0", jar.name(self.is_https))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, is_https: bool) -> Cookies {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, line.parse().expect("a header"));
        Cookies::read(&headers, is_https)
    }

    #[test]
    fn the_name_tells_how_it_came() {
        let both = "tollgate-insecure=a; __Host-tollgate=b";
        assert_eq!(read(both, true).get(Jar::SignIn), Some("b"));
        assert_eq!(read(both, false).get(Jar::SignIn), Some("a"));
        assert_eq!(read("x=1", false).get(Jar::SignIn), None);
        assert_eq!(read("__Host-tollgate=a; __Host-tollgate=b", true).get(Jar::SignIn), None, "planted");
        assert_eq!(read("__Host-tollgate=", true).get(Jar::SignIn), None);
    }

    #[test]
    fn attributes_keep_it_from_scripts_and_other_sites() {
        let set = read("", true).set(Jar::SignIn, "t");
        assert_eq!(set, "__Host-tollgate=t; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert!(!read("", false).set(Jar::SignIn, "t").contains("Secure"));
        assert!(read("", true).set(Jar::Theme, "dark").ends_with("; Max-Age=31536000"));
        assert!(read("", true).remove(Jar::SignIn).ends_with("; Secure; Max-Age=0"));
    }
}
