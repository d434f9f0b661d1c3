//! The HTTP listener: /metrics for Prometheus, /healthz (the process lives) and /readyz (it serves, and its store answers).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use super::health::Health;
use crate::web::Peer;

#[derive(Clone)]
struct Page {
    health: Arc<Health>,
    metrics: PrometheusHandle,
}

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, health: Arc<Health>, metrics: PrometheusHandle, pages: Router) {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(page): State<Page>| async move { page.metrics.render() }))
        .with_state(Page { health, metrics })
        .merge(pages)
        .layer(axum::middleware::from_fn(|ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request, next: Next| {
            request.extensions_mut().insert(Peer { ip: peer.ip(), is_tls: false });
            next.run(request)
        }));
    if let Err(error) = axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await {
        tracing::error!(%error, "the HTTP listener ended");
    }
}

async fn ready(State(page): State<Page>) -> (StatusCode, String) {
    match page.health.not_ready() {
        None => (StatusCode::OK, "ready\n".into()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}
