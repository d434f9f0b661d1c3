//! Logins and accounting of one customer told to the real [`Access`], in memory: places, devices, services and addresses.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use parking_lot::Mutex;
use radius::core::code::Code;

use super::*;
use crate::aaa::directory::{CustomerFields, MessageAuthenticatorMode, NasFields, NasTable, Package, Packages, Providers, Tenants};
use crate::aaa::policy::NoMeters;
use crate::aaa::throttle::ThrottleLimits;
use crate::packages::{DevicePolicy, Limits, Places, Simultaneous, WhenFull, WhenUnknown, service};
use crate::radius::client::RequestBuilder;
use crate::radius::dictionary::numbers::{CLASS, FRAMED_IP_ADDRESS, FRAMED_POOL};
use crate::routers::pools::{Pool, parse_ranges};
use crate::sessions::{AccountingEvent, NasContext, Record, SessionName, TokenKey};
use crate::units::TenantId;

const NOW: UnixMs = 1_800_000_000_000;
const SECRET: &[u8] = b"testing123";
const A: &str = "48:00:00:00:00:0A";
const B: &str = "48:00:00:00:00:0B";

/// Two routers, one package, customers `bob` (7) and `eve` (8).
struct Network {
    access: Access,
    replaced: Arc<Mutex<Vec<SessionName>>>,
}

/// What an Accept said.
#[derive(Debug, Clone)]
struct Accepted {
    answer: Answer,
    class: Vec<u8>,
    address: Option<Ipv4Addr>,
    pool: Option<Vec<u8>>,
}

impl Network {
    fn new(limits: Limits) -> Network {
        Network::with_pool(limits, None)
    }

    fn with_pool(limits: Limits, ranges: Option<(&str, u32)>) -> Network {
        let directory = Directory::empty();
        let package = Package { id: 1, tenant_id: 1, interim_secs: 300, limits, framed_pool: Some("pool1".into()), ..Package::default() };
        directory.packages.store(Arc::new(Packages::from([(1, Arc::new(package))])));
        let tenant = TenantRules::default();
        directory.tenants.store(Arc::new(Tenants::from([(1, Arc::new(tenant))])));
        directory.providers.store(Arc::new(Providers::from([(1, 1)])));
        directory.routers.store(Arc::new(NasTable::new(vec![router(1), router(2)], &[], &NasTable::default())));
        if let Some((ranges, grace_secs)) = ranges {
            let ranges = parse_ranges(ranges).expect("ranges");
            let pool = Pool { id: 5, tenant_id: TenantId(1), name: "pool1".into(), ranges, router_id: None, grace_secs };
            directory.pools.put(&pool, &[], NOW);
        }
        let replaced = Arc::new(Mutex::new(Vec::new()));
        let theirs = replaced.clone();
        let access = Access {
            usage: Arc::new(NoMeters),
            directory: Arc::new(directory),
            live: Arc::new(LiveSessions::new(TokenKey::new(&[3; 32]))),
            throttle: Throttle::new(ThrottleLimits::default()),
            identity: Identity::new(Box::new(move |gone, _| theirs.lock().push(gone))),
        };
        let network = Network { access, replaced };
        network.put(&CustomerFields { id: 7, username: b"bob", ..customer() });
        network.put(&CustomerFields { id: 8, username: b"eve", ..customer() });
        network
    }

    fn put(&self, fields: &CustomerFields<'_>) {
        self.access.directory.customers.put(fields);
    }

    fn login(&self, router: usize, name: &str, mac: &str, now: UnixMs) -> Result<Accepted, RejectReason> {
        self.login_with(router, name, now, |b| b.text(31, mac).integer(6, 2).integer(61, 15))
    }

    fn login_with(
        &self,
        router: usize,
        name: &str,
        now: UnixMs,
        build: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Accepted, RejectReason> {
        let builder = RequestBuilder::new(Code::AccessRequest, 1, [now as u8; 16]).text(1, name).pap(b"secret");
        let packet = build(builder).finish(SECRET).expect("a request").bytes;
        let view = PacketView::parse(&packet).expect("our own packet");
        let routers = self.access.directory.routers.load();
        let nas = &routers.all()[router - 1];
        let request = AccessRequest { view: &view, nas, secrets: &nas.fields.secrets, now, nonce: now as u32 };
        let mut buffer = [0; MAX_PACKET_OCTETS];
        let answer = self.access.answer(&request, &mut buffer).expect("fits");
        let reply = PacketView::parse(&buffer[..answer.octets]).expect("our own reply");
        match answer.reject {
            Some(reason) => Err(reason),
            None => Ok(Accepted {
                answer,
                class: reply.get(CLASS).expect("a token").to_vec(),
                address: reply.get_ipv4(FRAMED_IP_ADDRESS),
                pool: reply.get(FRAMED_POOL).map(<[u8]>::to_vec),
            }),
        }
    }

    /// Start (1), Stop (2) or Interim (3) of an accepted session.
    fn account(&self, status: u32, router: i64, id: &str, mac: &str, accepted: &Accepted, now: UnixMs) {
        let mut builder =
            RequestBuilder::new(Code::AccountingRequest, 1, [0; 16]).integer(40, status).text(44, id).text(1, "bob").text(31, mac);
        builder = builder.octets(CLASS, &accepted.class).integer(46, 0);
        if let Some(address) = accepted.address {
            builder = builder.address(8, address.into());
        }
        let packet = builder.finish(SECRET).expect("a request").bytes;
        let view = PacketView::parse(&packet).expect("our own packet");
        let event = AccountingEvent::read(&view, now, false, 1, self.access.live.tokens()).expect("an event");
        let nas = NasContext { tenant_id: 1, router_id: router, nas_instance: router, added_at: 0, adopt_all: false };
        let Ok(_) = self.access.live.record(&event, &nas, || None, |_: &Record<'_>| Ok::<u64, Infallible>(1));
        if let (1, Some(token)) = (status, event.token) {
            self.access.session_began(token.customer_id, token.issued_at);
        }
    }

    fn replaced_ids(&self) -> Vec<String> {
        std::mem::take(&mut *self.replaced.lock()).iter().map(|r| String::from_utf8_lossy(&r.acct_session_id).into_owned()).collect()
    }
}

fn router(id: i64) -> NasFields {
    NasFields {
        id,
        name: "r".into(),
        prefixes: vec![format!("10.0.0.{id}/32").parse().expect("a prefix")],
        secrets: vec![Secret::new(SECRET)],
        mode: MessageAuthenticatorMode::Accept,
        tenant_id: 1,
        owner_id: 1,
        ..NasFields::default()
    }
}

fn customer() -> CustomerFields<'static> {
    CustomerFields { tenant_id: 1, owner_id: 1, package_id: 1, expires_at: i64::MAX, password: b"secret", ..CustomerFields::default() }
}

fn one_session(when_full: WhenFull) -> Limits {
    Limits { simultaneous: Simultaneous { sessions: 1, when_full, when_unknown: WhenUnknown::DoesNotCount }, ..Limits::default() }
}

#[test]
fn of_two_logins_at_once_one_wins_whatever_the_workers_do() {
    for _ in 0..50 {
        let network = Network::new(one_session(WhenFull::RefuseNew));
        let won: usize = std::thread::scope(|scope| {
            let login = |mac: String| network.login(1, "bob", &mac, NOW).is_ok();
            let workers: Vec<_> = (0..4).map(|n| scope.spawn(move || login(format!("48:00:00:00:00:0{n}")))).collect();
            workers.into_iter().map(|w| usize::from(w.join().expect("a worker"))).sum()
        });
        assert_eq!(won, 1);
    }
}

#[test]
fn a_place_is_free_after_a_minute_without_a_session_and_after_its_end() {
    let network = Network::new(one_session(WhenFull::RefuseNew));
    let first = network.login(1, "bob", A, NOW).expect("room");
    assert_eq!(network.login(1, "bob", B, NOW + 59_999).err(), Some(RejectReason::TooManySessions));
    assert!(network.login(1, "bob", A, NOW + 1_000).is_ok(), "the same line takes its own place");
    assert!(network.login(1, "bob", B, NOW + 61_000).is_ok(), "nobody began a session for a minute");
    let network = Network::new(one_session(WhenFull::RefuseNew));
    network.account(1, 1, "81000001", A, &first, NOW + 100);
    assert_eq!(network.login(1, "bob", B, NOW + 200).err(), Some(RejectReason::TooManySessions));
    network.account(2, 1, "81000001", A, &first, NOW + 300);
    assert!(network.login(1, "bob", B, NOW + 400).is_ok(), "its Stop came before the minute was over");
}

#[test]
fn a_session_that_began_is_not_counted_twice_and_a_silent_one_only_if_the_package_says_so() {
    let two = |when_unknown| Limits {
        simultaneous: Simultaneous { sessions: 2, when_full: WhenFull::RefuseNew, when_unknown },
        ..Limits::default()
    };
    let network = Network::new(two(WhenUnknown::DoesNotCount));
    let first = network.login(1, "bob", A, NOW).expect("room");
    network.account(1, 1, "81000001", A, &first, NOW + 10);
    assert!(network.login(2, "bob", B, NOW + 20).is_ok());
    assert_eq!(network.login(2, "bob", "48:00:00:00:00:0C", NOW + 30).err(), Some(RejectReason::TooManySessions));
    let hour = NOW + 3_600_000;
    assert!(
        network.login(2, "bob", B, hour).is_ok() && network.login(2, "bob", "48:00:00:00:00:0C", hour).is_ok(),
        "a silent one locks nobody out"
    );
    let network = Network::new(two(WhenUnknown::Counts));
    network.account(1, 1, "81000001", A, &first, NOW + 10);
    assert!(network.login(2, "bob", B, hour).is_ok());
    assert_eq!(network.login(2, "bob", "48:00:00:00:00:0C", hour).err(), Some(RejectReason::TooManySessions));
}

#[test]
fn replacing_ends_the_oldest_session_and_an_accept_that_never_began() {
    let network = Network::new(one_session(WhenFull::ReplaceOldest));
    let first = network.login(1, "bob", A, NOW).expect("room");
    network.account(1, 1, "81000001", A, &first, NOW + 10);
    let second = network.login(2, "bob", B, NOW + 1_000).expect("the first one goes");
    assert_eq!(network.replaced_ids(), ["81000001"]);
    network.account(2, 1, "81000001", A, &first, NOW + 1_500);
    let third = network.login(1, "bob", A, NOW + 2_000).expect("the second one's place is taken before it began");
    assert!(network.replaced_ids().is_empty());
    network.account(1, 2, "81000002", B, &second, NOW + 2_500);
    assert_eq!(network.replaced_ids(), ["81000002"], "it is ended as it begins");
    network.account(1, 1, "81000003", A, &third, NOW + 2_600);
    assert!(network.replaced_ids().is_empty());
}

#[test]
fn the_same_device_elsewhere_replaces_where_the_package_says_so() {
    let network = Network::new(one_session(WhenFull::SameMacReplaces));
    let first = network.login(1, "bob", A, NOW).expect("room");
    network.account(1, 1, "81000001", A, &first, NOW + 10);
    assert_eq!(network.login(2, "bob", B, NOW + 20).err(), Some(RejectReason::TooManySessions));
    assert!(network.login(2, "bob", A, NOW + 30).is_ok());
    assert_eq!(network.replaced_ids(), ["81000001"]);
}

#[test]
fn the_customers_own_number_goes_before_the_packages() {
    let network = Network::new(one_session(WhenFull::RefuseNew));
    network.put(&CustomerFields { id: 7, username: b"bob", sessions_allowed: 2, ..customer() });
    assert!(network.login(1, "bob", A, NOW).is_ok() && network.login(1, "bob", B, NOW).is_ok());
    assert_eq!(network.login(1, "bob", "48:00:00:00:00:0C", NOW).err(), Some(RejectReason::TooManySessions));
}

#[test]
fn routers_and_services_are_those_of_the_limits() {
    let places = Places { routers: vec![2], services: service::PPPOE | service::VPN };
    let network = Network::new(Limits { places, ..Limits::default() });
    assert_eq!(network.login(1, "bob", A, NOW).err(), Some(RejectReason::RouterNotAllowed));
    assert!(network.login(2, "bob", A, NOW).is_ok());
    let hotspot = network.login_with(2, "bob", NOW, |b| b.text(31, A).integer(6, 1).integer(61, 19));
    assert_eq!(hotspot.err(), Some(RejectReason::ServiceNotAllowed));
    assert!(network.login_with(2, "bob", NOW, |b| b.text(31, "203.0.113.7").integer(6, 2).integer(61, 5)).is_ok(), "L2TP");
    assert_eq!(
        network.login_with(2, "bob", NOW, |b| b).err(),
        Some(RejectReason::ServiceNotAllowed),
        "a service that cannot be told is none of them"
    );
}

#[test]
fn the_first_devices_are_bound_and_later_ones_refused() {
    let network = Network::new(Limits { devices: DevicePolicy::BindFirst(1), ..Limits::default() });
    let bound = network.login(1, "bob", A, NOW).expect("the first").answer.bound.expect("bound");
    assert_eq!((bound.customer_id, bound.mac.with_colons().as_str(), bound.most, bound.router_id), (7, A, 1, 1));
    assert_eq!(network.login(1, "bob", A, NOW + 1).expect("its own").answer.bound, None);
    assert_eq!(network.login(1, "bob", B, NOW + 2).err(), Some(RejectReason::MacNotAllowed));
    assert!(network.login(1, "eve", B, NOW + 3).is_ok(), "another customer");
    // The store said that another was first: the directory follows without this device, and its session must go.
    network.access.identity.devices.note(7, bound.mac, 4);
    let session = network.login(1, "bob", A, NOW + 4).expect("still bound here");
    network.account(1, 1, "81000001", A, &session, NOW + 5);
    network.put(&CustomerFields { id: 7, username: b"bob", macs: &[Mac([0x48, 0, 0, 0, 0, 0x0b])], ..customer() });
    network.access.settle_identity(4, NOW + 1_000);
    network.access.settle_identity(4, NOW + 10_000);
    assert_eq!(network.replaced_ids(), ["81000001"]);
    assert_eq!(network.login(1, "bob", A, NOW + 11_000).err(), Some(RejectReason::MacNotAllowed));
    assert!(network.login(1, "bob", B, NOW + 11_000).is_ok());
}

#[test]
fn a_new_device_waits_for_the_portal_or_for_staff() {
    let network = Network::new(Limits { devices: DevicePolicy::AskAtPortal, ..Limits::default() });
    assert_eq!(network.login(1, "bob", A, NOW).err(), Some(RejectReason::DeviceNotConfirmed));
    let network = Network::new(Limits { devices: DevicePolicy::Fixed, ..Limits::default() });
    assert_eq!(network.login(1, "bob", A, NOW).err(), Some(RejectReason::MacNotAllowed));
    network.put(&CustomerFields { id: 7, username: b"bob", macs: &[Mac([0x48, 0, 0, 0, 0, 0x0a])], ..customer() });
    assert!(network.login(1, "bob", A, NOW).is_ok());
    assert_eq!(network.access.identity.seen.take().len(), 1);
}

#[test]
fn a_pool_of_the_servers_own_gives_addresses_and_keeps_them_for_who_had_them() {
    let network = Network::with_pool(Limits::default(), Some(("10.9.0.1-10.9.0.2", 300)));
    let bob = network.login(1, "bob", A, NOW).expect("an address");
    assert_eq!((bob.address, &bob.pool), (Some(Ipv4Addr::new(10, 9, 0, 1)), &None));
    assert_eq!(bob.answer.leased.expect("a new owner").1, u64::MAX);
    network.account(1, 1, "81000001", A, &bob, NOW + 10);
    let eve = network.login(1, "eve", B, NOW + 20).expect("another address");
    assert_eq!(eve.address, Some(Ipv4Addr::new(10, 9, 0, 2)));
    assert_eq!(network.login(2, "bob", "48:00:00:00:00:0C", NOW + 30).err(), Some(RejectReason::PoolExhausted));
    network.account(2, 1, "81000001", A, &bob, NOW + 40);
    let again = network.login(2, "bob", A, NOW + 50).expect("his own again");
    assert_eq!(again.address, bob.address);
    network.put(&CustomerFields { id: 7, username: b"bob", static_ipv4: Some(Ipv4Addr::new(10, 1, 1, 1)), ..customer() });
    assert_eq!(network.login(1, "bob", A, NOW + 60).expect("static").address, Some(Ipv4Addr::new(10, 1, 1, 1)));
    let none = Network::new(Limits::default());
    assert_eq!(none.login(1, "bob", A, NOW).expect("the router's own pool").pool.as_deref(), Some(&b"pool1"[..]));
}
