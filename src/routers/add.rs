//! Adding a router.

use super::router::{DEFAULT_COA_PORT, check_name, check_nas_identifier};
use super::sql::{self, RouterRow};
use super::{Adopt, MessageAuthenticatorMode, Router, RouterAddress, RouterError, RouterSecret};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, find_account_by_id};
use crate::store::{AuditEntry, Conn, Db, IdMaker, Sealer};
use crate::units::{AccountId, RouterId, UnixMs};

pub(super) const SECRET: &str = "routers.secret";
pub(super) const NEXT_SECRET: &str = "routers.next_secret";

/// What an administrator says about a new router.
#[derive(Debug, Clone)]
pub struct NewRouter {
    /// Unique in the tenant.
    pub name: String,
    /// At least one.
    pub addresses: Vec<RouterAddress>,
    /// Shared with the router.
    pub secret: RouterSecret,
    /// See [`Router::nas_identifier`].
    pub nas_identifier: String,
    /// See [`MessageAuthenticatorMode`].
    pub message_authenticator: MessageAuthenticatorMode,
    /// See [`Router::limit_proxy_state`].
    pub limit_proxy_state: bool,
    /// See [`Router::swap_octets`].
    pub swap_octets: bool,
    /// See [`Router::coa_port`].
    pub coa_port: u16,
    /// See [`Router::coa_message_authenticator`].
    pub coa_message_authenticator: bool,
    /// See [`Router::coa_event_timestamp`].
    pub coa_event_timestamp: bool,
    /// See [`Adopt`].
    pub adopt: Adopt,
}

impl NewRouter {
    /// A router with the defaults.
    pub fn new(name: &str, addresses: Vec<RouterAddress>, secret: RouterSecret) -> NewRouter {
        NewRouter {
            name: name.to_owned(),
            addresses,
            secret,
            nas_identifier: String::new(),
            message_authenticator: MessageAuthenticatorMode::default(),
            limit_proxy_state: true,
            swap_octets: false,
            coa_port: DEFAULT_COA_PORT,
            coa_message_authenticator: false,
            coa_event_timestamp: false,
            adopt: Adopt::default(),
        }
    }
}

/// Adds a router; a running server knows it within a second.
pub async fn add_router(
    db: &Db,
    ids: &IdMaker,
    sealer: &Sealer,
    scope: &Scope,
    owner: AccountId,
    new: &NewRouter,
    now: UnixMs,
) -> Result<Router, RouterError> {
    scope.require(Capability::RoutersCreate)?;
    check_name(&new.name)?;
    check_nas_identifier(&new.nas_identifier)?;
    if new.addresses.is_empty() {
        return Err(RouterError::NoAddress(new.name.clone()));
    }
    let id = RouterId(ids.next(now));
    let row = RouterRow {
        id: id.0,
        tenant_id: scope.tenant().0,
        owner_id: owner.0,
        name: new.name.clone(),
        nas_identifier: new.nas_identifier.clone(),
        secret: sealer.seal(SECRET, id.0, new.secret.octets()),
        next_secret: None,
        message_authenticator: new.message_authenticator.as_str().to_owned(),
        limit_proxy_state: new.limit_proxy_state,
        swap_octets: new.swap_octets,
        coa_port: i64::from(new.coa_port),
        coa_message_authenticator: new.coa_message_authenticator,
        coa_event_timestamp: new.coa_event_timestamp,
        adopt: new.adopt.as_str().to_owned(),
        added_at: now,
        updated_at: now,
    };
    let mut tx = db.begin().await?;
    check_owner(&mut tx, scope, owner).await?;
    if !sql::insert_router(&mut tx, scope, &row).await? {
        return Err(RouterError::NameTaken(new.name.clone()));
    }
    let mut addresses = new.addresses.clone();
    addresses.sort_unstable_by_key(ToString::to_string);
    addresses.dedup();
    claim_addresses(&mut tx, scope, id, &addresses, &new.nas_identifier).await?;
    let router = row.into_router(addresses)?;
    tx.audit(AuditEntry::new(scope.tenant().0, "router.add", "routers", id.0, &router.name).after(&router).secret("secret"));
    tx.changed(scope.tenant().0, "routers", id.0);
    tx.commit(now).await?;
    Ok(router)
}

/// A router is given only to an account that the scope sees.
pub(super) async fn check_owner(conn: &mut Conn, scope: &Scope, owner: AccountId) -> Result<(), RouterError> {
    find_account_by_id(conn, scope, owner).await?.map(|_| ()).ok_or_else(|| RouterError::UnknownOwner(owner.to_string()))
}

/// Writes the address rows; an address of another entry is named with its holder, if the scope sees that.
pub(super) async fn claim_addresses(
    conn: &mut Conn,
    scope: &Scope,
    id: RouterId,
    addresses: &[RouterAddress],
    nas_identifier: &str,
) -> Result<(), RouterError> {
    for address in addresses {
        let text = address.to_string();
        if !sql::insert_address(conn, scope, id, &text, nas_identifier).await? {
            let router = sql::find_address_holder(conn, scope, &text, nas_identifier).await?;
            return Err(RouterError::AddressTaken { address: text, router });
        }
        sql::delete_unknown_source(conn, &text).await?;
    }
    Ok(())
}
