//! Adding tenants, each with the account that owns it.

use super::tenant::{AccountError, ROLE_ADMIN, Tenant, check_currency, check_name, check_time_zone};
use super::{AccessRules, sql};
use crate::store::{Db, IdMaker};
use crate::units::{AccountId, TenantId, UnixMs};

/// Name of the owner account that comes with a tenant.
const OWNER_NAME: &str = "owner";

/// Adds a tenant and its owner account.
pub async fn add_tenant(
    db: &Db,
    ids: &IdMaker,
    name: &str,
    time_zone: &str,
    currency: &str,
    now: UnixMs,
) -> Result<(Tenant, AccountId), AccountError> {
    let tenant = Tenant {
        id: TenantId(ids.next(now)),
        name: check_name(name)?,
        time_zone: check_time_zone(time_zone)?,
        currency: check_currency(currency)?,
        case_sensitive_usernames: false,
        cross_provider_login: false,
        access_rules: AccessRules::default(),
        created_at: now,
    };
    let owner = AccountId(ids.next(now));
    let mut tx = db.begin().await?;
    if !sql::insert_tenant(&mut tx, &tenant).await? {
        return Err(AccountError::NameTaken(name.to_owned()));
    }
    sql::insert_account(&mut tx, tenant.id, owner, OWNER_NAME, ROLE_ADMIN, now).await?;
    tx.changed(tenant.id.0, "tenants", tenant.id.0);
    tx.commit(now).await?;
    Ok((tenant, owner))
}

/// The tenant of this name with its owner account; both are made if absent (zone UTC, currency USD).
pub async fn ensure_default_tenant(db: &Db, ids: &IdMaker, name: &str, now: UnixMs) -> Result<(TenantId, AccountId), AccountError> {
    match add_tenant(db, ids, name, "UTC", "USD", now).await {
        Ok((tenant, owner)) => Ok((tenant.id, owner)),
        Err(AccountError::NameTaken(_)) => {
            let mut conn = db.read().await?;
            let tenant = sql::find_tenant(&mut conn, name).await?.ok_or_else(|| AccountError::UnknownTenant(name.to_owned()))?;
            let owner = sql::find_owner(&mut conn, tenant.id).await?;
            let owner = owner.ok_or_else(|| crate::store::StoreError::Unexpected(format!("tenant {name} without an owner account")))?;
            Ok((tenant.id, owner))
        }
        Err(e) => Err(e),
    }
}
