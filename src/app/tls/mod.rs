//! HTTPS: which certificate is served, where it comes from, and how it stays good while the server runs.
//!
//! Reading order: [`pair`] (a certificate with its key), [`store`] (which one a handshake gets), then the three sources [`files`] (the operator's own),
//! [`acme`] (an authority) and [`self_signed`] (neither), [`upkeep`] (exchange and renewal). Each node has a certificate of its own in its data folder.

mod acme;
mod files;
mod pair;
mod self_signed;
mod store;
mod upkeep;
mod validity;

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::version::{TLS12, TLS13};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use self::acme::Acme;
use self::files::OwnFiles;
use self::pair::{Pair, PairError};
use self::self_signed::SelfSigned;
use self::store::CertificateStore;
use self::upkeep::Source;
use crate::config::HttpConfig;
use crate::units::{UnixMs, print_instant};

pub use self::files::certificate_findings;
pub use self::store::ACME_PROTOCOL;
pub use self::upkeep::hear_hang_ups;

/// Why the server cannot speak HTTPS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The operator's files.
    #[error("http.certificate: {0}")]
    Own(#[source] PairError),
    /// Ours.
    #[error("the server's own certificate: {0}")]
    Kept(#[from] PairError),
    /// Its folder.
    #[error("{folder}: {reason}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
    /// Making one failed.
    #[error("no certificate can be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// TLS itself.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// What HTTPS needs: how the listener shakes hands, and the source that is looked after.
pub struct Tls {
    /// For the listener.
    pub server: Arc<ServerConfig>,
    source: Source,
    store: Arc<CertificateStore>,
}

impl Tls {
    /// Finds or makes the certificate. `listening` are the bound addresses, `folder` is the data folder.
    pub fn prepare(http: &HttpConfig, folder: &Path, listening: &[SocketAddr], now: UnixMs) -> Result<Tls, TlsError> {
        if let Some(files) = &http.certificate {
            let (own, pair) = OwnFiles::open(files).map_err(TlsError::Own)?;
            announce("HTTPS with the certificate of http.certificate", &pair);
            own.complain(&pair, now);
            return Tls::new(CertificateStore::new(&pair), false, |_| Source::Files(own));
        }
        let folder = folder.join("tls");
        let mut builder = std::fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|e| TlsError::Folder { folder: folder.clone(), reason: e.to_string() })?;
        let self_signed = || {
            let names = self_signed::names(http, listening, self_signed::host_name());
            let own = SelfSigned::new(folder.join("self-signed.pem"), names);
            let pair = own.find_or_make(now)?;
            Ok::<_, TlsError>((own, pair))
        };
        let Some(config) = &http.acme else {
            let (own, pair) = self_signed()?;
            announce("HTTPS with a self-signed certificate: browsers warn of it until you compare its fingerprint with theirs", &pair);
            return Tls::new(CertificateStore::new(&pair), false, |_| Source::SelfSigned(own, pair));
        };
        // The ACME client takes the process's provider; everyone else names his own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let kept = acme::kept(config, &folder);
        let served = match &kept {
            Some(pair) => {
                announce("HTTPS with the certificate that the ACME authority gave", pair);
                pair.clone()
            }
            None => {
                let (_, pair) = self_signed()?;
                announce("HTTPS with a self-signed certificate until the ACME authority gives one", &pair);
                pair
            }
        };
        Tls::new(CertificateStore::new(&served), true, |store| Source::Acme(Box::new(Acme::new(config, &folder, store)), kept))
    }

    fn new(store: CertificateStore, with_acme: bool, source: impl FnOnce(Arc<CertificateStore>) -> Source) -> Result<Tls, TlsError> {
        let store = Arc::new(store);
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(store.clone());
        server.alpn_protocols.push(b"http/1.1".to_vec());
        if with_acme {
            server.alpn_protocols.push(ACME_PROTOCOL.to_vec());
        }
        Ok(Tls { server: Arc::new(server), source: source(store.clone()), store })
    }

    /// Looks after the certificate until told to stop; `hurry` means: look now.
    pub fn look_after(self, hurry: Arc<Notify>, stop: watch::Receiver<bool>) -> JoinHandle<()> {
        upkeep::spawn(self.source, self.store, hurry, stop)
    }
}

/// The cryptography under TLS, named wherever rustls is used, so that nothing depends on what the process has as its default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// One line about a certificate that is served from now on.
fn announce(what: &str, pair: &Pair) {
    tracing::info!(sha256 = pair.fingerprint(), until = print_instant(pair.validity.not_after), "{what}");
}
