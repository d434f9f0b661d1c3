//! The rows that a batch works on: read from what is known and from the store before, written after.

use std::collections::HashSet;

use super::identity;
use super::known::KnownRows;
use super::places::Aliases;
use super::sink::AppliedSink;
use super::work::{Needs, Work};
use crate::customers::update_first_login;
use crate::sessions::history::{may_be_moved, may_be_moved_key};
use crate::sessions::record::Record;
use crate::sessions::sql::bulk::{self, UsageRow};
use crate::sessions::sql::{
    insert_nas_instance, insert_router_learned, list_closed_by_keys, list_closed_neighbours, move_back, update_usage_customer,
};
use crate::store::{StoreError, Tx};
use crate::units::{CustomerId, TenantId, UnixMs};

/// Brings every row that the records speak of into the working set.
pub(super) async fn read_rows(
    tx: &mut Tx,
    work: &mut Work,
    known: &mut KnownRows,
    records: &[Record<'_>],
    aliases: &Aliases,
    sink: &dyn AppliedSink,
    now: UnixMs,
) -> Result<(), StoreError> {
    work.clear();
    let needs = Needs::of(records.iter(), aliases);
    let mut rows = Vec::with_capacity(needs.keys.len());
    bulk::prefer_index_lookups(tx).await?;
    let unknown = known.take(&needs.keys, &mut rows);
    bulk::list_by_keys(tx, &unknown, &mut rows).await?;
    if rows.len() < needs.keys.len() {
        let found: HashSet<_> = rows.iter().map(bulk::SessionRow::key).collect();
        let old = needs.keys.iter().filter(|key| may_be_moved_key(&key.1, now) && !found.contains(*key));
        take_back(tx, &old.copied().collect::<Vec<_>>(), &mut rows).await?;
    }
    for (nas_instance, at) in needs.restarts {
        bulk::list_open_of_nas(tx, nas_instance, at, &mut rows).await?;
    }
    work.take(rows.drain(..));
    let wanted = work.wanted(records.iter(), aliases, sink);
    if !wanted.is_empty() {
        bulk::list_neighbours(tx, &wanted, &mut rows).await?;
        let mut closed = Vec::new();
        for wanted in wanted.iter().filter(|wanted| may_be_moved(wanted.started_at - bulk::NEIGHBOUR_MS, now)) {
            list_closed_neighbours(tx, wanted, &mut closed).await?;
        }
        take_back(tx, &closed.iter().map(bulk::SessionRow::key).collect::<Vec<_>>(), &mut rows).await?;
        work.take(rows);
    }
    Ok(())
}

/// Rows of these names that were moved among the closed ones come back, where they are locked as the others are. If another node is at the same, that is a unique
/// violation, or it was first and its row is read.
async fn take_back(tx: &mut Tx, keys: &[bulk::RowKey], rows: &mut Vec<bulk::SessionRow>) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut closed = Vec::new();
    list_closed_by_keys(tx, keys, &mut closed).await?;
    let mut found: Vec<_> = closed.iter().map(bulk::SessionRow::key).collect();
    found.sort_unstable();
    for (tenant_id, key) in &found {
        move_back(tx, TenantId(*tenant_id), key).await?;
    }
    bulk::list_by_keys(tx, &found, rows).await
}

/// Writes what the records changed; returns the usage that was added.
pub(super) async fn write_rows(tx: &mut Tx, work: &mut Work) -> Result<Vec<UsageRow>, StoreError> {
    let usage = work.usage_rows();
    bulk::insert_sessions(tx, &work.new_rows()).await?;
    bulk::update_counters(tx, &work.counted_rows()).await?;
    bulk::update_ends(tx, &work.ended_rows()).await?;
    bulk::update_details(tx, &work.detailed_rows()).await?;
    for row in work.found_customers() {
        if let Some(customer_id) = row.customer_id {
            update_usage_customer(tx, TenantId(row.tenant_id), &row.session_key, customer_id).await?;
        }
    }
    bulk::upsert_usage(tx, &usage).await?;
    for learned in &work.learned {
        if insert_router_learned(tx, TenantId(learned.tenant_id), learned).await? {
            tx.changed(learned.tenant_id, "routers", learned.router_id);
        }
    }
    for (tenant_id, customer_id, at) in &work.first_logins {
        // Also when nothing waited any more: memory then learns what the row says.
        update_first_login(tx, TenantId(*tenant_id), CustomerId(*customer_id), *at).await?;
        tx.changed(*tenant_id, "customers", *customer_id);
    }
    identity::write(tx, &work.bound, &work.leased).await?;
    for (tenant_id, nas) in &work.boxes {
        insert_nas_instance(tx, TenantId(*tenant_id), nas).await?;
    }
    Ok(usage)
}
