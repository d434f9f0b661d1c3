//! Connections: accepted up to a number, encrypted if the address is, served within limits of time and size, ended with patience.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::app::tls::ACME_PROTOCOL;
use crate::app::told_to_stop;
use crate::web::Peer;

/// How long running requests may go on after the server was told to stop.
pub const GRACE: Duration = Duration::from_secs(4);
/// For the handshake, from the first octet on.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For the head of a request. A connection that is kept for the next request counts as one whose head has not come, so it is closed after this too.
const HEAD: Duration = Duration::from_secs(10);
/// For a client that takes nothing of what was sent to it.
const STALLED: Duration = Duration::from_secs(60);
/// Size of a request's head; hyper takes at most 100 headers.
const MOST_HEAD_OCTETS: usize = 32 * 1024;
/// What one connection may take for reading and writing.
const MOST_BUFFER_OCTETS: usize = 64 * 1024;
/// After an error that is not the connection's own: no file descriptors, no memory.
const PAUSE: Duration = Duration::from_millis(200);
/// The first octet of a TLS record that begins a handshake (RFC 8446 section 5.1); no method of HTTP begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// Accepts and serves until told to stop.
pub async fn run(
    socket: TcpListener,
    router: Router,
    tls: Option<Arc<ServerConfig>>,
    places: Arc<Semaphore>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = told_to_stop(&mut stop) => break,
            // What has ended is forgotten.
            Some(_) = running.join_next() => {}
            (stream, ip, place) = accept(&socket, &places) => {
                let (router, tls, stop) = (router.clone(), tls.clone(), stop.clone());
                running.spawn(async move {
                    if let Err(error) = connection(stream, ip, router, tls, stop).await {
                        tracing::debug!(%error, peer = %ip, "a connection ended");
                    }
                    drop(place);
                });
            }
        }
    }
    drop(socket);
    let all = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::warn!(left = running.len(), "connections that did not end are cut");
        running.shutdown().await;
    }
}

/// The next connection, once there is a place for it; until then it waits in the kernel's queue.
async fn accept(socket: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, IpAddr, Option<OwnedSemaphorePermit>) {
    // Never closed, so it always comes.
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match socket.accept().await {
            Ok((stream, address)) => return (stream, address.ip().to_canonical(), place),
            // The client went away while it waited.
            Err(e) if matches!(e.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    ip: IpAddr,
    router: Router,
    tls: Option<Arc<ServerConfig>>,
    stop: watch::Receiver<bool>,
) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_tcp_user_timeout(Some(STALLED))?;
    let Some(tls) = tls else {
        return speak(stream, Peer { ip, is_tls: false }, router, stop).await;
    };
    let handshake = async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != TLS_HANDSHAKE {
            return Ok(Spoken::Plain(stream));
        }
        TlsAcceptor::from(tls).accept(stream).await.map(|stream| Spoken::Tls(Box::new(stream)))
    };
    match tokio::time::timeout(HANDSHAKE, handshake).await?? {
        Spoken::Plain(stream) => {
            let router = Router::new().fallback(speaks_https);
            speak(stream, Peer { ip, is_tls: false }, router, stop).await
        }
        Spoken::Tls(mut stream) if stream.get_ref().1.alpn_protocol() == Some(ACME_PROTOCOL) => Ok(stream.shutdown().await?),
        Spoken::Tls(stream) => speak(stream, Peer { ip, is_tls: true }, router, stop).await,
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

enum Spoken {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

/// HTTP/1 until either side has enough.
async fn speak<S>(stream: S, peer: Peer, router: Router, mut stop: watch::Receiver<bool>) -> Result<(), BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        // A router is always ready.
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_header_size(MOST_HEAD_OCTETS)
        .max_buf_size(MOST_BUFFER_OCTETS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return Ok(ended?),
        () = told_to_stop(&mut stop) => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}

/// Plain HTTP came to an address that speaks HTTPS: whoever only reads is sent there, whoever sent something has sent it in the open and is told.
async fn speaks_https(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(|host| host.parse::<Authority>().ok());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    match host {
        Some(host) if matches!(method, Method::GET | Method::HEAD) && path.starts_with('/') => {
            Redirect::temporary(&format!("https://{host}{path}")).into_response()
        }
        _ => (StatusCode::BAD_REQUEST, "This port speaks HTTPS.\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Extension;
    use axum::routing::get;
    use tokio::io::AsyncReadExt;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    struct Server {
        address: SocketAddr,
        stop: watch::Sender<bool>,
        task: JoinHandle<()>,
    }

    async fn serve(router: Router, places: usize) -> Server {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("bound");
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(socket, router, None, Arc::new(Semaphore::new(places)), stopped));
        Server { address, stop, task }
    }

    /// Sends one request and reads until the server closes.
    async fn ask(address: SocketAddr, head: String) -> String {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut octets = Vec::new();
        // A server that has not read everything resets the connection behind its answer.
        let _ = stream.read_to_end(&mut octets).await;
        String::from_utf8(octets).expect("UTF-8")
    }

    fn closing(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    }

    #[tokio::test]
    async fn every_request_says_who_is_at_the_other_end() {
        let show = get(|Extension(peer): Extension<Peer>| async move { format!("{} {}", peer.ip, peer.is_tls) });
        let server = serve(Router::new().route("/", show), 2).await;
        assert!(ask(server.address, closing("/")).await.ends_with("127.0.0.1 false"));
    }

    #[tokio::test]
    async fn a_running_request_finishes_after_the_stop_and_nobody_new_comes_in() {
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (begun, go) = (begun.clone(), go.clone());
            get(move || async move {
                begun.notify_one();
                go.notified().await;
                "finished"
            })
        };
        let server = serve(Router::new().route("/", handler), 2).await;
        // Kept alive if the server likes: it must not.
        let asking = tokio::spawn(ask(server.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()));
        begun.notified().await;
        server.stop.send(true).expect("it listens");
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        go.notify_one();
        assert!(asking.await.expect("no panic").ends_with("finished"));
        server.task.await.expect("it ended");
    }

    #[tokio::test]
    async fn connections_beyond_the_places_wait_for_one() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let handler = {
            let (now, most) = (now.clone(), most.clone());
            get(move || async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                "done"
            })
        };
        let server = serve(Router::new().route("/", handler), 2).await;
        let asking: Vec<_> = (0..10).map(|_| tokio::spawn(ask(server.address, closing("/")))).collect();
        for asked in asking {
            assert!(asked.await.expect("no panic").ends_with("done"), "everyone is served in the end");
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn heads_have_a_limit() {
        let server = serve(Router::new(), 2).await;
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(MOST_HEAD_OCTETS));
        let answer = ask(server.address, long).await;
        assert!(answer.starts_with("HTTP/1.1 414 ") || answer.starts_with("HTTP/1.1 431 "), "{answer}");
        let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
        let answer = ask(server.address, format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}
