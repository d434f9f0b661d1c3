//! Query strings as a page reads them: names and values, everything optional, nothing that fails.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::ascii_digits;

/// The pairs of a query string, at most 200.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

const MOST_PAIRS: usize = 200;

impl Query {
    /// Reads a query string.
    pub fn read(text: &str) -> Query {
        Query(
            form_urlencoded::parse(text.as_bytes())
                .take(MOST_PAIRS)
                .filter(|(n, v)| !n.contains('\0') && !v.contains('\0'))
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    /// The first value of a name without spaces around it; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
    }

    /// The same with digits of any script as ASCII ones: what is searched for by numbers and dates.
    pub fn ascii(&self, name: &str) -> Cow<'_, str> {
        ascii_digits(self.get(name))
    }

    /// All values of a name, such as of several boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Whether a name is there, with whatever value.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// A value as another type, with digits of any script; `None` if it is absent or does not read.
    pub fn parse<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        Some(self.ascii(name)).filter(|v| !v.is_empty()).and_then(|v| v.parse().ok())
    }

    /// The address of the same page with some values replaced; an empty value removes the name.
    pub fn with(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let kept =
            self.0.iter().filter(|(n, v)| !v.is_empty() && !changes.iter().any(|(c, _)| c == n)).map(|(n, v)| (n.as_str(), v.as_str()));
        url_with(path, kept.chain(changes.iter().filter(|(_, v)| !v.is_empty()).copied()))
    }
}

/// A path with a query.
pub fn url_with<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query, Infallible> {
        Ok(Query::read(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_replaced() {
        let query = Query::read("role=staff&q=+a%26b+&after=&bad=%FF");
        assert_eq!((query.get("q"), query.get("none")), ("a&b", ""));
        assert_eq!(query.parse::<u32>("role"), None);
        assert_eq!(Query::read("day=%E0%A7%A8%E0%A7%A6").parse::<u32>("day"), Some(20), "Bengali digits");
        assert_eq!(query.with("/accounts", &[("role", ""), ("after", "7")]), "/accounts?q=+a%26b+&bad=%EF%BF%BD&after=7");
        assert_eq!(url_with("/a", [("x", "")]), "/a?x=");
        assert_eq!(url_with("/a", []), "/a");
    }
}
