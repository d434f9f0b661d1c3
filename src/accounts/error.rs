//! What can go wrong with tenants, accounts, sign-ins and keys.

use super::Denial;
use super::tenant::MAX_NAME_CHARS;
use crate::store::StoreError;

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such tenant.
    #[error("there is no tenant {0:?}; `tollgate tenant ls` shows those there are")]
    UnknownTenant(String),
    /// The name is in use.
    #[error("the name {0:?} is, or was, that of another tenant")]
    NameTaken(String),
    /// Not a usable name.
    #[error("the tenant name {0:?} must have 1 to {MAX_NAME_CHARS} characters, no slash, no control characters and no spaces around it")]
    BadName(String),
    /// Not in the zone database.
    #[error("{0:?} is not a time zone: write an IANA name such as Asia/Dhaka or UTC")]
    BadTimeZone(String),
    /// Not an ISO 4217 code.
    #[error("{0:?} is not a currency: write three capital letters such as USD")]
    BadCurrency(String),
    /// Not a host name.
    #[error("{0:?} is not a host name such as panel.example.org")]
    BadHostName(String),
    /// Another tenant has it.
    #[error("the host name {0:?} belongs to another tenant")]
    HostNameTaken(String),
    /// A rule about who may not come in that routers would refuse.
    #[error("{why}")]
    BadAccessRule {
        /// The setting, as [`AccessRules`](super::AccessRules) or its walled garden calls it.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Turning case folding on would make two customers one.
    #[error("usernames cannot become case-insensitive: {first:?} and {second:?} would be the same; rename one of them first")]
    UsernamesCollide {
        /// One username.
        first: String,
        /// The other.
        second: String,
    },
    /// No such account, or none that may be seen.
    #[error("there is no account {0:?}")]
    UnknownAccount(String),
    /// Another account of the tenant signs in with it.
    #[error("{0:?} is taken by another account of this tenant")]
    SignInNameTaken(String),
    /// Not a name for signing in.
    #[error("the name {0:?} must have 1 to 64 letters, digits, dots, hyphens or underscores of ASCII and begin with a letter or digit")]
    BadAccountName(String),
    /// Not an e-mail address.
    #[error("{0:?} is not an e-mail address")]
    BadEmail(String),
    /// A field that cannot be so.
    #[error("{0}")]
    BadField(String),
    /// A rule of the account tree.
    #[error("{0}")]
    Denied(#[from] Denial),
    /// A role that comes only with a tenant, or only by the command line.
    #[error("{0}")]
    RoleReserved(&'static str),
    /// Moving an account below itself.
    #[error("{0:?} cannot stand below itself")]
    Circle(String),
    /// The account does not hold such a permission.
    #[error("{account:?} was not given {capability} (for {resource:?})")]
    UnknownPermission {
        /// Whose.
        account: String,
        /// Which.
        capability: String,
        /// For what.
        resource: String,
    },
    /// A role's level or name that does not fit.
    #[error("{0}")]
    BadRole(String),
    /// It is no longer what the change was made from.
    #[error("somebody else changed it in the meantime")]
    Outdated,
    /// A password that is too easy to guess or too long.
    #[error("{0}")]
    BadPassword(String),
    /// Whoever signs in is not who he says, or has to wait. One text for all reasons: it must not tell which.
    #[error("the name, the password or the code is wrong")]
    SignInRefused,
    /// Too many failures from this address for this name, or from this address altogether.
    #[error("too many attempts: wait {wait_secs} seconds")]
    TooManyAttempts {
        /// How long.
        wait_secs: u64,
    },
    /// Too many passwords wait to be checked.
    #[error("the server is busy: try again in a moment")]
    Busy,
    /// The sign-in has ended, or there never was such a one.
    #[error("not signed in: {0}")]
    NotSignedIn(&'static str),
    /// A set-up link that was used, ran out or never was.
    #[error("this link was used, has run out or was replaced by a newer one")]
    LinkVoid,
    /// The second factor is not set up, or is so already.
    #[error("{0}")]
    SecondFactor(&'static str),
    /// The secret of a second factor waited too long to be confirmed.
    #[error("the secret was good for 15 minutes, which are over: begin again")]
    SecondFactorRanOut,
    /// An impersonation that is not allowed.
    #[error("{0}")]
    Impersonation(&'static str),
    /// An API key that cannot be made or used.
    #[error("{0}")]
    ApiKey(String),
    /// No such API key.
    #[error("there is no API key {0:?}")]
    UnknownApiKey(String),
    /// The API key used its hour up.
    #[error("this API key has used its {limit} requests of this hour")]
    ApiKeyLimit {
        /// Requests per hour.
        limit: u32,
        /// Seconds until the next hour.
        wait_secs: u64,
    },
}

impl AccountError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            AccountError::Store(_) => "store",
            AccountError::UnknownTenant(_) => "tenant-unknown",
            AccountError::NameTaken(_) => "tenant-name-taken",
            AccountError::BadName(_) => "tenant-name-invalid",
            AccountError::BadTimeZone(_) => "time-zone-invalid",
            AccountError::BadCurrency(_) => "currency-invalid",
            AccountError::BadHostName(_) => "host-name-invalid",
            AccountError::HostNameTaken(_) => "host-name-taken",
            AccountError::BadAccessRule { .. } => "access-rule-invalid",
            AccountError::UsernamesCollide { .. } => "usernames-collide",
            AccountError::UnknownAccount(_) => "account-unknown",
            AccountError::SignInNameTaken(_) => "account-name-taken",
            AccountError::BadAccountName(_) => "account-name-invalid",
            AccountError::BadEmail(_) => "email-invalid",
            AccountError::BadField(_) => "field-invalid",
            AccountError::Denied(denial) => denial.code(),
            AccountError::RoleReserved(_) => "role-reserved",
            AccountError::Circle(_) => "account-circle",
            AccountError::UnknownPermission { .. } => "permission-unknown",
            AccountError::BadRole(_) => "role-invalid",
            AccountError::Outdated => "outdated",
            AccountError::BadPassword(_) => "password-invalid",
            AccountError::SignInRefused => "sign-in-refused",
            AccountError::TooManyAttempts { .. } => "too-many-attempts",
            AccountError::Busy => "busy",
            AccountError::NotSignedIn(_) => "not-signed-in",
            AccountError::LinkVoid => "link-void",
            AccountError::SecondFactor(_) => "second-factor",
            AccountError::SecondFactorRanOut => "second-factor-ran-out",
            AccountError::Impersonation(_) => "impersonation-refused",
            AccountError::ApiKey(_) => "api-key-invalid",
            AccountError::UnknownApiKey(_) => "api-key-unknown",
            AccountError::ApiKeyLimit { .. } => "api-key-limit",
        }
    }
}
