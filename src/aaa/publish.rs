//! Counters of routers and unknown sources, written to the store once a second for `router ls`, `router unknown` and `doctor`. Nothing depends on them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::directory::{Directory, NasCounters};
use super::sql;
use super::unknown::UnknownSources;
use crate::routers::RouterCounters;
use crate::store::{Db, StoreError};
use crate::units::{DAY_MS, UnixMs};

/// Routers written in one second; with more of them busy, each has its turn every few seconds.
const ROUTERS_AT_ONCE: usize = 200;
const PRUNE_EVERY_MS: i64 = 3_600_000;
/// Unknown sources are forgotten this long after their last packet.
const KEEP_UNKNOWN_MS: i64 = 7 * DAY_MS;

/// The figures of a router; `updated_at` is 0, the writing sets it.
fn counters_of(router_id: i64, c: &NasCounters) -> RouterCounters {
    let count = |n: &AtomicU64| i64::try_from(n.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
    RouterCounters {
        router_id,
        access_requests: count(&c.access_requests),
        accepts: count(&c.accepts),
        rejects: count(&c.rejects),
        accounting_requests: count(&c.accounting_requests),
        bad_authenticator: count(&c.bad_authenticator),
        bad_message_authenticator: count(&c.bad_message_authenticator),
        missing_message_authenticator: count(&c.missing_message_authenticator),
        proxy_state_drops: count(&c.proxy_state_drops),
        garbled_passwords: count(&c.garbled_passwords),
        unsigned_requests: count(&c.unsigned_requests),
        repeated_access: count(&c.repeated_access),
        repeated_accounting: count(&c.repeated_accounting),
        with_gigawords: count(&c.with_gigawords),
        without_gigawords: count(&c.without_gigawords),
        reused_session_ids: count(&c.reused_session_ids),
        sessions_ended: count(&c.sessions_ended),
        sessions_ended_early: count(&c.sessions_ended_early),
        clock_skew_secs: c.clock_skew_ms.load(Ordering::Relaxed) / 1000,
        last_access_at: c.last_access_at.load(Ordering::Relaxed),
        last_accounting_at: c.last_accounting_at.load(Ordering::Relaxed),
        updated_at: 0,
    }
}

/// The task that publishes.
pub struct Publisher {
    directory: Arc<Directory>,
    unknown: Arc<UnknownSources>,
    published: HashMap<i64, RouterCounters>,
    /// Where the walk over the routers goes on.
    next: usize,
    pruned_at: UnixMs,
}

impl Publisher {
    /// Publishes for these.
    pub fn new(directory: Arc<Directory>, unknown: Arc<UnknownSources>) -> Publisher {
        Publisher { directory, unknown, published: HashMap::new(), next: 0, pruned_at: 0 }
    }

    /// Publishes once a second until told to stop, then once more. `clock` gives unix ms.
    pub async fn run(mut self, db: Db, clock: fn() -> UnixMs, mut stop: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let stopping = tokio::select! {
                _ = tick.tick() => false,
                changed = stop.changed() => changed.is_err() || *stop.borrow(),
            };
            if let Err(error) = self.step(&db, clock()).await {
                tracing::debug!(%error, "counters are not published now");
            }
            if stopping {
                return;
            }
        }
    }

    /// Writes what changed; after a failure it is written the next time.
    pub async fn step(&mut self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        let counters = self.changed_counters();
        let unknown = self.unknown.take_changed();
        let prune = now - self.pruned_at >= PRUNE_EVERY_MS;
        if counters.is_empty() && unknown.is_empty() && !prune {
            return Ok(());
        }
        let result = write(db, &counters, &unknown, prune, now).await;
        if result.is_err() {
            self.unknown.put_back(unknown);
            return result;
        }
        if prune {
            self.pruned_at = now;
        }
        self.published.extend(counters.into_iter().map(|(_, row)| (row.router_id, row)));
        Ok(())
    }

    /// Changed rows with their tenants, taking turns.
    fn changed_counters(&mut self) -> Vec<(i64, RouterCounters)> {
        let routers = self.directory.routers.load();
        let all = routers.all();
        let mut changed = Vec::new();
        for step in 0..all.len() {
            let nas = &all[(self.next + step) % all.len()];
            let row = counters_of(nas.fields.id, &nas.counters);
            if self.published.get(&row.router_id) != Some(&row) {
                changed.push((nas.fields.tenant_id, row));
            }
            if changed.len() == ROUTERS_AT_ONCE {
                self.next = (self.next + step + 1) % all.len();
                break;
            }
        }
        changed
    }
}

async fn write(
    db: &Db,
    counters: &[(i64, RouterCounters)],
    unknown: &[(std::net::IpAddr, super::unknown::UnknownRow)],
    prune: bool,
    now: UnixMs,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    for (tenant_id, row) in counters {
        sql::insert_counters(&mut tx, *tenant_id, row, now).await?;
    }
    for (address, row) in unknown {
        sql::insert_unknown_source(&mut tx, *address, row).await?;
    }
    if prune {
        sql::delete_unknown_sources(&mut tx, now - KEEP_UNKNOWN_MS).await?;
    }
    tx.commit(now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aaa::directory::Loader;
    use crate::accounts::{Scope, ensure_default_tenant};
    use crate::radius::dictionary::Dictionary;
    use crate::routers::{NewRouter, RouterSecret, add_router, list_router_summaries, list_unknown_sources, remove_router};
    use crate::store::KeyFile;
    use crate::store::test_db::{NOW, each_database};

    #[tokio::test]
    async fn counters_and_unknown_sources_reach_the_store_when_they_change() {
        for fresh in each_database().await {
            let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
            let (tenant, owner) = ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW).await.expect("a tenant");
            let scope = &Scope::administrator(tenant);
            let new = NewRouter::new("core", vec!["192.0.2.1".parse().expect("one")], RouterSecret::new(b"secret").expect("one"));
            add_router(&fresh.db, &fresh.ids, &sealer, scope, owner, &new, NOW).await.expect("a router");
            let (directory, unknown) = (Arc::new(Directory::empty()), Arc::new(UnknownSources::new()));
            let loader = Loader { sealer, dictionary: Arc::new(Dictionary::default()) };
            loader.load(&fresh.db, &directory).await.expect("loaded");
            let counters = directory.routers.load().all()[0].counters.clone();
            let mut publisher = Publisher::new(directory, unknown.clone());
            let stranger = "203.0.113.5".parse().expect("an address");

            for round in 1..=2 {
                counters.accepts.fetch_add(5, Ordering::Relaxed);
                counters.clock_skew_ms.store(-90_500, Ordering::Relaxed);
                unknown.note(stranger, b"bo\0x", NOW + round);
                publisher.step(&fresh.db, NOW + round).await.expect("published");
            }
            publisher.step(&fresh.db, NOW + 9).await.expect("nothing to publish");
            let mut conn = fresh.db.read().await.expect("a connection");
            let summary = &list_router_summaries(&mut conn, scope, "", 9).await.expect("read")[0];
            let published = summary.counters.expect("published");
            assert_eq!((published.accepts, published.clock_skew_secs, published.updated_at), (10, -90, NOW + 2));
            let sources = list_unknown_sources(&mut conn, scope, 9).await.expect("read");
            let source = (sources[0].packets, sources[0].first_seen_at, sources[0].last_seen_at, sources[0].nas_identifier.as_str());
            assert_eq!(source, (2, NOW + 1, NOW + 2, "bo\\x00x"));

            // A router that was removed meanwhile gets no row.
            remove_router(&fresh.db, scope, "core", NOW).await.expect("removed");
            counters.accepts.fetch_add(1, Ordering::Relaxed);
            publisher.step(&fresh.db, NOW + KEEP_UNKNOWN_MS + 3).await.expect("published");
            assert!(list_unknown_sources(&mut conn, scope, 9).await.expect("read").is_empty(), "forgotten after a week");
            drop(conn);
            fresh.end().await;
        }
    }
}
