//! What an account is at an instant: suspended or not, its scope, what it holds. Derived from the chain of accounts above it, never stored.
//!
//! held = (preset of its role, as far as the account above holds it) + permissions whose granter is above it and holds them now - menu groups switched off for
//! it or for any account above. So whatever is taken from an account is taken from all below it, at once.

use serde::Serialize;

use super::capability::{Capability, CapabilitySet, Menu};
use super::scope::{Held, Scope};
use super::{AccountPath, Role, RoleBook};
use crate::units::{AccountId, TenantId, UnixMs};

/// A capability given to one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// Which.
    pub capability: Capability,
    /// Only for this, such as `zone:5`; empty for all.
    pub resource: String,
    /// Who gave it; `None` for the command line.
    pub granter: Option<AccountId>,
    /// His name then.
    pub granted_by: String,
    /// When.
    pub granted_at: UnixMs,
    /// Until when; `None` for good.
    pub expires_at: Option<UnixMs>,
}

/// One account of a chain, with what the standing of those below depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which account.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Whether it is suspended by itself.
    pub suspended: bool,
    /// Menu groups switched off for it.
    pub disabled_menus: Vec<Menu>,
    /// Its permissions.
    pub permissions: Vec<Permission>,
}

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it may touch in its own tenant.
    pub scope: Scope,
    /// The topmost suspended account of its chain, itself included.
    pub suspended_by: Option<AccountId>,
}

impl Standing {
    /// The standing of the last account of a chain that begins with an account without parent; `None` for an empty chain.
    pub fn of(tenant: TenantId, chain: &[Link], book: &RoleBook, now: UnixMs) -> Option<Standing> {
        let mut above: Vec<(AccountId, Held)> = Vec::with_capacity(chain.len());
        let (mut denied, mut path) = (CapabilitySet::EMPTY, AccountPath::TOP);
        for link in chain {
            denied = link.disabled_menus.iter().fold(denied, |set, menu| set.or(menu.capabilities()));
            let held = held(link, book, &above, denied, now);
            above.push((link.id, held));
            path = path.child(link.id);
        }
        let (last, (_, held)) = (chain.last()?, above.pop()?);
        let sees = match last.role {
            Role::Developer => AccountPath::TOP,
            role if role.works_for_parent() => path.above(),
            _ => path.clone(),
        };
        let own = if last.role == Role::Developer { AccountPath::TOP } else { path };
        let level = book.level(last.role);
        let scope = Scope {
            is_impersonated: false,
            only_zone: None,
            tenant,
            acting: Some(last.id),
            name: last.name.clone(),
            role: Some(last.role),
            level,
            own,
            sees,
            held,
        };
        Some(Standing { scope, suspended_by: chain.iter().find(|l| l.suspended).map(|l| l.id) })
    }

    /// What it may touch in a tenant: its own, or for a Developer any.
    pub fn scope_in(&self, tenant: TenantId) -> Option<Scope> {
        let here = tenant == self.scope.tenant || self.scope.role == Some(Role::Developer);
        here.then(|| Scope { tenant, ..self.scope.clone() })
    }
}

fn held(link: &Link, book: &RoleBook, above: &[(AccountId, Held)], denied: CapabilitySet, now: UnixMs) -> Held {
    let preset = book.terms(link.role).capabilities;
    let mut held = Held { whole: above.last().map_or(preset, |(_, parent)| preset.and(parent.whole)), limited: Vec::new() };
    for p in link.permissions.iter().filter(|p| p.expires_at.is_none_or(|at| at > now)) {
        let granter_holds = match p.granter {
            None => true,
            Some(granter) => above.iter().any(|(id, held)| *id == granter && held.has(p.capability, &p.resource)),
        };
        match granter_holds {
            true if p.resource.is_empty() => held.whole = held.whole.with(p.capability),
            true => held.limited.push((p.capability, p.resource.clone())),
            false => {}
        }
    }
    held.within(CapabilitySet::ALL.without(denied))
}
