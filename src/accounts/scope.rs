//! Whose data a request may touch and what it may do there. Every SQL function that a surface can reach takes one, so that it cannot be forgotten.

use super::capability::{Capability, CapabilitySet};
use super::rules::Denial;
use super::{AccountPath, Role};
use crate::units::{AccountId, TenantId};

/// What an account holds: whole capabilities, and some for one resource only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    pub(super) whole: CapabilitySet,
    pub(super) limited: Vec<(Capability, String)>,
}

impl Held {
    /// What is held without a limit.
    pub fn whole(&self) -> CapabilitySet {
        self.whole
    }

    /// What is held for single resources only, such as (`customers.view`, `zone:5`).
    pub fn limited(&self) -> &[(Capability, String)] {
        &self.limited
    }

    /// Whether it is held, for this resource (empty = for all).
    pub fn has(&self, capability: Capability, resource: &str) -> bool {
        self.whole.has(capability) || (!resource.is_empty() && self.limited.iter().any(|(c, r)| *c == capability && r == resource))
    }

    /// What is also within a set.
    #[must_use]
    pub fn within(&self, set: CapabilitySet) -> Held {
        Held { whole: self.whole.and(set), limited: self.limited.iter().filter(|(c, _)| set.has(*c)).cloned().collect() }
    }

    /// What both hold.
    #[must_use]
    pub fn and(&self, other: &Held) -> Held {
        let both = |a: &Held, b: &Held| -> Vec<_> { a.limited.iter().filter(|(c, r)| b.has(*c, r)).cloned().collect() };
        let mut limited = both(self, other);
        limited.extend(both(other, self));
        limited.sort_unstable();
        limited.dedup();
        Held { whole: self.whole.and(other.whole), limited }
    }
}

/// See the head of the file. Only `accounts/` makes one: from a sign-in, an API key, or for whoever runs commands on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub(super) tenant: TenantId,
    pub(super) acting: Option<AccountId>,
    pub(super) name: String,
    pub(super) role: Option<Role>,
    pub(super) level: u16,
    pub(super) own: AccountPath,
    pub(super) sees: AccountPath,
    pub(super) held: Held,
    pub(super) is_impersonated: bool,
    /// Of customers only those of this zone are looked at.
    pub(super) only_zone: Option<i64>,
}

impl Scope {
    /// Whoever runs commands on the server: the whole tenant, everything.
    pub fn administrator(tenant: TenantId) -> Scope {
        let held = Held { whole: CapabilitySet::ALL, limited: Vec::new() };
        let (own, sees) = (AccountPath::TOP, AccountPath::TOP);
        Scope {
            tenant,
            acting: None,
            name: "administrator".to_owned(),
            role: None,
            level: 0,
            own,
            sees,
            held,
            is_impersonated: false,
            only_zone: None,
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The account that acts; `None` for the server's administrator.
    pub fn acting(&self) -> Option<AccountId> {
        self.acting
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its role; `None` for the server's administrator.
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// The subtree whose data it sees, as a range for `path >= $a AND path < $b`.
    pub fn subtree(&self) -> (&str, String) {
        self.sees.range()
    }

    /// What the conditions of SQL are bound to (`accounts/sql/seen.rs`): the subtree, beginning with nothing if the scope sees the whole tenant.
    pub fn owners(&self) -> (&str, String) {
        let (from, to) = self.subtree();
        if self.sees_whole_tenant() { ("", to) } else { (from, to) }
    }

    /// The same, looking at less: at the subtree of an account that it sees; `None` if it does not.
    pub fn narrowed_to(&self, path: &AccountPath) -> Option<Scope> {
        self.sees.covers(path).then(|| Scope { sees: path.clone(), ..self.clone() })
    }

    /// The same, looking at less: of customers only at those of a zone.
    #[must_use]
    pub fn in_zone(&self, zone: i64) -> Scope {
        Scope { only_zone: Some(zone), ..self.clone() }
    }

    /// The zone whose customers alone it looks at.
    pub fn only_zone(&self) -> Option<i64> {
        self.only_zone
    }

    /// Whether it is the server's: whoever runs commands there, or a Developer. These alone see what belongs to no tenant.
    pub fn is_of_server(&self) -> bool {
        matches!(self.role, None | Some(Role::Developer))
    }

    /// Whether nothing of the tenant is kept from it.
    pub fn sees_whole_tenant(&self) -> bool {
        self.sees.depth() <= 1
    }

    /// How deep in the tenant's tree the subtree begins.
    pub fn depth(&self) -> usize {
        self.sees.depth()
    }

    /// Whether all tenants of the server are open to it: for a Developer and for whoever runs commands.
    pub fn sees_all_tenants(&self) -> bool {
        self.role.is_none_or(|role| role == Role::Developer)
    }

    /// Whether the account at this path is one whose data it sees.
    pub fn sees(&self, path: &AccountPath) -> bool {
        self.sees.covers(path)
    }

    /// What it holds.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Whether it may do this without limit.
    pub fn may(&self, capability: Capability) -> bool {
        self.held.whole.has(capability)
    }

    /// In which zones it may do this: `None` = whatever the zone, an empty list = in none. A permission for a resource `zone:ID` holds for the customers of that zone.
    pub fn zones(&self, capability: Capability) -> Option<Vec<i64>> {
        if self.may(capability) {
            return self.only_zone.map(|zone| vec![zone]);
        }
        let zone = |resource: &String| resource.strip_prefix("zone:").and_then(|id| id.parse().ok());
        Some(
            self.held
                .limited
                .iter()
                .filter(|(held, _)| *held == capability)
                .filter_map(|(_, resource)| zone(resource))
                .filter(|zone| self.only_zone.is_none_or(|only| only == *zone))
                .collect(),
        )
    }

    /// Whether it may do this to customers, be it in some zones only.
    pub fn may_in_some_zone(&self, capability: Capability) -> bool {
        self.zones(capability).is_none_or(|zones| !zones.is_empty())
    }

    /// Refuses what it may do to no customer.
    pub fn require_in_some_zone(&self, capability: Capability) -> Result<(), Denial> {
        if self.may_in_some_zone(capability) { Ok(()) } else { Err(Denial::Lacks(capability)) }
    }

    /// Refuses what it may not do to a customer in this zone.
    pub fn require_in_zone(&self, capability: Capability, zone: Option<i64>) -> Result<(), Denial> {
        let fits = self.zones(capability).is_none_or(|zones| zone.is_some_and(|zone| zones.contains(&zone)));
        if fits { Ok(()) } else { Err(Denial::Lacks(capability)) }
    }

    /// Refuses what it may not do.
    pub fn require(&self, capability: Capability) -> Result<(), Denial> {
        if self.may(capability) { Ok(()) } else { Err(Denial::Lacks(capability)) }
    }

    /// Refuses what nobody does in another's name: payments, passwords, second factors, set-up links, API keys.
    pub fn require_himself(&self) -> Result<(), Denial> {
        if self.is_impersonated { Err(Denial::Impersonated) } else { Ok(()) }
    }

    /// Whether it has more power than a level.
    pub(super) fn outranks(&self, level: u16) -> bool {
        self.role.is_none() || self.level < level
    }

    /// Whether its own tree holds this account below it: whom it may manage, as opposed to see.
    pub(super) fn is_above(&self, path: &AccountPath) -> bool {
        self.own.is_above(path)
    }
}
