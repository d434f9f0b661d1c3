//! Micro benchmarks of the data plane: nanoseconds per operation on one core, memory only.
//!
//! `cargo bench --bench micro` prints one line per operation: the median of several rounds and their range. Figures are for finding where time goes;
//! claims are made by `bench/compare`, which measures the whole server beside its peers.

#![allow(clippy::print_stdout)]

mod sweep;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use radius::core::code::Code;
use tollgate::aaa::access::{Access, AccessRequest, Identity};
use tollgate::aaa::directory::{
    CustomerFields, Directory, Nas, NasFields, NasTable, Package, Packages, Providers, RateText, TenantRules, Tenants,
};
use tollgate::aaa::policy::UsageSource;
use tollgate::aaa::reply::mikrotik::{self, PackageAttributes};
use tollgate::aaa::throttle::{Throttle, ThrottleLimits};
use tollgate::packages::{Limits, Period, PeriodSet, parse_rate};
use tollgate::radius::client::{MessageAuthenticator, RequestBuilder};
use tollgate::radius::{MAX_PACKET_OCTETS, PacketView, Secret};
use tollgate::routers::pools::{Pool, parse_ranges};
use tollgate::sessions::{LiveSessions, TokenKey, Used};
use tollgate::units::{Mac, TenantId};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CUSTOMERS: i64 = 100_000;
const SECRET: &[u8] = b"testing123";
const NOW: i64 = 1_800_000_000_000;
/// The device of every request.
const DEVICE: [Mac; 1] = [Mac([2, 0, 0, 0, 0, 1])];

fn main() {
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let (access, limited) = (Arc::new(access(false)), Arc::new(access(true)));
    let routers = access.directory.routers.load();
    let nas = &routers.all()[0];
    let secret = Secret::new(SECRET);
    let requests = |build: fn(RequestBuilder, i64) -> RequestBuilder| -> Vec<Vec<u8>> {
        (0..4096).map(|i| request(i * 23 % CUSTOMERS, build)).collect()
    };
    let pap = requests(|b, _| b.pap(b"secret-password"));
    let chap = requests(|b, i| b.chap(i as u8, b"secret-password", &[i as u8; 16]));
    let mschap = requests(|b, i| b.mschap_v2(1, format!("customer{i:06}").as_bytes(), b"secret-password", &[i as u8; 16], &[7; 16]));
    println!("request octets: PAP {}, CHAP {}, MS-CHAPv2 {}", pap[0].len(), chap[0].len(), mschap[0].len());
    measure("parse", &pap, |octets| {
        black_box(PacketView::parse(octets).is_ok());
    });
    measure("verify Message-Authenticator", &pap, |octets| {
        let view = PacketView::parse(octets).expect("our own packet");
        assert_eq!(secret.verifies_message_authenticator(&view, false), Some(true));
    });
    let mut buffer = [0; MAX_PACKET_OCTETS];
    for (name, packets) in [("PAP: look up, decide, reply, sign", &pap), ("CHAP: the same", &chap), ("MS-CHAPv2: the same", &mschap)] {
        let mut nonce = 0;
        measure(name, packets, |octets| {
            let view = PacketView::parse(octets).expect("our own packet");
            nonce += 1;
            let request = AccessRequest { view: &view, nas, secrets: &nas.fields.secrets, now: NOW, nonce };
            let answer = access.answer(&request, &mut buffer).expect("fits");
            assert_eq!(answer.reject, None);
        });
    }
    compare_limits(&pap, nas, &access, &limited);
    sweep::timers();
    sweep::run("without limits", &access);
    sweep::run("with limits of every kind", &limited);
}

/// Everybody used the same.
struct SameForAll(Used);

impl UsageSource for SameForAll {
    fn used(&self, _: i64, _: PeriodSet, _: i64) -> Option<Used> {
        Some(self.0)
    }
}

/// Limits of every kind that a login asks about.
fn limits() -> Limits {
    let hours = ["mon-sun:00:00-12:00", "12:00-24:00"].map(|text| text.parse().expect(text));
    Limits {
        volume: ["total:100G/month", "download:20G/day", "upload:500G/once"].map(|text| text.parse().expect(text)).into(),
        time: ["300h/month"].map(|text| text.parse().expect(text)).into(),
        hours: hours.into(),
        fair_use: ["after:50G/month=50%", "after:80G/month=2M/1M", "during:00:00-06:00=200%"].map(|text| text.parse().expect(text)).into(),
        ..Limits::default()
    }
}

/// Logins without limits and with all of them, place, device and leased address, in alternating rounds; prints the ratio too.
fn compare_limits(packets: &[Vec<u8>], nas: &Nas, plain: &Access, limited: &Access) {
    let mut buffer = [0; MAX_PACKET_OCTETS];
    let mut nonce = 0;
    let mut round = |access: &Access| {
        let start = Instant::now();
        for octets in packets.iter().cycle().take(packets.len() * 4) {
            let view = PacketView::parse(octets).expect("our own packet");
            nonce += 1;
            let request = AccessRequest { view: &view, nas, secrets: &nas.fields.secrets, now: NOW, nonce };
            let answer = access.answer(&request, &mut buffer).expect("fits");
            assert_eq!(answer.reject, None);
        }
        start.elapsed().as_nanos() as f64 / (packets.len() * 4) as f64
    };
    // The first round takes places and addresses.
    round(plain);
    round(limited);
    let pairs: Vec<(f64, f64)> = (0..25).map(|_| (round(plain), round(limited))).collect();
    let middle = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let mut all: Vec<f64> = pairs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let (plain, limited, ratio) = (middle(&|p| p.0), middle(&|p| p.1), middle(&|p| p.1 / p.0));
    println!("PAP without limits {plain:.0} ns, with all of them, place, device and leased address {limited:.0} ns: {ratio:.2} times");
}

/// Runs over the packets in rounds and prints the median and range of nanoseconds per packet.
fn measure(name: &str, packets: &[Vec<u8>], mut work: impl FnMut(&[u8])) {
    let mut rounds: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            (0..4).for_each(|_| packets.iter().for_each(|p| work(p)));
            start.elapsed().as_nanos() as f64 / (packets.len() * 4) as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name:<36} {:>8.0} ns   ({:.0} to {:.0})", rounds[rounds.len() / 2], rounds[0], rounds[rounds.len() - 1]);
}

fn request(i: i64, credential: fn(RequestBuilder, i64) -> RequestBuilder) -> Vec<u8> {
    let name = format!("customer{i:06}");
    let builder = RequestBuilder::new(Code::AccessRequest, i as u8, [i as u8; 16])
        .message_authenticator(MessageAuthenticator::Last)
        .octets(6, &2u32.to_be_bytes())
        .octets(7, &1u32.to_be_bytes())
        .octets(5, &(i as u32).to_be_bytes())
        .octets(61, &15u32.to_be_bytes())
        .octets(1, name.as_bytes())
        .octets(31, b"02:00:00:00:00:01")
        .octets(30, b"service1")
        .octets(87, b"ether2");
    let builder = credential(builder, i);
    let request = builder.octets(32, b"router-1").octets(4, &[10, 0, 0, 1]).finish(SECRET).expect("a request");
    request.bytes
}

fn access(is_limited: bool) -> Access {
    let directory = Directory::empty();
    directory.customers.reserve(CUSTOMERS as usize);
    for i in 0..CUSTOMERS {
        let name = format!("customer{i:06}");
        directory.customers.put(&CustomerFields {
            id: i + 1,
            tenant_id: 1,
            owner_id: 1,
            package_id: 1,
            expires_at: NOW + 86_400_000 * 30,
            username: name.as_bytes(),
            password: b"secret-password",
            sessions_allowed: u16::from(is_limited),
            macs: if is_limited { &DEVICE } else { &[] },
            ..CustomerFields::default()
        });
    }
    let attributes = mikrotik::encode(&PackageAttributes {
        rate_limit: Some("10M/20M 20M/40M 10M/20M 16/16 5 1M/1M"),
        address_list: Some("customers"),
        ..PackageAttributes::default()
    });
    let limits = if is_limited { limits() } else { Limits::default() };
    let rate = parse_rate("20M/10M").expect("a rate");
    let package = Package {
        restricts: limits.restrict_access(),
        steps: RateText::of_steps(&limits.fair_use, &rate),
        rate_limit: rate,
        plain_attributes: mikrotik::encode(&PackageAttributes { address_list: Some("customers"), ..PackageAttributes::default() }),
        limits,
        id: 1,
        tenant_id: 1,
        attributes,
        framed_pool: Some("pool1".into()),
        session_timeout_secs: 86_400,
        interim_secs: 300,
        ..Package::default()
    };
    directory.packages.store(Arc::new(Packages::from([(1, Arc::new(package))])));
    if is_limited {
        let ranges = parse_ranges("10.64.0.0/15").expect("ranges");
        let pool = Pool { id: 1, tenant_id: TenantId(1), name: "pool1".into(), ranges, router_id: None, grace_secs: 300 };
        directory.pools.put(&pool, &[], NOW);
    }
    let tenant = TenantRules::default();
    directory.tenants.store(Arc::new(Tenants::from([(1, Arc::new(tenant))])));
    directory.providers.store(Arc::new(Providers::from([(1, 1)])));
    let nas = NasFields {
        id: 1,
        name: "bench".into(),
        prefixes: vec!["127.0.0.1/32".parse().expect("a prefix")],
        secrets: vec![Secret::new(SECRET)],
        tenant_id: 1,
        owner_id: 1,
        ..NasFields::default()
    };
    directory.routers.store(Arc::new(NasTable::new(vec![nas], &[], &NasTable::default())));
    let live = LiveSessions::new(TokenKey::new(&[3; 32]));
    let mut used = Used::default();
    used.of_mut(Period::Month).download = 60_000_000_000;
    let (throttle, usage) = (Throttle::new(ThrottleLimits::default()), Arc::new(SameForAll(used)));
    Access { directory: Arc::new(directory), live: Arc::new(live), throttle, usage, identity: Identity::default() }
}
