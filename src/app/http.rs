//! The HTTP listener: /metrics for Prometheus, /healthz (the process lives) and /readyz (it serves, and its store answers).

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use super::health::Health;

#[derive(Clone)]
struct Page {
    health: Arc<Health>,
    metrics: PrometheusHandle,
}

/// Serves until the process ends.
pub async fn serve(listener: TcpListener, health: Arc<Health>, metrics: PrometheusHandle) {
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(page): State<Page>| async move { page.metrics.render() }))
        .with_state(Page { health, metrics });
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::error!(%error, "the HTTP listener ended");
    }
}

async fn ready(State(page): State<Page>) -> (StatusCode, String) {
    match page.health.not_ready() {
        None => (StatusCode::OK, "ready\n".into()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}
