//! A router entry: one box, or several behind one prefix or NAT address.

use serde::{Serialize, Serializer};

use super::{RouterAddress, RouterAddressError};
use crate::accounts::Denial;
use crate::store::{KeyError, StoreError};
use crate::units::{AccountId, RouterId, TenantId, UnixMs, words};

const MAX_NAME_CHARS: usize = 64;
/// RFC 2865 §5.32: the value of an attribute has at most 253 octets.
const MAX_NAS_IDENTIFIER_OCTETS: usize = 253;
/// RFC 5176 §2; RouterOS's `/radius incoming` default is the same.
pub const DEFAULT_COA_PORT: u16 = 3799;

/// How strictly requests must be signed with Message-Authenticator (RFC 2869 §5.14, Blast-RADIUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageAuthenticatorMode {
    /// Learns per source address; from then on an unsigned request from it is dropped.
    #[default]
    Auto,
    /// An unsigned request is always dropped.
    Require,
    /// An unsigned request is accepted; a wrong signature never is.
    Accept,
}

/// What counts of a session that began before the router was added here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Adopt {
    /// Only what is used after first sight.
    #[default]
    FromNow,
    /// All of it.
    All,
}

words!(MessageAuthenticatorMode, "a Message-Authenticator mode", "auto" = Auto, "require" = Require, "accept" = Accept);
words!(Adopt, "a way to adopt sessions", "from-now" = FromNow, "all" = All);

/// A router entry without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Router {
    /// Its id.
    pub id: RouterId,
    /// Whose.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Which account's; customers of another provider need the tenant's leave to log in here.
    pub owner_id: AccountId,
    /// Unique in the tenant.
    pub name: String,
    /// What its packets must say in NAS-Identifier, if several entries share an address; else empty.
    pub nas_identifier: String,
    /// Where its packets come from.
    #[serde(serialize_with = "addresses_as_text")]
    pub addresses: Vec<RouterAddress>,
    /// See [`MessageAuthenticatorMode`].
    pub message_authenticator: MessageAuthenticatorMode,
    /// Whether an unsigned request that carries Proxy-State is dropped.
    pub limit_proxy_state: bool,
    /// Whether this router counts octets the wrong way round.
    pub swap_octets: bool,
    /// UDP port for CoA and Disconnect.
    pub coa_port: u16,
    /// Whether these requests carry Message-Authenticator; RouterOS does not ask for it.
    pub coa_message_authenticator: bool,
    /// Whether these requests carry Event-Timestamp; RouterOS does not ask for it.
    pub coa_event_timestamp: bool,
    /// See [`Adopt`].
    pub adopt: Adopt,
    /// When it was added; sessions that began earlier are adopted as told.
    #[serde(serialize_with = "crate::routers::router::instant")]
    pub added_at: UnixMs,
    /// When it was last changed.
    #[serde(serialize_with = "crate::routers::router::instant")]
    pub updated_at: UnixMs,
}

pub(super) fn instant<S: Serializer>(at: &UnixMs, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::units::print_instant(*at))
}

fn addresses_as_text<S: Serializer>(addresses: &[RouterAddress], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(addresses.iter().map(ToString::to_string))
}

/// Why a router cannot be added, changed or read.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// A secret does not open.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No such router.
    #[error("there is no router {0:?}; `tollgate router ls` shows those there are")]
    Unknown(String),
    /// The name is in use.
    #[error("the router name {0:?} is taken")]
    NameTaken(String),
    /// Not a usable name.
    #[error("the router name {0:?} must have 1 to {MAX_NAME_CHARS} characters, no control characters and no spaces around it")]
    BadName(String),
    /// Not a usable NAS-Identifier.
    #[error("a NAS-Identifier has at most {MAX_NAS_IDENTIFIER_OCTETS} octets and no control characters")]
    BadNasIdentifier,
    /// Another entry has the address and the same NAS-Identifier.
    #[error("the address {address} belongs to {}; two routers behind one address need different --nas-identifier values", holder(.router.as_deref()))]
    AddressTaken {
        /// Which address.
        address: String,
        /// Whose, if the scope sees that router.
        router: Option<String>,
    },
    /// Not an address.
    #[error(transparent)]
    BadAddress(#[from] RouterAddressError),
    /// Not a usable secret.
    #[error("{0}")]
    BadSecret(&'static str),
    /// A router without address would never be matched.
    #[error("router {0:?} would have no address left")]
    NoAddress(String),
    /// Asked to remove an address that it does not have.
    #[error("router {router:?} does not have the address {address}")]
    AddressUnknown {
        /// Which router.
        router: String,
        /// Which address.
        address: String,
    },
    /// Nothing to promote.
    #[error("router {0:?} has no next secret to promote: set one with --next-secret first")]
    NoNextSecret(String),
    /// No such account.
    #[error("there is no account {0:?}")]
    UnknownOwner(String),
}

impl RouterError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            RouterError::Store(_) => "store",
            RouterError::Denied(denial) => denial.code(),
            RouterError::Key(_) => "key",
            RouterError::Unknown(_) => "router-unknown",
            RouterError::NameTaken(_) => "router-name-taken",
            RouterError::BadName(_) => "router-name-invalid",
            RouterError::BadNasIdentifier => "nas-identifier-invalid",
            RouterError::AddressTaken { .. } => "router-address-taken",
            RouterError::BadAddress(_) => "router-address-invalid",
            RouterError::BadSecret(_) => "router-secret-invalid",
            RouterError::NoAddress(_) => "router-without-address",
            RouterError::AddressUnknown { .. } => "router-address-unknown",
            RouterError::NoNextSecret(_) => "router-next-secret-absent",
            RouterError::UnknownOwner(_) => "account-unknown",
        }
    }
}

fn holder(router: Option<&str>) -> String {
    router.map_or_else(|| "another router".to_owned(), |name| format!("router {name:?}"))
}

pub(super) fn check_name(name: &str) -> Result<(), RouterError> {
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && name.trim() == name && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| RouterError::BadName(name.to_owned()))
}

pub(super) fn check_nas_identifier(text: &str) -> Result<(), RouterError> {
    let fits = text.len() <= MAX_NAS_IDENTIFIER_OCTETS && !text.chars().any(char::is_control);
    fits.then_some(()).ok_or(RouterError::BadNasIdentifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for mode in [MessageAuthenticatorMode::Auto, MessageAuthenticatorMode::Require, MessageAuthenticatorMode::Accept] {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        for adopt in [Adopt::FromNow, Adopt::All] {
            assert_eq!(adopt.as_str().parse(), Ok(adopt));
        }
        let refused = "yes".parse::<MessageAuthenticatorMode>().expect_err("no such mode");
        assert_eq!(refused, "\"yes\" is not a Message-Authenticator mode: write auto require accept");
    }
}
