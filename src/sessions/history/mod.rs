//! Old sessions leave the store after their time; what they used stays, as one row per customer and bucket, so that no total changes.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::sql::bulk::{UsageRow, upsert_usage};
use super::sql::{UsageLine, delete_old_sessions, delete_usage_of, list_undated_days, update_undated_day};
use crate::accounts::list_tenants;
use crate::store::{Db, StoreError};
use crate::units::{TenantId, UnixMs};

/// Sessions removed in one transaction: few enough that nobody waits for it.
const AT_ONCE: i64 = 500;

/// The name under which the usage of a customer's removed sessions is kept.
fn kept_key(customer_id: i64) -> [u8; 16] {
    let mut key = [0; 16];
    key[8..].copy_from_slice(&customer_id.to_be_bytes());
    key
}

/// Removes some of a tenant's sessions that ended before an instant and folds their usage; returns how many. Fewer than asked for means that none is left. Usage
/// that is nobody's goes with its session. Several nodes may do this at once.
pub async fn remove_old_sessions(db: &Db, tenant: TenantId, ended_before: UnixMs, now: UnixMs) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    // What this removed nobody else has folded.
    let removed = delete_old_sessions(&mut tx, tenant, ended_before, AT_ONCE).await?;
    let mut kept: BTreeMap<(i64, UnixMs, i64), UsageRow> = BTreeMap::new();
    for key in &removed {
        for line in delete_usage_of(&mut tx, tenant, key).await? {
            fold(tenant, line, &mut kept);
        }
    }
    upsert_usage(&mut tx, &kept.into_values().collect::<Vec<_>>()).await?;
    tx.commit(now).await?;
    Ok(removed.len() as u64)
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

/// Whether there may be more to remove.
pub fn is_full(removed: u64) -> bool {
    removed == AT_ONCE as u64
}

fn fold(tenant: TenantId, line: UsageLine, kept: &mut BTreeMap<(i64, UnixMs, i64), UsageRow>) {
    let Some(customer_id) = line.customer_id else { return };
    let row = kept.entry((customer_id, line.bucket_at, line.charging_class)).or_insert_with(|| UsageRow {
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
    use crate::q;
    use crate::sessions::sql::bulk::{Want, list_bucket_sums};
    use crate::sessions::sql::{count_sessions, list_usage_mismatches};
    use crate::store::test_db::{NOW, each_database};
    use crate::units::DAY_MS;

    #[tokio::test]
    async fn old_sessions_go_and_what_they_used_stays() {
        for fresh in each_database().await {
            let mut tx = fresh.db.begin().await.expect("a transaction");
            q!(exec tx, "INSERT INTO tenants (id, name, time_zone, currency, created_at) VALUES (1, 'default', 'Asia/Dhaka', 'BDT', 0)")
                .expect("a tenant");
            // Two old ones of one customer, one of nobody, one that is still open, a young one.
            for (key, started_at, ended_at, customer) in [
                (1u8, NOW - 90 * DAY_MS, Some(NOW - 90 * DAY_MS), Some(7i64)),
                (2, NOW - 90 * DAY_MS, Some(NOW - 89 * DAY_MS), Some(7)),
                (3, NOW - 90 * DAY_MS, Some(NOW - 90 * DAY_MS), None),
                (4, NOW - 90 * DAY_MS, None, Some(7)),
                (5, NOW - DAY_MS, Some(NOW), Some(7)),
            ] {
                let mut name = [key; 16];
                name[..6].copy_from_slice(&started_at.to_be_bytes()[2..]);
                q!(exec tx, "INSERT INTO sessions VALUES ($1, $2, 3, 4, $3, 'id', 'bob', '', '', '', '', $4, $4, $5, FALSE, 1, 60, 10, 20, 0, 0, 0, 0)",
                    1i64, &name[..], customer, started_at, ended_at).expect("a session");
                q!(exec tx, "INSERT INTO usage (tenant_id, session_key, bucket_at, charging_class, day, customer_id, octets_in, octets_out, secs) \
                    VALUES (1, $1, $2, 0, 20260816, $3, 10, 20, 60)", &name[..], started_at, customer).expect("usage");
            }
            tx.commit(NOW).await.expect("commits");
            let removed = remove_old_sessions(&fresh.db, TenantId(1), NOW - 60 * DAY_MS, NOW).await.expect("removes");
            assert_eq!((removed, is_full(removed)), (3, false));
            let mut conn = fresh.db.read().await.expect("reads");
            assert_eq!(count_sessions(&mut conn, TenantId(1)).await.expect("counts"), 2);
            assert!(list_usage_mismatches(&mut conn, TenantId(1), 9).await.expect("lists").is_empty());
            let sums = list_bucket_sums(&mut conn, &[Want { tenant_id: 1, customer_id: 7, since: 0 }]).await.expect("sums");
            let mut all: Vec<_> = sums.iter().map(|s| (s.bucket_at, s.octets_in, s.secs)).collect();
            all.sort_unstable();
            assert_eq!(all, [(NOW - 90 * DAY_MS, 30, 180), (NOW - DAY_MS, 10, 60)], "as before, but one row less per removed session");
            drop(conn);
            assert_eq!(remove_old_sessions(&fresh.db, TenantId(1), NOW - 60 * DAY_MS, NOW).await.expect("removes"), 0);
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
