//! Writing a checked import: multi-row inserts in one transaction, and one reload row in the feed.

use std::sync::Arc;

use super::super::devices::{insert_import_events, insert_macs_of_import};
use super::super::{CustomerError, PASSWORD_PLACE};
use super::plan::{ImportPlan, Ready};
use super::sql::{self, CUSTOMERS_PER_INSERT, MACS_PER_INSERT};
use crate::store::{AuditEntry, Db, Sealer, StoreError};
use crate::units::UnixMs;

/// Adds all good rows of the plan, or none. `progress` is told how many are written so far.
pub async fn write_import(
    db: &Db,
    sealer: &Sealer,
    plan: ImportPlan,
    now: UnixMs,
    mut progress: impl FnMut(usize),
) -> Result<usize, CustomerError> {
    let scope = plan.scope;
    let tenant = scope.tenant();
    let total = plan.ready.len();
    if total == 0 {
        return Ok(0);
    }
    let ready = Arc::new(plan.ready);
    let mut tx = db.begin().await?;
    let mut sealed = seal_chunk(sealer, &ready, 0).await?;
    let mut macs = Vec::new();
    for start in (0..total).step_by(CUSTOMERS_PER_INSERT) {
        let chunk = &ready[start..total.min(start + CUSTOMERS_PER_INSERT)];
        // the next chunk is sealed on another core while this one is written
        let next = seal_chunk(sealer, &ready, start + CUSTOMERS_PER_INSERT);
        let (written, next) = tokio::join!(sql::insert_customers(&mut tx, &scope, chunk, &sealed), next);
        written?;
        sealed = next?;
        macs.extend(chunk.iter().flat_map(|r| r.customer.macs.iter().map(|mac| (r.customer.id, *mac))));
        while macs.len() >= MACS_PER_INSERT {
            let rest = macs.split_off(MACS_PER_INSERT);
            sql::insert_macs(&mut tx, &scope, &macs).await?;
            macs = rest;
        }
        progress(total.min(start + CUSTOMERS_PER_INSERT));
    }
    if !macs.is_empty() {
        sql::insert_macs(&mut tx, &scope, &macs).await?;
    }
    insert_macs_of_import(&mut tx, tenant, now).await?;
    insert_import_events(&mut tx, tenant, now).await?;
    tx.audit(AuditEntry::new(tenant.0, "customers.import", "customers", 0, "").note("added", total));
    tx.changed(tenant.0, "customers", 0);
    tx.commit(now).await?;
    Ok(total)
}

async fn seal_chunk(sealer: &Sealer, ready: &Arc<Vec<Ready>>, start: usize) -> Result<Vec<Vec<u8>>, CustomerError> {
    let (sealer, ready) = (sealer.clone(), Arc::clone(ready));
    let sealing = tokio::task::spawn_blocking(move || {
        let chunk = ready.iter().skip(start).take(CUSTOMERS_PER_INSERT);
        chunk.map(|r| sealer.seal(PASSWORD_PLACE, r.customer.id.0, r.password.plain().as_bytes())).collect()
    });
    sealing.await.map_err(|e| StoreError::Unexpected(format!("sealing stopped: {e}")).into())
}
