//! One request, read once: when, from where, by what way, in which language. `layers` makes it; everything below finds it in the request's extensions.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::cookies::{Cookies, Jar};
use super::locale::Language;
use crate::accounts::Guest;
use crate::units::UnixMs;

/// The clock: read once for a request, and again by what takes longer.
pub(super) fn clock() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as UnixMs)
}

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}
crate::units::words!(Theme, "a theme", "system" = System, "light" = Light, "dark" = Dark);

/// See the head of the file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Visit(Arc<Facts>);

/// What is known of a request.
#[derive(Debug)]
pub struct Facts {
    /// The clock, read once.
    pub now: UnixMs,
    /// Names the request in the log, the audit log and on error pages.
    pub request_id: String,
    /// The address that counts: behind a trusted proxy the one it names.
    pub ip: IpAddr,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Whether it came by https, to us or to a trusted proxy.
    pub is_https: bool,
    /// Host name asked for, in lower case, without port.
    pub host: String,
    /// What the panel's addresses begin with for this browser, such as `https://panel.example.org:8443`.
    pub origin: String,
    /// Path and query.
    pub target: String,
    /// Its cookies.
    pub cookies: Cookies,
    /// A guest's number: that of the cookie, or a new one that goes out with the answer.
    pub guest: String,
    /// Light or dark.
    pub theme: Theme,
    /// Whether keys of one letter do something.
    pub has_keys: bool,
    /// What a guest chose or his browser prefers; an account's own choice goes before.
    pub language: Language,
}

impl std::ops::Deref for Visit {
    type Target = Facts;
    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl Visit {
    /// Of facts.
    pub fn new(facts: Facts) -> Visit {
        Visit(Arc::new(facts))
    }

    /// As the door sees it.
    pub fn as_guest(&self) -> Guest {
        Guest { ip: self.ip, user_agent: self.user_agent.clone(), request_id: self.request_id.clone() }
    }

    /// What forms are bound to: the sign-in if there is one, else the guest's number.
    pub fn bound_to(&self) -> &str {
        self.cookies.get(Jar::SignIn).unwrap_or(&self.guest)
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query alone; empty if there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visit, Infallible> {
        Ok(parts.extensions.get::<Visit>().cloned().expect("`layers` stands before every route"))
    }
}
