//! What happens to every request before and after its page: the visit, the check against other sites, time limits, security headers, pages for problems, the log.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use rand::Rng;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::TimeoutLayer;

use super::cookies::{Cookies, Jar};
use super::problem::sentence;
use super::visit::{Facts, clock};
use super::{Language, Peer, Problem, Shell, Signed, Site, Visit, client_ip, is_https, url_with};
use crate::accounts::RoleBook;
use crate::units::hex;

/// Longest work on one page.
const PATIENCE: Duration = Duration::from_secs(30);
/// Octets of a request beyond which nothing is read, but of a form with a file (`form.rs`).
const MOST_OCTETS: usize = 1 << 20;

/// Nothing from elsewhere, nothing written into the page but a QR code, no frames; scripts are one file of ours and ask nobody else.
const CSP: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts everything around the pages.
pub fn with_layers(pages: Router, site: Arc<Site>) -> Router {
    let cross_site = |_| Problem::CrossSite.into_response();
    pages
        .layer(DefaultBodyLimit::max(MOST_OCTETS))
        .layer(CsrfLayer::new().with_rejection_response(cross_site))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(CatchPanicLayer::custom(|_| Problem::Internal.into_response()))
        .layer(axum::middleware::from_fn(move |request, next| around(site.clone(), request, next)))
        .layer(CompressionLayer::new().gzip(true))
}

async fn around(site: Arc<Site>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let visit = read_visit(&site, &request);
    let method = request.method().clone();
    request.extensions_mut().insert(visit.clone());
    request.extensions_mut().insert(site.clone());
    let mut response = next.run(request).await;
    let signed = response.extensions_mut().remove::<Signed>();
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = answer_problem(&site, &visit, signed.as_ref(), &method, &problem, response);
    }
    finish(&site, &visit, began, response)
}

fn read_visit(site: &Site, request: &Request) -> Visit {
    let headers = request.headers();
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), is_tls: false });
    let trusted = &site.options.trusted_proxies;
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let ip = client_ip(peer.ip, headers.get_all("x-forwarded-for"), trusted);
    let is_https = is_https(peer, headers.get_all("x-forwarded-proto"), trusted);
    let cookies = Cookies::read(headers, is_https);
    let host = request.uri().host().map_or_else(|| text(header::HOST).to_owned(), str::to_owned);
    let guest = cookies.get(Jar::Guest).filter(|g| g.len() == 32).map(str::to_owned);
    let accepted = text(header::ACCEPT_LANGUAGE);
    Visit::new(Facts {
        now: clock(),
        request_id: random_hex(),
        ip,
        user_agent: text(header::USER_AGENT).to_owned(),
        is_https,
        host: host_name(&host),
        origin: site.options.public_url.clone().unwrap_or_else(|| format!("{}://{host}", if is_https { "https" } else { "http" })),
        target: request.uri().path_and_query().map_or("/", |t| t.as_str()).to_owned(),
        guest: guest.unwrap_or_else(random_hex),
        theme: cookies.get(Jar::Theme).and_then(|t| t.parse().ok()).unwrap_or_default(),
        has_keys: cookies.get(Jar::Keys) != Some("off"),
        language: cookies.get(Jar::Language).and_then(Language::of).unwrap_or_else(|| Language::preferred(accepted)),
        cookies,
    })
}

fn random_hex() -> String {
    let mut octets = [0u8; 16];
    rand::rng().fill_bytes(&mut octets);
    hex(&octets)
}

/// Without port, in lower case.
fn host_name(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.to_ascii_lowercase()
}

#[derive(Template)]
#[template(path = "panel/problem.html")]
struct ProblemPage {
    shell: Shell,
    text_id: &'static str,
    detail: Option<String>,
    wait_secs: Option<u64>,
    request_id: String,
}

fn answer_problem(site: &Arc<Site>, visit: &Visit, signed: Option<&Signed>, method: &Method, problem: &Problem, was: Response) -> Response {
    if matches!(problem, Problem::SignIn) && !visit.path().starts_with("/api/") {
        let next = if *method == Method::GET && visit.path() != "/" { visit.target.as_str() } else { "" };
        let to = url_with("/sign-in", (!next.is_empty()).then_some(("next", next)));
        let gone = visit.cookies.get(Jar::SignIn).map(|_| visit.cookies.remove(Jar::SignIn));
        return super::go(&to, &gone.into_iter().collect::<Vec<_>>());
    }
    if visit.path().starts_with("/api/") {
        return problem_json(visit, problem);
    }
    let title = format!("problem-{}", problem.text_id());
    let shell = signed.map_or_else(|| Shell::guest(site, visit, &title), |signed| signed.shell(&title));
    let book = signed.map(|signed| signed.book().clone()).unwrap_or_default();
    let page = ProblemPage {
        detail: problem.detail(shell.language, &book).map(|text| shell.said(&sentence(&text))),
        shell,
        text_id: problem.text_id(),
        wait_secs: problem.wait_secs(),
        request_id: visit.request_id.clone(),
    };
    let Ok(text) = page.render() else { return was };
    let mut response = (problem.status(), Html(text)).into_response();
    if let Some(secs) = problem.wait_secs() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    if let Some(allowed) = was.headers().get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    response
}

/// RFC 9457: the code stands in `code`, the words are those of the page.
fn problem_json(visit: &Visit, problem: &Problem) -> Response {
    let text = |id: String| Language::FIRST.text(&id, &[]);
    let body = serde_json::json!({
        "type": "about:blank",
        "title": text(format!("problem-{}", problem.text_id())),
        "status": problem.status().as_u16(),
        "code": problem.text_id(),
        "detail": problem.detail(Language::FIRST, &RoleBook::default()).unwrap_or_else(|| text(format!("problem-help-{}", problem.text_id()))),
        "request_id": visit.request_id,
    });
    let mut response = (problem.status(), [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response();
    if let Some(secs) = problem.wait_secs() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    if problem.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn finish(site: &Site, visit: &Visit, began: Instant, mut response: Response) -> Response {
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    let is_redirect = response.status().is_redirection();
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    set(headers, header::CONTENT_SECURITY_POLICY, CSP);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::X_FRAME_OPTIONS, "DENY");
    set(headers, header::REFERRER_POLICY, "same-origin");
    set(headers, HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if site.options.hsts && visit.is_https {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        // shops share computers: nothing that somebody saw stays in the browser
        set(headers, header::CACHE_CONTROL, "no-store");
    }
    if is_page && visit.cookies.get(Jar::SignIn).is_none() && visit.cookies.get(Jar::Guest) != Some(&visit.guest) {
        headers.append(header::SET_COOKIE, HeaderValue::from_str(&visit.cookies.set(Jar::Guest, &visit.guest)).expect("hexadecimal"));
    }
    set(headers, HeaderName::from_static("x-request-id"), &visit.request_id);
    let millis = began.elapsed().as_secs_f64() * 1000.0;
    set(headers, HeaderName::from_static("server-timing"), &format!("total;dur={millis:.1}"));
    if is_page || is_redirect {
        // the path alone: a query may hold what people typed, a path of a link its token
        tracing::debug!(request_id = %visit.request_id, ip = %visit.ip, status, millis, "page");
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::host_name;

    #[test]
    fn hosts_lose_their_port() {
        for (host, name) in [("Panel.Example.org:8443", "panel.example.org"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")] {
            assert_eq!(host_name(host), name);
        }
    }
}
