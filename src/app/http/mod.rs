//! The HTTP listener: addresses, connections and their limits ([`connections`]). Of pages it has only /metrics and health ([`mod@routes`]).

mod connections;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;

use super::start::StartError;
use super::tls::{Tls, hear_hang_ups};
use crate::config::HttpConfig;

pub use routes::routes;

/// Connections that may wait to be accepted; the kernel takes less if `net.core.somaxconn` says so.
const WAITING: i32 = 1024;
/// All addresses together.
const MOST_CONNECTIONS: usize = 2048;

/// A bound address.
pub struct HttpListener {
    socket: TcpListener,
    /// With the port that the system chose.
    pub address: SocketAddr,
    /// Whether it speaks HTTPS.
    pub is_tls: bool,
}

impl HttpListener {
    /// `http://` or `https://`, the address, and nothing after it.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address)
    }
}

/// Binds every address of `http.listen`.
pub fn bind(http: &HttpConfig) -> Result<Vec<HttpListener>, StartError> {
    let mut listeners = Vec::with_capacity(http.listen.len());
    for address in &http.listen {
        // Where both families are named, one must leave the other its own.
        let has_twin = address.is_ipv6() && http.listen.iter().any(|other| other.is_ipv4() && other.port() == address.port());
        let socket = bind_one(*address, has_twin).map_err(|error| StartError::Http { address: *address, error })?;
        let bound = socket.local_addr().map_err(|error| StartError::Http { address: *address, error })?;
        listeners.push(HttpListener { socket, address: bound, is_tls: http.is_tls(*address) });
    }
    Ok(listeners)
}

fn bind_one(address: SocketAddr, only_v6: bool) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if only_v6 {
        socket.set_only_v6(true)?;
    }
    // Connections of the process before us may still be closing.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// The running listener.
pub struct RunningHttp {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Serves the router on every listener. Each request carries a [`Peer`](crate::web::Peer). `tls` must be there if a listener speaks HTTPS. At a
/// SIGHUP the certificate is looked at.
pub fn serve(listeners: Vec<HttpListener>, router: Router, tls: Option<Tls>, hang_up: Signal) -> RunningHttp {
    let (stop, stopped) = watch::channel(false);
    let (places, hurry) = (Arc::new(Semaphore::new(MOST_CONNECTIONS)), Arc::new(Notify::new()));
    let server: Option<Arc<ServerConfig>> = tls.as_ref().map(|tls| tls.server.clone());
    let mut tasks = vec![tokio::spawn(hear_hang_ups(hang_up, hurry.clone(), stopped.clone()))];
    tasks.extend(tls.map(|tls| tls.look_after(hurry, stopped.clone())));
    for listener in listeners {
        tracing::info!(url = listener.url(), "HTTP listens");
        if !listener.is_tls && !listener.address.ip().to_canonical().is_loopback() {
            tracing::warn!(url = listener.url(), "plain http beyond this machine (http.insecure): passwords can be read on the way");
        }
        let tls = server.clone().filter(|_| listener.is_tls);
        tasks.push(tokio::spawn(connections::run(listener.socket, router.clone(), tls, places.clone(), stopped.clone())));
    }
    RunningHttp { stop, tasks }
}

impl RunningHttp {
    /// Accepts no more, lets running requests finish (for [`connections::GRACE`] at most) and ends.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            if tokio::time::timeout(connections::GRACE + Duration::from_secs(2), task).await.is_err() {
                tracing::error!("a task of the HTTP listener does not end");
            }
        }
    }
}
