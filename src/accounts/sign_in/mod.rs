//! Signing in to the panel: password, second factor, what is checked at each use, and looking through another account's eyes. No HTTP in here: a surface hands
//! over what it was sent and keeps the token in a cookie.

mod check;
mod impersonate;
mod link;
mod open;
mod throttle;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{PasswordHasher, RoleBook, Scope, SecretToken};
use crate::store::{Db, Origin, Sealer, Source};
use crate::units::{AccountId, TenantId, UnixMs};

pub use throttle::{Attempt, SignInThrottle};

/// Where sealed secrets of second factors belong.
pub(super) const TOTP_PLACE: &str = "accounts.totp_secret";
/// What a token of a sign-in begins with.
pub(super) const SIGN_IN_PREFIX: &str = "tgs_";
/// What a ticket for the second factor begins with.
const TICKET_PREFIX: &str = "tgt_";

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub struct SignInRules {
    /// Without use, seconds.
    pub idle_secs: u32,
    /// In all, seconds.
    pub absolute_secs: u32,
    /// Between password and second factor, seconds.
    pub second_factor_secs: u32,
    /// Looking through another's eyes, seconds.
    pub impersonation_secs: u32,
}

impl Default for SignInRules {
    /// NIST SP 800-63B-4 section 2.2.3 (AAL2): an hour without use and a day at most; ours are half of that.
    fn default() -> SignInRules {
        SignInRules { idle_secs: 1_800, absolute_secs: 43_200, second_factor_secs: 300, impersonation_secs: 1_800 }
    }
}

/// Who stands at the door.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The address that counts: behind a trusted proxy the one it names.
    pub ip: IpAddr,
    /// What the browser calls itself; cut to 200 characters.
    pub user_agent: String,
    /// Names the request.
    pub request_id: String,
}

/// What a password leads to.
#[derive(Debug)]
pub enum Step {
    /// Signed in.
    Open(Opened),
    /// The second factor is asked for; the ticket stands for the password that was right.
    SecondFactor(SecretToken),
}

/// A new sign-in.
#[derive(Debug)]
pub struct Opened {
    /// For the cookie.
    pub token: SecretToken,
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// His tenant.
    pub tenant: TenantId,
    /// When it ends at the latest.
    pub expires_at: UnixMs,
}

/// Somebody who is signed in, as he is at this very request.
#[derive(Debug, Clone)]
pub struct Principal {
    /// What he may see and do; while he looks through another's eyes, what both may.
    pub scope: Scope,
    /// His own, in his own tenant, whatever he looks at: for what concerns himself.
    pub(super) own: Scope,
    /// Which sign-in.
    pub sign_in_id: i64,
    /// Who really signed in.
    pub account: AccountId,
    /// His name.
    pub account_name: String,
    /// His tenant.
    pub home: TenantId,
    /// The roles of the tenant in which he works.
    pub book: RoleBook,
    /// Set while he looks through another's eyes.
    pub impersonation: Option<Impersonation>,
}

/// Through whose eyes, why, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impersonation {
    /// Whose.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: UnixMs,
}

impl Principal {
    /// In whose name the request changes the store: hand it to [`Db::acting_as`].
    pub fn origin(&self, source: Source, request_id: &str, ip: IpAddr) -> Origin {
        Origin {
            account_id: Some(self.account.0),
            actor: self.account_name.clone(),
            on_behalf_of: self.impersonation.as_ref().map(|i| (i.account.0, i.name.clone())),
            source,
            request_id: request_id.to_owned(),
            ip: Some(ip),
        }
    }

    /// His own scope in his own tenant, for what he does to himself.
    pub fn home_scope(&self) -> &Scope {
        &self.own
    }

    /// Refuses what nobody does in another's name. (Capabilities that move money are gone from the scope, too.)
    pub fn require_himself(&self) -> Result<(), super::Denial> {
        self.scope.require_himself()
    }
}

/// The door: one per server. Cheap to clone.
#[derive(Clone)]
pub struct SignInDesk {
    pub(super) db: Db,
    pub(super) hasher: PasswordHasher,
    pub(super) sealer: Sealer,
    pub(super) throttle: Arc<SignInThrottle>,
    pub(super) rules: SignInRules,
    /// Places for refusals that are being written into the audit log.
    refusals: Arc<Semaphore>,
}

/// Refusals that may wait to be written.
const MOST_REFUSALS: usize = 64;

impl SignInDesk {
    /// A door with empty counters.
    pub fn new(db: Db, sealer: Sealer, hasher: PasswordHasher, rules: SignInRules) -> SignInDesk {
        SignInDesk { db, hasher, sealer, throttle: Arc::default(), rules, refusals: Arc::new(Semaphore::new(MOST_REFUSALS)) }
    }

    /// Waits until every refusal is in the audit log.
    #[cfg(test)]
    pub(super) async fn written(&self) {
        let all = self.refusals.acquire_many(MOST_REFUSALS as u32).await;
        assert!(all.is_ok(), "the places are never closed");
    }

    /// The store in the name of somebody at the door.
    pub(super) fn db_for(&self, account: AccountId, name: &str, guest: &Guest) -> Db {
        self.db.acting_as(Origin {
            account_id: Some(account.0),
            actor: name.to_owned(),
            on_behalf_of: None,
            source: Source::Panel,
            request_id: guest.request_id.clone(),
            ip: Some(guest.ip),
        })
    }
}
