//! Adding tenants, each with the account that owns it.

use super::sql::NewAccountRow;
use super::tenant::{Tenant, check_currency, check_name, check_time_zone};
use super::{AccessRules, AccountError, AccountPath, Role, sql};
use crate::store::{AuditEntry, Db, IdMaker, StoreError, Tx};
use crate::units::{AccountId, TenantId, UnixMs};

/// Names of the accounts that come with a tenant. Neither can sign in before somebody opens a set-up link for it.
const SUPER_ADMIN_NAME: &str = "super-admin";
const OWNER_NAME: &str = "owner";

/// Adds a tenant with its Super Admin and, below it, the first provider, whose account owns what the command line makes; returns that one.
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
        host_name: None,
        language: "en".to_owned(),
        created_at: now,
    };
    let (super_admin, owner) = (AccountId(ids.next(now)), AccountId(ids.next(now)));
    let mut tx = db.begin().await?;
    if !sql::insert_tenant(&mut tx, &tenant).await? {
        return Err(AccountError::NameTaken(name.to_owned()));
    }
    let top = insert_first(&mut tx, tenant.id, super_admin, None, SUPER_ADMIN_NAME, Role::SuperAdmin, now).await?;
    insert_first(&mut tx, tenant.id, owner, Some((super_admin, top)), OWNER_NAME, Role::Admin, now).await?;
    tx.audit(AuditEntry::new(tenant.id.0, "tenant.add", "tenants", tenant.id.0, name).after(&tenant));
    tx.changed(tenant.id.0, "tenants", tenant.id.0);
    tx.commit(now).await?;
    Ok((tenant, owner))
}

async fn insert_first(
    tx: &mut Tx,
    tenant: TenantId,
    id: AccountId,
    parent: Option<(AccountId, AccountPath)>,
    name: &str,
    role: Role,
    now: UnixMs,
) -> Result<AccountPath, StoreError> {
    let (parent, above) = parent.map_or((None, AccountPath::TOP), |(id, path)| (Some(id), path));
    let path = above.child(id);
    let row = NewAccountRow { id, parent, path: path.clone(), name, email: None, full_name: "", phone: "", role };
    sql::insert_account(tx, tenant, &row, now).await?;
    tx.changed(tenant.0, "accounts", id.0);
    Ok(path)
}

/// The tenant of this name with its owner account; both are made if absent (zone UTC, currency USD).
pub async fn ensure_default_tenant(db: &Db, ids: &IdMaker, name: &str, now: UnixMs) -> Result<(TenantId, AccountId), AccountError> {
    match add_tenant(db, ids, name, "UTC", "USD", now).await {
        Ok((tenant, owner)) => Ok((tenant.id, owner)),
        Err(AccountError::NameTaken(_)) => {
            let mut conn = db.read().await?;
            let tenant = sql::find_tenant(&mut conn, name).await?.ok_or_else(|| AccountError::UnknownTenant(name.to_owned()))?;
            let owner = sql::find_owner(&mut conn, tenant.id).await?;
            let owner = owner.ok_or_else(|| StoreError::Unexpected(format!("tenant {name} without an owner account")))?;
            Ok((tenant.id, owner))
        }
        Err(e) => Err(e),
    }
}
