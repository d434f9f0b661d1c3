//! Why a customer cannot be added, changed or found.

use super::UsernameError;
use crate::accounts::{AccountError, Denial};
use crate::store::{KeyError, StoreError};

/// See the variants; [`CustomerError::code`] is stable.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// A password does not open.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A tenant or an account, or what one may do.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// No such customer.
    #[error("there is no customer {0:?}")]
    Unknown(String),
    /// Not a usable username.
    #[error(transparent)]
    Username(#[from] UsernameError),
    /// Another customer has it, perhaps in another case.
    #[error("the username {0:?} is taken")]
    UsernameTaken(String),
    /// Another customer has it.
    #[error("the customer code {0:?} is taken")]
    CodeTaken(String),
    /// Not a usable code.
    #[error("a customer code has 1 to 32 letters, digits, dots, dashes, slashes or underscores")]
    BadCode,
    /// Another customer has it.
    #[error("the static address {address} belongs to {}", holder(.username.as_deref()))]
    StaticIpv4Taken {
        /// Which address.
        address: String,
        /// Whose, if the scope sees him.
        username: Option<String>,
    },
    /// No such package.
    #[error("there is no package {0:?}; `tollgate package ls` shows those there are")]
    UnknownPackage(String),
    /// No such account.
    #[error("there is no account {0:?}")]
    UnknownOwner(String),
    /// No such zone.
    #[error("there is no zone {0:?}")]
    UnknownZone(String),
    /// Another zone has it.
    #[error("the zone {0:?} exists already")]
    ZoneTaken(String),
    /// He would belong to himself, by however many others.
    #[error("nobody belongs to himself: {0:?} is he, or belongs to him")]
    BadParent(String),
    /// Somebody else changed it in the meantime.
    #[error("somebody else changed this customer in the meantime")]
    Outdated,
    /// Not a usable password.
    #[error("{0}")]
    BadPassword(&'static str),
    /// A field is not well formed.
    #[error("{0}")]
    BadField(String),
    /// Two customers would have one lookup key.
    #[error("usernames cannot become case-insensitive: {first:?} and {second:?} would be the same; rename one of them first")]
    UsernamesCollide {
        /// One username.
        first: String,
        /// The other.
        second: String,
    },
}

fn holder(username: Option<&str>) -> String {
    username.map_or_else(|| "another customer".to_owned(), |name| format!("customer {name:?}"))
}

impl CustomerError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            CustomerError::Store(_) => "store",
            CustomerError::Denied(denial) => denial.code(),
            CustomerError::Key(_) => "key",
            CustomerError::Account(e) => e.code(),
            CustomerError::Unknown(_) => "customer-unknown",
            CustomerError::Username(_) => "username-invalid",
            CustomerError::UsernameTaken(_) => "username-taken",
            CustomerError::CodeTaken(_) => "customer-code-taken",
            CustomerError::BadCode => "customer-code-invalid",
            CustomerError::StaticIpv4Taken { .. } => "static-address-taken",
            CustomerError::UnknownPackage(_) => "package-unknown",
            CustomerError::UnknownOwner(_) => "account-unknown",
            CustomerError::UnknownZone(_) => "zone-unknown",
            CustomerError::ZoneTaken(_) => "zone-taken",
            CustomerError::BadParent(_) => "parent-invalid",
            CustomerError::Outdated => "customer-outdated",
            CustomerError::BadPassword(_) => "password-invalid",
            CustomerError::BadField(_) => "field-invalid",
            CustomerError::UsernamesCollide { .. } => "usernames-collide",
        }
    }
}
