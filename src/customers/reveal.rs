//! Passwords before people: one is shown, or a new one is made, to whoever may see sensitive data; the audit log says so.

use rand::seq::IndexedRandom;

use super::{CustomerError, CustomerPassword, PASSWORD_PLACE, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{AuditEntry, Db, KeyError, Sealer};
use crate::units::{CustomerId, UnixMs};

/// Characters that nobody confuses on paper or on the phone.
const CHARACTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const LENGTH: usize = 10;

/// A new password that can be read out.
pub fn readable_password() -> CustomerPassword {
    let mut random = rand::rng();
    let text: String = (0..LENGTH).filter_map(|_| CHARACTERS.choose(&mut random)).map(|c| char::from(*c)).collect();
    CustomerPassword::new(&text).expect("ten plain characters")
}

/// Opens a customer's password, and notes who saw it.
pub async fn show_password(
    db: &Db,
    sealer: &Sealer,
    scope: &Scope,
    id: CustomerId,
    now: UnixMs,
) -> Result<CustomerPassword, CustomerError> {
    scope.require(Capability::SensitiveData)?;
    scope.require_himself()?;
    let mut tx = db.begin().await?;
    let row = sql::find_row_by_id(&mut tx, scope, id).await?.ok_or_else(|| CustomerError::Unknown(id.to_string()))?;
    let broken = || KeyError::Broken { place: format!("{PASSWORD_PLACE} of row {id}") };
    let plain = String::from_utf8(sealer.open(PASSWORD_PLACE, id.0, &row.password)?).map_err(|_| broken())?;
    let customer = row.into_customer(Vec::new())?;
    let entry = AuditEntry::new(scope.tenant().0, "customer.show-password", "customers", id.0, &customer.username);
    tx.audit(entry.owned_by(Some(customer.owner_id.0)));
    tx.commit(now).await?;
    if plain.is_empty() { Ok(CustomerPassword::none()) } else { Ok(CustomerPassword::new(&plain).map_err(|_| broken())?) }
}

/// Gives a customer another password.
pub async fn reset_password(
    db: &Db,
    sealer: &Sealer,
    scope: &Scope,
    id: CustomerId,
    password: &CustomerPassword,
    now: UnixMs,
) -> Result<(), CustomerError> {
    scope.require(Capability::SensitiveData)?;
    scope.require_himself()?;
    let mut tx = db.begin().await?;
    let unknown = || CustomerError::Unknown(id.to_string());
    if !sql::update_lock_customer_by_id(&mut tx, scope, id, None, now).await? {
        return Err(unknown());
    }
    let customer = sql::find_customer_by_id(&mut tx, scope, id).await?.ok_or_else(unknown)?;
    sql::update_password(&mut tx, scope, id, &password.seal(sealer, id)).await?;
    let entry = AuditEntry::new(scope.tenant().0, "customer.passwd", "customers", id.0, &customer.username);
    tx.audit(entry.owned_by(Some(customer.owner_id.0)).secret("password"));
    tx.changed(scope.tenant().0, "customers", id.0);
    tx.commit(now).await?;
    Ok(())
}
