//! The demo provider: a few packages, 1,000 customers and 3 routers, made by the same use cases that the command line uses.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use super::router::{DemoCustomer, Service};
use super::{accounts, people};
use crate::accounts::{AccountError, Scope, Tenant, TenantChanges, find_owner, set_tenant};
use crate::customers::import::{ImportError, plan_import, write_import};
use crate::customers::zones::add_zone;
use crate::customers::{CustomerError, count_customers};
use crate::packages::{NewPackage, PackageError, PackageTerms, PerDirection, RateLimit, add_package};
use crate::routers::{DEFAULT_COA_PORT, NewRouter, RouterChanges, RouterError, RouterSecret, add_router, set_router};
use crate::store::{Db, IdMaker, Sealer, StoreError};
use crate::units::{BitRate, UnixMs, next_local_midnight};

/// Customers of the provider.
pub const CUSTOMERS: usize = 1_000;
/// The secret that its routers share with the server.
pub const SECRET: &str = "demo-only-shared-secret";
/// Every so many customers has run out, is suspended, or is disabled, so that rejects have something to show.
const EXPIRED_EVERY: usize = 40;
const SUSPENDED_EVERY: usize = 55;

/// A router of the provider; all of them live on this machine's loopback.
pub struct DemoRouter {
    /// Its name and NAS-Identifier.
    pub name: &'static str,
    /// Where its requests come from.
    pub address: Ipv4Addr,
    /// What its customers dial.
    pub service: Service,
}

/// The provider's routers.
pub const ROUTERS: [DemoRouter; 3] = [
    DemoRouter { name: "tower-north", address: Ipv4Addr::new(127, 0, 0, 2), service: Service::Ppp },
    DemoRouter { name: "tower-south", address: Ipv4Addr::new(127, 0, 0, 3), service: Service::Ppp },
    DemoRouter { name: "cafe-hotspot", address: Ipv4Addr::new(127, 0, 0, 4), service: Service::Hotspot },
];

/// Why the demo provider could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant has no owner.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A package was refused.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A router was refused.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The customers were refused.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A customer was refused.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// The tenant has no owner account.
    #[error("the tenant has no owner account")]
    NoOwner,
}

/// Fills an empty tenant; one that has customers is left as it is. Returns whether it was filled.
pub async fn ensure_provider(db: &Db, ids: &IdMaker, sealer: &Sealer, tenant: &Tenant, now: UnixMs) -> Result<bool, DemoError> {
    let scope = Scope::administrator(tenant.id);
    let mut conn = db.read().await?;
    if count_customers(&mut conn, &scope).await? > 0 {
        return Ok(false);
    }
    let owner = find_owner(&mut conn, tenant.id).await?.ok_or(DemoError::NoOwner)?;
    drop(conn);
    let mut tx = db.begin().await?;
    let changes = TenantChanges { currency: Some("BDT".to_owned()), time_zone: Some("Asia/Dhaka".to_owned()), ..TenantChanges::default() };
    let (_, tenant) = &set_tenant(&mut tx, tenant.id, &changes).await?;
    tx.commit(now).await?;
    let packages = [("Home 20", 20, 10, "home", 50_000), ("Home 50", 50, 25, "home", 90_000), ("Hotspot day", 5, 2, "hotspot", 2_000)];
    for (name, download, upload, pool, price_minor) in packages {
        let rate = |mbps: u64| Some(BitRate(mbps * 1_000_000));
        let rate_limit = RateLimit { rate: PerDirection { download: rate(download), upload: rate(upload) }, ..RateLimit::default() };
        let terms = PackageTerms { rate_limit, framed_pool: Some(pool.to_owned()), interim_secs: 60, ..PackageTerms::default() };
        let new = NewPackage { name: name.to_owned(), terms, retail_price_minor: Some(price_minor) };
        add_package(db, ids, &scope, owner, new, now).await?;
    }
    for router in &ROUTERS {
        let secret = RouterSecret::new(SECRET.as_bytes())?;
        let address = router.address.to_string().parse().expect("an address without prefix is a router's address");
        add_router(db, ids, sealer, &scope, owner, &NewRouter::new(router.name, vec![address], secret), now).await?;
    }
    for zone in people::ZONES {
        add_zone(db, ids, &scope, owner, zone, now).await?;
    }
    for (share, owner) in accounts::sellers(db, ids, &scope, now).await?.into_iter().enumerate() {
        let mut conn = db.read().await?;
        let csv = customers_csv(share, tenant, now);
        let plan = plan_import(&mut conn, &scope, ids, tenant, owner, csv.as_bytes(), None, &|_| Ok(()), now).await?;
        drop(conn);
        write_import(db, sealer, plan, now, |_| {}).await?;
    }
    Ok(true)
}

/// Gives each router a free UDP port for CoA and Disconnect, so that several demos can run on one machine; the ports in the order of [`ROUTERS`].
pub async fn choose_coa_ports(db: &Db, sealer: &Sealer, tenant: &Tenant, now: UnixMs) -> Result<[u16; ROUTERS.len()], DemoError> {
    let mut ports = [DEFAULT_COA_PORT; ROUTERS.len()];
    for (router, port) in ROUTERS.iter().zip(&mut ports) {
        // Whoever takes it between here and the router's own binding makes the demo end with that error.
        if let Ok(address) = std::net::UdpSocket::bind((router.address, 0)).and_then(|socket| socket.local_addr()) {
            *port = address.port();
        }
        let changes = RouterChanges { coa_port: Some(*port), ..RouterChanges::default() };
        set_router(db, sealer, &Scope::administrator(tenant.id), router.name, &changes, now).await?;
    }
    Ok(ports)
}

/// The customers as the simulated routers know them; a tenth of the hotspot's devices is unknown to the provider.
pub fn customers_of(router_index: usize) -> Vec<DemoCustomer> {
    (0..CUSTOMERS)
        .filter(|i| i % ROUTERS.len() == router_index)
        .map(|i| DemoCustomer { username: username(i), password: password(i), mac: mac(i), service: ROUTERS[router_index].service })
        .collect()
}

/// Whose a customer is: most are the provider's own, some his operator's, a few the operator's sub-operator's.
fn share_of(i: usize) -> usize {
    match i % 20 {
        3 | 9 | 14 | 18 => 1,
        6 => 2,
        _ => 0,
    }
}

/// The customers of one share.
fn customers_csv(share: usize, tenant: &Tenant, now: UnixMs) -> String {
    let mut csv =
        String::from("username,password,package,status,hold_reason,expires_at,connection,name,phone,zone,email,address,city,device_type\n");
    let midnight = next_local_midnight(now, &tenant.zone());
    for i in (0..CUSTOMERS).filter(|i| share_of(*i) == share) {
        let is_hotspot = ROUTERS[i % ROUTERS.len()].service == Service::Hotspot;
        let (package, connection) = match (is_hotspot, i % 5) {
            (true, _) => ("Hotspot day", "hotspot"),
            (false, 0) => ("Home 50", "pppoe"),
            (false, _) => ("Home 20", "pppoe"),
        };
        // at the ends of days, as time is sold; the first of them is today's
        let days = if i % EXPIRED_EVERY == 7 { -2 } else { ((i * i + i / 4) % 31) as i64 };
        let expires_at = crate::units::print_instant(midnight + days * crate::units::DAY_MS);
        let (status, reason) = if i % SUSPENDED_EVERY == 9 { ("suspended", "unpaid bill") } else { ("active", "") };
        let who = people::person(i);
        let row = format!(
            "{},{},{package},{status},{reason},{expires_at},{connection},{},{},{},{},{},Dhaka,{}",
            username(i),
            password(i),
            who.name,
            who.phone,
            who.zone,
            who.email,
            who.address,
            who.device
        );
        writeln!(csv, "{row}").expect("a String takes everything");
    }
    csv
}

fn username(i: usize) -> String {
    format!("demo{:04}", i + 1)
}

fn password(i: usize) -> String {
    format!("pw-{:04}", (i * 7919) % 10_000)
}

fn mac(i: usize) -> String {
    format!("4C:5E:0C:00:{:02X}:{:02X}", i / 256, i % 256)
}
