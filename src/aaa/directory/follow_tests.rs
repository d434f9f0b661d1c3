//! Loading and following, on both databases.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::sql::for_tests::{insert_account, insert_many_customers, rename_and_seal_anew};
use super::*;
use crate::accounts::{Scope, TenantChanges, find_tenant, set_tenant};
use crate::customers::{
    ConnectionType, CustomerChanges, CustomerPassword, NewCustomer, add_customer, check_reply_syntax, remove_customer, set_customer,
};
use crate::packages::{NewPackage, PackageTerms, add_package};
use crate::radius::dictionary::Dictionary;
use crate::routers::{NewRouter, RouterChanges, RouterSecret, add_router, remove_router, set_router};
use crate::store::test_db::{NOW, TestDb, each_database};
use crate::store::{KeyFile, Sealer, trim_feed};
use crate::units::{AccountId, Mac, TenantId};

struct Provider {
    fresh: TestDb,
    sealer: Sealer,
    tenant: TenantId,
    scope: Scope,
    owner: AccountId,
    directory: Arc<Directory>,
    loader: Loader,
}

async fn providers() -> Vec<Provider> {
    let mut all = Vec::new();
    for fresh in each_database().await {
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let (tenant, owner) = crate::accounts::ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW).await.expect("a tenant");
        let scope = Scope::administrator(tenant);
        let terms = PackageTerms { framed_pool: Some("pool".into()), session_timeout_secs: Some(3600), ..PackageTerms::default() };
        add_package(&fresh.db, &fresh.ids, &scope, owner, NewPackage { name: "home".into(), terms, ..NewPackage::default() }, NOW)
            .await
            .expect("a package");
        let loader = Loader { sealer: sealer.clone(), dictionary: Arc::new(Dictionary::embedded()) };
        all.push(Provider { fresh, sealer, tenant, scope, owner, directory: Arc::new(Directory::empty()), loader });
    }
    all
}

impl Provider {
    async fn load(&self) -> LoadReport {
        self.loader.load(&self.fresh.db, &self.directory).await.expect("loaded")
    }

    async fn add_customer(&self, username: &str, change: impl FnOnce(&mut NewCustomer)) {
        let mut conn = self.fresh.db.read().await.expect("a connection");
        let tenant = find_tenant(&mut conn, "default").await.expect("read").expect("the tenant");
        let mut new = NewCustomer::new(username, CustomerPassword::new("pass word").expect("a password"), "home");
        change(&mut new);
        add_customer(&self.fresh.db, &self.fresh.ids, &self.sealer, &self.scope, &tenant, self.owner, new, &check_reply_syntax, NOW)
            .await
            .expect("a customer");
    }

    async fn add_router(&self, name: &str, address: &str) {
        let new =
            NewRouter::new(name, vec![address.parse().expect("an address")], RouterSecret::new(b"a secret of its own").expect("a secret"));
        add_router(&self.fresh.db, &self.fresh.ids, &self.sealer, &self.scope, self.owner, &new, NOW).await.expect("a router");
    }

    async fn change_customer(&self, username: &str, changes: &CustomerChanges) {
        let mut conn = self.fresh.db.read().await.expect("a connection");
        let tenant = find_tenant(&mut conn, "default").await.expect("read").expect("the tenant");
        set_customer(&self.fresh.db, &self.scope, &tenant, username, changes, &check_reply_syntax, NOW).await.expect("changed");
    }

    async fn follow(&self, follower: &mut Follower) {
        let mut conn = self.fresh.db.read().await.expect("a connection");
        while follower.step(&mut conn, NOW).await.expect("followed") {}
    }

    fn routers(&self, address: &str) -> Vec<Arc<Nas>> {
        let source: IpAddr = address.parse().expect("an address");
        self.directory.routers.load().candidates(source).to_vec()
    }

    fn with<T>(&self, username: &str, with: impl FnOnce(&Customer) -> T) -> Option<T> {
        self.directory.customers.with_name(self.tenant.0, username.as_bytes(), with)
    }
}

#[tokio::test]
async fn everything_is_loaded_as_it_was_stored() {
    for provider in providers().await {
        let macs = vec![Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2])];
        provider.add_router("core", "192.0.2.1").await;
        provider
            .add_customer("Bob", |c| {
                c.macs = macs.clone();
                c.expires_at = Some(NOW + 5);
                c.static_ipv4 = Some([10, 0, 0, 7].into());
                c.connection_type = ConnectionType::Hotspot;
                c.simultaneous_sessions = Some(2);
                c.framed_pool = Some("own".into());
                c.delegated_ipv6_prefix = Some("2001:db8::/56".parse().expect("a prefix"));
                c.reply_attributes = "Filter-Id = gold".into();
            })
            .await;
        provider.add_customer("eve", |_| ()).await;
        let report = provider.load().await;
        assert_eq!((report.customers, report.broken), (2, 0));
        provider
            .with("bob", |c| {
                assert_eq!((c.password(), c.username(), c.framed_pool()), (&b"pass word"[..], &b"Bob"[..], &b"own"[..]));
                assert_eq!((c.expires_at, c.sessions_allowed, c.device_login()), (NOW + 5, 2, true));
                assert_eq!((c.static_ipv4(), c.macs().collect::<Vec<_>>()), (Some([10, 0, 0, 7].into()), macs.clone()));
                let wanted = [&[b'+', 123, 11, 0, 56, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0][..], &[b'=', 11, 6], b"gold"].concat();
                assert_eq!(c.attributes(), wanted);
            })
            .expect("bob");
        provider
            .with("eve", |c| {
                assert_eq!((c.expires_at, c.sessions_allowed, c.device_login(), c.static_ipv4()), (i64::MAX, 0, false, None));
                let packages = provider.directory.packages.load();
                let package = packages.get(&c.package_id).expect("the package");
                assert_eq!((package.framed_pool.as_deref(), package.session_timeout_secs, package.interim_secs), (Some("pool"), 3600, 300));
            })
            .expect("eve");
        let routers = provider.routers("192.0.2.1");
        assert_eq!(routers[0].fields.secrets[0].octets(), b"a secret of its own");
        assert!(provider.directory.tenants.load().contains_key(&provider.tenant.0));
        assert_eq!(provider.directory.providers.load().get(&provider.owner.0), Some(&provider.owner.0));
        provider.fresh.end().await;
    }
}

#[tokio::test]
async fn every_kind_of_change_arrives() {
    for provider in providers().await {
        let position = provider.load().await.position;
        let mut follower = Follower::new(provider.fresh.db.clone(), provider.directory.clone(), provider.loader.clone(), position);

        provider.add_router("core", "192.0.2.1").await;
        provider.add_customer("bob", |_| ()).await;
        provider.follow(&mut follower).await;
        assert!(provider.with("BOB", |_| ()).is_some());
        let routers = provider.routers("192.0.2.1");
        routers[0].counters.accepts.store(7, Ordering::Relaxed);

        let moved = RouterChanges { add_addresses: vec!["192.0.2.2".parse().expect("an address")], ..RouterChanges::default() };
        set_router(&provider.fresh.db, &provider.sealer, &provider.scope, "core", &moved, NOW).await.expect("changed");
        let renamed = CustomerChanges { username: Some("robert".into()), macs: Some(vec![Mac([2; 6])]), ..CustomerChanges::default() };
        provider.change_customer("bob", &renamed).await;
        provider.follow(&mut follower).await;
        assert_eq!(provider.routers("192.0.2.2")[0].counters.accepts.load(Ordering::Relaxed), 7, "counters go on");
        assert_eq!((provider.with("bob", |_| ()), provider.with("robert", |c| c.macs().count())), (None, Some(1)));

        let mut tx = provider.fresh.db.begin().await.expect("a transaction");
        set_tenant(&mut tx, provider.tenant, &TenantChanges { cross_provider_login: Some(true), ..TenantChanges::default() })
            .await
            .expect("changed");
        insert_account(&mut tx, provider.tenant.0, 77, provider.owner.0, "operator").await;
        tx.changed(provider.tenant.0, "accounts", 77);
        tx.commit(NOW).await.expect("committed");
        provider.follow(&mut follower).await;
        assert!(provider.directory.tenants.load()[&provider.tenant.0].cross_provider_login);
        assert_eq!(provider.directory.providers.load()[&77], provider.owner.0);

        let mut conn = provider.fresh.db.read().await.expect("a connection");
        let tenant = find_tenant(&mut conn, "default").await.expect("read").expect("the tenant");
        remove_customer(&provider.fresh.db, &provider.scope, &tenant, "robert", NOW).await.expect("removed");
        remove_router(&provider.fresh.db, &provider.scope, "core", NOW).await.expect("removed");
        provider.follow(&mut follower).await;
        assert_eq!((provider.with("robert", |_| ()), provider.routers("192.0.2.1").len()), (None, 0));
        assert_eq!(follower.status().reloads.load(Ordering::Relaxed), 0);
        assert_eq!(follower.status().lag_ms(NOW + 3), Some(3));
        drop(conn);
        provider.fresh.end().await;
    }
}

#[tokio::test]
async fn a_follower_that_missed_something_loads_everything_anew() {
    for provider in providers().await {
        provider.add_customer("old", |_| ()).await;
        let position = provider.load().await.position;
        let mut follower = Follower::new(provider.fresh.db.clone(), provider.directory.clone(), provider.loader.clone(), position);
        let mut conn = provider.fresh.db.read().await.expect("a connection");
        let tenant = find_tenant(&mut conn, "default").await.expect("read").expect("the tenant");
        drop(conn);
        remove_customer(&provider.fresh.db, &provider.scope, &tenant, "old", NOW).await.expect("removed");
        provider.add_customer("new", |_| ()).await;
        let mut tx = provider.fresh.db.begin().await.expect("a transaction");
        trim_feed(&mut tx, NOW + 1).await.expect("trimmed");
        tx.commit(NOW).await.expect("committed");
        provider.follow(&mut follower).await;
        assert_eq!((provider.with("old", |_| ()), provider.with("new", |_| ())), (None, Some(())));
        assert_eq!(follower.status().reloads.load(Ordering::Relaxed), 1);

        // A store that was restored from an older backup.
        let ahead = follower.status().position.load(Ordering::Relaxed) + 100;
        let mut follower = Follower::new(provider.fresh.db.clone(), provider.directory.clone(), provider.loader.clone(), ahead);
        provider.follow(&mut follower).await;
        assert_eq!(follower.status().reloads.load(Ordering::Relaxed), 1);

        // A bulk import names no rows.
        let package_id = *provider.directory.packages.load().keys().next().expect("a package");
        let mut tx = provider.fresh.db.begin().await.expect("a transaction");
        let sealed = |id| if id == 3 { b"tampered with".to_vec() } else { provider.sealer.seal("customers.password", id, b"pw") };
        insert_many_customers(&mut tx, provider.tenant.0, provider.owner.0, package_id, 4_500, sealed).await;
        tx.changed(provider.tenant.0, "customers", 0);
        tx.commit(NOW).await.expect("committed");
        provider.follow(&mut follower).await;
        assert_eq!(provider.directory.customers.len(), 4_500);
        assert_eq!(provider.with("customer0000000003", |_| ()), None, "its password does not open");
        assert_eq!(provider.with("customer0000004500", |c| c.macs().count()), Some(1));

        // Many rows that change at once are read by lots: one is gone and its name is another's, one does not open, all others get a new password.
        let mut tx = provider.fresh.db.begin().await.expect("a transaction");
        rename_and_seal_anew(&mut tx, (600, 601), 700, |id| provider.sealer.seal("customers.password", id, b"new")).await;
        (1..=1_000).for_each(|id| tx.changed(provider.tenant.0, "customers", id));
        tx.commit(NOW).await.expect("committed");
        provider.follow(&mut follower).await;
        assert_eq!(provider.directory.customers.len(), 4_499);
        assert_eq!(provider.with("customer0000000600", |c| (c.id, c.macs().count())), Some((601, 0)), "the name of one who is gone");
        assert_eq!((provider.with("customer0000000601", |_| ()), provider.with("customer0000000700", |_| ())), (None, None));
        assert_eq!(provider.with("customer0000001000", |c| (c.password().to_vec(), c.macs().count())), Some((b"new".to_vec(), 1)));
        assert_eq!(provider.with("customer0000001001", |c| c.password().to_vec()), Some(b"pw".to_vec()));
        assert_eq!(follower.status().reloads.load(Ordering::Relaxed), 1);
        provider.fresh.end().await;
    }
}

#[tokio::test]
async fn what_a_customer_has_of_his_own_is_loaded_followed_and_settled() {
    for provider in providers().await {
        let limits = crate::packages::LimitsChanges {
            volume: Some(vec!["10G/month".parse().expect("a limit")]),
            hours: Some(vec!["08:00-18:00".parse().expect("hours")]),
            ..Default::default()
        };
        provider.add_customer("own", |c| c.limits = limits.apply_to_override(Default::default())).await;
        provider.add_customer("plain", |_| ()).await;
        provider.load().await;
        let id = |name: &str| provider.with(name, |c| c.id).expect(name);
        let (own, plain) = (id("own"), id("plain"));
        assert_eq!(provider.with("own", |c| (c.has_terms(), c.is_closed())), Some((true, false)));
        assert_eq!(provider.with("plain", |c| c.has_terms()), Some(false));
        let packages = provider.directory.packages.load();
        let package = packages.values().next().expect("a package");
        let effective = |id: i64| provider.directory.terms.of(id).own.expect("his own").effective(package);
        assert_eq!((effective(own).limits.volume[0].octets, effective(own).limits.hours.len()), (10_000_000_000, 1));

        let mut follower = Follower::new(provider.fresh.db.clone(), provider.directory.clone(), provider.loader.clone(), 0);
        provider.follow(&mut follower).await;
        let mut conn = provider.fresh.db.read().await.expect("a connection");
        let tenant = find_tenant(&mut conn, "default").await.expect("read").expect("the tenant");
        drop(conn);
        let top_up = |octets, bought_at| {
            let direction = crate::packages::Direction::Total;
            let new = crate::customers::NewTopUp { direction, octets, expires_at: None, note: String::new(), created_by: "test".into() };
            crate::customers::add_top_up(&provider.fresh.db, &provider.fresh.ids, &provider.scope, &tenant, "own", new, bought_at)
        };
        // Two months ago; since then he has used 3 G more than the package had in a past month.
        let long_ago = NOW - 70 * crate::units::DAY_MS;
        top_up(5_000_000_000, long_ago).await.expect("bought");
        let day = crate::units::local_day(NOW - 40 * crate::units::DAY_MS, &tenant.zone());
        let mut tx = provider.fresh.db.begin().await.expect("a transaction");
        super::super::sql::for_tests::insert_usage(&mut tx, tenant.id.0, own, day, 13_000_000_000).await;
        tx.commit(NOW).await.expect("committed");
        top_up(1_000_000_000, NOW).await.expect("bought");
        provider.follow(&mut follower).await;
        let left =
            |id: i64| provider.directory.terms.of(id).own.map(|own| own.terms.top_ups.iter().map(|t| t.octets_left).collect::<Vec<_>>());
        assert_eq!(left(own), Some(vec![2_000_000_000, 1_000_000_000]));

        let changes = CustomerChanges { closed: Some(true), own_rate: Some(None), ..CustomerChanges::default() };
        provider.change_customer("plain", &changes).await;
        let none = crate::packages::LimitsChanges { none: true, ..Default::default() };
        provider.change_customer("own", &CustomerChanges { limits: none, ..CustomerChanges::default() }).await;
        provider.follow(&mut follower).await;
        assert_eq!(provider.with("plain", |c| c.is_closed()), Some(true));
        assert!(effective(own).limits.volume.is_empty() && provider.directory.terms.of(plain).own.is_none());
        provider.fresh.end().await;
    }
}
