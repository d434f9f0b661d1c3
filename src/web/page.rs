//! Answers: a page, a page with complaints, a redirect, a file to keep.

use std::pin::Pin;
use std::task::{Context, Poll};

use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use hyper::body::Frame;
use tokio::sync::mpsc::Receiver;

use super::Problem;

/// A page.
pub fn html(template: &impl Template) -> Result<Response, Problem> {
    html_with(StatusCode::OK, template)
}

/// The page of a form again, with complaints.
pub fn refill(template: &impl Template) -> Result<Response, Problem> {
    html_with(StatusCode::UNPROCESSABLE_ENTITY, template)
}

/// A page with another status.
pub fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    Ok((status, Html(rendered(template)?)).into_response())
}

/// The text that a template makes.
pub(super) fn rendered(template: &impl Template) -> Result<String, Problem> {
    template.render().map_err(|error| {
        tracing::error!(%error, "a template failed");
        Problem::Internal
    })
}

/// To another page of ours, asked for anew (303). `cookies` are Set-Cookie headers.
pub fn go(to: &str, cookies: &[String]) -> Response {
    // `//host` would be another site, and so would what browsers make of `\` and of control characters
    let is_ours = to.starts_with('/') && !to.starts_with("//") && !to.contains(|c: char| c == '\\' || c.is_control());
    let to = if is_ours { to } else { "/" };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/")));
    cookies.iter().fold(response, |response, cookie| with_cookie(response, cookie))
}

/// The answer with a cookie.
pub fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// A file to keep; `name` is ours and plain.
pub fn attachment(name: &str, kind: &'static str, body: String) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).unwrap_or(HeaderValue::from_static("attachment"));
    ([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// Why a file ends before its end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CutOff(pub String);

/// The same for what is too much to hold in memory: pieces as they come. A piece that is an error cuts the file off in a way that browsers notice.
pub fn attachment_in_pieces(name: &str, kind: &'static str, pieces: Receiver<Result<String, CutOff>>) -> Response {
    let mut response = attachment(name, kind, String::new());
    response.headers_mut().remove(CONTENT_LENGTH);
    *response.body_mut() = Body::new(Pieces(pieces));
    response
}

/// Server-sent events as they come (WHATWG HTML, section 9.2); each piece is one or more of them. No proxy may keep them back.
pub fn events_in_pieces(pieces: Receiver<Result<String, CutOff>>) -> Response {
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    ([kind, (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))], Body::new(Pieces(pieces))).into_response()
}

struct Pieces(Receiver<Result<String, CutOff>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = CutOff;
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(|text| Frame::data(Bytes::from(text)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_here() {
        for (to, goes) in [
            ("/a?b=c", "/a?b=c"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\nb", "/"),
            ("/\t/evil.example", "/"),
            ("/a/\\evil.example", "/"),
        ] {
            assert_eq!(go(to, &[]).headers()[LOCATION], goes, "{to:?}");
        }
        assert_eq!(go("/", &["a=1".into(), "b=2".into()]).headers().get_all(SET_COOKIE).iter().count(), 2);
    }
}
