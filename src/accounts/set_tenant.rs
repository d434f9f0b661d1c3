//! Changing a tenant's settings.

use super::tenant::{Tenant, check_currency, check_host_name, check_name, check_time_zone};
use super::{AccessRules, AccountError, sql};
use crate::store::{AuditEntry, Tx};
use crate::units::TenantId;

/// What to change; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default)]
pub struct TenantChanges {
    /// Another name, unique on this server. The old one still leads to the tenant, and to no other.
    pub name: Option<String>,
    /// Language of pages, a code such as `en`; which there are is known to the surfaces.
    pub language: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// See [`Tenant::case_sensitive_usernames`]. The caller rewrites the customers' lookup keys in the same transaction.
    pub case_sensitive_usernames: Option<bool>,
    /// See [`Tenant::cross_provider_login`].
    pub cross_provider_login: Option<bool>,
    /// What happens to customers who may not come in.
    pub access_rules: Option<AccessRules>,
    /// See [`Tenant::host_name`]; `Some(None)` removes it.
    pub host_name: Option<Option<String>>,
    /// The tenant when these changes were made; refused as [`AccountError::Outdated`] if it is another by now.
    pub since: Option<Tenant>,
}

/// Applies the changes inside the caller's transaction and returns the tenant before and after them. The caller commits, after
/// rewriting lookup keys if the rule for usernames changed: that is `customers::rekey_usernames`, in a room this one must not know.
pub async fn set_tenant(tx: &mut Tx, id: TenantId, changes: &TenantChanges) -> Result<(Tenant, Tenant), AccountError> {
    let before = sql::update_lock_tenant(tx, id).await?.ok_or_else(|| AccountError::UnknownTenant(id.to_string()))?;
    if changes.since.as_ref().is_some_and(|since| *since != before) {
        return Err(AccountError::Outdated);
    }
    let mut after = before.clone();
    if let Some(name) = changes.name.as_ref().filter(|name| **name != before.name) {
        after.name = check_name(name)?;
        if !sql::insert_tenant_name(tx, id, &after.name).await? {
            return Err(AccountError::NameTaken(after.name));
        }
    }
    if let Some(language) = &changes.language {
        let fits = (2..=16).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        after.language =
            fits.then(|| language.clone()).ok_or_else(|| AccountError::BadField(format!("{language:?} is no language code such as en")))?;
    }
    if let Some(zone) = &changes.time_zone {
        after.time_zone = check_time_zone(zone)?;
    }
    if let Some(currency) = &changes.currency {
        after.currency = check_currency(currency)?;
    }
    after.case_sensitive_usernames = changes.case_sensitive_usernames.unwrap_or(before.case_sensitive_usernames);
    after.cross_provider_login = changes.cross_provider_login.unwrap_or(before.cross_provider_login);
    if let Some(rules) = &changes.access_rules {
        rules.check()?;
        after.access_rules.clone_from(rules);
    }
    if let Some(host) = &changes.host_name {
        after.host_name = host.as_deref().map(check_host_name).transpose()?;
        if let Some(host) = &after.host_name
            && sql::find_tenant_by_host(tx, host).await?.is_some_and(|other| other.id != after.id)
        {
            return Err(AccountError::HostNameTaken(host.clone()));
        }
    }
    sql::update_tenant(tx, &after).await?;
    tx.audit(AuditEntry::new(after.id.0, "tenant.set", "tenants", after.id.0, &before.name).before(&before).after(&after));
    tx.changed(after.id.0, "tenants", after.id.0);
    Ok((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{add_tenant, ensure_default_tenant, find_account, find_owner, find_tenant, list_tenants};
    use crate::store::test_db::{NOW, each_database};
    use crate::store::{find_feed_head, list_feed_after};

    #[tokio::test]
    async fn tenants_are_added_once_and_changed() {
        for fresh in each_database().await {
            let (id, owner) = ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW).await.expect("made");
            assert_eq!(ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW + 1).await.expect("found"), (id, owner));
            let taken = add_tenant(&fresh.db, &fresh.ids, "default", "UTC", "USD", NOW).await;
            assert_eq!(taken.expect_err("taken").code(), "tenant-name-taken");

            let mut tx = fresh.db.begin().await.expect("a transaction");
            let changes = TenantChanges { time_zone: Some("Asia/Dhaka".into()), cross_provider_login: Some(true), ..Default::default() };
            let (before, after) = set_tenant(&mut tx, id, &changes).await.expect("changed");
            tx.commit(NOW).await.expect("committed");
            assert_eq!((before.time_zone.as_str(), after.time_zone.as_str()), ("UTC", "Asia/Dhaka"));

            let mut conn = fresh.db.read().await.expect("a connection");
            assert_eq!(find_tenant(&mut conn, "default").await.expect("found"), Some(after.clone()));
            assert_eq!(list_tenants(&mut conn).await.expect("listed"), [after]);
            assert_eq!(find_owner(&mut conn, id).await.expect("found"), Some(owner));
            assert_eq!(find_account(&mut conn, id, "owner").await.expect("found"), Some(owner));
            let feed = list_feed_after(&mut conn, 0, 9).await.expect("a feed");
            assert_eq!(find_feed_head(&mut conn).await.expect("a head").seq, 4);
            assert_eq!(feed.iter().filter(|c| c.table_name == "tenants" && c.row_id == id.0).count(), 2);
            assert_eq!(feed.iter().filter(|c| c.table_name == "accounts").count(), 2, "the Super Admin and the owner");
            drop(conn);

            let mut tx = fresh.db.begin().await.expect("a transaction");
            let bad = TenantChanges { time_zone: Some("Moon".into()), ..Default::default() };
            assert_eq!(set_tenant(&mut tx, id, &bad).await.expect_err("refused").code(), "time-zone-invalid");
            assert_eq!(set_tenant(&mut tx, TenantId(77), &changes).await.expect_err("refused").code(), "tenant-unknown");
            drop(tx);
            fresh.end().await;
        }
    }

    #[tokio::test]
    async fn a_name_that_was_given_up_still_leads_to_its_tenant_and_to_no_other() {
        for fresh in each_database().await {
            let (id, _) = ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW).await.expect("made");
            let (other, _) = add_tenant(&fresh.db, &fresh.ids, "Hill Net", "UTC", "USD", NOW).await.expect("added");
            let rename = async |id: TenantId, name: &str| {
                let mut tx = fresh.db.begin().await.expect("a transaction");
                let changes = TenantChanges { name: Some(name.into()), ..Default::default() };
                let renamed = set_tenant(&mut tx, id, &changes).await.map(|(_, after)| after.name);
                if renamed.is_ok() {
                    tx.commit(NOW).await.expect("committed");
                }
                renamed.map_err(|e| e.code())
            };
            assert_eq!(rename(id, "North Net").await.as_deref(), Ok("North Net"));
            assert_eq!(rename(other.id, "default").await, Err("tenant-name-taken"), "it was another's");
            assert_eq!(rename(other.id, "North Net").await, Err("tenant-name-taken"));
            assert_eq!(rename(other.id, "Hill/Net").await, Err("tenant-name-invalid"));
            let taken = add_tenant(&fresh.db, &fresh.ids, "default", "UTC", "USD", NOW).await;
            assert_eq!(taken.expect_err("taken").code(), "tenant-name-taken");
            // a server that is configured with the old name makes no second tenant
            assert_eq!(ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW).await.expect("found").0, id);
            for name in ["default", "North Net"] {
                let found = find_tenant(&mut fresh.db.read().await.expect("reads"), name).await.expect("read");
                assert_eq!(found.map(|tenant| (tenant.id, tenant.name)), Some((id, "North Net".to_owned())), "{name}");
            }
            assert_eq!(rename(id, "default").await.as_deref(), Ok("default"), "its own it takes back");
            fresh.end().await;
        }
    }
}
