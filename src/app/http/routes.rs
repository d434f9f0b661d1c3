//! The server's own pages: /metrics for Prometheus, /healthz (the process lives) and /readyz (it serves, and its store answers).

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::app::health::Health;
use crate::config::HttpConfig;
use crate::web::{Peer, client_ip};

#[derive(Clone)]
struct Page {
    health: Arc<Health>,
    metrics: PrometheusHandle,
    readers: Arc<[IpNet]>,
    proxies: Arc<[IpNet]>,
}

/// The routes; other pages are merged with them.
pub fn routes(http: &HttpConfig, health: Arc<Health>, metrics: PrometheusHandle) -> Router {
    let page = Page { health, metrics, readers: http.metrics_from.as_slice().into(), proxies: http.trusted_proxies.as_slice().into() };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .with_state(page)
}

async fn ready(State(page): State<Page>) -> (StatusCode, String) {
    match page.health.not_ready() {
        None => (StatusCode::OK, "ready\n".into()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}

/// For others than `http.metrics_from` there is no such page.
async fn show_metrics(State(page): State<Page>, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Response {
    if may_read(&page, peer, &headers) { page.metrics.render().into_response() } else { StatusCode::NOT_FOUND.into_response() }
}

fn may_read(page: &Page, peer: Peer, headers: &HeaderMap) -> bool {
    let client = client_ip(peer.ip, headers.get_all(FORWARDED_FOR), &page.proxies);
    // Through a proxy that nobody told us to trust, such as one on this machine, anyone may come.
    let is_hidden = client == peer.ip.to_canonical() && (headers.contains_key(FORWARDED_FOR) || headers.contains_key(FORWARDED));
    !is_hidden && page.readers.iter().any(|net| net.contains(&client))
}

const FORWARDED_FOR: &str = "x-forwarded-for";
