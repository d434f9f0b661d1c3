//! Passwords: kept sealed, because CHAP and MS-CHAP need the plain text.

use zeroize::Zeroizing;

use super::{CustomerError, lookup_key, sql};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::store::{AuditEntry, Db, Sealer};
use crate::units::{CustomerId, UnixMs};

/// Where passwords are sealed.
pub const PASSWORD_PLACE: &str = "customers.password";
/// RFC 2865 §5.2: User-Password carries at most 128 octets.
const MAX_PASSWORD_OCTETS: usize = 128;

/// A password, wiped from memory when dropped; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerPassword(Zeroizing<String>);

impl CustomerPassword {
    /// Accepts 1 to 128 octets without control characters.
    pub fn new(text: &str) -> Result<CustomerPassword, CustomerError> {
        if text.is_empty() {
            return Err(CustomerError::BadPassword("the password is empty"));
        }
        if text.len() > MAX_PASSWORD_OCTETS {
            return Err(CustomerError::BadPassword("the password is longer than 128 octets"));
        }
        if text.chars().any(char::is_control) {
            return Err(CustomerError::BadPassword("the password holds a control character, such as a line end"));
        }
        Ok(CustomerPassword(Zeroizing::new(text.to_owned())))
    }

    /// No password: only logins that are proven by the device's MAC address can succeed.
    pub fn none() -> CustomerPassword {
        CustomerPassword(Zeroizing::new(String::new()))
    }

    /// The plain text.
    pub fn plain(&self) -> &str {
        &self.0
    }

    pub(super) fn seal(&self, sealer: &Sealer, id: CustomerId) -> Vec<u8> {
        sealer.seal(PASSWORD_PLACE, id.0, self.0.as_bytes())
    }
}

impl std::fmt::Debug for CustomerPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CustomerPassword")
    }
}

/// Gives a customer a new password.
pub async fn set_password(
    db: &Db,
    sealer: &Sealer,
    scope: &Scope,
    tenant: &Tenant,
    username: &str,
    password: &CustomerPassword,
    now: UnixMs,
) -> Result<CustomerId, CustomerError> {
    scope.require(Capability::CustomersEdit)?;
    let mut tx = db.begin().await?;
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let id = sql::update_lock_customer(&mut tx, scope, &key, now).await?.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    sql::update_password(&mut tx, scope, id, &password.seal(sealer, id)).await?;
    let owner = sql::find_customer_by_id(&mut tx, scope, id).await?.map(|c| c.owner_id.0);
    tx.audit(AuditEntry::new(scope.tenant().0, "customer.passwd", "customers", id.0, username).owned_by(owner).secret("password"));
    tx.changed(scope.tenant().0, "customers", id.0);
    tx.commit(now).await?;
    Ok(id)
}
