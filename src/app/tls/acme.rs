//! Certificates from an ACME authority (RFC 8555), proven on the same listener by TLS-ALPN-01 (RFC 8737): one at the first start, the next when two thirds
//! of its time are over.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::pair::{Pair, PairError, write_private};
use super::provider;
use super::store::{Answer, CertificateStore};
use crate::config::AcmeConfig;

/// What the authority answers to someone whose account it has lost.
const NO_SUCH_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
/// How long the authority may take to look, and then to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new().initial_delay(Duration::from_millis(500)).timeout(Duration::from_secs(90));

/// Why no certificate was got.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The authority cannot be reached, or says no.
    #[error("{}", with_causes(.0))]
    Authority(#[from] instant_acme::Error),
    /// It offers no challenge that can be met here.
    #[error("{0}: the authority does not offer the challenge tls-alpn-01")]
    NoChallenge(String),
    /// It could not convince itself.
    #[error("the authority is not convinced: {0}")]
    NotProven(String),
    /// Making a key or request failed.
    #[error(transparent)]
    Generate(#[from] rcgen::Error),
    /// A made certificate cannot be served.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// The certificate that came cannot be used or kept.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The account cannot be kept.
    #[error("the account cannot be kept: {0}")]
    Keep(#[from] std::io::Error),
    /// Account in an unknown form.
    #[error("the account cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// An account at an authority, and the names to prove.
#[derive(Debug)]
pub struct Acme {
    config: AcmeConfig,
    account_file: PathBuf,
    certificate_file: PathBuf,
    store: Arc<CertificateStore>,
}

impl Acme {
    /// Keeps account and certificate in this folder and answers the authority through this store.
    pub fn new(config: &AcmeConfig, folder: &Path, store: Arc<CertificateStore>) -> Acme {
        Acme { config: config.clone(), account_file: folder.join("acme-account.json"), certificate_file: kept_in(folder), store }
    }

    /// Gets a new certificate, keeps it and serves it.
    pub async fn renew(&self) -> Result<Pair, AcmeError> {
        let account = self.account().await?;
        let identifiers: Vec<Identifier> = self.config.domains.iter().cloned().map(Identifier::Dns).collect();
        let mut order = match account.new_order(&NewOrder::new(&identifiers)).await {
            Err(instant_acme::Error::Api(problem)) if problem.r#type.as_deref() == Some(NO_SUCH_ACCOUNT) => {
                std::fs::remove_file(&self.account_file)?;
                self.account().await?.new_order(&NewOrder::new(&identifiers)).await?
            }
            order => order?,
        };
        let answers = self.answer(&mut order).await?;
        let status = order.poll_ready(&PATIENCE).await;
        drop(answers);
        if !matches!(status, Ok(OrderStatus::Ready | OrderStatus::Valid)) {
            return Err(refusal(&mut order, status).await);
        }
        let mut params = CertificateParams::new(self.config.domains.clone())?;
        params.distinguished_name = DistinguishedName::new();
        let key = KeyPair::generate()?;
        order.finalize_csr(params.serialize_request(&key)?.der()).await?;
        let chain = order.poll_certificate(&PATIENCE).await?;
        let pair = Pair::keep(&self.certificate_file, &purpose(&self.config), &chain, &key.serialize_pem())?;
        self.store.exchange(&pair);
        Ok(pair)
    }

    /// The kept account, if it is one at this authority; else a new one.
    async fn account(&self) -> Result<Account, AcmeError> {
        let builder = match &self.config.ca {
            None => Account::builder()?,
            Some(ca) => Account::builder_with_root(ca)?,
        };
        if let Ok(text) = std::fs::read(&self.account_file) {
            let kept: serde_json::Value = serde_json::from_slice(&text)?;
            if kept["directory"] == self.config.directory.as_str() {
                return Ok(builder.from_credentials(serde_json::from_value::<AccountCredentials>(kept)?).await?);
            }
        }
        let contact = self.config.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder.create(&new, self.config.directory.clone(), None).await?;
        write_private(&self.account_file, &serde_json::to_vec_pretty(&credentials)?)?;
        Ok(account)
    }

    /// Has a proof ready for each name that the authority has not seen proven, and tells it to look.
    async fn answer(&self, order: &mut Order) -> Result<Vec<Answer>, AcmeError> {
        let mut answers = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let domain = authorization.identifier().to_string().to_ascii_lowercase();
            let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
            let mut challenge = challenge.ok_or_else(|| AcmeError::NoChallenge(domain.clone()))?;
            let proof = proof(&domain, challenge.key_authorization().digest().as_ref())?;
            answers.push(self.store.answer(&domain, proof));
            challenge.set_ready().await?;
        }
        Ok(answers)
    }
}

/// The certificate of the last time, if it is for these names and from this authority.
pub fn kept(config: &AcmeConfig, folder: &Path) -> Option<Pair> {
    Pair::read_kept(&kept_in(folder), &purpose(config))
}

fn kept_in(folder: &Path) -> PathBuf {
    folder.join("acme.pem")
}

fn purpose(config: &AcmeConfig) -> String {
    format!("from {} for {}", config.directory, config.domains.join(", "))
}

/// A certificate that says nothing but the digest of the authority's question (RFC 8737 section 3).
fn proof(domain: &str, digest: &[u8]) -> Result<CertifiedKey, AcmeError> {
    let mut params = CertificateParams::new([domain.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let chain = vec![params.self_signed(&key)?.der().clone()];
    // Not looked at whether they are a pair: rustls does not read certificates with this extension, which is critical.
    let signing = provider().key_provider.load_private_key(PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
    Ok(CertifiedKey::new(chain, signing))
}

/// Why the order failed: the order itself often says only that it did.
async fn refusal(order: &mut Order, status: Result<OrderStatus, instant_acme::Error>) -> AcmeError {
    let mut authorizations = order.authorizations();
    let mut reasons = Vec::new();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if let Ok(state) = authorization.refresh().await {
            reasons.extend(state.challenges.iter().filter_map(|challenge| challenge.error.as_ref()).map(ToString::to_string));
        }
    }
    match status {
        Err(error) if reasons.is_empty() => error.into(),
        Ok(status) if reasons.is_empty() => AcmeError::NotProven(format!("the order is {status:?}")),
        _ => AcmeError::NotProven(reasons.join("; ")),
    }
}

/// Checks that a file holds a certificate that can be trusted as a CA.
pub fn read_ca(path: &Path) -> Result<(), String> {
    let certificate = CertificateDer::from_pem_file(path).map_err(|e| e.to_string())?;
    rustls::RootCertStore::empty().add(certificate).map_err(|e| e.to_string())
}

/// An error with what caused it: "client error (Connect)" alone tells nobody anything.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
