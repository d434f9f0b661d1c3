//! Changing a customer.

use std::net::Ipv4Addr;

use ipnet::Ipv6Net;

use super::add::{check_fields, check_limits, check_owner, zone_id};
use super::devices::{STAFF, write_macs};
use super::list::is_kept_from;
use super::parent::check_parent;
use super::purchase::begin_period;
use super::taken::{is_taken, what_is_taken};
use super::{
    BillingType, ConnectionType, Contact, Customer, CustomerError, Hold, HoldKind, OwnRate, ReplyCheck, check_reply_attributes, lookup_key,
    sql,
};
use crate::accounts::capability::Capability;
use crate::accounts::{Denial, Scope, Tenant};
use crate::packages::{Limits, LimitsChanges, Package, find_package_by_id, find_package_to_give};
use crate::store::{AuditEntry, Conn, Db, StoreError, Tx};
use crate::units::{AccountId, CustomerId, Mac, PackageId, UnixMs};

/// What to change: the outer `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default)]
pub struct CustomerChanges {
    /// New username.
    pub username: Option<String>,
    /// Name of another package.
    pub package: Option<String>,
    /// Name of the package that he gets when his time runs out.
    pub next_package: Option<Option<String>>,
    /// New code.
    pub code: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// All of his contact.
    pub contact: Option<Contact>,
    /// Note.
    pub note: Option<String>,
    /// Name of his zone.
    pub zone: Option<Option<String>>,
    /// The customer to whom he belongs.
    pub parent_id: Option<Option<CustomerId>>,
    /// Expiry.
    pub expires_at: Option<Option<UnixMs>>,
    /// Hold.
    pub hold: Option<Hold>,
    /// How he connects.
    pub connection_type: Option<ConnectionType>,
    /// When he pays.
    pub billing_type: Option<BillingType>,
    /// Device type.
    pub device_type: Option<String>,
    /// Replaces all MAC addresses.
    pub macs: Option<Vec<Mac>>,
    /// MAC addresses to add.
    pub add_macs: Vec<Mac>,
    /// MAC addresses to remove.
    pub remove_macs: Vec<Mac>,
    /// Static address.
    pub static_ipv4: Option<Option<Ipv4Addr>>,
    /// Framed-IPv6-Prefix.
    pub framed_ipv6_prefix: Option<Option<Ipv6Net>>,
    /// Delegated-IPv6-Prefix.
    pub delegated_ipv6_prefix: Option<Option<Ipv6Net>>,
    /// Pool on the router.
    pub framed_pool: Option<Option<String>>,
    /// Sessions at once.
    pub simultaneous_sessions: Option<Option<u32>>,
    /// Extra reply attributes, all lines.
    pub reply_attributes: Option<String>,
    /// His own limits.
    pub limits: LimitsChanges,
    /// His own rate.
    pub own_rate: Option<Option<OwnRate>>,
    /// Whether he leaves, or comes back.
    pub closed: Option<bool>,
    /// Begins a new validity period now, as a purchase of his package does.
    pub new_period: bool,
    /// Moves his expiry on, from now if it has passed.
    pub extend_secs: Option<i64>,
    /// Another owner.
    pub owner: Option<AccountId>,
    /// Why, for the audit log.
    pub reason: String,
    /// When the row was last changed as whoever asks saw it; `None` = whatever it is now.
    pub since: Option<UnixMs>,
}

fn put<T: Clone>(field: &mut T, change: &Option<T>) {
    if let Some(new) = change {
        field.clone_from(new);
    }
}

impl CustomerChanges {
    /// Applies everything but the package (whose id only the store knows) and checks the result.
    pub fn apply(&self, mut customer: Customer, reply_check: ReplyCheck<'_>) -> Result<Customer, CustomerError> {
        let c = &mut customer;
        put(&mut c.username, &self.username);
        put(&mut c.code, &self.code);
        put(&mut c.name, &self.name);
        put(&mut c.phone, &self.phone);
        put(&mut c.contact, &self.contact);
        put(&mut c.note, &self.note);
        put(&mut c.parent_id, &self.parent_id);
        put(&mut c.expires_at, &self.expires_at);
        put(&mut c.hold, &self.hold);
        put(&mut c.connection_type, &self.connection_type);
        put(&mut c.billing_type, &self.billing_type);
        put(&mut c.device_type, &self.device_type);
        put(&mut c.macs, &self.macs);
        put(&mut c.static_ipv4, &self.static_ipv4);
        put(&mut c.framed_ipv6_prefix, &self.framed_ipv6_prefix);
        put(&mut c.delegated_ipv6_prefix, &self.delegated_ipv6_prefix);
        put(&mut c.framed_pool, &self.framed_pool);
        put(&mut c.simultaneous_sessions, &self.simultaneous_sessions);
        put(&mut c.own_rate, &self.own_rate);
        c.limits = self.limits.apply_to_override(std::mem::take(&mut c.limits));
        c.macs.extend(&self.add_macs);
        c.macs.retain(|mac| !self.remove_macs.contains(mac));
        c.macs.sort_unstable();
        c.macs.dedup();
        if let Some(text) = &self.reply_attributes {
            c.reply_attributes = check_reply_attributes(text, reply_check)?;
        }
        check_fields(c)?;
        Ok(customer)
    }

    /// Another package is a purchase: its validity begins. An expiry that is moved on after it has passed is a renewal: what is counted per validity begins anew.
    fn begin_periods(&self, before: &Customer, after: &mut Customer, limits: &Limits, now: UnixMs) {
        let has_expiry = self.expires_at.is_some() || self.extend_secs.is_some();
        let is_expired = |c: &Customer| c.expires_at.is_some_and(|at| at <= now);
        if after.package_id != before.package_id {
            after.package_since_at = Some(now);
            begin_period(after, limits.validity, has_expiry, now);
        } else if self.new_period {
            begin_period(after, limits.validity, has_expiry, now);
        } else if is_expired(before) && !is_expired(after) {
            after.period_started_at = Some(now);
        }
        after.closed_at = match self.closed {
            Some(true) => after.closed_at.or(Some(now)),
            Some(false) => None,
            None => after.closed_at,
        };
    }
}

/// What somebody must hold to make of a customer what he is afterwards: whether he is served is one thing, everything else about him another.
fn check_allowed(scope: &Scope, before: &Customer, after: &Customer) -> Result<(), Denial> {
    let is_closed = |c: &Customer| c.closed_at.is_some();
    let is_held = |c: &Customer| c.hold.kind() != HoldKind::None || is_closed(c);
    let is_about_service = before.hold != after.hold || is_closed(before) != is_closed(after);
    let others_as_after = Customer { hold: after.hold.clone(), closed_at: after.closed_at, ..before.clone() };
    if is_about_service {
        scope.require_in_zone(if is_held(after) { Capability::CustomersSuspend } else { Capability::CustomersActivate }, before.zone_id)?;
    }
    if !is_about_service || others_as_after != *after {
        scope.require_in_zone(Capability::CustomersEdit, before.zone_id)?;
        // nor does he move somebody out of his own reach
        scope.require_in_zone(Capability::CustomersEdit, after.zone_id)?;
    }
    Ok(())
}

/// The package that the customer has from now on.
async fn package_after(conn: &mut Conn, scope: &Scope, before: &Customer, name: Option<&str>) -> Result<Package, CustomerError> {
    match name {
        Some(name) => find_package_to_give(conn, scope, name).await?.ok_or_else(|| CustomerError::UnknownPackage(name.to_owned())),
        None => {
            let own = find_package_by_id(conn, before.package_id).await?;
            Ok(own.ok_or_else(|| StoreError::Unexpected(format!("customer {} without a package", before.id.0)))?)
        }
    }
}

/// The package that he gets next: what is said, or what waited unless he gets another one now.
async fn next_package_id(
    conn: &mut Conn,
    scope: &Scope,
    before: &Customer,
    after: &Customer,
    changes: &CustomerChanges,
) -> Result<Option<PackageId>, CustomerError> {
    let next = match &changes.next_package {
        None if changes.package.is_some() => None,
        None => after.next_package_id,
        Some(None) => None,
        Some(Some(_)) if before.expires_at.is_none() => {
            return Err(CustomerError::BadField("his time does not run out: give him the package now".to_owned()));
        }
        Some(Some(name)) => {
            Some(find_package_to_give(conn, scope, name).await?.ok_or_else(|| CustomerError::UnknownPackage(name.clone()))?.id)
        }
    };
    Ok(next.filter(|next| *next != after.package_id))
}

/// Applies the changes; a running server follows within a second. `tenant` is the scope's own, with its rules.
pub async fn set_customer(
    db: &Db,
    scope: &Scope,
    tenant: &Tenant,
    username: &str,
    changes: &CustomerChanges,
    reply_check: ReplyCheck<'_>,
    now: UnixMs,
) -> Result<Customer, CustomerError> {
    let mut tx = db.begin().await?;
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let found = sql::find_customer(&mut tx, scope, &key).await?.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    let after = set_customer_in(&mut tx, scope, tenant, found.id, changes, reply_check, now).await?;
    tx.commit(now).await?;
    Ok(after)
}

/// The same for the customer of an id.
pub async fn set_customer_by_id(
    db: &Db,
    scope: &Scope,
    tenant: &Tenant,
    id: CustomerId,
    changes: &CustomerChanges,
    reply_check: ReplyCheck<'_>,
    now: UnixMs,
) -> Result<Customer, CustomerError> {
    let mut tx = db.begin().await?;
    let after = set_customer_in(&mut tx, scope, tenant, id, changes, reply_check, now).await?;
    tx.commit(now).await?;
    Ok(after)
}

/// The row before the change, locked until the transaction ends. Whether it is still the one that whoever asks saw is asked by the lock itself: nobody comes between.
async fn locked(tx: &mut Tx, scope: &Scope, id: CustomerId, since: Option<UnixMs>, now: UnixMs) -> Result<Customer, CustomerError> {
    let unknown = || CustomerError::Unknown(id.to_string());
    let is_locked = sql::update_lock_customer_by_id(tx, scope, id, since, now).await?;
    let found = sql::find_customer_by_id(tx, scope, id).await?.filter(|found| !is_kept_from(scope, found)).ok_or_else(unknown)?;
    if is_locked { Ok(found) } else { Err(CustomerError::Outdated) }
}

/// The same within a transaction, which the caller commits.
pub(super) async fn set_customer_in(
    tx: &mut Tx,
    scope: &Scope,
    tenant: &Tenant,
    id: CustomerId,
    changes: &CustomerChanges,
    reply_check: ReplyCheck<'_>,
    now: UnixMs,
) -> Result<Customer, CustomerError> {
    let found = locked(tx, scope, id, changes.since, now).await?;
    let mut before = found.clone();
    // his time was over before anybody looked: what is changed is changed of what he has by now
    super::next_package::take_next(&mut before, now);
    let mut after = changes.apply(before.clone(), reply_check)?;
    if let Some(secs) = changes.extend_secs {
        // Who never expires has nothing to extend; whose time is over gets the days from now on.
        let from = before.expires_at.ok_or_else(|| CustomerError::BadField("his validity has no end that could be moved".to_owned()))?;
        after.expires_at = Some(from.max(now).saturating_add(secs.saturating_mul(1000)));
    }
    if let Some(zone) = &changes.zone {
        after.zone_id = zone_id(tx, scope, zone.as_deref()).await?;
    }
    if let Some(owner) = changes.owner {
        check_owner(tx, scope, owner).await?;
        after.owner_id = owner;
    }
    if let Some(parent) = changes.parent_id.flatten() {
        check_parent(tx, scope, id, parent).await?;
    }
    let package = package_after(tx, scope, &before, changes.package.as_deref()).await?;
    after.package_id = package.id;
    after.next_package_id = next_package_id(tx, scope, &before, &after, changes).await?;
    after.next_package_at = match &changes.next_package {
        Some(_) => after.next_package_id.and(before.expires_at),
        None => after.next_package_id.and(before.next_package_at),
    };
    changes.begin_periods(&before, &mut after, &package.terms.limits, now);
    check_allowed(scope, &before, &after)?;
    check_limits(&after, &package.terms.limits)?;
    let key = lookup_key(&after.username, tenant.case_sensitive_usernames);
    if is_taken(tx, scope, &after, &key).await? {
        return Err(what_is_taken(tx, scope, &after, &key).await?);
    }
    sql::update_customer(tx, scope, &after, &key).await?;
    if after.macs != before.macs {
        write_macs(tx, scope, id, &before.macs, &after.macs, STAFF, now).await?;
    }
    let mut entry = AuditEntry::new(scope.tenant().0, "customer.set", "customers", id.0, &before.username).before(&found).after(&after);
    if !changes.reason.is_empty() {
        entry = entry.note("reason", &changes.reason);
    }
    tx.audit(entry);
    tx.changed(scope.tenant().0, "customers", id.0);
    Ok(after)
}
