//! The certificate that is served now, exchanged while connections are made; and those that answer an ACME authority's question.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use metrics::gauge;
use parking_lot::RwLock;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::pair::Pair;

/// What an authority that wants a proof speaks, and nobody else (RFC 8737 section 6.2).
pub const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// Chooses the certificate of each handshake.
#[derive(Debug)]
pub struct CertificateStore {
    current: ArcSwap<CertifiedKey>,
    /// By host name in lower case.
    challenges: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

impl CertificateStore {
    /// Serves this one from now on.
    pub fn new(pair: &Pair) -> CertificateStore {
        let store = CertificateStore { current: ArcSwap::new(pair.certified.clone()), challenges: RwLock::default() };
        store.exchange(pair);
        store
    }

    /// Serves another one from the next handshake on; running connections stay.
    pub fn exchange(&self, pair: &Pair) {
        self.current.store(pair.certified.clone());
        gauge!("tollgate_certificate_expiry_timestamp_seconds").set((pair.validity.not_after / 1000) as f64);
    }

    /// Answers the authority's question about a host name with this certificate, until the answer is dropped.
    pub fn answer(self: &Arc<Self>, domain: &str, certified: CertifiedKey) -> Answer {
        self.challenges.write().insert(domain.to_owned(), Arc::new(certified));
        Answer { store: self.clone(), domain: domain.to_owned() }
    }
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // The authority offers this protocol alone; browsers never do.
        if hello.alpn().is_some_and(|mut offered| offered.all(|protocol| protocol == ACME_PROTOCOL)) {
            return self.challenges.read().get(&hello.server_name()?.to_ascii_lowercase()).cloned();
        }
        Some(self.current.load_full())
    }
}

/// A proof that is offered as long as this lives.
#[derive(Debug)]
pub struct Answer {
    store: Arc<CertificateStore>,
    domain: String,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.store.challenges.write().remove(&self.domain);
    }
}
