//! Changing a router: name, addresses, modes, and the rotation of its secret.

use super::add::{NEXT_SECRET, SECRET, check_owner, claim_addresses};
use super::router::{check_name, check_nas_identifier};
use super::{Adopt, MessageAuthenticatorMode, Router, RouterAddress, RouterError, RouterSecret, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{AuditEntry, Db, Sealer};
use crate::units::{AccountId, RouterId, UnixMs};

/// What to change; what is `None`, empty or false stays as it is.
#[derive(Debug, Clone, Default)]
pub struct RouterChanges {
    /// New name.
    pub name: Option<String>,
    /// Account that owns it from now on.
    pub owner: Option<AccountId>,
    /// Addresses and prefixes to add.
    pub add_addresses: Vec<RouterAddress>,
    /// Addresses and prefixes to remove.
    pub remove_addresses: Vec<RouterAddress>,
    /// Replaces the secret at once.
    pub secret: Option<RouterSecret>,
    /// Accepted besides the secret from now on, until promoted.
    pub next_secret: Option<RouterSecret>,
    /// The next secret becomes the secret; the old one is forgotten.
    pub promote_secret: bool,
    /// New NAS-Identifier; empty for none.
    pub nas_identifier: Option<String>,
    /// See [`MessageAuthenticatorMode`].
    pub message_authenticator: Option<MessageAuthenticatorMode>,
    /// Forget which addresses were seen signing.
    pub relearn: bool,
    /// See [`Router::limit_proxy_state`].
    pub limit_proxy_state: Option<bool>,
    /// See [`Router::swap_octets`].
    pub swap_octets: Option<bool>,
    /// See [`Router::coa_port`].
    pub coa_port: Option<u16>,
    /// See [`Router::coa_message_authenticator`].
    pub coa_message_authenticator: Option<bool>,
    /// See [`Router::coa_event_timestamp`].
    pub coa_event_timestamp: Option<bool>,
    /// See [`Adopt`].
    pub adopt: Option<Adopt>,
}

/// Applies the changes; a running server follows within a second.
pub async fn set_router(
    db: &Db,
    sealer: &Sealer,
    scope: &Scope,
    name: &str,
    changes: &RouterChanges,
    now: UnixMs,
) -> Result<Router, RouterError> {
    scope.require(Capability::RoutersEdit)?;
    let mut tx = db.begin().await?;
    let mut row = sql::update_lock_router(&mut tx, scope, name, now).await?.ok_or_else(|| RouterError::Unknown(name.to_owned()))?;
    let id = RouterId(row.id);
    let before = row.clone().into_router(sql::list_addresses(&mut tx, scope, id).await?)?;
    if let Some(new_name) = &changes.name {
        check_name(new_name)?;
        if new_name != name && sql::is_name_taken(&mut tx, scope, new_name).await? {
            return Err(RouterError::NameTaken(new_name.clone()));
        }
        row.name.clone_from(new_name);
    }
    if changes.promote_secret {
        let sealed = row.next_secret.take().ok_or_else(|| RouterError::NoNextSecret(name.to_owned()))?;
        row.secret = sealer.seal(SECRET, row.id, &sealer.open(NEXT_SECRET, row.id, &sealed)?);
    }
    if let Some(secret) = &changes.secret {
        row.secret = sealer.seal(SECRET, row.id, secret.octets());
    }
    if let Some(secret) = &changes.next_secret {
        row.next_secret = Some(sealer.seal(NEXT_SECRET, row.id, secret.octets()));
    }
    if let Some(text) = &changes.nas_identifier {
        check_nas_identifier(text)?;
        row.nas_identifier.clone_from(text);
    }
    if let Some(owner) = changes.owner {
        check_owner(&mut tx, scope, owner).await?;
        row.owner_id = owner.0;
    }
    row.message_authenticator = changes.message_authenticator.map_or(row.message_authenticator, |m| m.as_str().to_owned());
    row.limit_proxy_state = changes.limit_proxy_state.unwrap_or(row.limit_proxy_state);
    row.swap_octets = changes.swap_octets.unwrap_or(row.swap_octets);
    row.coa_port = changes.coa_port.map_or(row.coa_port, i64::from);
    row.coa_message_authenticator = changes.coa_message_authenticator.unwrap_or(row.coa_message_authenticator);
    row.coa_event_timestamp = changes.coa_event_timestamp.unwrap_or(row.coa_event_timestamp);
    row.adopt = changes.adopt.map_or(row.adopt, |a| a.as_str().to_owned());

    let addresses = new_addresses(&row.name, sql::list_addresses(&mut tx, scope, id).await?, changes)?;
    // rewritten as a whole: each row carries a copy of the NAS-Identifier, which may have changed
    sql::delete_addresses(&mut tx, scope, id).await?;
    claim_addresses(&mut tx, scope, id, &addresses, &row.nas_identifier).await?;
    sql::update_router(&mut tx, scope, &row).await?;
    if changes.relearn {
        sql::delete_learned(&mut tx, scope, id).await?;
    }
    let after = row.into_router(addresses)?;
    let entry = AuditEntry::new(scope.tenant().0, "router.set", "routers", id.0, name).before(&before).after(&after);
    tx.audit(secrets_of(changes).into_iter().fold(entry, AuditEntry::secret));
    tx.changed(scope.tenant().0, "routers", id.0);
    tx.commit(now).await?;
    Ok(after)
}

/// Which secrets change, for the audit log.
fn secrets_of(changes: &RouterChanges) -> Vec<&'static str> {
    let given = [("secret", changes.secret.is_some() || changes.promote_secret), ("next_secret", changes.next_secret.is_some())];
    given.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()
}

/// The addresses after the changes, in text order.
fn new_addresses(name: &str, mut addresses: Vec<RouterAddress>, changes: &RouterChanges) -> Result<Vec<RouterAddress>, RouterError> {
    for gone in &changes.remove_addresses {
        let at = addresses.iter().position(|a| a == gone);
        let at = at.ok_or_else(|| RouterError::AddressUnknown { router: name.to_owned(), address: gone.to_string() })?;
        addresses.remove(at);
    }
    addresses.extend(&changes.add_addresses);
    addresses.sort_unstable_by_key(ToString::to_string);
    addresses.dedup();
    if addresses.is_empty() { Err(RouterError::NoAddress(name.to_owned())) } else { Ok(addresses) }
}
