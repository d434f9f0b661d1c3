//! Loading the directory from the store, at start and whenever following the feed is not enough.
//!
//! Everything is read in one snapshot together with the feed's position. Customers come in pages of the driver's own rows; two threads open passwords and
//! fill the directory while the next page is fetched, so that a million customers take seconds and little memory beyond their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::super::reply::mikrotik::{self, PackageAttributes};
use super::super::reply::package_terms;
use super::super::sql::{self, CustomerRow, Page};
use super::extras::{Extras, ExtrasEncoder};
use super::own_terms::{TopUps, read_terms};
use super::settle::settle_customer;
use super::{
    ABOVE_PROVIDERS, CustomerFields, Directory, MessageAuthenticatorMode, NasFields, NasTable, Package, Packages, Providers, RateText,
    SHARDS, TenantRules, Tenants, WalledReply,
};
use crate::accounts::{ROLE_ADMIN, Role, list_tenants};
use crate::customers::PASSWORD_PLACE;
use crate::packages::{self, list_packages_after_id};
use crate::radius::Secret;
use crate::radius::dictionary::Dictionary;
use crate::routers::{self, RouterError, RouterSecrets, list_learned, list_routers_with_secrets, pools};
use crate::store::{Conn, Db, Sealer, StoreError, find_feed_head};
use crate::units::{Mac, UnixMs};

/// Customers fetched at once.
const PAGE: i64 = 2_000;
/// Threads that open passwords and fill the directory.
const FILLERS: usize = 2;
/// Broken rows that get a log line of their own; the rest is only counted.
const LOGGED_ROWS: u64 = 20;

/// Takes customers and their devices, each in the order of customer ids.
type PageSender = mpsc::Sender<(Page, Page)>;

/// Why the directory could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A router's secret does not open, or its row does not read.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// A thread that fills the directory came to a bad end.
    #[error("loading customers was interrupted")]
    Interrupted,
}

/// What was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadReport {
    /// Position of the feed to follow from.
    pub position: i64,
    /// Customers now in memory from this load.
    pub customers: u64,
    /// Customers left out because their row or password does not read; each is logged.
    pub broken: u64,
}

/// What turns rows into the directory's contents: the key, and the names of reply attributes.
#[derive(Clone)]
pub struct Loader {
    /// Opens secrets and passwords.
    pub sealer: Sealer,
    /// Names of reply attributes.
    pub dictionary: Arc<Dictionary>,
}

impl Loader {
    /// Loads everything in one snapshot. A directory that already holds something is brought up to date: who is gone from the store is removed.
    pub async fn load(&self, db: &Db, directory: &Arc<Directory>) -> Result<LoadReport, LoadError> {
        let mut snapshot = db.snapshot().await?;
        let position = find_feed_head(&mut snapshot).await?.seq;
        self.load_all_but_customers(&mut snapshot, directory).await?;
        let (customers, broken) = self.load_customers(&mut snapshot, directory).await?;
        Ok(LoadReport { position, customers, broken })
    }

    /// Loads what accounting needs, which is small: everything but customers.
    pub async fn load_small_tables(&self, db: &Db, directory: &Directory) -> Result<(), LoadError> {
        self.load_all_but_customers(&mut db.read().await?, directory).await
    }

    async fn load_all_but_customers(&self, conn: &mut Conn, directory: &Directory) -> Result<(), LoadError> {
        self.load_tenants(conn, directory).await?;
        self.load_providers(conn, directory).await?;
        self.load_packages(conn, directory).await?;
        self.load_pools(conn, directory).await?;
        self.load_routers(conn, directory).await
    }

    /// Reads the pools again; leases only of those that are new to memory, which knows better of the others.
    pub(super) async fn load_pools(&self, conn: &mut Conn, directory: &Directory) -> Result<(), LoadError> {
        let all = pools::list_all_pools(conn).await?;
        for pool in &all {
            let leases = if directory.pools.has(pool.id) { Vec::new() } else { pools::list_leases(conn, pool.id).await? };
            directory.pools.put(pool, &leases, unix_ms());
        }
        directory.pools.retain(|id| all.iter().any(|p| p.id == id));
        Ok(())
    }

    /// Reads the tenants again.
    pub(super) async fn load_tenants(&self, conn: &mut Conn, directory: &Directory) -> Result<(), LoadError> {
        let tenants: Tenants = list_tenants(conn)
            .await?
            .into_iter()
            .map(|t| {
                let rules = TenantRules {
                    case_sensitive_usernames: t.case_sensitive_usernames,
                    cross_provider_login: t.cross_provider_login,
                    time_zone: t.zone(),
                    walled: WalledReply::new(&t.access_rules.walled_garden),
                    access_rules: t.access_rules,
                };
                (t.id.0, Arc::new(rules))
            })
            .collect();
        directory.tenants.store(Arc::new(tenants));
        Ok(())
    }

    /// Reads the account tree again.
    pub(super) async fn load_providers(&self, conn: &mut Conn, directory: &Directory) -> Result<(), LoadError> {
        directory.providers.store(Arc::new(providers(&sql::list_accounts(conn).await?)));
        Ok(())
    }

    /// Reads all packages again.
    pub(super) async fn load_packages(&self, conn: &mut Conn, directory: &Directory) -> Result<(), LoadError> {
        let mut all = Packages::new();
        let mut after = 0;
        loop {
            let page = list_packages_after_id(conn, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id.0;
            all.extend(page.iter().map(|p| (p.id.0, Arc::new(package(p)))));
        }
        directory.packages.store(Arc::new(all));
        Ok(())
    }

    /// Reads all routers again; their counters and what they learned go on.
    pub(super) async fn load_routers(&self, conn: &mut Conn, directory: &Directory) -> Result<(), LoadError> {
        let fields = list_routers_with_secrets(conn, &self.sealer).await?.iter().map(nas_fields).collect();
        let learned: Vec<_> = list_learned(conn).await?.iter().filter_map(|l| Some((l.router_id, l.address.parse().ok()?))).collect();
        directory.routers.store(Arc::new(NasTable::new(fields, &learned, &directory.routers.load())));
        Ok(())
    }

    /// Reads all customers again; returns how many were put in and how many left out.
    pub(super) async fn load_customers(&self, conn: &mut Conn, directory: &Arc<Directory>) -> Result<(u64, u64), LoadError> {
        let was_empty = directory.customers.is_empty();
        let count = usize::try_from(sql::count_customers(conn).await?).unwrap_or(0);
        directory.customers.reserve(count.saturating_sub(directory.customers.len()));
        let broken = Arc::new(AtomicU64::new(0));
        let top_ups = Arc::new(TopUps::load(conn, i64::MIN, i64::MAX).await?);
        let (senders, fillers) = self.start_fillers(directory, &broken, &top_ups);
        // The walk is in id order, so the ids that were seen are sorted.
        let (mut seen, mut total, mut after, mut turn) = (Vec::new(), 0, 0, 0);
        loop {
            let page = sql::list_customers_after(conn, after, PAGE).await?;
            let Some(last) = page.len().checked_sub(1) else { break };
            let last_id = page.customer(last)?.id;
            let macs = sql::list_macs_between(conn, after, last_id).await?;
            if !was_empty {
                for index in 0..page.len() {
                    seen.push(page.customer(index)?.id);
                }
            }
            (total, after, turn) = (total + page.len() as u64, last_id, (turn + 1) % FILLERS);
            senders[turn].send((page, macs)).await.map_err(|_| LoadError::Interrupted)?;
        }
        drop(senders);
        for filler in fillers {
            filler.await.map_err(|_| LoadError::Interrupted)?;
        }
        if !was_empty {
            remove_unseen(directory, &seen);
        }
        let broken = broken.load(Ordering::Relaxed);
        Ok((total - broken, broken))
    }

    fn start_fillers(
        &self,
        directory: &Arc<Directory>,
        broken: &Arc<AtomicU64>,
        top_ups: &Arc<TopUps>,
    ) -> (Vec<PageSender>, Vec<tokio::task::JoinHandle<()>>) {
        (0..FILLERS)
            .map(|_| {
                let (sender, mut receiver) = mpsc::channel::<(Page, Page)>(1);
                let (directory, broken) = (directory.clone(), broken.clone());
                let mut filler = Filler::new(self, &directory, top_ups.clone());
                let task = tokio::task::spawn_blocking(move || {
                    while let Some((page, macs)) = receiver.blocking_recv() {
                        let failed = filler.fill(&directory, &page, &macs);
                        broken.fetch_add(failed.len() as u64, Ordering::Relaxed);
                    }
                });
                (sender, task)
            })
            .unzip()
    }

    /// Reads some customers again, in the order of their ids; who is gone from the store, or whose row does not read, is removed.
    pub(super) async fn load_customers_of(&self, conn: &mut Conn, directory: &Directory, ids: &[i64]) -> Result<(), LoadError> {
        let page = sql::list_customers_of(conn, ids).await?;
        let macs = sql::list_macs_of(conn, ids).await?;
        let top_ups = Arc::new(TopUps::load_of(conn, ids).await?);
        let there: Vec<i64> = (0..page.len()).filter_map(|index| page.customer(index).ok()).map(|row| row.id).collect();
        let remove = |id: i64| {
            directory.customers.remove(id);
            directory.terms.put(id, None);
        };
        // Before others come, who may have taken their names.
        ids.iter().filter(|id| there.binary_search(id).is_err()).for_each(|id| remove(*id));
        Filler::new(self, directory, top_ups).fill(directory, &page, &macs).into_iter().for_each(remove);
        Ok(())
    }

    /// Reads one customer with his top-ups settled, for a command.
    pub async fn load_settled_customer(&self, conn: &mut Conn, directory: &Directory, id: i64, now: UnixMs) -> Result<(), LoadError> {
        self.load_customers_of(conn, directory, &[id]).await?;
        settle_customer(conn, directory, id, now).await
    }

    /// Reads one package again.
    pub(super) async fn load_package(&self, conn: &mut Conn, directory: &Directory, id: i64) -> Result<(), LoadError> {
        let found = packages::find_package_by_id(conn, crate::units::PackageId(id)).await?;
        let mut all = Packages::clone(&directory.packages.load());
        match found {
            Some(found) => all.insert(id, Arc::new(package(&found))),
            None => all.remove(&id),
        };
        directory.packages.store(Arc::new(all));
        Ok(())
    }
}

fn unix_ms() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as UnixMs)
}

/// Removes everyone whose id is not in the sorted list.
fn remove_unseen(directory: &Directory, seen: &[i64]) {
    let mut gone = Vec::new();
    for shard in 0..SHARDS {
        directory.customers.for_each_of(shard, |c| {
            if seen.binary_search(&c.id).is_err() {
                gone.push(c.id);
            }
        });
    }
    for id in gone {
        directory.customers.remove(id);
        directory.terms.put(id, None);
    }
}

/// Turns pages into customers; keeps its buffers between pages.
struct Filler {
    sealer: Sealer,
    encoder: ExtrasEncoder,
    tenants: Arc<Tenants>,
    macs: Vec<Mac>,
    attributes: Vec<u8>,
    top_ups: Arc<TopUps>,
    logged: u64,
}

impl Filler {
    fn new(loader: &Loader, directory: &Directory, top_ups: Arc<TopUps>) -> Filler {
        Filler {
            sealer: loader.sealer.clone(),
            encoder: ExtrasEncoder::new(loader.dictionary.clone()),
            tenants: directory.tenants.load_full(),
            macs: Vec::new(),
            attributes: Vec::new(),
            top_ups,
            logged: 0,
        }
    }

    /// Puts a page into the directory; both pages are in the order of customer ids. Returns the customers that could not be read, 0
    /// for one of which not even the id could.
    fn fill(&mut self, directory: &Directory, page: &Page, macs: &Page) -> Vec<i64> {
        let (mut failed, mut next) = (Vec::new(), 0);
        for index in 0..page.len() {
            let mut id = 0;
            let read = page.customer(index).map_err(|e| e.to_string()).and_then(|row| {
                id = row.id;
                self.take_macs(macs, &mut next, row.id);
                self.put(directory, &row).map_err(|reason| format!("customer {}: {reason}", row.id))
            });
            if let Err(reason) = read {
                failed.push(id);
                self.logged += 1;
                if self.logged <= LOGGED_ROWS {
                    tracing::error!(%reason, "a customer cannot be loaded and cannot log in");
                }
            }
        }
        failed
    }

    fn take_macs(&mut self, macs: &Page, next: &mut usize, id: i64) {
        self.macs.clear();
        while *next < macs.len() {
            match macs.mac(*next) {
                Ok((owner, _)) if owner > id => return,
                Ok((owner, mac)) if owner == id => self.macs.push(mac),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "a device cannot be loaded"),
            }
            *next += 1;
        }
    }

    fn put(&mut self, directory: &Directory, row: &CustomerRow<'_>) -> Result<(), String> {
        let password = Zeroizing::new(self.sealer.open(PASSWORD_PLACE, row.id, row.password).map_err(|e| e.to_string())?);
        let mut words = row.kind.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (hold, connection_type, address) = (word(), word(), word());
        let static_ipv4 = match address {
            "" => None,
            text => Some(text.parse().map_err(|_| format!("{text:?} is not an IPv4 address"))?),
        };
        let extras = row.extras.map(Extras::split).unwrap_or_default();
        self.attributes.clear();
        self.encoder.encode(row.id, &extras, &mut self.attributes);
        let read = read_terms(row.terms, self.top_ups.of(row.id))?;
        let (has_terms, is_closed) = (read.terms.is_some(), read.is_closed);
        if has_terms {
            directory.terms.put(row.id, read.terms);
        }
        directory.customers.put(&CustomerFields {
            id: row.id,
            tenant_id: row.tenant_id,
            owner_id: row.owner_id,
            package_id: row.package_id,
            expires_at: row.expires_at.unwrap_or(i64::MAX),
            hold: match hold {
                "none" => 0,
                "suspended" => 1,
                _ => 2,
            },
            device_login: matches!(connection_type, "hotspot" | "dhcp" | "static" | "other"),
            sessions_allowed: row.simultaneous_sessions.map_or(0, |n| n.clamp(0, 65_535) as u16),
            static_ipv4,
            username: row.username.as_bytes(),
            password: &password,
            macs: &self.macs,
            framed_pool: extras.framed_pool.as_bytes(),
            attributes: &self.attributes,
            case_sensitive: self.tenants.get(&row.tenant_id).is_some_and(|t| t.case_sensitive_usernames),
            has_terms,
            is_closed,
        });
        if !has_terms {
            directory.terms.put(row.id, None);
        }
        Ok(())
    }
}

/// The provider of each account: the nearest of itself and its ancestors that is an admin. A Super Admin, and who works for him, stands above them; any other account without
/// an admin is a provider of its own.
fn providers(accounts: &[(i64, Option<i64>, String)]) -> Providers {
    let is_above = |role: &str| [Role::SuperAdmin, Role::Developer].iter().any(|above| above.as_str() == role);
    let tree: std::collections::HashMap<i64, (Option<i64>, bool, bool)> =
        accounts.iter().map(|(id, parent, role)| (*id, (*parent, role == ROLE_ADMIN, is_above(role)))).collect();
    let provider = |id: i64| {
        let mut at = id;
        // A tree is never deeper than it has accounts; a ring in the table must not hold up the start.
        for _ in 0..tree.len() {
            match tree.get(&at) {
                Some((_, true, _)) => return at,
                Some((_, _, true)) => return ABOVE_PROVIDERS,
                Some((Some(parent), ..)) => at = *parent,
                Some((None, ..)) | None => break,
            }
        }
        id
    };
    tree.keys().map(|id| (*id, provider(*id))).collect()
}

/// A package as replies need it.
fn package(p: &packages::Package) -> Package {
    let rate = RateText::new(&p.terms.rate_limit);
    let attributes = |rate_limit: Option<&str>| {
        mikrotik::encode(&PackageAttributes {
            rate_limit,
            address_list: p.terms.address_list.as_deref(),
            group: p.terms.mikrotik_group.as_deref(),
            idle_timeout_secs: p.terms.idle_timeout_secs,
        })
    };
    let plain_attributes = attributes(None);
    Package {
        id: p.id.0,
        tenant_id: p.tenant_id.0,
        attributes: attributes(Some(&rate.text)),
        login_terms: package_terms(&plain_attributes, p.terms.framed_pool.as_deref()),
        plain_attributes,
        rate: rate.number,
        rate_limit: p.terms.rate_limit,
        restricts: p.terms.limits.restrict_access(),
        steps: RateText::of_steps(&p.terms.limits.fair_use, &p.terms.rate_limit),
        limits: p.terms.limits.clone(),
        framed_pool: p.terms.framed_pool.as_deref().map(Box::from),
        session_timeout_secs: p.terms.session_timeout_secs.unwrap_or(0),
        interim_secs: p.terms.interim_secs.min(u32::from(u16::MAX)) as u16,
    }
}

/// A router as the workers need it.
fn nas_fields(r: &RouterSecrets) -> NasFields {
    let secrets = std::iter::once(&r.secret).chain(&r.next_secret).map(|s| Secret::new(s.octets())).collect();
    let r = &r.router;
    NasFields {
        id: r.id.0,
        tenant_id: r.tenant_id.0,
        owner_id: r.owner_id.0,
        name: r.name.as_str().into(),
        nas_identifier: r.nas_identifier.as_bytes().into(),
        prefixes: r.addresses.iter().map(|a| a.net()).collect(),
        secrets,
        mode: match r.message_authenticator {
            routers::MessageAuthenticatorMode::Auto => MessageAuthenticatorMode::Auto,
            routers::MessageAuthenticatorMode::Require => MessageAuthenticatorMode::Require,
            routers::MessageAuthenticatorMode::Accept => MessageAuthenticatorMode::Accept,
        },
        limit_proxy_state: r.limit_proxy_state,
        swap_octets: r.swap_octets,
        added_at: r.added_at,
        adopt_all: r.adopt == routers::Adopt::All,
        coa_port: r.coa_port,
        coa_message_authenticator: r.coa_message_authenticator,
        coa_event_timestamp: r.coa_event_timestamp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_of_an_account_is_its_nearest_admin() {
        let account = |id, parent, role: &str| (id, parent, role.to_owned());
        let accounts = [
            account(1, None, "admin"),
            account(2, Some(1), "operator"),
            account(3, Some(2), "operator"),
            account(4, Some(1), "admin"),
            account(5, Some(4), "operator"),
            account(6, None, "operator"),
            account(7, Some(8), "operator"),
            account(8, Some(7), "operator"),
            account(10, None, "super-admin"),
            account(11, Some(10), "admin"),
            account(12, Some(11), "operator"),
            account(13, Some(10), "staff"),
            account(14, None, "developer"),
        ];
        let found = providers(&accounts);
        let above = [(10, ABOVE_PROVIDERS), (11, 11), (12, 11), (13, ABOVE_PROVIDERS), (14, ABOVE_PROVIDERS)];
        for (id, provider) in [(1, 1), (2, 1), (3, 1), (4, 4), (5, 4), (6, 6), (7, 7), (8, 8)].into_iter().chain(above) {
            assert_eq!(found[&id], provider, "account {id}");
        }
    }
}
