//! Doing it, to a few hundred customers in one transaction, and noting how each was before, so that it can be taken back.

use serde::{Deserialize, Serialize};

use super::{BulkAction, Skip};
use crate::accounts::{Scope, Tenant};
use crate::customers::finding::list_lines_of;
use crate::customers::set::set_customer_in;
use crate::customers::tags::{set_tags_in, tags_of};
use crate::customers::{Customer, CustomerError, Hold, ReplyCheck, find_customer_by_id, sql};
use crate::store::{StoreError, Tx};
use crate::units::{CustomerId, Mac, UnixMs};

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkDone {
    /// Who.
    pub id: i64,
    /// His username; empty if there is nobody any more, or nobody whom the scope sees.
    pub username: String,
    /// What happened: done, left out, refused.
    pub outcome: Result<Option<Skip>, String>,
}

/// The fields that such a change can touch, as they were and as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Touched {
    pub hold: String,
    pub reason: String,
    pub closed_at: Option<UnixMs>,
    pub zone_id: Option<i64>,
    pub owner_id: i64,
    pub package_id: i64,
    pub expires_at: Option<UnixMs>,
    pub first_login_secs: Option<u64>,
    pub activated_at: Option<UnixMs>,
    pub period_started_at: Option<UnixMs>,
    pub package_since_at: Option<UnixMs>,
    #[serde(default)]
    pub next_package_id: Option<i64>,
    #[serde(default)]
    pub next_package_at: Option<UnixMs>,
    pub macs: Vec<String>,
    pub tags: Vec<String>,
}

impl Touched {
    pub fn of(c: &Customer, tags: &[String]) -> Touched {
        Touched {
            hold: c.hold.kind().to_string(),
            reason: c.hold.reason().to_owned(),
            closed_at: c.closed_at,
            zone_id: c.zone_id,
            owner_id: c.owner_id.0,
            package_id: c.package_id.0,
            expires_at: c.expires_at,
            first_login_secs: c.first_login_secs,
            activated_at: c.activated_at,
            period_started_at: c.period_started_at,
            package_since_at: c.package_since_at,
            next_package_id: c.next_package_id.map(|id| id.0),
            next_package_at: c.next_package_at,
            macs: c.macs.iter().map(Mac::to_string).collect(),
            tags: tags.to_vec(),
        }
    }

    /// The customer with these fields.
    pub fn onto(&self, c: &Customer) -> Result<Customer, StoreError> {
        let broken = |what: &str| StoreError::Unexpected(format!("what customer {} was before: {what}", c.id));
        Ok(Customer {
            hold: Hold::new(self.hold.parse().map_err(|_| broken("hold"))?, &self.reason),
            closed_at: self.closed_at,
            zone_id: self.zone_id,
            owner_id: crate::units::AccountId(self.owner_id),
            package_id: crate::units::PackageId(self.package_id),
            expires_at: self.expires_at,
            first_login_secs: self.first_login_secs,
            activated_at: self.activated_at,
            period_started_at: self.period_started_at,
            package_since_at: self.package_since_at,
            next_package_id: self.next_package_id.map(crate::units::PackageId),
            next_package_at: self.next_package_at,
            macs: self.macs.iter().map(|mac| mac.parse()).collect::<Result<_, _>>().map_err(|_| broken("devices"))?,
            ..c.clone()
        })
    }
}

/// Does it to these customers, in their order; the caller commits. What cannot be done to one is told and keeps nobody else from it. `job_id` is under which it can be
/// taken back.
#[allow(clippy::too_many_arguments)] // where, whose, what, to whom, why, when
pub async fn apply_bulk(
    tx: &mut Tx,
    scope: &Scope,
    tenant: &Tenant,
    action: &BulkAction,
    reason: &str,
    ids: &[i64],
    job_id: i64,
    reply_check: ReplyCheck<'_>,
    now: UnixMs,
) -> Result<Vec<BulkDone>, CustomerError> {
    let lines = list_lines_of(tx, scope, ids).await?;
    let owner = match action {
        BulkAction::Owner(id) => crate::accounts::find_account_by_id(tx, scope, crate::units::AccountId(*id)).await?.map(|a| a.name),
        _ => None,
    };
    let mut done = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(line) = lines.iter().find(|line| line.id == *id) else {
            done.push(BulkDone { id: *id, username: String::new(), outcome: Err("there is no such customer any more".to_owned()) });
            continue;
        };
        let tags = tags_of(tx, scope, CustomerId(*id)).await?;
        let customer = find_customer_by_id(tx, scope, CustomerId(*id)).await?;
        let Some(before) = customer else { continue };
        let macs: Vec<String> = before.macs.iter().map(Mac::to_string).collect();
        let outcome = match action.skips(line, owner.as_deref().unwrap_or_default(), &macs, &tags) {
            Some(skip) => Ok(Some(skip)),
            None => match one(tx, scope, tenant, action, reason, &before, &tags, job_id, reply_check, now).await {
                Ok(()) => Ok(None),
                Err(error @ (CustomerError::Store(_) | CustomerError::Key(_))) => return Err(error),
                Err(refused) => Err(refused.to_string()),
            },
        };
        done.push(BulkDone { id: *id, username: line.username.clone(), outcome });
    }
    Ok(done)
}

#[allow(clippy::too_many_arguments)]
async fn one(
    tx: &mut Tx,
    scope: &Scope,
    tenant: &Tenant,
    action: &BulkAction,
    reason: &str,
    before: &Customer,
    tags: &[String],
    job_id: i64,
    reply_check: ReplyCheck<'_>,
    now: UnixMs,
) -> Result<(), CustomerError> {
    let (mut after, mut new_tags) = (before.clone(), tags.to_vec());
    match action {
        BulkAction::AddTag(tag) => {
            new_tags.push(tag.clone());
            new_tags.sort_unstable();
        }
        BulkAction::RemoveTag(tag) => new_tags.retain(|t| t != tag),
        _ => after = set_customer_in(tx, scope, tenant, before.id, &action.changes(reason), reply_check, now).await?,
    }
    if new_tags != tags {
        set_tags_in(tx, scope, before.id, &new_tags, None, now).await?;
    }
    if action.can_be_undone() {
        let json = |touched: &Touched| serde_json::to_string(touched).map_err(|e| StoreError::Unexpected(e.to_string()));
        let (was, is) = (json(&Touched::of(before, tags))?, json(&Touched::of(&after, &new_tags))?);
        sql::insert_undo(tx, scope, job_id, before.id, &was, &is).await?;
    }
    Ok(())
}
