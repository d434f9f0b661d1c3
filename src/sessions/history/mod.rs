//! Ended sessions after a day move to a table of their own, on PostgreSQL by months; after their time they leave the store, and what they used stays, as one row per
//! customer and bucket, so that no total changes.

mod keeper;
mod month;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::sql::bulk::{UsageRow, upsert_usage};
use super::sql::{UsageLine, delete_old_sessions, delete_usage_of, instant_of, list_undated_days, update_undated_day};
use crate::accounts::list_tenants;
use crate::store::{Db, StoreError, Tx};
use crate::units::{DAY_MS, TenantId, UnixMs};
pub use keeper::HistoryKeeper;
pub(super) use month::Month;

/// Sessions move this long after their end: late packets and sessions that come to life again mostly find theirs where it was. Milliseconds.
const MOVED_AFTER_MS: i64 = DAY_MS;
/// Clocks of nodes differ by less, milliseconds.
const CLOCKS_DIFFER_MS: i64 = 3_600_000;

/// Whether a session that began at an instant may have been moved by now; younger ones need not be looked for there.
pub(super) fn may_be_moved(began_at: UnixMs, now: UnixMs) -> bool {
    began_at < now - MOVED_AFTER_MS + CLOCKS_DIFFER_MS
}

/// The same of a session's name.
pub(super) fn may_be_moved_key(key: &[u8; 16], now: UnixMs) -> bool {
    may_be_moved(instant_of(key), now)
}

/// Sessions removed in one transaction: few enough that nobody waits for it.
const AT_ONCE: i64 = 500;

/// The name under which the usage of a customer's removed sessions is kept.
fn kept_key(customer_id: i64) -> [u8; 16] {
    let mut key = [0; 16];
    key[8..].copy_from_slice(&customer_id.to_be_bytes());
    key
}

/// Removes some of a tenant's sessions that ended before an instant and folds their usage; returns how many. Fewer than [`AT_ONCE`] means that none is left.
/// Usage that is nobody's goes with its session. Several nodes may do this at once.
async fn remove_old_sessions(db: &Db, tenant: TenantId, ended_before: UnixMs, now: UnixMs) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    // What this removed nobody else has folded.
    let removed = delete_old_sessions(&mut tx, tenant, ended_before, AT_ONCE).await?;
    fold_usage(&mut tx, removed.iter().map(|key| (tenant.0, &key[..]))).await?;
    tx.commit(now).await?;
    Ok(removed.len() as u64)
}

/// Puts the usage of sessions together by customer, bucket and class.
async fn fold_usage(tx: &mut Tx, keys: impl Iterator<Item = (i64, &[u8])>) -> Result<(), StoreError> {
    let mut kept: BTreeMap<(i64, i64, UnixMs, i64), UsageRow> = BTreeMap::new();
    for (tenant_id, key) in keys {
        for line in delete_usage_of(tx, TenantId(tenant_id), key).await? {
            fold(TenantId(tenant_id), line, &mut kept);
        }
    }
    upsert_usage(tx, &kept.into_values().collect::<Vec<_>>()).await
}

/// Puts the instant at which each day began into usage from before buckets had one, in the zones that the tenants have now.
pub async fn date_usage(db: &Db, now: UnixMs) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let days = list_undated_days(&mut tx).await?;
    let tenants = if days.is_empty() { Vec::new() } else { list_tenants(&mut tx).await? };
    for (tenant_id, day) in days {
        let zone = tenants.iter().find(|t| t.id.0 == tenant_id).map_or(TimeZone::UTC, |t| t.zone());
        update_undated_day(&mut tx, TenantId(tenant_id), day, begin_of(day, &zone)).await?;
    }
    tx.commit(now).await
}

/// The first instant of a local day that is written `yyyymmdd`.
fn begin_of(day: i64, zone: &TimeZone) -> UnixMs {
    let date = jiff::civil::Date::new((day / 10_000) as i16, (day / 100 % 100) as i8, (day % 100) as i8);
    date.and_then(|date| date.to_zoned(zone.clone())).map_or(0, |midnight| midnight.timestamp().as_millisecond())
}

fn fold(tenant: TenantId, line: UsageLine, kept: &mut BTreeMap<(i64, i64, UnixMs, i64), UsageRow>) {
    let Some(customer_id) = line.customer_id else { return };
    let row = kept.entry((tenant.0, customer_id, line.bucket_at, line.charging_class)).or_insert_with(|| UsageRow {
        key: (tenant.0, kept_key(customer_id)),
        bucket_at: line.bucket_at,
        class: u8::try_from(line.charging_class).unwrap_or(0),
        day: line.day,
        customer_id: Some(customer_id),
        amounts: [0; 3],
    });
    for (sum, more) in row.amounts.iter_mut().zip([line.octets_in, line.octets_out, line.secs]) {
        *sum = sum.saturating_add(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Scope;
    use crate::q;
    use crate::sessions::sql::bulk::{Want, list_bucket_sums};
    use crate::sessions::sql::{count_sessions, create_partition, list_partitions, list_set_aside, list_usage_mismatches, lock_partitions};
    use crate::store::test_db::{NOW, each_database};

    #[tokio::test]
    async fn old_sessions_go_and_what_they_used_stays() {
        for fresh in each_database().await {
            let mut tx = fresh.db.begin().await.expect("a transaction");
            q!(exec tx, "INSERT INTO tenants (id, name, time_zone, currency, created_at) VALUES (1, 'default', 'Asia/Dhaka', 'BDT', 0)")
                .expect("a tenant");
            // Two old ones of one customer, one of nobody, one of a wrong clock, one that is still open, one that lasted, a young one.
            for (key, started_at, ended_at, customer) in [
                (1u8, NOW - 90 * DAY_MS, Some(NOW - 90 * DAY_MS), Some(7i64)),
                (2, NOW - 90 * DAY_MS, Some(NOW - 89 * DAY_MS), Some(7)),
                (3, NOW - 90 * DAY_MS, Some(NOW - 90 * DAY_MS), None),
                (4, DAY_MS, Some(2 * DAY_MS), Some(7)),
                (5, NOW - 90 * DAY_MS, None, Some(7)),
                (6, NOW - 89 * DAY_MS, Some(NOW - 50 * DAY_MS), Some(8)),
                (7, NOW - 3 * DAY_MS, Some(NOW - 2 * DAY_MS), Some(7)),
                (8, NOW - DAY_MS, Some(NOW), Some(7)),
            ] {
                let mut name = [key; 16];
                name[..6].copy_from_slice(&started_at.to_be_bytes()[2..]);
                q!(exec tx, "INSERT INTO sessions VALUES ($1, $2, 3, 4, $3, 'id', 'bob', '', '', '', '', $4, $4, $5, FALSE, 1, 60, 10, 20, 0, 0, 0, 0)",
                    1i64, &name[..], customer, started_at, ended_at).expect("a session");
                q!(exec tx, "INSERT INTO usage (tenant_id, session_key, bucket_at, charging_class, day, customer_id, octets_in, octets_out, secs) \
                    VALUES (1, $1, $2, 0, 20260816, $3, 10, 20, 60)", &name[..], started_at, customer).expect("usage");
            }
            tx.commit(NOW).await.expect("commits");
            let sums = async || {
                let mut conn = fresh.db.read().await.expect("reads");
                let sums = list_bucket_sums(&mut conn, &[Want { tenant_id: 1, customer_id: 7, since: 0 }]).await.expect("sums");
                let mut all: Vec<_> = sums.iter().map(|s| (s.bucket_at, s.octets_in, s.secs)).collect();
                all.sort_unstable();
                let scope = Scope::administrator(TenantId(1));
                let is_whole = list_usage_mismatches(&mut conn, &scope, 9).await.expect("lists").is_empty();
                (all, is_whole, count_sessions(&mut conn, &scope).await.expect("counts"))
            };
            let before = sums().await;
            assert_eq!((before.1, before.2), (true, 8));
            let keep = async |retention_ms, now| {
                let mut keeper = HistoryKeeper::new(fresh.db.clone(), retention_ms);
                while keeper.step(now).await.expect("a step") {}
            };
            keep(400 * DAY_MS, NOW).await;
            assert_eq!(sums().await, (before.0.clone(), true, 7), "only the wrong clock's is past retention");
            let months = async || match fresh.db.is_sqlite() {
                true => Vec::new(),
                false => {
                    list_partitions(&mut fresh.db.read().await.expect("reads")).await.expect("lists").iter().map(Month::to_string).collect()
                }
            };
            let is_lite = fresh.db.is_sqlite();
            assert_eq!(months().await, if is_lite { vec![] } else { vec!["2026_08", "2026_11", "2026_12"] });
            keep(60 * DAY_MS, NOW).await;
            // PostgreSQL keeps a month until all of it is past.
            assert_eq!(sums().await, (before.0.clone(), true, if is_lite { 4 } else { 7 }));
            keep(60 * DAY_MS, NOW + 11 * DAY_MS).await;
            assert_eq!(sums().await, (before.0, true, 3), "as before, but one row less per removed session");
            assert_eq!(months().await, if is_lite { vec![] } else { vec!["2026_11", "2026_12"] });
            if !is_lite {
                assert!(list_set_aside(&mut fresh.db.read().await.expect("reads")).await.expect("lists").is_empty());
            }
            fresh.end().await;
        }
    }

    #[tokio::test]
    async fn a_month_takes_what_the_default_partition_has_of_it() {
        for fresh in each_database().await.into_iter().filter(|fresh| !fresh.db.is_sqlite()) {
            let mut tx = fresh.db.begin().await.expect("a transaction");
            for (key, at) in [(1u8, NOW - 90 * DAY_MS), (2, NOW - 20 * DAY_MS)] {
                let mut name = [key; 16];
                name[..6].copy_from_slice(&at.to_be_bytes()[2..]);
                q!(exec tx, "INSERT INTO closed_sessions VALUES (1, $1, 3, 4, NULL, 'id', 'bob', '', '', '', '', $2, $2, $2, FALSE, 1, 60, 10, 20, 0, 0, 0, 0)",
                    &name[..], at).expect("a session");
            }
            assert!(lock_partitions(&mut tx).await.expect("asks"));
            let mut other = fresh.db.begin().await.expect("a transaction");
            assert!(!lock_partitions(&mut other).await.expect("asks"), "one at a time");
            drop(other);
            create_partition(&mut tx, Month::of(NOW - 90 * DAY_MS)).await.expect("makes");
            tx.commit(NOW).await.expect("commits");
            let mut conn = fresh.db.read().await.expect("reads");
            let found = q!(all conn, (String, i64), "SELECT CAST(CAST(tableoid AS regclass) AS TEXT), COUNT(*) FROM closed_sessions GROUP BY tableoid ORDER BY 1");
            let expected = [("closed_sessions_2026_08".to_owned(), 1), ("closed_sessions_default".to_owned(), 1)];
            assert_eq!(found.expect("reads"), expected);
            drop(conn);
            tx = fresh.db.begin().await.expect("a transaction");
            q!(exec tx, "INSERT INTO tenants (id, name, time_zone, currency, created_at) VALUES (1, 'default', 'UTC', 'BDT', 0)")
                .expect("a tenant");
            tx.commit(NOW).await.expect("commits");
            let mut keeper = HistoryKeeper::new(fresh.db.clone(), 400 * DAY_MS);
            while keeper.step(NOW).await.expect("a step") {}
            let months = list_partitions(&mut fresh.db.read().await.expect("reads")).await.expect("lists");
            assert_eq!(
                months.iter().map(Month::to_string).collect::<Vec<_>>(),
                ["2026_08", "2026_10", "2026_11", "2026_12"],
                "each has its own"
            );
            fresh.end().await;
        }
    }

    #[tokio::test]
    async fn usage_from_before_buckets_is_dated_in_the_tenants_zone() {
        for fresh in each_database().await {
            let mut tx = fresh.db.begin().await.expect("a transaction");
            q!(exec tx, "INSERT INTO tenants (id, name, time_zone, currency, created_at) VALUES (1, 'default', 'Asia/Dhaka', 'BDT', 0)")
                .expect("a tenant");
            q!(exec tx, "INSERT INTO usage (tenant_id, session_key, bucket_at, charging_class, day, customer_id, octets_in, octets_out, secs) \
                VALUES (1, $1, -20270101, 0, 20270101, 7, 10, 20, 60)", &[1u8; 16][..]).expect("usage");
            tx.commit(NOW).await.expect("commits");
            for _ in 0..2 {
                date_usage(&fresh.db, NOW).await.expect("dates");
                let sql = "SELECT bucket_at, day FROM usage";
                let dated = q!(all fresh.db.read().await.expect("reads"), (i64, i64), sql).expect("usage");
                assert_eq!(dated, [(1_798_740_000_000, 20270101)]);
            }
            fresh.end().await;
        }
    }
}
