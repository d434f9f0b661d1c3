//! Taking back what was done to many: each gets back what he had, unless somebody has changed it since.

use super::BulkDone;
use super::apply::Touched;
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::customers::devices::{STAFF, write_macs};
use crate::customers::remove::remove_customer_in;
use crate::customers::tags::{set_tags_in, tags_of};
use crate::customers::{Customer, CustomerError, lookup_key, sql};
use crate::store::{AuditEntry, StoreError, Tx};
use crate::units::{CustomerId, UnixMs};

/// Takes back what a job did, to at most `limit` customers after an id, in order of their ids; the caller commits. Nobody is left once fewer come back.
pub async fn undo_bulk(
    tx: &mut Tx,
    scope: &Scope,
    tenant: &Tenant,
    job_id: i64,
    after: i64,
    limit: i64,
    now: UnixMs,
) -> Result<Vec<BulkDone>, CustomerError> {
    let rows = sql::list_undo(tx, scope, job_id, after, limit).await?;
    let mut done = Vec::with_capacity(rows.len());
    for (id, before, made) in rows {
        let read = |text: &str| {
            serde_json::from_str::<Touched>(text).map_err(|_| StoreError::Unexpected(format!("what customer {id} was before")))
        };
        let outcome = match before.is_empty() {
            true => added(tx, scope, CustomerId(id), now).await,
            false => one(tx, scope, tenant, CustomerId(id), &read(&before)?, &read(&made)?, now).await,
        };
        done.push(match outcome {
            Ok(username) => BulkDone { id, username, outcome: Ok(None) },
            Err(error @ (CustomerError::Store(_) | CustomerError::Key(_))) => return Err(error),
            Err(refused) => BulkDone { id, username: String::new(), outcome: Err(refused.to_string()) },
        });
    }
    Ok(done)
}

/// One whom the job added: he is removed, unless he was changed or came in since.
async fn added(tx: &mut Tx, scope: &Scope, id: CustomerId, now: UnixMs) -> Result<String, CustomerError> {
    let unknown = || CustomerError::Unknown(id.to_string());
    let present = sql::find_customer_by_id(tx, scope, id).await?.ok_or_else(unknown)?;
    scope.require(Capability::CustomersCreate)?;
    // locked first: whoever changes him meanwhile is waited for, and then seen
    let is_as_added = sql::update_lock_customer_by_id(tx, scope, id, Some(present.registered_at), now).await?;
    if !is_as_added || present.activated_at.is_some() || sql::has_sessions(tx, scope, id).await? {
        return Err(CustomerError::BadField(format!("{:?} was changed or came in since: he stays", present.username)));
    }
    remove_customer_in(tx, scope, &present, now).await?;
    Ok(present.username)
}

async fn one(
    tx: &mut Tx,
    scope: &Scope,
    tenant: &Tenant,
    id: CustomerId,
    before: &Touched,
    made: &Touched,
    now: UnixMs,
) -> Result<String, CustomerError> {
    let unknown = || CustomerError::Unknown(id.to_string());
    if !sql::update_lock_customer_by_id(tx, scope, id, None, now).await? {
        return Err(unknown());
    }
    let present = sql::find_customer_by_id(tx, scope, id).await?.ok_or_else(unknown)?;
    for capability in needs(before, made) {
        scope.require_in_zone(capability, present.zone_id)?;
    }
    let tags = tags_of(tx, scope, id).await?;
    if Touched::of(&present, &tags) != *made {
        return Err(CustomerError::BadField(format!("{:?} was changed since: nothing is taken back", present.username)));
    }
    let restored = Customer { updated_at: now, ..before.onto(&present)? };
    sql::update_customer(tx, scope, &restored, &lookup_key(&restored.username, tenant.case_sensitive_usernames)).await?;
    if restored.macs != present.macs {
        write_macs(tx, scope, id, &present.macs, &restored.macs, STAFF, now).await?;
    }
    if before.tags != tags {
        set_tags_in(tx, scope, id, &before.tags, None, now).await?;
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "customer.undo", "customers", id.0, &present.username).before(&present).after(&restored));
    tx.changed(scope.tenant().0, "customers", id.0);
    Ok(present.username)
}

/// What somebody must hold to take it back: what he would need to do the opposite.
fn needs(before: &Touched, made: &Touched) -> Vec<Capability> {
    let mut all = Vec::new();
    if (&before.hold, before.closed_at) != (&made.hold, made.closed_at) {
        let is_held = before.hold != "none" || before.closed_at.is_some();
        all.push(if is_held { Capability::CustomersSuspend } else { Capability::CustomersActivate });
    }
    let others = |t: &Touched| Touched { hold: String::new(), reason: String::new(), closed_at: None, ..t.clone() };
    if others(before) != others(made) {
        all.push(Capability::CustomersEdit);
    }
    all
}
