//! Adding tenants, each with the account that owns it.

use super::make_link::{LINK_SECS, LinkKind, NewLink, insert_link};
use super::sql::NewAccountRow;
use super::tenant::{Tenant, check_currency, check_name, check_time_zone};
use super::{AccessRules, AccountError, AccountPath, Role, Scope, SecretToken, change, may_add_tenant, sql};
use crate::store::{AuditEntry, Db, IdMaker, StoreError, Tx};
use crate::units::{AccountId, TenantId, UnixMs};

/// Names of the accounts that come with a tenant. Neither can sign in before somebody opens a set-up link for it.
const SUPER_ADMIN_NAME: &str = "super-admin";
const OWNER_NAME: &str = "owner";

/// What is said of a new tenant.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Unique on this server.
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    /// ISO 4217 code.
    pub currency: String,
}

impl NewTenant {
    fn checked(&self, ids: &IdMaker, now: UnixMs) -> Result<Tenant, AccountError> {
        Ok(Tenant {
            id: TenantId(ids.next(now)),
            name: check_name(&self.name)?,
            time_zone: check_time_zone(&self.time_zone)?,
            currency: check_currency(&self.currency)?,
            case_sensitive_usernames: false,
            cross_provider_login: false,
            access_rules: AccessRules::default(),
            host_name: None,
            language: "en".to_owned(),
            created_at: now,
        })
    }
}

/// Adds a tenant with its Super Admin and, below it, the first provider, whose account owns what the command line makes; returns that one.
pub async fn add_tenant(
    db: &Db,
    ids: &IdMaker,
    name: &str,
    time_zone: &str,
    currency: &str,
    now: UnixMs,
) -> Result<(Tenant, AccountId), AccountError> {
    let new = NewTenant { name: name.to_owned(), time_zone: time_zone.to_owned(), currency: currency.to_owned() };
    let tenant = new.checked(ids, now)?;
    let mut tx = db.begin().await?;
    let (_, owner) = insert(&mut tx, ids, &tenant, now).await?;
    tx.commit(now).await?;
    Ok((tenant, owner))
}

/// The same by an account, with a set-up link for the new Super Admin, so that no tenant is without somebody who can come in. Returns the tenant, the link's token
/// and when it runs out.
pub async fn open_tenant(
    db: &Db,
    ids: &IdMaker,
    scope: &Scope,
    new: &NewTenant,
    now: UnixMs,
) -> Result<(Tenant, SecretToken, UnixMs), AccountError> {
    scope.require_himself()?;
    let tenant = new.checked(ids, now)?;
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    may_add_tenant(&change.scope)?;
    let (super_admin, _) = insert(&mut tx, ids, &tenant, now).await?;
    let link = NewLink { kind: LinkKind::SetsUp, tenant: tenant.id, account: super_admin, name: SUPER_ADMIN_NAME, valid_secs: LINK_SECS };
    let (token, expires_at) = insert_link(&mut tx, ids, &link, now).await?;
    tx.commit(now).await?;
    Ok((tenant, token, expires_at))
}

/// The tenant and its two accounts: the Super Admin and the first provider.
async fn insert(tx: &mut Tx, ids: &IdMaker, tenant: &Tenant, now: UnixMs) -> Result<(AccountId, AccountId), AccountError> {
    let (super_admin, owner) = (AccountId(ids.next(now)), AccountId(ids.next(now)));
    // a name that another tenant gave up is still its own
    if !sql::insert_tenant(tx, tenant).await? || !sql::insert_tenant_name(tx, tenant.id, &tenant.name).await? {
        return Err(AccountError::NameTaken(tenant.name.clone()));
    }
    let top = insert_first(tx, tenant.id, super_admin, None, SUPER_ADMIN_NAME, Role::SuperAdmin, now).await?;
    insert_first(tx, tenant.id, owner, Some((super_admin, top)), OWNER_NAME, Role::Admin, now).await?;
    tx.audit(AuditEntry::new(tenant.id.0, "tenant.add", "tenants", tenant.id.0, &tenant.name).after(tenant));
    tx.changed(tenant.id.0, "tenants", tenant.id.0);
    Ok((super_admin, owner))
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

#[cfg(test)]
mod tests {
    use super::super::tests::{Tree, new};
    use super::*;
    use crate::accounts::{add_account, find_seen_tenant, list_seen_tenants};
    use crate::store::test_db::NOW;

    #[tokio::test]
    async fn only_a_developer_opens_tenants_and_knows_of_all() {
        for tree in Tree::on_each().await {
            let (db, ids) = (&tree.fresh.db, &tree.fresh.ids);
            let developer = crate::accounts::NewAccount { parent: None, ..new("ada", Role::Developer, "") };
            add_account(db, ids, &tree.top, &developer, NOW).await.expect("added");
            let (ada, top) = (tree.scope("ada").await, tree.scope("super-admin").await);
            let hill = NewTenant { name: "Hill Net".into(), time_zone: "Asia/Dhaka".into(), currency: "BDT".into() };
            let code = async |scope: &Scope, new: &NewTenant| open_tenant(db, ids, scope, new, NOW).await.expect_err("refused").code();
            assert_eq!(code(&top, &hill).await, "capability-missing");
            assert_eq!(code(&ada, &NewTenant { time_zone: "Moon".into(), ..hill.clone() }).await, "time-zone-invalid");
            assert_eq!(code(&ada, &NewTenant { name: "default".into(), ..hill.clone() }).await, "tenant-name-taken");
            assert_eq!(code(&Scope { is_impersonated: true, ..ada.clone() }, &hill).await, "refused-while-impersonating");
            let (tenant, token, expires_at) = open_tenant(db, ids, &ada, &hill, NOW).await.expect("opened");
            assert_eq!((tenant.name.as_str(), expires_at), ("Hill Net", NOW + i64::from(LINK_SECS) * 1000));

            let mut conn = db.read().await.expect("a connection");
            let link = sql::find_link(&mut conn, &token.hash(), false, NOW).await.expect("read").expect("good");
            let whole = Scope::administrator(tenant.id);
            let super_admin = sql::find_account_by_id(&mut conn, &whole, link.1).await.expect("read").expect("there");
            assert_eq!((link.0, super_admin.role), (tenant.id, Role::SuperAdmin));
            assert_eq!(list_seen_tenants(&mut conn, &ada).await.expect("listed").len(), 2);
            assert_eq!(list_seen_tenants(&mut conn, &top).await.expect("listed").len(), 1);
            assert_eq!(find_seen_tenant(&mut conn, &top, tenant.id).await.expect("read"), None, "as if absent");
            assert!(find_seen_tenant(&mut conn, &ada, tenant.id).await.expect("read").is_some());
            drop(conn);
            tree.fresh.end().await;
        }
    }
}
