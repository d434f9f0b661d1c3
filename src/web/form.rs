//! What a form sent. It cannot be had without its token having been checked, so no handler can forget to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;

use super::problem::sentence;
use super::{Problem, Signed, Site, Visit, ascii_digits, form_token};

/// Longest body of a form, octets.
const MOST_OCTETS: usize = 64 * 1024;
const MOST_FIELDS: usize = 1_000;
/// The hidden field of the token.
pub const TOKEN_FIELD: &str = "form_token";

/// The fields of a form.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Of pairs, for pages that are shown before anything was sent.
    pub fn of(pairs: &[(&str, &str)]) -> Form {
        Form(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    /// The value as it was sent (passwords); empty if there is none.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// The value without spaces around it.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The same with digits of any script as ASCII ones: numbers, codes, phone numbers, dates, rates.
    pub fn ascii(&self, name: &str) -> Cow<'_, str> {
        ascii_digits(self.text(name))
    }

    /// The value, unless it is empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|v| !v.is_empty())
    }

    /// Whether a box was ticked or a button with this name pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Whether a field whose name begins so has a value: a part of a form that is folded while it is empty.
    pub fn fills(&self, beginning: &str) -> bool {
        self.0.iter().any(|(n, v)| n.starts_with(beginning) && !v.trim().is_empty())
    }

    /// Whether one of the values of a name is this: a box of several.
    pub fn holds(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(n, v)| n == name && v == value)
    }

    /// All values of a name, such as of several boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All names and values, in the order they were sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// A value as another type, with digits of any script; what does not read becomes a complaint.
    pub fn parse<T: FromStr<Err: ToString>>(&self, name: &'static str, complaints: &mut Complaints) -> Option<T> {
        match self.ascii(name).parse() {
            Ok(value) => Some(value),
            Err(why) => {
                complaints.add(name, why.to_string());
                None
            }
        }
    }

    fn checked(self, site: &Site, bound_to: &str) -> Result<Form, Problem> {
        if self.0.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Problem::BadRequest("a form holds no NUL characters".into()));
        }
        if form_token::fits(&site.form_key, bound_to, self.raw(TOKEN_FIELD)) { Ok(self) } else { Err(Problem::FormOutdated) }
    }

    /// The same without secrets, for showing the form again.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Form {
        Form(self.0.iter().filter(|(n, _)| !names.contains(&n.as_str())).cloned().collect())
    }
}

/// What is wrong with a form, by field; the empty name stands for the form as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaints(BTreeMap<&'static str, String>);

impl Complaints {
    /// One complaint.
    pub fn about(field: &'static str, what: impl Into<String>) -> Complaints {
        let mut one = Complaints::default();
        one.add(field, what);
        one
    }

    /// Adds one, as a sentence; the first about a field stays.
    pub fn add(&mut self, field: &'static str, what: impl Into<String>) {
        self.0.entry(field).or_insert_with(|| sentence(&what.into()));
    }

    /// What is wrong with a field.
    pub fn of(&self, field: &str) -> Option<&String> {
        self.0.get(field)
    }

    /// Nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of their fields' names.
    pub fn all(&self) -> impl Iterator<Item = (&str, &String)> {
        self.0.iter().map(|(field, what)| (*field, what))
    }
}

impl FromRequest<Arc<Site>> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Form, Problem> {
        let bound_to = bound_to(&request);
        let kind = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::BadRequest("a form is sent as application/x-www-form-urlencoded".into()));
        }
        let body = to_bytes(request.into_body(), MOST_OCTETS).await.map_err(|_| Problem::TooLarge)?;
        let fields: Vec<_> = form_urlencoded::parse(&body).take(MOST_FIELDS + 1).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
        if fields.len() > MOST_FIELDS {
            return Err(Problem::TooLarge);
        }
        Form(fields).checked(site, &bound_to)
    }
}

/// What the tokens of a request's forms are bound to.
fn bound_to(request: &Request) -> String {
    let visit = request.extensions().get::<Visit>().expect("`layers` stands before every route");
    request.extensions().get::<Signed>().map_or_else(|| visit.bound_to().to_owned(), Signed::bound_to)
}

/// A form with a file, sent as multipart/form-data (RFC 7578).
pub struct Upload {
    /// The other fields.
    pub form: Form,
    /// What the file is called where it came from; empty if none was chosen.
    pub file_name: String,
    /// What it holds.
    pub content: Vec<u8>,
}

/// Longest body of a form with a file, octets.
const MOST_UPLOAD_OCTETS: usize = 5 * 1024 * 1024;

impl FromRequest<Arc<Site>> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Upload, Problem> {
        let bound_to = bound_to(&request);
        let bad = |_| Problem::BadRequest("a form with a file is sent as multipart/form-data".into());
        let kind = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(bad)?;
        let body = to_bytes(request.into_body(), MOST_UPLOAD_OCTETS).await.map_err(|_| Problem::TooLarge)?;
        let mut parts = multer::Multipart::new(futures_util::stream::iter([Ok::<_, std::convert::Infallible>(body)]), boundary);
        let mut upload = Upload { form: Form::default(), file_name: String::new(), content: Vec::new() };
        while let Some(part) = parts.next_field().await.map_err(bad)? {
            let (name, file) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(str::to_owned));
            let octets = part.bytes().await.map_err(bad)?;
            match file {
                Some(file) => (upload.file_name, upload.content) = (file, octets.to_vec()),
                None if upload.form.0.len() == MOST_FIELDS => return Err(Problem::TooLarge),
                None => upload.form.0.push((name, String::from_utf8_lossy(&octets).into_owned())),
            }
        }
        upload.form = upload.form.checked(site, &bound_to)?;
        Ok(upload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_the_ways_that_pages_need() {
        let form = Form::of(&[("name", " bob "), ("menu", "a"), ("menu", "b"), ("password", " x "), ("empty", " ")]);
        assert_eq!((form.text("name"), form.raw("password"), form.filled("empty")), ("bob", " x ", None));
        assert_eq!(form.all("menu").collect::<Vec<_>>(), ["a", "b"]);
        assert!(form.has("empty") && !form.has("other"));
        assert_eq!(form.without(&["password"]).raw("password"), "");
        let mut complaints = Complaints::default();
        let typed = Form::of(&[("level", " ৪২ ")]);
        assert_eq!((typed.parse::<u32>("level", &mut complaints), &*typed.ascii("level")), (Some(42), "42"));
        assert_eq!(form.parse::<u32>("name", &mut complaints), None);
        assert_eq!(complaints.all().count(), 1);
        assert_eq!(Complaints::about("", "no such thing").of("").map(String::as_str), Some("No such thing."));
        assert_eq!(Complaints::about("", "কারণ লিখুন।").of("").map(String::as_str), Some("কারণ লিখুন।"));
        assert_eq!(Complaints::about("", "Say why; it is kept.").of("").map(String::as_str), Some("Say why; it is kept."));
    }
}
