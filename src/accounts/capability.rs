//! The catalogue of what an account may do, and sets of it. A capability is checked where something is read or changed; roles and permissions are only ways
//! to hold some.

use std::fmt;
use std::str::FromStr;

/// Writes the catalogue: the enum, its words, its menu groups.
macro_rules! catalogue {
    ($($group:ident { $($(#[doc = $doc:literal])+ $name:ident = $word:literal),+ $(,)? })+) => {
        /// Something that an account may do. The word is stable: the database, commands, the API and the audit log share it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Capability { $($($(#[doc = $doc])+ $name,)+)+ }

        impl Capability {
            /// All of them, in the catalogue's order.
            pub const ALL: &'static [Capability] = &[$($(Capability::$name,)+)+];

            /// The stable word.
            pub fn as_str(self) -> &'static str {
                match self { $($(Capability::$name => $word,)+)+ }
            }

            /// One sentence for people.
            pub fn describe(self) -> &'static str {
                match self { $($(Capability::$name => concat!($($doc),+).trim_ascii(),)+)+ }
            }

            /// Whether it can be held for the customers of some zones only.
            pub fn is_by_zone(self) -> bool {
                use Capability as C;
                matches!(self, C::CustomersView | C::CustomersEdit | C::CustomersSuspend | C::CustomersActivate)
            }

            /// The menu group behind which it stands; `None` if no menu can be switched off over it.
            pub fn menu(self) -> Option<Menu> {
                match self { $($(Capability::$name => catalogue!(@menu $group),)+)+ }
            }
        }
    };
    (@menu Always) => { None };
    (@menu $group:ident) => { Some(Menu::$group) };
}

catalogue! {
    Customers {
        /// See customers
        CustomersView = "customers.view",
        /// Add customers
        CustomersCreate = "customers.create",
        /// Change customers
        CustomersEdit = "customers.edit",
        /// Remove customers
        CustomersDelete = "customers.delete",
        /// Suspend customers
        CustomersSuspend = "customers.suspend",
        /// Activate customers
        CustomersActivate = "customers.activate",
        /// See all customers across zones
        AllZones = "special.all-zones",
        /// Work on many customers at once
        BulkOperations = "special.bulk-operations",
    }
    BillsPayments {
        /// See bills
        BillsView = "bills.view",
        /// Write bills
        BillsCreate = "bills.create",
        /// Change bills
        BillsEdit = "bills.edit",
        /// Remove bills
        BillsDelete = "bills.delete",
        /// Process payments
        PaymentsProcess = "payments.process",
        /// Refund payments
        PaymentsRefund = "payments.refund",
        /// See invoices
        InvoicesView = "invoices.view",
        /// Generate invoices
        InvoicesGenerate = "invoices.generate",
        /// Go beyond the credit limit
        BypassCreditLimit = "special.bypass-credit-limit",
        /// Give a discount by hand
        ManualDiscount = "special.manual-discount",
        /// Delete transactions
        DeleteTransactions = "special.delete-transactions",
        /// Change a billing cycle
        BillingCycle = "special.billing-cycle",
        /// Generate bills out of turn
        GenerateBills = "special.generate-bills",
        /// Change a billing profile
        BillingProfile = "special.billing-profile",
        /// Record payments made elsewhere
        RecordPayments = "special.record-payments",
        /// Send payment links
        SendPaymentLink = "special.send-payment-link",
    }
    RoutersPackages {
        /// See packages
        PackagesView = "packages.view",
        /// Add packages
        PackagesCreate = "packages.create",
        /// Change packages
        PackagesEdit = "packages.edit",
        /// Remove packages
        PackagesDelete = "packages.delete",
        /// Give packages to customers
        PackagesAssign = "packages.assign",
        /// See routers
        RoutersView = "routers.view",
        /// Add routers
        RoutersCreate = "routers.create",
        /// Change routers
        RoutersEdit = "routers.edit",
        /// Remove routers
        RoutersDelete = "routers.delete",
        /// See address pools
        PoolsView = "pools.view",
        /// Add, change and remove address pools
        PoolsEdit = "pools.edit",
        /// Make master packages
        MasterPackages = "special.master-packages",
        /// Configure routers from the server
        RouterConfiguration = "special.router-configuration",
        /// Give a customer a price of his own
        OverridePrices = "special.override-prices",
    }
    RechargeCards {
        /// See cards
        CardsView = "cards.view",
        /// Make cards
        CardsCreate = "cards.create",
        /// Give cards to distributors
        CardsDistribute = "cards.distribute",
        /// Sell cards
        CardsSell = "cards.sell",
        /// See sales of cards
        CardsSales = "cards.sales",
        /// Create card distributors as an operator
        CreateDistributors = "special.create-distributors",
    }
    OperatorsManagers {
        /// See accounts
        AccountsView = "accounts.view",
        /// Add accounts
        AccountsCreate = "accounts.create",
        /// Change accounts
        AccountsEdit = "accounts.edit",
        /// Suspend and restore accounts
        AccountsSuspend = "accounts.suspend",
        /// Move accounts with all below them
        AccountsTransfer = "accounts.transfer",
        /// Give and take permissions
        AccountsPermit = "accounts.permit",
        /// Look through another account's eyes
        AccountsImpersonate = "accounts.impersonate",
        /// Create staff as an operator
        CreateStaff = "special.create-staff",
        /// Manage operators' money and terms
        ManageOperators = "special.manage-operators",
    }
    IncomesExpenses {
        /// See incomes and expenses
        ExpensesView = "expenses.view",
        /// Change incomes and expenses
        ExpensesEdit = "expenses.edit",
    }
    AffiliateProgram {
        /// See the affiliate programme
        AffiliatesView = "affiliates.view",
        /// Change the affiliate programme
        AffiliatesEdit = "affiliates.edit",
    }
    VatManagement {
        /// See VAT
        VatView = "vat.view",
        /// Change VAT profiles
        VatEdit = "vat.edit",
    }
    Always {
        /// See sessions
        SessionsView = "sessions.view",
        /// End sessions
        SessionsDisconnect = "sessions.disconnect",
        /// See tickets
        TicketsView = "tickets.view",
        /// Work on tickets
        TicketsEdit = "tickets.edit",
        /// Financial reports
        ReportsFinancial = "reports.financial",
        /// Reports about customers
        ReportsCustomers = "reports.customers",
        /// Reports about the network
        ReportsNetwork = "reports.network",
        /// Export reports
        ReportsExport = "reports.export",
        /// See settings
        SettingsView = "settings.view",
        /// Change settings
        SettingsEdit = "settings.edit",
        /// Set up payment gateways
        SettingsPaymentGateways = "settings.payment-gateways",
        /// Set up SMS gateways
        SettingsSmsGateways = "settings.sms-gateways",
        /// See what a role may do
        RolesView = "roles.view",
        /// Change what a role may do
        RolesEdit = "roles.edit",
        /// Rename roles
        RolesLabel = "roles.label",
        /// See the audit log
        AuditView = "audit.view",
        /// Make API keys of one's own
        ApiKeys = "api-keys.own",
        /// See leads
        LeadsView = "leads.view",
        /// Work on leads
        LeadsEdit = "leads.edit",
        /// See providers' subscriptions
        SubscriptionsView = "subscriptions.view",
        /// Record payments of subscriptions
        SubscriptionsRecord = "subscriptions.record",
        /// Write notices to all
        NoticesSend = "notices.send",
        /// Send SMS
        SendSms = "special.send-sms",
        /// Read logs of access and authentication
        AccessLogs = "special.access-logs",
        /// See identity numbers and other sensitive data
        SensitiveData = "special.sensitive-data",
        /// Export all data
        ExportAll = "special.export-all",
        /// See tenants
        TenantsView = "tenants.view",
        /// Add tenants, each with its Super Admin
        TenantsCreate = "tenants.create",
        /// Change tenants
        TenantsEdit = "tenants.edit",
        /// Look after the platform: jobs, errors, scheduler
        PlatformView = "platform.view",
    }
}

/// A part of the menu that can be switched off per operator. What is hidden is refused too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Menu {
    /// Accounts below.
    OperatorsManagers,
    /// Routers, packages, pools.
    RoutersPackages,
    /// Cards.
    RechargeCards,
    /// Customers.
    Customers,
    /// Bills and payments.
    BillsPayments,
    /// Incomes and expenses.
    IncomesExpenses,
    /// The affiliate programme.
    AffiliateProgram,
    /// VAT.
    VatManagement,
}
crate::units::words!(
    Menu,
    "a menu group",
    "operators_managers" = OperatorsManagers,
    "routers_packages" = RoutersPackages,
    "recharge_cards" = RechargeCards,
    "customers" = Customers,
    "bills_payments" = BillsPayments,
    "incomes_expenses" = IncomesExpenses,
    "affiliate_program" = AffiliateProgram,
    "vat_management" = VatManagement,
);

impl Menu {
    /// All of them.
    pub const ALL: [Menu; 8] = [
        Menu::OperatorsManagers,
        Menu::RoutersPackages,
        Menu::RechargeCards,
        Menu::Customers,
        Menu::BillsPayments,
        Menu::IncomesExpenses,
        Menu::AffiliateProgram,
        Menu::VatManagement,
    ];

    /// What stands behind it.
    pub fn capabilities(self) -> CapabilitySet {
        Capability::ALL.iter().copied().filter(|c| c.menu() == Some(self)).collect()
    }
}

impl Capability {
    /// Whether it is only ever given one by one.
    pub fn is_special(self) -> bool {
        self.as_str().starts_with("special.")
    }

    /// Whether it moves money: refused while somebody looks through another account's eyes.
    pub fn moves_money(self) -> bool {
        use Capability::*;
        matches!(
            self,
            PaymentsProcess
                | PaymentsRefund
                | RecordPayments
                | DeleteTransactions
                | CardsSell
                | SubscriptionsRecord
                | SettingsPaymentGateways
        )
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Capability {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Capability::ALL.iter().copied().find(|c| c.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no capability; `tollgate role ls --capabilities` lists them"))
    }
}

impl serde::Serialize for Capability {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A set of capabilities: one bit each. Sets are kept as words, never as bits, so the catalogue may grow anywhere.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct CapabilitySet(u128);

const _: () = assert!(Capability::ALL.len() <= 128);

impl CapabilitySet {
    /// None.
    pub const EMPTY: CapabilitySet = CapabilitySet(0);
    /// The whole catalogue.
    pub const ALL: CapabilitySet = CapabilitySet(u128::MAX >> (128 - Capability::ALL.len()));

    /// Whether it is in the set.
    pub fn has(self, capability: Capability) -> bool {
        self.0 >> (capability as u32) & 1 == 1
    }

    /// With one more.
    #[must_use]
    pub fn with(self, capability: Capability) -> CapabilitySet {
        CapabilitySet(self.0 | 1 << (capability as u32))
    }

    /// What is in either.
    #[must_use]
    pub fn or(self, other: CapabilitySet) -> CapabilitySet {
        CapabilitySet(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, other: CapabilitySet) -> CapabilitySet {
        CapabilitySet(self.0 & other.0)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn without(self, other: CapabilitySet) -> CapabilitySet {
        CapabilitySet(self.0 & !other.0)
    }

    /// Whether all of this is in the other.
    pub fn is_within(self, other: CapabilitySet) -> bool {
        self.without(other).0 == 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the catalogue's order.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |c| self.has(*c))
    }

    /// Words parted by spaces, for the database and for people.
    pub fn to_words(self) -> String {
        self.iter().map(Capability::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads [`CapabilitySet::to_words`]; a word of an older or newer program that this one does not know is left out, so it grants nothing.
    pub fn from_words(text: &str) -> CapabilitySet {
        text.split_whitespace().filter_map(|word| word.parse::<Capability>().ok()).collect()
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(items: I) -> CapabilitySet {
        items.into_iter().fold(CapabilitySet::EMPTY, CapabilitySet::with)
    }
}

impl fmt::Debug for CapabilitySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_words())
    }
}

impl serde::Serialize for CapabilitySet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_and_read_back() {
        let mut words: Vec<&str> = Capability::ALL.iter().map(|c| c.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Capability::ALL.len());
        for c in Capability::ALL {
            assert_eq!(c.as_str().parse(), Ok(*c));
            assert!(!c.describe().is_empty());
        }
        assert_eq!(CapabilitySet::from_words(&CapabilitySet::ALL.to_words()), CapabilitySet::ALL);
        assert_eq!(CapabilitySet::ALL.iter().count(), Capability::ALL.len());
        assert_eq!(CapabilitySet::from_words("customers.view customers.fly"), CapabilitySet::EMPTY.with(Capability::CustomersView));
    }

    #[test]
    fn every_menu_group_denies_something_and_only_its_own() {
        for menu in Menu::ALL {
            assert!(!menu.capabilities().is_empty(), "{menu}");
            assert_eq!(menu.as_str().parse(), Ok(menu));
            for other in Menu::ALL {
                assert!(menu == other || menu.capabilities().and(other.capabilities()).is_empty());
            }
        }
    }
}
