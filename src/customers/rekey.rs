//! Rewriting lookup keys when a tenant begins or ceases to tell case apart.

use std::collections::HashMap;

use super::{CustomerError, lookup_key, sql};
use crate::accounts::Tenant;
use crate::store::Tx;

const PAGE: i64 = 5_000;

/// Gives every customer the key that the tenant's (new) rule makes of his username. Refused if two customers would share one. The caller
/// commits, together with the tenant's changed setting.
pub async fn rekey_usernames(tx: &mut Tx, tenant: &Tenant) -> Result<u64, CustomerError> {
    let mut wanted: HashMap<String, String> = HashMap::new();
    let mut changed = Vec::new();
    let mut after = 0;
    loop {
        let page = sql::list_usernames_after_id(tx, tenant.id, after, PAGE).await?;
        let Some((last, _, _)) = page.last() else { break };
        after = *last;
        for (id, username, old_key) in page {
            let key = lookup_key(&username, tenant.case_sensitive_usernames);
            if key != old_key {
                changed.push((id, key.clone()));
            }
            if let Some(first) = wanted.insert(key, username.clone()) {
                return Err(CustomerError::UsernamesCollide { first, second: username });
            }
        }
    }
    // a new key may be the old key of a customer that is rewritten later: step aside first
    for (id, _) in &changed {
        sql::update_username_key(tx, tenant.id, *id, &format!("\u{1}{id}")).await?;
    }
    for (id, key) in &changed {
        sql::update_username_key(tx, tenant.id, *id, key).await?;
    }
    tx.changed(tenant.id.0, "customers", 0);
    Ok(changed.len() as u64)
}
