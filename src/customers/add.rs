//! Adding a customer.

use std::net::Ipv4Addr;

use ipnet::Ipv6Net;

use super::checks::{check_code, check_note, check_pool, check_sessions, check_text, generated_code};
use super::devices::{STAFF, insert_first_macs};
use super::parent::check_parent;
use super::purchase::begin_period;
use super::taken::what_is_taken;
use super::{
    BillingType, ConnectionType, Contact, Customer, CustomerError, CustomerPassword, Hold, OwnRate, ReplyCheck, check_reply_attributes,
    check_username, lookup_key, sql,
};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant, find_account_by_id};
use crate::packages::{Limits, LimitsOverride, PackagePurchase, find_package_to_give};
use crate::store::{AuditEntry, Conn, Db, IdMaker, Sealer};
use crate::units::{AccountId, CustomerId, Mac, TenantId, UnixMs};

/// What staff says about a new customer.
#[derive(Debug, Clone)]
pub struct NewCustomer {
    /// See [`Customer::username`].
    pub username: String,
    /// His password.
    pub password: CustomerPassword,
    /// Name of his package.
    pub package: String,
    /// Generated if `None`.
    pub code: Option<String>,
    /// See [`Customer::name`].
    pub name: String,
    /// See [`Customer::phone`].
    pub phone: String,
    /// See [`Customer::contact`].
    pub contact: Contact,
    /// See [`Customer::note`].
    pub note: String,
    /// Name of his zone.
    pub zone: Option<String>,
    /// See [`Customer::expires_at`].
    pub expires_at: Option<UnixMs>,
    /// See [`Hold`].
    pub hold: Hold,
    /// See [`ConnectionType`].
    pub connection_type: ConnectionType,
    /// See [`BillingType`].
    pub billing_type: BillingType,
    /// See [`Customer::device_type`].
    pub device_type: String,
    /// See [`Customer::macs`].
    pub macs: Vec<Mac>,
    /// See [`Customer::static_ipv4`].
    pub static_ipv4: Option<Ipv4Addr>,
    /// See [`Customer::framed_ipv6_prefix`].
    pub framed_ipv6_prefix: Option<Ipv6Net>,
    /// See [`Customer::delegated_ipv6_prefix`].
    pub delegated_ipv6_prefix: Option<Ipv6Net>,
    /// See [`Customer::framed_pool`].
    pub framed_pool: Option<String>,
    /// See [`Customer::simultaneous_sessions`].
    pub simultaneous_sessions: Option<u32>,
    /// See [`Customer::reply_attributes`].
    pub reply_attributes: String,
    /// See [`Customer::limits`].
    pub limits: LimitsOverride,
    /// See [`Customer::own_rate`].
    pub own_rate: Option<OwnRate>,
    /// See [`Customer::parent_id`].
    pub parent_id: Option<CustomerId>,
}

impl NewCustomer {
    /// A customer with the defaults.
    pub fn new(username: &str, password: CustomerPassword, package: &str) -> NewCustomer {
        NewCustomer {
            username: username.to_owned(),
            password,
            package: package.to_owned(),
            code: None,
            name: String::new(),
            phone: String::new(),
            contact: Contact::default(),
            note: String::new(),
            zone: None,
            expires_at: None,
            hold: Hold::None,
            connection_type: ConnectionType::default(),
            billing_type: BillingType::default(),
            device_type: String::new(),
            macs: Vec::new(),
            static_ipv4: None,
            framed_ipv6_prefix: None,
            delegated_ipv6_prefix: None,
            framed_pool: None,
            simultaneous_sessions: None,
            reply_attributes: String::new(),
            limits: LimitsOverride::default(),
            own_rate: None,
            parent_id: None,
        }
    }

    /// The customer that this makes, with every field checked.
    pub(super) fn into_customer(
        self,
        id: CustomerId,
        tenant: TenantId,
        owner: AccountId,
        package: &PackagePurchase,
        reply_check: ReplyCheck<'_>,
        now: UnixMs,
    ) -> Result<Customer, CustomerError> {
        let has_expiry = self.expires_at.is_some();
        let mut customer = Customer {
            id,
            tenant_id: tenant,
            owner_id: owner,
            code: self.code.unwrap_or_else(|| generated_code(id.0)),
            name: self.name,
            phone: self.phone,
            contact: self.contact,
            note: self.note,
            parent_id: self.parent_id,
            zone_id: None,
            username: self.username,
            package_id: package.id,
            expires_at: self.expires_at,
            hold: self.hold,
            connection_type: self.connection_type,
            billing_type: self.billing_type,
            device_type: self.device_type,
            macs: self.macs,
            static_ipv4: self.static_ipv4,
            framed_ipv6_prefix: self.framed_ipv6_prefix,
            delegated_ipv6_prefix: self.delegated_ipv6_prefix,
            framed_pool: self.framed_pool,
            simultaneous_sessions: self.simultaneous_sessions,
            reply_attributes: check_reply_attributes(&self.reply_attributes, reply_check)?,
            limits: self.limits,
            own_rate: self.own_rate,
            first_login_secs: None,
            activated_at: None,
            period_started_at: None,
            package_since_at: None,
            next_package_id: None,
            next_package_at: None,
            closed_at: None,
            registered_at: now,
            updated_at: now,
        };
        // Without a validity all he ever uses is of one period: nothing to note.
        if package.validity.is_some() {
            begin_period(&mut customer, package.validity, has_expiry, now);
        }
        check_fields(&customer)?;
        Ok(customer)
    }
}

/// Checks every field of a customer that has a rule of its own.
pub(super) fn check_fields(customer: &Customer) -> Result<(), CustomerError> {
    check_username(&customer.username)?;
    check_code(&customer.code)?;
    check_text("name", &customer.name)?;
    check_text("phone", &customer.phone)?;
    customer.contact.check()?;
    check_note(&customer.note)?;
    check_text("device type", &customer.device_type)?;
    check_text("reason", customer.hold.reason())?;
    check_pool(customer.framed_pool.as_deref())?;
    check_sessions(customer.simultaneous_sessions)?;
    check_own_terms(customer)
}

/// Checks a customer's own limits and rate by themselves; how his limits go with his package's is checked where both are known.
fn check_own_terms(customer: &Customer) -> Result<(), CustomerError> {
    if let Some(own) = &customer.own_rate {
        own.rate.check().map_err(|e| CustomerError::BadField(e.to_string()))?;
    }
    Ok(())
}

/// Checks a customer's own limits together with his package's.
pub(super) fn check_limits(customer: &Customer, package: &Limits) -> Result<(), CustomerError> {
    package.with(&customer.limits).check().map_err(|e| CustomerError::BadField(e.to_string()))
}

/// Adds a customer; a running server knows him within a second. `tenant` is the scope's own, with its rules.
#[allow(clippy::too_many_arguments)] // the use case's own world: store, ids, key; then who, what, when
pub async fn add_customer(
    db: &Db,
    ids: &IdMaker,
    sealer: &Sealer,
    scope: &Scope,
    tenant: &Tenant,
    owner: AccountId,
    new: NewCustomer,
    reply_check: ReplyCheck<'_>,
    now: UnixMs,
) -> Result<Customer, CustomerError> {
    scope.require(Capability::CustomersCreate)?;
    let mut tx = db.begin().await?;
    check_owner(&mut tx, scope, owner).await?;
    let package = find_package_to_give(&mut tx, scope, &new.package).await?;
    let package = package.ok_or_else(|| CustomerError::UnknownPackage(new.package.clone()))?;
    let id = CustomerId(ids.next(now));
    let password = new.password.seal(sealer, id);
    let purchase = PackagePurchase { id: package.id, validity: package.terms.limits.validity };
    let zone_id = zone_id(&mut tx, scope, new.zone.as_deref()).await?;
    let customer = Customer { zone_id, ..new.into_customer(id, scope.tenant(), owner, &purchase, reply_check, now)? };
    check_limits(&customer, &package.terms.limits)?;
    if let Some(parent) = customer.parent_id {
        check_parent(&mut tx, scope, id, parent).await?;
    }
    let key = lookup_key(&customer.username, tenant.case_sensitive_usernames);
    if !sql::insert_customer(&mut tx, scope, &customer, &key, &password).await? {
        return Err(what_is_taken(&mut tx, scope, &customer, &key).await?);
    }
    insert_first_macs(&mut tx, scope, id, &customer.macs, STAFF, now).await?;
    let entry = AuditEntry::new(scope.tenant().0, "customer.add", "customers", id.0, &customer.username);
    tx.audit(entry.after(&customer).secret("password"));
    tx.changed(scope.tenant().0, "customers", id.0);
    tx.commit(now).await?;
    Ok(customer)
}

/// The zone of a name.
pub(super) async fn zone_id(conn: &mut Conn, scope: &Scope, name: Option<&str>) -> Result<Option<i64>, CustomerError> {
    let Some(name) = name else { return Ok(None) };
    let zone = super::zones::find_zone(conn, scope, name).await?;
    Ok(Some(zone.ok_or_else(|| CustomerError::UnknownZone(name.to_owned()))?.id))
}

/// A customer is given only to an account that the scope sees.
pub(super) async fn check_owner(conn: &mut Conn, scope: &Scope, owner: AccountId) -> Result<(), CustomerError> {
    find_account_by_id(conn, scope, owner).await?.map(|_| ()).ok_or_else(|| CustomerError::UnknownOwner(owner.to_string()))
}
