//! Reading and checking a whole file against itself and the store, without writing.

use std::collections::HashMap;
use std::io::Read;

use serde::Serialize;

use super::super::add::check_owner;
use super::super::zones::list_zones;
use super::super::{Customer, CustomerError, CustomerPassword, NewCustomer, ReplyCheck, lookup_key};
use super::layout::{Layout, reader};
use super::row::Header;
use super::sql;
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::packages::list_package_purchases;
use crate::store::{Conn, IdMaker};
use crate::units::{AccountId, CustomerId, TenantId, UnixMs};

/// Characters of a bad row's username and of its reason.
const MOST_TOLD_CHARS: usize = 200;

/// A row that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// Line in the file, from 1; the header is line 1.
    pub line: u64,
    /// The username that stands there.
    pub username: String,
    /// Why.
    pub reason: String,
}

/// Why the file as a whole cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The header.
    #[error("line 1: {0}")]
    Header(String),
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] csv::Error),
    /// The store or a rule of a customer.
    #[error(transparent)]
    Customer(#[from] CustomerError),
}

/// A customer ready to be written.
pub(super) struct Ready {
    pub line: u64,
    pub package: String,
    pub customer: Customer,
    pub key: String,
    pub password: CustomerPassword,
}

/// What an import would do.
pub struct ImportPlan {
    /// Rows that cannot be imported.
    pub bad: Vec<BadRow>,
    /// In whose name it was checked, and is written.
    pub(super) scope: Scope,
    pub(super) ready: Vec<Ready>,
}

impl ImportPlan {
    /// How many customers would be added.
    pub fn good(&self) -> usize {
        self.ready.len()
    }

    /// Every row in the file's order, with what is wrong with it.
    pub fn rows(&self) -> Vec<PlannedRow<'_>> {
        let good = self.ready.iter().map(|ready| PlannedRow {
            line: ready.line,
            username: &ready.customer.username,
            name: &ready.customer.name,
            phone: &ready.customer.phone,
            package: &ready.package,
            expires_at: ready.customer.expires_at,
            problem: None,
        });
        let bad = self.bad.iter().map(|bad| PlannedRow {
            line: bad.line,
            username: &bad.username,
            name: "",
            phone: "",
            package: "",
            expires_at: None,
            problem: Some(&bad.reason),
        });
        let mut all: Vec<PlannedRow<'_>> = good.chain(bad).collect();
        all.sort_unstable_by_key(|row| row.line);
        all
    }

    /// Leaves out what an earlier attempt has dealt with: all rows up to a line.
    #[must_use]
    pub fn after_line(mut self, line: u64) -> ImportPlan {
        self.ready.retain(|ready| ready.line > line);
        self.bad.retain(|bad| bad.line > line);
        self
    }
}

/// A row of a plan, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedRow<'p> {
    /// Line in the file.
    pub line: u64,
    /// His username.
    pub username: &'p str,
    /// His name.
    pub name: &'p str,
    /// His phone.
    pub phone: &'p str,
    /// His package.
    pub package: &'p str,
    /// When his time runs out.
    pub expires_at: Option<UnixMs>,
    /// Why the row cannot be imported.
    pub problem: Option<&'p str>,
}

impl std::fmt::Debug for ImportPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportPlan {{ good: {}, bad: {} }}", self.ready.len(), self.bad.len())
    }
}

/// What is taken, in the store or by an earlier row.
struct Taken {
    keys: HashMap<String, u64>,
    codes: HashMap<String, u64>,
    addresses: HashMap<u32, u64>,
}

impl Taken {
    /// Marks the row's unique values; says what is taken already (line 0 stands for the store) and then marks nothing.
    fn claim(&mut self, new: &NewCustomer, key: &str, line: u64) -> Result<(), String> {
        let by = |line: u64| if line == 0 { "by a customer in the store".to_owned() } else { format!("by line {line}") };
        let address = new.static_ipv4.map(u32::from);
        if let Some(other) = self.keys.get(key) {
            return Err(format!("the username {:?} is taken {}", new.username, by(*other)));
        }
        if let Some(code) = &new.code
            && let Some(other) = self.codes.get(code)
        {
            return Err(format!("the code {code:?} is taken {}", by(*other)));
        }
        if let Some((address, other)) = address.and_then(|a| self.addresses.get(&a).map(|line| (a, line))) {
            return Err(format!("the static address {} is taken {}", std::net::Ipv4Addr::from(address), by(*other)));
        }
        self.keys.insert(key.to_owned(), line);
        self.codes.extend(new.code.clone().map(|code| (code, line)));
        self.addresses.extend(address.map(|a| (a, line)));
        Ok(())
    }
}

/// Reads the file (header required) and checks every row. Nothing is written. `layout` says how a file of another program is read; without one the header names our
/// columns. `tenant` is the scope's own, with its rules.
#[allow(clippy::too_many_arguments)] // where, whose, what, how, when
pub async fn plan_import(
    conn: &mut Conn,
    scope: &Scope,
    ids: &IdMaker,
    tenant: &Tenant,
    owner: AccountId,
    file: impl Read,
    layout: Option<&Layout>,
    reply_check: ReplyCheck<'_>,
    now: UnixMs,
) -> Result<ImportPlan, ImportError> {
    for capability in [Capability::CustomersCreate, Capability::BulkOperations] {
        scope.require(capability).map_err(CustomerError::from)?;
    }
    check_owner(conn, scope, owner).await?;
    let packages = list_package_purchases(conn, scope).await.map_err(CustomerError::from)?;
    let zones: HashMap<String, i64> = list_zones(conn, scope).await?.into_iter().map(|zone| (zone.name, zone.id)).collect();
    let mut taken = list_taken(conn, scope.tenant()).await?;
    let zone = tenant.zone();
    let mut reader = reader(file, layout.map_or(',', |layout| layout.delimiter));
    let mut record = csv::ByteRecord::new();
    let mut plan = ImportPlan { bad: Vec::new(), scope: scope.clone(), ready: Vec::new() };
    let mut header = None;
    while reader.read_byte_record(&mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let text = match csv::StringRecord::from_byte_record(record.clone()) {
            Ok(text) => text,
            Err(_) => {
                plan.bad.push(BadRow { line, username: String::new(), reason: "not UTF-8 text".to_owned() });
                continue;
            }
        };
        let Some(header) = &header else {
            let read = layout.map_or_else(|| Header::read(&text), |layout| Header::mapped(&text, layout));
            header = Some(read.map_err(ImportError::Header)?);
            continue;
        };
        let ready = header.customer(&text, &zone).and_then(|new| {
            let package_name = new.package.clone();
            let package = packages.get(&new.package).ok_or_else(|| format!("there is no package {:?}", new.package))?;
            let key = lookup_key(&new.username, tenant.case_sensitive_usernames);
            let zone_id =
                new.zone.as_ref().map(|name| zones.get(name).copied().ok_or_else(|| format!("there is no zone {name:?}"))).transpose()?;
            let unique = new.clone();
            let password = new.password.clone();
            let id = CustomerId(ids.next(now));
            let made = new.into_customer(id, scope.tenant(), owner, package, reply_check, now).map_err(|e| e.to_string())?;
            let customer = Customer { zone_id, ..made };
            taken.claim(&unique, &key, line)?;
            Ok(Ready { line, package: package_name, customer, key, password })
        });
        match ready {
            Ok(ready) => plan.ready.push(ready),
            Err(reason) => plan.bad.push(BadRow { line, username: told(header.username(&text)), reason: told(&reason) }),
        }
    }
    if header.is_none() {
        return Err(ImportError::Header("the file is empty".to_owned()));
    }
    Ok(plan)
}

/// What of a bad row may be told: it can be anything, such as the rest of the file after a quotation mark that is never closed.
fn told(text: &str) -> String {
    text.chars().take_while(|c| !c.is_control()).take(MOST_TOLD_CHARS).collect()
}

async fn list_taken(conn: &mut Conn, tenant: TenantId) -> Result<Taken, ImportError> {
    const PAGE: i64 = 10_000;
    let mut taken = Taken { keys: HashMap::new(), codes: HashMap::new(), addresses: HashMap::new() };
    let mut after = 0;
    loop {
        let page = sql::list_unique_after_id(conn, tenant, after, PAGE).await.map_err(CustomerError::from)?;
        let Some(last) = page.last() else { return Ok(taken) };
        after = last.id;
        for row in page {
            taken.keys.insert(row.username_key, 0);
            taken.codes.insert(row.code, 0);
            let address = row.static_ipv4.and_then(|a| a.parse::<std::net::Ipv4Addr>().ok());
            taken.addresses.extend(address.map(|a| (u32::from(a), 0)));
        }
    }
}
