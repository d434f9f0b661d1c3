//! The roles: presets over capabilities with a level, and what a tenant changed of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::capability::{Capability, Capability as C, CapabilitySet};
use crate::units::words;

/// What somebody is. A customer is no account: he signs in at self-care and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Who runs the platform, in all tenants.
    Developer,
    /// The tenant's.
    SuperAdmin,
    /// A provider.
    Admin,
    /// Sells for a provider.
    Operator,
    /// Sells for an operator or a provider.
    SubOperator,
    /// Oversees work.
    Manager,
    /// Reads the books.
    Accountant,
    /// Looks for new providers.
    SalesManager,
    /// Works outside.
    FieldTechnician,
    /// Answers customers.
    Staff,
    /// Sells cards.
    CardDistributor,
}
words!(
    Role,
    "a role",
    "developer" = Developer,
    "super-admin" = SuperAdmin,
    "admin" = Admin,
    "operator" = Operator,
    "sub-operator" = SubOperator,
    "manager" = Manager,
    "accountant" = Accountant,
    "sales-manager" = SalesManager,
    "field-technician" = FieldTechnician,
    "staff" = Staff,
    "card-distributor" = CardDistributor,
);

/// The level of a customer, below every account.
pub const CUSTOMER_LEVEL: u16 = 100;

/// When a role may create another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creates {
    /// Always, given `accounts.create`.
    Yes,
    /// Only with this capability too.
    With(Capability),
    /// Never.
    No,
}

impl Role {
    /// Whether customers are given to accounts of this role: providers and those who sell for them.
    pub fn may_own_customers(self) -> bool {
        matches!(self, Role::Admin | Role::Operator | Role::SubOperator)
    }

    /// All of them, by level.
    pub const ALL: [Role; 11] = [
        Role::Developer,
        Role::SuperAdmin,
        Role::Admin,
        Role::Operator,
        Role::SubOperator,
        Role::Manager,
        Role::Accountant,
        Role::SalesManager,
        Role::FieldTechnician,
        Role::Staff,
        Role::CardDistributor,
    ];

    /// Whether the account works for the one above it and looks at that one's data; the others look at their own and what is below.
    pub fn works_for_parent(self) -> bool {
        matches!(self, Role::Manager | Role::Accountant | Role::SalesManager | Role::FieldTechnician | Role::Staff)
    }

    /// Who creates whom.
    pub fn creates(self, other: Role) -> Creates {
        use Role::*;
        match (self, other) {
            (Developer, SuperAdmin) => Creates::With(C::TenantsCreate),
            (SuperAdmin, Admin | SalesManager | Manager | Accountant | Staff) => Creates::Yes,
            (Admin, Operator | SubOperator | Manager | Accountant | Staff | FieldTechnician | CardDistributor) => Creates::Yes,
            (Operator, SubOperator) => Creates::Yes,
            (Operator, CardDistributor) => Creates::With(C::CreateDistributors),
            (Operator, Staff) => Creates::With(C::CreateStaff),
            _ => Creates::No,
        }
    }

    fn preset_level(self) -> u16 {
        match self {
            Role::Developer => 0,
            Role::SuperAdmin => 10,
            Role::Admin => 20,
            Role::Operator => 30,
            Role::SubOperator => 40,
            Role::Manager => 50,
            Role::Accountant => 60,
            Role::SalesManager => 70,
            Role::FieldTechnician => 75,
            Role::Staff => 80,
            Role::CardDistributor => 90,
        }
    }

    fn preset_label(self) -> &'static str {
        match self {
            Role::Developer => "Developer",
            Role::SuperAdmin => "Super Admin",
            Role::Admin => "Admin",
            Role::Operator => "Operator",
            Role::SubOperator => "Sub-Operator",
            Role::Manager => "Manager",
            Role::Accountant => "Accountant",
            Role::SalesManager => "Sales Manager",
            Role::FieldTechnician => "Field Technician",
            Role::Staff => "Staff",
            Role::CardDistributor => "Card Distributor",
        }
    }

    fn preset_capabilities(self) -> CapabilitySet {
        let of = |list: &[Capability]| list.iter().copied().collect::<CapabilitySet>();
        let platform = of(&[C::TenantsCreate, C::PlatformView]);
        let tenant = of(&[
            C::TenantsView,
            C::TenantsEdit,
            C::RolesEdit,
            C::MasterPackages,
            C::LeadsView,
            C::LeadsEdit,
            C::SubscriptionsView,
            C::SubscriptionsRecord,
            C::NoticesSend,
        ]);
        match self {
            Role::Developer => CapabilitySet::ALL,
            Role::SuperAdmin => CapabilitySet::ALL.without(platform),
            Role::Admin => CapabilitySet::ALL.without(platform).without(tenant),
            Role::Operator => of(&OPERATOR),
            Role::SubOperator => of(&SUB_OPERATOR),
            Role::Manager => of(&[C::TicketsView, C::TicketsEdit, C::ReportsCustomers]),
            Role::Accountant => of(&ACCOUNTANT),
            Role::SalesManager => of(&SALES_MANAGER),
            Role::FieldTechnician => of(&[C::SessionsView, C::TicketsView, C::TicketsEdit, C::RoutersView]),
            Role::Staff => of(&[C::TicketsView, C::TicketsEdit, C::RoutersView]),
            Role::CardDistributor => of(&[C::CardsView, C::CardsSell, C::CardsSales]),
        }
    }
}

const OPERATOR: [Capability; 27] = [
    C::CustomersView,
    C::CustomersCreate,
    C::CustomersEdit,
    C::CustomersSuspend,
    C::CustomersActivate,
    C::BillsView,
    C::BillsCreate,
    C::PaymentsProcess,
    C::InvoicesView,
    C::InvoicesGenerate,
    C::PackagesView,
    C::PackagesAssign,
    C::CardsView,
    C::CardsDistribute,
    C::CardsSell,
    C::CardsSales,
    C::AccountsView,
    C::AccountsCreate,
    C::AccountsEdit,
    C::AccountsSuspend,
    C::AccountsPermit,
    C::SessionsView,
    C::SessionsDisconnect,
    C::TicketsView,
    C::TicketsEdit,
    C::ReportsCustomers,
    C::ApiKeys,
];

const SUB_OPERATOR: [Capability; 11] = [
    C::CustomersView,
    C::CustomersCreate,
    C::CustomersEdit,
    C::BillsView,
    C::PaymentsProcess,
    C::InvoicesView,
    C::PackagesView,
    C::PackagesAssign,
    C::SessionsView,
    C::ReportsCustomers,
    C::ApiKeys,
];

const ACCOUNTANT: [Capability; 6] = [C::BillsView, C::InvoicesView, C::ExpensesView, C::VatView, C::ReportsFinancial, C::ReportsExport];

const SALES_MANAGER: [Capability; 6] =
    [C::AccountsView, C::LeadsView, C::LeadsEdit, C::SubscriptionsView, C::SubscriptionsRecord, C::NoticesSend];

/// What a tenant changed of one role; a field that is not given is as the program has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RoleChange {
    /// Its name for people.
    pub label: Option<String>,
    /// Its level.
    pub level: Option<u16>,
    /// On top of the preset.
    pub added: CapabilitySet,
    /// Not of the preset.
    pub withheld: CapabilitySet,
}

/// A role as it holds in a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleTerms {
    /// Which.
    pub role: Role,
    /// Smaller means more.
    pub level: u16,
    /// Its name for people in this tenant.
    pub label: String,
    /// What those who have it hold before anything else counts.
    pub capabilities: CapabilitySet,
}

/// All roles of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleBook {
    changes: BTreeMap<Role, RoleChange>,
}

impl RoleBook {
    /// The presets with a tenant's changes.
    pub fn new(changes: BTreeMap<Role, RoleChange>) -> RoleBook {
        RoleBook { changes }
    }

    /// What the tenant changed of a role.
    pub fn change(&self, role: Role) -> RoleChange {
        self.changes.get(&role).cloned().unwrap_or_default()
    }

    /// The book with one role changed.
    #[must_use]
    pub fn with(&self, role: Role, change: RoleChange) -> RoleBook {
        let mut changes = self.changes.clone();
        changes.insert(role, change);
        RoleBook { changes }
    }

    /// A role as it holds in this tenant.
    pub fn terms(&self, role: Role) -> RoleTerms {
        let change = self.changes.get(&role);
        let preset = role.preset_capabilities();
        RoleTerms {
            role,
            level: change.and_then(|c| c.level).unwrap_or(role.preset_level()),
            label: change.and_then(|c| c.label.clone()).unwrap_or_else(|| role.preset_label().to_owned()),
            capabilities: change.map_or(preset, |c| preset.or(c.added).without(c.withheld)),
        }
    }

    /// The level of a role.
    pub fn level(&self, role: Role) -> u16 {
        self.changes.get(&role).and_then(|c| c.level).unwrap_or(role.preset_level())
    }

    /// All roles as they hold in this tenant.
    pub fn all(&self) -> Vec<RoleTerms> {
        let mut all: Vec<RoleTerms> = Role::ALL.iter().map(|r| self.terms(*r)).collect();
        all.sort_by_key(|t| t.level);
        all
    }

    /// Says what is wrong with the levels: whoever creates a role must have more power than it, and every account more than a customer.
    pub fn check(&self) -> Result<(), String> {
        for creator in Role::ALL {
            if self.level(creator) >= CUSTOMER_LEVEL {
                return Err(format!("the level of {creator} must be below {CUSTOMER_LEVEL}, the customers'"));
            }
            for role in Role::ALL.into_iter().filter(|r| creator.creates(*r) != Creates::No) {
                if self.level(creator) >= self.level(role) {
                    return Err(format!("{creator} creates {role}, so the level of {role} must be above {}", self.level(creator)));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_decided_and_fit_who_creates_whom() {
        let book = RoleBook::default();
        let levels: Vec<u16> = Role::ALL.iter().map(|r| book.level(*r)).collect();
        assert_eq!(levels, [0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 90]);
        assert_eq!(book.check(), Ok(()));
        let level = |role, level| book.with(role, RoleChange { level: Some(level), ..RoleChange::default() }).check();
        assert!(level(Role::Operator, 40).is_err(), "a sub-operator has 40");
        assert!(level(Role::Operator, 20).is_err());
        assert!(level(Role::Staff, 100).is_err());
        assert!(level(Role::Staff, 55).is_ok());
    }

    #[test]
    fn who_creates_whom() {
        use Role::*;
        let table: [(Role, &[Role]); 11] = [
            (Developer, &[SuperAdmin]),
            (SuperAdmin, &[Admin, Manager, Accountant, SalesManager, Staff]),
            (Admin, &[Operator, SubOperator, Manager, Accountant, FieldTechnician, Staff, CardDistributor]),
            (Operator, &[SubOperator, Staff, CardDistributor]),
            (SubOperator, &[]),
            (Manager, &[]),
            (Accountant, &[]),
            (SalesManager, &[]),
            (FieldTechnician, &[]),
            (Staff, &[]),
            (CardDistributor, &[]),
        ];
        for (creator, wanted) in table {
            let may: Vec<Role> = Role::ALL.into_iter().filter(|r| creator.creates(*r) != Creates::No).collect();
            assert_eq!(may, wanted, "{creator}");
        }
    }

    #[test]
    fn presets_nest_along_the_tree() {
        let caps = |role: Role| RoleBook::default().terms(role).capabilities;
        for (above, below) in [(Role::SuperAdmin, Role::Admin), (Role::Admin, Role::Operator), (Role::Operator, Role::SubOperator)] {
            assert!(caps(below).is_within(caps(above)), "{below} has more than {above}: {:?}", caps(below).without(caps(above)));
        }
        for role in Role::ALL {
            for creator in Role::ALL.into_iter().filter(|c| c.creates(role) == Creates::Yes) {
                assert!(caps(role).is_within(caps(creator)), "{role} has more than {creator}: {:?}", caps(role).without(caps(creator)));
            }
        }
        // What the roles that work for others are not given without being asked for.
        for role in [Role::Manager, Role::Staff, Role::Accountant, Role::SalesManager] {
            assert!(!caps(role).has(Capability::CustomersView), "{role}");
        }
        for role in Role::ALL.into_iter().filter(|r| !matches!(r, Role::Developer | Role::SuperAdmin | Role::Admin)) {
            assert!(caps(role).iter().all(|c| !c.is_special()), "{role} has a special permission by preset");
        }
    }

    #[test]
    fn a_tenant_changes_presets_and_names() {
        let change = RoleChange {
            label: Some("Partner".into()),
            level: None,
            added: CapabilitySet::EMPTY.with(Capability::CustomersDelete),
            withheld: CapabilitySet::EMPTY.with(Capability::BillsView),
        };
        let terms = RoleBook::default().with(Role::Operator, change).terms(Role::Operator);
        assert_eq!((terms.label.as_str(), terms.level), ("Partner", 30));
        assert!(terms.capabilities.has(Capability::CustomersDelete) && !terms.capabilities.has(Capability::BillsView));
    }
}
