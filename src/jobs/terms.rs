//! What is known of a kind of job without being able to run it: its name, whose it is, who may ask for it.

use crate::accounts::capability::Capability;
use crate::units::TenantId;

/// Whose work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The whole server's: for whoever works for the server, and for the only tenant.
    Server,
    /// A tenant's: seen by who asked and by whom his rows are seen.
    Tenant,
}

/// See the head of the file. One constant per kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Its stable name: letters, digits, dots and hyphens, such as `backup` or `customers.bulk`.
    pub name: &'static str,
    /// Whose work it is.
    pub place: Place,
    /// What asking for it takes.
    pub needs: Capability,
    /// Whether one runs at a time, on all nodes together (in each tenant).
    pub is_alone: bool,
}

impl Terms {
    /// What no two running jobs share; `None` where any number may run.
    pub fn lane(&self, tenant: Option<TenantId>) -> Option<String> {
        self.is_alone.then(|| match tenant {
            Some(tenant) => format!("{} {tenant}", self.name),
            None => self.name.to_owned(),
        })
    }
}
