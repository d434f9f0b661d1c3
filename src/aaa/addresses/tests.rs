//! Pools in memory, without logins: who gets which address when.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::aaa::access::simultaneous::Origin;
use crate::routers::pools::parse_ranges;
use crate::sessions::{AccountingEvent, Granted, NasContext, Record, SessionToken, Status, TokenKey};
use crate::units::{Mac, TenantId};

const T0: UnixMs = 1_800_000_000_000;

fn pool(ranges: &str, grace_secs: u32) -> Pool {
    Pool { id: 5, tenant_id: TenantId(1), name: "p".into(), ranges: parse_ranges(ranges).expect("ranges"), router_id: None, grace_secs }
}

struct World {
    pools: AddressPools,
    live: LiveSessions,
    statics: HashSet<Ipv4Addr>,
}

impl World {
    fn new(ranges: &str, grace_secs: u32) -> World {
        let pools = AddressPools::default();
        pools.put(&pool(ranges, grace_secs), &[], T0);
        World { pools, live: LiveSessions::new(TokenKey::new(&[1; 32])), statics: HashSet::new() }
    }

    fn pool(&self) -> Arc<AddressPool> {
        self.pools.find(1, b"p", 1).expect("the pool")
    }

    fn lease(&self, customer_id: i64, now: UnixMs) -> Option<Ipv4Addr> {
        let origin =
            Origin { router_id: 1, mac: Some(Mac((customer_id as u64).to_be_bytes()[2..].try_into().expect("six octets"))), calling: 0 };
        let holder = LeaseFor { customer_id, origin };
        let granted = self.pool().lease(&holder, |address| self.statics.contains(&address), &self.live, now)?;
        self.pool().note_issued(granted.address, customer_id, now);
        Some(granted.address)
    }

    fn account(&self, status: Status, customer_id: i64, issued_at: UnixMs, address: Ipv4Addr, now: UnixMs) {
        let id = format!("{customer_id:08x}");
        let token = SessionToken { issued_at, nonce: 1, customer_id, interim_secs: 60, granted: Granted::UNKNOWN };
        let event = AccountingEvent {
            status,
            at: now,
            arrived_at: now,
            acct_session_id: id.as_bytes(),
            username: b"bob",
            mac: None,
            called_station: b"",
            nas_port_id: b"",
            framed_ip: Some(address),
            session_secs: None,
            octets_in: None,
            octets_out: None,
            has_gigawords: true,
            terminate_cause: 0,
            token: Some(token),
            is_local: false,
        };
        let nas = NasContext { tenant_id: 1, router_id: 1, nas_instance: 1, added_at: 0, adopt_all: true };
        let Ok(_) = self.live.record(&event, &nas, || None, |_: &Record<'_>| Ok::<u64, Infallible>(1));
    }
}

fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, last)
}

#[test]
fn an_address_is_its_customers_until_the_session_ended_and_the_grace_time_passed() {
    let world = World::new("10.0.0.1-10.0.0.2", 10);
    assert_eq!((world.lease(1, T0), world.lease(2, T0)), (Some(ip(1)), Some(ip(2))));
    world.account(Status::Start, 1, T0, ip(1), T0 + 100);
    world.account(Status::Start, 2, T0, ip(2), T0 + 100);
    assert_eq!(world.lease(3, T0 + 200), None);
    world.account(Status::Stop, 1, T0, ip(1), T0 + 2_000);
    assert_eq!(world.lease(3, T0 + 3_000), None, "within the grace time");
    assert_eq!(world.lease(1, T0 + 4_000), Some(ip(1)), "but its own customer has it at once");
    world.account(Status::Start, 1, T0 + 4_000, ip(1), T0 + 4_100);
    world.account(Status::Stop, 1, T0 + 4_000, ip(1), T0 + 5_000);
    world.pools.sweep(&world.live, T0 + 6_000);
    assert_eq!(world.lease(3, T0 + 15_999), None);
    assert_eq!(world.lease(3, T0 + 16_000), Some(ip(1)));
    assert_eq!(world.lease(1, T0 + 17_000), None, "it is another's now");
    assert_eq!(world.pool().figures().exhausted, 4);
}

#[test]
fn an_accept_without_a_session_holds_its_address_for_a_minute() {
    let world = World::new("10.0.0.1", 0);
    assert_eq!(world.lease(1, T0), Some(ip(1)));
    world.pools.sweep(&world.live, T0 + 59_999);
    assert_eq!(world.lease(2, T0 + 59_999), None);
    assert_eq!(world.lease(2, T0 + 61_000), Some(ip(1)));
}

#[test]
fn the_longest_unused_address_is_given_first_and_static_ones_never() {
    let mut world = World::new("10.0.0.1-10.0.0.4", 0);
    world.statics.insert(ip(2));
    assert_eq!([1, 2, 3, 4].map(|c| world.lease(c, T0)), [Some(ip(1)), Some(ip(3)), Some(ip(4)), None]);
    for (customer, after) in [(2, 1_000), (1, 2_000), (3, 3_000)] {
        let address = [ip(1), ip(3), ip(4)][customer as usize - 1];
        world.account(Status::Start, customer, T0, address, T0 + 500);
        world.account(Status::Stop, customer, T0, address, T0 + after);
        world.pools.sweep(&world.live, T0 + after);
    }
    assert_eq!([11, 12, 13, 14].map(|c| world.lease(c, T0 + 10_000)), [Some(ip(3)), Some(ip(1)), Some(ip(4)), None]);
    world.statics.clear();
    assert_eq!(world.lease(14, T0 + 12_000), Some(ip(2)), "it is nobody's static address any more");
}

#[test]
fn a_changed_pool_keeps_its_leases_and_a_restarted_server_finds_them() {
    let world = World::new("10.0.0.1-10.0.0.2", 10);
    assert_eq!(world.lease(1, T0), Some(ip(1)));
    world.pools.put(&pool("10.0.0.2-10.0.0.3", 10), &[], T0);
    assert_eq!([2, 3, 4].map(|c| world.lease(c, T0 + 10)), [Some(ip(2)), Some(ip(3)), None]);
    let (definition, leases) = world.pool().contents();
    let later = World { pools: AddressPools::default(), live: LiveSessions::new(TokenKey::new(&[1; 32])), statics: HashSet::new() };
    // The journal's tail comes before the pools.
    later.pools.replay(&Leased { tenant_id: 1, pool_id: 5, customer_id: 9, address: ip(3), mac: None, at: T0 + 5_000 }, 7, T0 + 20_000);
    later.pools.put(&definition, &leases, T0 + 20_000);
    assert_eq!(later.lease(4, T0 + 30_000), None, "held until it is clear that no session has them");
    assert_eq!(later.lease(2, T0 + 30_000), Some(ip(2)), "the same line has its own");
    assert_eq!(later.lease(9, T0 + 90_000), Some(ip(3)), "the journal knew better than the store");
    assert_eq!(later.lease(1, T0 + 90_000), None, "its old address is no longer the pool's");
    let freed: Vec<_> = later.pools.take_changes(100).into_iter().filter(|c| c.freed_at.is_some()).collect();
    later.pools.put_back(&freed);
    assert_eq!(later.pools.take_changes(100).len(), freed.len());
}

#[test]
fn workers_that_lease_at_once_get_different_addresses() {
    let world = World::new("10.0.0.0/24", 60);
    let mut all: Vec<Ipv4Addr> = std::thread::scope(|scope| {
        let world = &world;
        let lease = |worker: i64| move || (0..60).filter_map(|n| world.lease(worker * 1_000 + n, T0)).collect::<Vec<_>>();
        let workers: Vec<_> = (1..=5).map(|worker| scope.spawn(lease(worker))).collect();
        workers.into_iter().flat_map(|w| w.join().expect("a worker")).collect()
    });
    assert_eq!(all.len(), 254, "300 wanted one");
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 254);
    assert_eq!(world.pool().figures().exhausted, 46);
}

#[test]
fn a_pool_of_one_router_is_not_the_servers_business_elsewhere() {
    let pools = AddressPools::default();
    pools.put(&Pool { router_id: Some(2), ..pool("10.0.0.1", 0) }, &[], T0);
    assert!(pools.find(1, b"p", 2).is_some());
    assert!(pools.find(1, b"p", 1).is_none() && pools.find(2, b"p", 2).is_none() && pools.find(1, b"q", 2).is_none());
    pools.put(&Pool { name: "q".into(), ..pool("10.0.0.1", 0) }, &[], T0);
    assert!(pools.find(1, b"p", 2).is_none() && pools.find(1, b"q", 1).is_some(), "renamed and opened to all");
    pools.retain(|_| false);
    assert!(pools.all().is_empty());
}

#[test]
fn an_earlier_session_that_is_over_does_not_free_what_a_newer_accept_holds() {
    let world = World::new("10.0.0.1", 0);
    assert_eq!(world.lease(1, T0), Some(ip(1)));
    world.account(Status::Start, 1, T0, ip(1), T0 + 100);
    world.account(Status::Stop, 1, T0, ip(1), T0 + 1_000);
    assert_eq!(world.lease(1, T0 + 2_000), Some(ip(1)));
    world.pools.sweep(&world.live, T0 + 3_000);
    assert_eq!(world.lease(2, T0 + 10_000), None, "his new session is on the way");
    world.account(Status::Start, 1, T0 + 2_000, ip(1), T0 + 12_000);
    world.pools.sweep(&world.live, T0 + 100_000);
    assert_eq!(world.lease(2, T0 + 110_000), None);
}

proptest! {
    /// Whatever happens in whatever order, no two customers hold one address, and none outside the pool or static is given. An Accept holds its address for
    /// a minute, a session until it ends.
    #[test]
    fn no_address_is_two_customers(
        grace_secs in prop_oneof![Just(0u32), Just(20)],
        steps in proptest::collection::vec((0..5u8, 1..6i64, 1..40_000i64), 1..150),
    ) {
        let mut world = World::new("10.0.0.1-10.0.0.4", grace_secs);
        world.statics.insert(ip(3));
        let (mut now, mut online) = (T0, std::collections::HashMap::<i64, (UnixMs, Ipv4Addr)>::new());
        let mut accepted = std::collections::HashMap::<i64, (UnixMs, Ipv4Addr)>::new();
        for (step, customer, pause) in steps {
            now += pause;
            accepted.retain(|_, (issued_at, _)| now - *issued_at < 60_000);
            match step {
                0 | 1 if !online.contains_key(&customer) => {
                    if let Some(address) = world.lease(customer, now) {
                        accepted.remove(&customer);
                        prop_assert!(online.values().chain(accepted.values()).all(|(_, a)| *a != address), "{address} is somebody's already");
                        prop_assert!(address != ip(3) && u32::from(address) - u32::from(ip(0)) <= 4);
                        accepted.insert(customer, (now, address));
                    }
                }
                2 => {
                    if let Some((issued_at, address)) = accepted.remove(&customer) {
                        world.account(Status::Start, customer, issued_at, address, now);
                        online.insert(customer, (issued_at, address));
                    }
                }
                3 => {
                    if let Some((issued_at, address)) = online.remove(&customer) {
                        world.account(Status::Stop, customer, issued_at, address, now);
                    }
                }
                _ => world.pools.sweep(&world.live, now),
            }
        }
    }
}
