//! Routers in memory: found by source address, longest prefix first, several behind one address told apart by secret and NAS-Identifier.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use dashmap::DashMap;
use ipnet::IpNet;

use crate::radius::Secret;
use crate::units::UnixMs;

/// Signed requests in a row after which an address is known to sign always.
const LEARN_AFTER: u32 = 20;

/// Whether unsigned Access-Requests are taken (draft-ietf-radext-deprecating-radius).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageAuthenticatorMode {
    /// Taken until the address has shown that it always signs.
    Auto,
    /// Never taken.
    Require,
    /// Taken.
    Accept,
}

/// What the store says of a router.
#[derive(Debug, Clone)]
pub struct NasFields {
    /// Router entry.
    pub id: i64,
    /// Tenant.
    pub tenant_id: i64,
    /// Owner account.
    pub owner_id: i64,
    /// Name, for logs.
    pub name: Box<str>,
    /// NAS-Identifier that tells it from others behind its address; empty = any.
    pub nas_identifier: Box<[u8]>,
    /// Addresses and prefixes.
    pub prefixes: Vec<IpNet>,
    /// Shared secret, then the next one while it is being rotated.
    pub secrets: Vec<Secret>,
    /// Signature rule.
    pub mode: MessageAuthenticatorMode,
    /// Whether an unsigned Access-Request with Proxy-State is dropped.
    pub limit_proxy_state: bool,
    /// Whether Input means download.
    pub swap_octets: bool,
    /// When it was added.
    pub added_at: UnixMs,
    /// Whether sessions from before that count in full.
    pub adopt_all: bool,
    /// UDP port for CoA and Disconnect.
    pub coa_port: u16,
    /// Whether these requests carry Message-Authenticator.
    pub coa_message_authenticator: bool,
    /// Whether these requests carry Event-Timestamp.
    pub coa_event_timestamp: bool,
}

impl Default for NasFields {
    /// An entry with no option set, which no address reaches.
    fn default() -> NasFields {
        NasFields {
            id: 0,
            tenant_id: 0,
            owner_id: 0,
            name: Box::default(),
            nas_identifier: Box::default(),
            prefixes: Vec::new(),
            secrets: Vec::new(),
            mode: MessageAuthenticatorMode::Auto,
            limit_proxy_state: true,
            swap_octets: false,
            added_at: 0,
            adopt_all: false,
            coa_port: 3799,
            coa_message_authenticator: false,
            coa_event_timestamp: false,
        }
    }
}

/// Counters of one router, published for `router ls` and `doctor`.
#[derive(Debug, Default)]
pub struct NasCounters {
    /// Access-Requests that were processed.
    pub access_requests: AtomicU64,
    /// Of these, accepted.
    pub accepts: AtomicU64,
    /// Of these, rejected.
    pub rejects: AtomicU64,
    /// Accounting-Requests that were processed.
    pub accounting_requests: AtomicU64,
    /// Accounting-Requests whose authenticator no secret verifies.
    pub bad_authenticator: AtomicU64,
    /// Requests whose Message-Authenticator no secret verifies.
    pub bad_message_authenticator: AtomicU64,
    /// Access-Requests dropped for lack of one.
    pub missing_message_authenticator: AtomicU64,
    /// Access-Requests dropped for Proxy-State without signature.
    pub proxy_state_drops: AtomicU64,
    /// PAP passwords that decrypt to garbage.
    pub garbled_passwords: AtomicU64,
    /// Access-Requests taken without Message-Authenticator.
    pub unsigned_requests: AtomicU64,
    /// Access-Requests that came again with the same octets: the router had not seen the answer in time.
    pub repeated_access: AtomicU64,
    /// Accounting-Requests that did.
    pub repeated_accounting: AtomicU64,
    /// Accounting-Requests whose octet counters came with their high words.
    pub with_gigawords: AtomicU64,
    /// Those without.
    pub without_gigawords: AtomicU64,
    /// Starts of a session under the id of one that was still open.
    pub reused_session_ids: AtomicU64,
    /// Stops.
    pub sessions_ended: AtomicU64,
    /// Of these, within ten seconds of their Start.
    pub sessions_ended_early: AtomicU64,
    /// Newest Event-Timestamp less arrival, milliseconds.
    pub clock_skew_ms: AtomicI64,
    /// Last Access-Request, unix ms.
    pub last_access_at: AtomicI64,
    /// Last Accounting-Request, unix ms.
    pub last_accounting_at: AtomicI64,
}

/// A router in memory; counters and what was learned survive a change of its entry.
#[derive(Debug)]
pub struct Nas {
    /// What the store says.
    pub fields: NasFields,
    /// Counters.
    pub counters: Arc<NasCounters>,
    learned: Arc<DashMap<IpAddr, u32>>,
    /// Which of the secrets the router was last seen to use.
    secret_in_use: AtomicUsize,
}

impl Nas {
    /// Notes that the secret of this number verified a request or opened a password.
    pub fn note_secret(&self, number: usize) {
        if self.secret_in_use.load(Ordering::Relaxed) != number {
            self.secret_in_use.store(number, Ordering::Relaxed);
        }
    }

    /// The number of the secret that signs an answer to a request which proves none: while secrets are being changed, the one seen last.
    pub fn secret_in_use(&self) -> usize {
        self.secret_in_use.load(Ordering::Relaxed).min(self.fields.secrets.len().saturating_sub(1))
    }

    /// Whether an unsigned Access-Request from this address must be dropped.
    pub fn requires_signature(&self, address: IpAddr) -> bool {
        match self.fields.mode {
            MessageAuthenticatorMode::Require => true,
            MessageAuthenticatorMode::Accept => false,
            MessageAuthenticatorMode::Auto => self.learned.get(&address).is_some_and(|n| *n >= LEARN_AFTER),
        }
    }

    /// Notes a verified request; true when this one completes the proof that the address always signs. Prefix entries do not learn, EAP proves nothing.
    pub fn learn_signed(&self, address: IpAddr) -> bool {
        if self.fields.mode != MessageAuthenticatorMode::Auto || !self.fields.prefixes.contains(&IpNet::from(address)) {
            return false;
        }
        if self.learned.get(&address).is_some_and(|n| *n >= LEARN_AFTER) {
            return false;
        }
        let mut streak = self.learned.entry(address).or_insert(0);
        *streak += 1;
        *streak == LEARN_AFTER
    }

    /// Notes an unsigned request that was taken: the proof starts anew.
    pub fn learn_unsigned(&self, address: IpAddr) {
        if self.fields.mode == MessageAuthenticatorMode::Auto {
            self.learned.remove_if(&address, |_, n| *n < LEARN_AFTER);
        }
    }

    /// Addresses that are known to sign always, for the snapshot.
    pub fn learned_addresses(&self) -> Vec<IpAddr> {
        self.learned.iter().filter(|e| *e.value() >= LEARN_AFTER).map(|e| *e.key()).collect()
    }

    /// Notes a skew of the router's clock.
    pub fn note_skew(&self, skew_ms: i64) {
        self.counters.clock_skew_ms.store(skew_ms, Ordering::Relaxed);
    }
}

/// Routers by address.
#[derive(Debug, Default)]
pub struct NasTable {
    exact: HashMap<IpAddr, Vec<Arc<Nas>>>,
    /// Prefixes with their routers, longest first.
    prefixes: Vec<(IpNet, Vec<Arc<Nas>>)>,
    all: Vec<Arc<Nas>>,
    /// Places in `all`.
    by_id: HashMap<i64, usize>,
}

impl NasTable {
    /// A table of these routers; `learned` lists addresses that are known to sign. Counters and streaks of `previous` are kept.
    pub fn new(fields: Vec<NasFields>, learned: &[(i64, IpAddr)], previous: &NasTable) -> NasTable {
        let mut table = NasTable::default();
        let old: HashMap<i64, &Arc<Nas>> = previous.all.iter().map(|n| (n.fields.id, n)).collect();
        for fields in fields {
            let counters = old.get(&fields.id).map(|n| n.counters.clone()).unwrap_or_default();
            let known: DashMap<IpAddr, u32> = learned.iter().filter(|(id, _)| *id == fields.id).map(|(_, a)| (*a, LEARN_AFTER)).collect();
            if let Some(old) = old.get(&fields.id) {
                old.learned.iter().filter(|e| *e.value() < LEARN_AFTER).for_each(|e| {
                    known.entry(*e.key()).or_insert(*e.value());
                });
            }
            table.insert(Arc::new(Nas { fields, counters, learned: Arc::new(known), secret_in_use: AtomicUsize::new(0) }));
        }
        table.prefixes.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        table
    }

    fn insert(&mut self, nas: Arc<Nas>) {
        for net in &nas.fields.prefixes {
            let is_address = net.prefix_len() == net.max_prefix_len();
            if is_address {
                self.exact.entry(net.addr()).or_default().push(nas.clone());
            } else if let Some((_, list)) = self.prefixes.iter_mut().find(|(p, _)| p == net) {
                list.push(nas.clone());
            } else {
                self.prefixes.push((*net, vec![nas.clone()]));
            }
        }
        self.by_id.insert(nas.fields.id, self.all.len());
        self.all.push(nas);
    }

    /// Routers that a datagram from this address may come from; empty if it is unknown.
    pub fn candidates(&self, source: IpAddr) -> &[Arc<Nas>] {
        if let Some(list) = self.exact.get(&source) {
            return list;
        }
        self.prefixes.iter().find(|(net, _)| net.contains(&source)).map_or(&[], |(_, list)| list)
    }

    /// The router of an entry.
    pub fn find(&self, router_id: i64) -> Option<&Arc<Nas>> {
        self.by_id.get(&router_id).map(|index| &self.all[*index])
    }

    /// All routers.
    pub fn all(&self) -> &[Arc<Nas>] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nas(id: i64, prefixes: &[&str]) -> NasFields {
        NasFields {
            id,
            name: "r".into(),
            prefixes: prefixes.iter().map(|p| p.parse().expect("a prefix")).collect(),
            secrets: vec![Secret::new(b"s")],
            tenant_id: 1,
            owner_id: 1,
            ..NasFields::default()
        }
    }

    fn found(table: &NasTable, address: &str) -> Vec<i64> {
        table.candidates(address.parse().expect("an address")).iter().map(|n| n.fields.id).collect()
    }

    #[test]
    fn the_longest_prefix_wins_and_an_address_may_have_several_routers() {
        let table = NasTable::new(
            vec![nas(1, &["10.0.0.0/8"]), nas(2, &["10.1.0.0/16", "2001:db8::/32"]), nas(3, &["10.1.2.3/32"]), nas(4, &["10.1.2.3/32"])],
            &[],
            &NasTable::default(),
        );
        assert_eq!(found(&table, "10.1.2.3"), [3, 4]);
        assert_eq!(found(&table, "10.1.9.9"), [2]);
        assert_eq!(found(&table, "10.9.9.9"), [1]);
        assert_eq!(found(&table, "2001:db8::9"), [2]);
        assert_eq!(found(&table, "192.0.2.1"), Vec::<i64>::new());
    }

    #[test]
    fn auto_learns_from_twenty_in_a_row_per_address_and_never_forgets_by_itself() {
        let table = NasTable::new(vec![nas(1, &["10.1.2.3/32", "10.2.0.0/16"])], &[], &NasTable::default());
        let [address, in_prefix] = ["10.1.2.3", "10.2.0.1"].map(|a| a.parse().expect("an address"));
        let router = &table.all()[0];
        assert!((0..19).all(|_| !router.learn_signed(address)));
        router.learn_unsigned(address);
        assert!((0..19).all(|_| !router.learn_signed(address)));
        assert!(!router.requires_signature(address));
        assert!(router.learn_signed(address), "the twentieth proves it");
        assert!(router.requires_signature(address));
        router.learn_unsigned(address);
        assert!(router.requires_signature(address));
        assert!((0..50).all(|_| !router.learn_signed(in_prefix)));
        let reloaded = NasTable::new(vec![nas(1, &["10.1.2.3/32"])], &[(1, address)], &table);
        assert!(reloaded.all()[0].requires_signature(address), "what the store knows survives");
        let relearned = NasTable::new(vec![nas(1, &["10.1.2.3/32"])], &[], &table);
        assert!(!relearned.all()[0].requires_signature(address), "an administrator can start it anew");
    }
}
