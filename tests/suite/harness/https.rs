//! An HTTPS client that trusts exactly what it is given.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use sha2::{Digest, Sha256};

/// Trusts one certificate, of a server or of a CA.
pub struct HttpsClient {
    config: Arc<ClientConfig>,
}

/// What came back.
pub struct HttpsAnswer {
    pub status: u16,
    pub body: String,
    /// The server's certificate in DER.
    pub certificate: Vec<u8>,
}

impl HttpsClient {
    /// Trusts the first certificate in this PEM.
    pub fn trusting(pem: &[u8]) -> Self {
        Self::speaking(pem, &[&TLS13, &TLS12])
    }

    /// The same, with versions of TLS to choose from.
    pub fn speaking(pem: &[u8], versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem).expect("a certificate in PEM")).expect("one that can be trusted");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("versions that ring has");
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        // A resumed session shows the certificate of the first one.
        config.resumption = Resumption::disabled();
        Self { config: Arc::new(config) }
    }

    /// The same client, offering this protocol alone (ALPN).
    pub fn offering(mut self, protocol: &[u8]) -> Self {
        Arc::make_mut(&mut self.config).alpn_protocols = vec![protocol.to_vec()];
        self
    }

    /// A GET; an error says why there was no answer, such as a certificate that is not trusted or for another name.
    pub fn get(&self, address: SocketAddr, name: &str, path: &str) -> Result<HttpsAnswer, String> {
        let said = |what: &'static str| move |e: std::io::Error| format!("{what}: {e}");
        let socket = TcpStream::connect_timeout(&address, Duration::from_secs(2)).map_err(said("connect"))?;
        socket.set_read_timeout(Some(Duration::from_secs(5))).map_err(said("socket"))?;
        let name = ServerName::try_from(name.to_owned()).map_err(|e| e.to_string())?;
        let connection = ClientConnection::new(self.config.clone(), name).map_err(|e| e.to_string())?;
        let mut stream = StreamOwned::new(connection, socket);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").map_err(said("write"))?;
        let mut text = String::new();
        stream.read_to_string(&mut text).map_err(said("read"))?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| format!("no head: {text}"))?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| format!("no status: {head}"))?;
        let shown = stream.conn.peer_certificates().and_then(|chain| chain.first());
        let certificate = shown.map(|certificate| certificate.to_vec()).unwrap_or_default();
        Ok(HttpsAnswer { status, body: body.to_owned(), certificate })
    }
}

/// SHA-256 as a browser or `openssl x509 -fingerprint -sha256` prints it.
pub fn fingerprint(certificate: &[u8]) -> String {
    Sha256::digest(certificate).iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":")
}
