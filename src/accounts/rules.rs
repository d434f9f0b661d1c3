//! Who creates whom, who manages whom, who gives what: pure decisions over a [`Scope`].

use super::capability::Capability;
use super::role::Creates;
use super::scope::Scope;
use super::{AccountPath, Role};

/// Why somebody may not do something with an account he sees. (What he does not see looks as if absent, which is no denial.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Not held.
    #[error("this needs the capability {0}")]
    Lacks(Capability),
    /// His role does not create that one.
    #[error("this role may not create the role {0}")]
    MayNotCreate(Role),
    /// The account above could not have made it.
    #[error("an account of role {role} cannot stand below one of role {parent}")]
    WrongParent {
        /// What would stand below.
        role: Role,
        /// What is above.
        parent: Role,
    },
    /// Not below him in the tree.
    #[error("only accounts of one's own tree can be changed")]
    NotBelow,
    /// Equal or more power.
    #[error("only accounts of a lower role can be changed")]
    NotLower,
    /// Nobody gives what he does not hold.
    #[error("nobody gives or takes what he does not hold: {0}")]
    NotHeld(Capability),
    /// A setting of the whole tenant.
    #[error("this concerns the whole tenant: only accounts that see all of it change it")]
    NotWhole,
    /// Something of the whole server.
    #[error("only a Developer, or whoever runs commands on the server, changes this")]
    NotOfServer,
    /// Somebody looks through another's eyes.
    #[error("this is refused while you look through another account's eyes")]
    Impersonated,
}

impl Denial {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Denial::Lacks(_) => "capability-missing",
            Denial::MayNotCreate(_) => "role-not-creatable",
            Denial::WrongParent { .. } => "parent-role-wrong",
            Denial::NotBelow => "account-not-below",
            Denial::NotLower => "account-not-lower",
            Denial::NotHeld(_) => "capability-not-held",
            Denial::NotWhole => "not-whole-tenant",
            Denial::NotOfServer => "not-of-server",
            Denial::Impersonated => "refused-while-impersonating",
        }
    }
}

/// An account as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where it stands.
    pub path: AccountPath,
    /// What it is.
    pub role: Role,
    /// Its role's level in its tenant.
    pub level: u16,
}

/// Whether somebody may create an account of a role (whose level is given) below `parent`, which may be himself.
pub fn may_create(creator: &Scope, role: Role, level: u16, parent: &Target) -> Result<(), Denial> {
    creator.require(Capability::AccountsCreate)?;
    if !creator.own.covers(&parent.path) {
        return Err(Denial::NotBelow);
    }
    match creator.role.map_or(Creates::Yes, |r| r.creates(role)) {
        Creates::No => return Err(Denial::MayNotCreate(role)),
        Creates::With(capability) => creator.require(capability)?,
        Creates::Yes => {}
    }
    if !creator.outranks(level) {
        return Err(Denial::NotLower);
    }
    may_stand_below(role, parent.role)
}

/// Whether an account of a role can stand below one of another: only where that one could have made it.
pub fn may_stand_below(role: Role, parent: Role) -> Result<(), Denial> {
    match parent.creates(role) {
        Creates::No => Err(Denial::WrongParent { role, parent }),
        Creates::Yes | Creates::With(_) => Ok(()),
    }
}

/// Whether somebody may do to an account what the capability says: it is below him in the tree, its level number is higher, and he holds the capability.
pub fn may_manage(actor: &Scope, target: &Target, capability: Capability) -> Result<(), Denial> {
    actor.require(capability)?;
    if !actor.is_above(&target.path) {
        return Err(Denial::NotBelow);
    }
    if actor.outranks(target.level) { Ok(()) } else { Err(Denial::NotLower) }
}

/// Whether somebody may rename a role (whose level in the tenant is given): it has less power than he. A name holds for the whole tenant; providers, who see a part
/// of it, agree on what operators and sub-operators are called, and on no other role.
pub fn may_rename_role(actor: &Scope, role: Role, level: u16) -> Result<(), Denial> {
    if !actor.may(Capability::RolesLabel) {
        actor.require(Capability::RolesEdit)?;
    }
    let is_theirs = actor.sees_whole_tenant() || matches!(role, Role::Operator | Role::SubOperator);
    match (actor.outranks(level), is_theirs) {
        (false, _) => Err(Denial::NotLower),
        (true, false) => Err(Denial::NotWhole),
        (true, true) => Ok(()),
    }
}

/// Whether somebody may change the level and the capabilities of a role (whose level in the tenant is given): it has less power than he, and he sees all to whom it
/// would happen.
pub fn may_edit_role(actor: &Scope, level: u16) -> Result<(), Denial> {
    actor.require(Capability::RolesEdit)?;
    match (actor.outranks(level), actor.sees_whole_tenant()) {
        (false, _) => Err(Denial::NotLower),
        (true, false) => Err(Denial::NotWhole),
        (true, true) => Ok(()),
    }
}

/// Whether somebody may change the settings of the tenant.
pub fn may_set_tenant(actor: &Scope) -> Result<(), Denial> {
    actor.require(Capability::SettingsEdit)?;
    if actor.sees_whole_tenant() { Ok(()) } else { Err(Denial::NotWhole) }
}

/// Whether somebody may change the host name of the tenant. It is the server's: every visitor's tenant is told by it, so a tenant that chose freely could take
/// another's visitors. (The name is the tenant's own. It leads people and commands to it as well, but one that is or was another's is not to be had.)
pub fn may_set_host_name(actor: &Scope) -> Result<(), Denial> {
    actor.require(Capability::TenantsEdit)?;
    if actor.is_of_server() { Ok(()) } else { Err(Denial::NotOfServer) }
}

/// Whether somebody may add tenants: his role creates a tenant's Super Admin, and he holds what that takes.
pub fn may_add_tenant(actor: &Scope) -> Result<(), Denial> {
    actor.require(Capability::TenantsCreate)?;
    match actor.role.map_or(Creates::Yes, |role| role.creates(Role::SuperAdmin)) {
        Creates::No => Err(Denial::MayNotCreate(Role::SuperAdmin)),
        Creates::With(capability) => actor.require(capability),
        Creates::Yes => Ok(()),
    }
}

/// Whether somebody may give (or take) a permission: he manages permissions of that account, and holds it himself.
pub fn may_permit(actor: &Scope, target: &Target, capability: Capability, resource: &str) -> Result<(), Denial> {
    may_manage(actor, target, Capability::AccountsPermit)?;
    if actor.held.has(capability, resource) { Ok(()) } else { Err(Denial::NotHeld(capability)) }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
