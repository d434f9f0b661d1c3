//! Whoever calls the panel in this process: with a sign-in or none, from an address, under a host name. Nothing is followed and no cookie is kept by itself.

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, Method, Request};
use axum::response::Response;
use tollgate::web::Peer;
use tower::ServiceExt;

use super::cast::{Side, host_name, part_of};
use super::world::World;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where a redirect leads; empty without one.
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Whether it sends whoever came to the sign-in page.
    pub fn asks_to_sign_in(&self) -> bool {
        self.status == 303 && (self.location() == "/sign-in" || self.location().starts_with("/sign-in?"))
    }

    /// The value of a cookie that it sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.get_all(SET_COOKIE).iter().filter_map(|v| v.to_str().ok());
        set.filter_map(|line| line.split(';').next()?.split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
    }

    /// The token of the page's forms.
    pub fn form_token(&self) -> Option<&str> {
        between(&self.body, "name=\"form_token\" value=\"", "\"")
    }
}

/// The text between two others.
pub fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let rest = &text[text.find(from)? + from.len()..];
    Some(&rest[..rest.find(to)?])
}

/// The cookie of a sign-in over https.
pub const SIGN_IN_COOKIE: &str = "__Host-tollgate";
/// That of a guest.
pub const GUEST_COOKIE: &str = "__Host-tollgate-guest";

/// See the head of the file.
#[derive(Clone)]
pub struct Caller<'w> {
    world: &'w World,
    pub cookies: Vec<(String, String)>,
    pub host: String,
    pub ip: String,
    pub form_token: String,
    /// More headers of each request.
    pub headers: Vec<(&'static str, String)>,
}

impl<'w> Caller<'w> {
    fn new(world: &'w World, side: Side) -> Caller<'w> {
        let host = host_name(side).unwrap_or("panel.example.test").to_owned();
        Caller { world, cookies: Vec::new(), host, ip: "203.0.113.9".into(), form_token: String::new(), headers: Vec::new() }
    }

    /// Somebody who has not signed in, with the guest's cookie and a token for forms.
    pub async fn guest(world: &'w World) -> Caller<'w> {
        Caller::guest_at(world, Side::A).await
    }

    /// The same at the host of a tenant.
    pub async fn guest_at(world: &'w World, side: Side) -> Caller<'w> {
        let mut caller = Caller::new(world, side);
        let page = caller.get("/sign-in").await;
        let guest = page.cookie(GUEST_COOKIE).expect("a guest's cookie");
        caller.form_token = page.form_token().expect("a token").to_owned();
        caller.cookies.push((GUEST_COOKIE.to_owned(), guest));
        caller
    }

    /// An account of the cast by its sign-in.
    pub async fn account(world: &'w World, key: &str) -> Caller<'w> {
        let token = world.known.sign_ins[key].token.clone();
        Caller::with_sign_in(world, part_of(key).side, &token).await
    }

    /// Whoever holds the token of a sign-in.
    pub async fn with_sign_in(world: &'w World, side: Side, token: &str) -> Caller<'w> {
        let mut caller = Caller::new(world, side);
        caller.cookies.push((SIGN_IN_COOKIE.to_owned(), token.to_owned()));
        let page = caller.get("/profile").await;
        caller.form_token = page.form_token().unwrap_or_default().to_owned();
        caller
    }

    /// Opens a page anew, since forms of before belong to what was seen then: another tenant, other eyes.
    pub async fn look_again(&mut self) {
        let page = self.get("/profile").await;
        self.form_token = page.form_token().unwrap_or_default().to_owned();
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send(Method::GET, target, None, String::new()).await
    }

    /// A form as a page sends it, with the token; that of an account also with the version that its page shows now.
    pub async fn post(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let page = if target.ends_with("/edit") { self.get(target).await.body } else { String::new() };
        let version = between(&page, "name=\"version\" value=\"", "\"").map(|version| ("version", version));
        let mut all = vec![("form_token", self.form_token.as_str())];
        all.extend(version);
        all.extend_from_slice(fields);
        self.post_bare(target, &all).await
    }

    /// A form with these fields and no other.
    pub async fn post_bare(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, target, Some("application/x-www-form-urlencoded"), body).await
    }

    pub async fn send(&self, method: Method, target: &str, kind: Option<&str>, body: String) -> Answer {
        let (parts, body) = self.answer(method, target, kind, body).await.into_parts();
        let body = to_bytes(body, 16 << 20).await.expect("a body");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Asks for something whose body is taken piece by piece.
    pub async fn begin(&self, target: &str) -> Response {
        self.answer(Method::GET, target, None, String::new()).await
    }

    async fn answer(&self, method: Method, target: &str, kind: Option<&str>, body: String) -> Response {
        let mut request = Request::builder().method(method).uri(target).header(HOST, &self.host).header(USER_AGENT, "crawl");
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(Body::from(body)).expect("a request");
        request.extensions_mut().insert(Peer { ip: self.ip.parse().expect("an address"), is_tls: true });
        self.world.panel.clone().oneshot(request).await.expect("the panel always answers")
    }
}
