//! The snapshot comes back as it was written, and a damaged one is refused.

use std::sync::Arc;

use super::*;
use crate::aaa::directory::{
    CustomerFields, MessageAuthenticatorMode, NasFields, NasTable, Own, OwnTerms, Package, TenantRules, Terms, WalledReply,
};
use crate::aaa::policy::TopUp;
use crate::radius::Secret;
use crate::routers::pools::{Lease, Pool, parse_ranges};
use crate::sessions::{LiveSession, LiveSessions, Tally, TokenKey};
use crate::units::{Mac, TenantId};

const POSITION: SnapshotPosition = SnapshotPosition { feed_seq: 42, journal_seq: 99, written_at: 1_800_000_000_000 };
const IDENTITY: StoreIdentity = StoreIdentity { store_id: [7; 16], created_at: 0 };

struct Place {
    folder: tempfile::TempDir,
    key: KeyFile,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = KeyFile::read_or_create(&folder.path().join("key")).expect("a key");
        Place { folder, key }
    }

    fn write(&self, directory: &Directory, meters: &Meters) -> Result<SnapshotWritten, SnapshotError> {
        write(self.folder.path(), &IDENTITY, &self.key, POSITION, directory, meters, 1 << 30)
    }

    /// Customers and sessions that came back, and where they are now.
    fn read(&self) -> Result<((u64, u64), Directory, Meters), SnapshotError> {
        let (directory, live) = (Directory::empty(), no_sessions());
        let counts = self.read_as(&IDENTITY, &self.key, &directory, &live)?;
        Ok((counts, directory, live))
    }

    fn read_as(
        &self,
        identity: &StoreIdentity,
        key: &KeyFile,
        directory: &Directory,
        meters: &Meters,
    ) -> Result<(u64, u64), SnapshotError> {
        let opened = open(self.folder.path(), identity, key, directory, meters)?;
        assert_eq!(opened.position, POSITION);
        let sessions = opened.sessions;
        Ok((opened.read_customers(directory)?, sessions))
    }

    fn file(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join(FILE_NAME)).expect("the snapshot")
    }

    fn replace(&self, octets: &[u8]) {
        std::fs::write(self.folder.path().join(FILE_NAME), octets).expect("written");
    }
}

fn no_sessions() -> Meters {
    Meters::new(Arc::new(LiveSessions::new(TokenKey::new(&[1; 32]))))
}

fn directory(customers: i64) -> Directory {
    let directory = Directory::empty();
    let rules = TenantRules {
        case_sensitive_usernames: true,
        cross_provider_login: false,
        time_zone: jiff::tz::TimeZone::get("Asia/Dhaka").expect("a zone"),
        walled: WalledReply::new(&Default::default()),
        access_rules: Default::default(),
    };
    directory.tenants.store(Arc::new([(1, Arc::new(rules))].into()));
    directory.providers.store(Arc::new([(5, 4), (4, 4)].into()));
    let package = Package {
        id: 3,
        tenant_id: 1,
        attributes: [28, 6, 0, 0, 0, 9].into(),
        session_timeout_secs: 60,
        interim_secs: 300,
        ..Package::default()
    };
    directory.packages.store(Arc::new([(3, Arc::new(package))].into()));
    let router = NasFields {
        id: 2,
        tenant_id: 1,
        owner_id: 4,
        name: "core".into(),
        nas_identifier: (*b"nas").into(),
        prefixes: vec!["192.0.2.1/32".parse().expect("a prefix"), "2001:db8::/32".parse().expect("a prefix")],
        secrets: vec![Secret::new(b"old"), Secret::new(b"new")],
        mode: MessageAuthenticatorMode::Auto,
        limit_proxy_state: true,
        swap_octets: false,
        added_at: 11,
        adopt_all: true,
        coa_port: 1700,
        coa_message_authenticator: true,
        coa_event_timestamp: false,
    };
    let learned = [(2, "192.0.2.1".parse().expect("an address"))];
    directory.routers.store(Arc::new(NasTable::new(vec![router], &learned, &NasTable::default())));
    let ranges = parse_ranges("10.7.0.0/24").expect("ranges");
    let pool = Pool { id: 6, tenant_id: TenantId(1), name: "p".into(), ranges, router_id: Some(2), grace_secs: 60 };
    let lease = |last, mac, freed_at| Lease { address: [10, 7, 0, last].into(), customer_id: 1, mac, leased_at: 5, freed_at };
    directory.pools.put(&pool, &[lease(1, None, Some(9)), lease(2, Some(Mac([1; 6])), None)], 10);
    for id in 1..=customers {
        directory.customers.put(&customer(id, format!("Customer{id}").as_bytes(), &[Mac([1; 6])]));
    }
    let own = OwnTerms {
        limits: serde_json::from_str(r#"{"volume":[{"direction":"total","octets":9,"per":"day"}]}"#).expect("limits"),
        rate: Some((crate::packages::parse_rate("2M/1M").expect("a rate"), i64::MAX)),
        top_ups: vec![TopUp { id: 3, direction: crate::packages::Direction::Upload, octets_left: 8, expires_at: 9 }],
        expired: vec![(crate::packages::Direction::Total, crate::packages::Period::Month, 4)],
    };
    let own = Some(Arc::new(Own::new(own)));
    directory.terms.put(1, Some(Terms { period_started_at: 5, package_since_at: 6, first_login_secs: 0, own }));
    directory.terms.put(2, Some(Terms { first_login_secs: 60, ..Terms::default() }));
    directory.terms.note_first_login(2, 77);
    directory
}

fn customer<'a>(id: i64, username: &'a [u8], macs: &'a [Mac]) -> CustomerFields<'a> {
    CustomerFields {
        id,
        tenant_id: 1,
        owner_id: 5,
        package_id: 3,
        expires_at: i64::MAX,
        hold: 1,
        device_login: true,
        sessions_allowed: 2,
        static_ipv4: Some([10, 0, 0, 1].into()),
        username,
        password: b"secret password",
        macs,
        framed_pool: b"pool",
        attributes: &[18, 3, b'x'],
        case_sensitive: true,
        has_terms: true,
        is_closed: true,
    }
}

fn sessions(count: u8) -> Meters {
    let live = no_sessions();
    for n in 1..=count {
        let tally = Tally::open(1_000 + i64::from(n));
        live.live().restore(LiveSession::from_row([n; 16], 1, 2, 9, i64::from(n), tally, None, None, &format!("8{n:07x}"), "bob"));
    }
    live
}

#[test]
fn everything_comes_back() {
    let place = Place::new();
    assert!(matches!(place.read(), Err(SnapshotError::Absent)));
    // More than one chunk.
    let written = place.write(&directory(12_000), &sessions(200)).expect("written");
    assert_eq!((written.customers, written.octets), (12_000, place.file().len() as u64));
    assert!(written.octets > 1 << 20);
    assert!(!place.file().windows(8).any(|w| w == b"secret p"), "nothing is in clear");
    assert!(!place.folder.path().join(TEMPORARY_NAME).exists());
    let (counts, read, live) = place.read().expect("read");
    assert_eq!(counts, (12_000, 200));
    let wanted = directory(1);
    assert_eq!(**read.tenants.load(), **wanted.tenants.load());
    assert_eq!(**read.providers.load(), **wanted.providers.load());
    assert_eq!(**read.packages.load(), **wanted.packages.load());
    let routers = read.routers.load();
    let router = &routers.candidates("192.0.2.1".parse().expect("an address"))[0];
    assert_eq!(format!("{:?}", router.fields), format!("{:?}", wanted.routers.load().all()[0].fields));
    assert_eq!(router.fields.secrets.iter().map(Secret::octets).collect::<Vec<_>>(), [b"old", b"new"]);
    assert!(router.requires_signature("192.0.2.1".parse().expect("an address")), "what was learned is kept");
    assert_eq!(read.pools.all()[0].contents(), wanted.pools.all()[0].contents());
    assert!(read.pools.find(1, b"p", 2).is_some() && read.pools.find(1, b"p", 3).is_none());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let same = wanted
        .customers
        .with_id(1, |w| read.customers.with_id(1, |r| format!("{:?}", r.fields(&mut after)) == format!("{:?}", w.fields(&mut before))));
    assert_eq!(same, Some(Some(true)));
    let (terms, noted) = (read.terms.of(1), read.terms.first_login(2));
    assert_eq!((terms.period_started_at, terms.package_since_at, terms.first_login_secs, noted), (5, 6, 0, Some(77)));
    assert_eq!(terms.own.expect("his own").terms, wanted.terms.of(1).own.expect("his own").terms);
    assert_eq!(read.terms.of(2).first_login_secs, 60);
    assert_eq!(live.live().open_count(), 200);
}

#[test]
fn a_truncated_or_changed_file_is_refused() {
    let place = Place::new();
    place.write(&directory(3), &sessions(2)).expect("written");
    let good = place.file();
    for end in 0..good.len() {
        place.replace(&good[..end]);
        assert!(matches!(place.read(), Err(SnapshotError::Damaged(_))), "cut at {end}");
    }
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        place.replace(&bad);
        match place.read() {
            Err(SnapshotError::OtherStore) => assert!((8..24).contains(&at)),
            Err(SnapshotError::WrongKey) => assert!((24..40).contains(&at)),
            Err(SnapshotError::Damaged(_)) => {}
            other => panic!("octet {at}: {:?}", other.map(|r| r.0)),
        }
    }
    place.replace(&[&good[..], b"x"].concat());
    assert!(matches!(place.read(), Err(SnapshotError::Damaged(_))), "trailing octets");
}

#[test]
fn chunks_in_another_order_or_fewer_are_refused() {
    let place = Place::new();
    place.write(&directory(25_000), &no_sessions()).expect("written");
    let good = place.file();
    let (header, chunk) = (56, 4 + (1 << 20) + 16);
    let [first, second] = [&good[header..header + chunk], &good[header + chunk..header + 2 * chunk]];
    let rest = &good[header + 2 * chunk..];
    assert!(!rest.is_empty());
    for parts in
        [vec![second, first, rest], vec![first, rest], vec![first, second], vec![first, first, rest], vec![first, second, second, rest]]
    {
        place.replace(&[&[&good[..header]], &parts[..]].concat().concat());
        let (directory, live) = (Directory::empty(), no_sessions());
        let result = place.read_as(&IDENTITY, &place.key, &directory, &live);
        assert!(matches!(result, Err(SnapshotError::Damaged(_))));
    }
}

#[test]
fn another_store_another_key_and_too_small_a_budget_are_named() {
    let place = Place::new();
    place.write(&directory(3), &no_sessions()).expect("written");
    let other = StoreIdentity { store_id: [8; 16], ..IDENTITY };
    let (directory_read, live) = (Directory::empty(), no_sessions());
    let result = place.read_as(&other, &place.key, &directory_read, &live);
    assert!(matches!(result, Err(SnapshotError::OtherStore)));
    let other_key = KeyFile::read_or_create(&place.folder.path().join("other")).expect("a key");
    let result = place.read_as(&IDENTITY, &other_key, &directory_read, &live);
    assert!(matches!(result, Err(SnapshotError::WrongKey)));
    let good = place.file();
    let result = write(place.folder.path(), &IDENTITY, &place.key, POSITION, &directory(3), &live, 100);
    assert!(matches!(result, Err(SnapshotError::TooLarge { budget: 100 })));
    assert_eq!(place.file(), good, "the old one stays");
    assert!(!place.folder.path().join(TEMPORARY_NAME).exists());
}
