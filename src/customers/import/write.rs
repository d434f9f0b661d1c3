//! Writing a checked import: many rows per statement. The command writes all in one transaction, or none; a job writes lots, each with what became of its rows.

use std::sync::Arc;

use super::super::devices::{insert_import_events, insert_macs_of_import};
use super::super::{CustomerError, PASSWORD_PLACE, sql as customers_sql};
use super::plan::{ImportPlan, Ready};
use super::sql::{self, CUSTOMERS_PER_INSERT, MACS_PER_INSERT};
use crate::store::{AuditEntry, Db, Sealer, StoreError, Tx};
use crate::units::{CustomerId, Mac, UnixMs};

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
        macs.extend(macs_of(chunk));
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

/// A customer that a lot has added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Line in the file.
    pub line: u64,
    /// His id.
    pub id: i64,
    /// His username.
    pub username: String,
}

impl ImportPlan {
    /// Writes the next at most `limit` good rows within the caller's transaction; none are left once nothing comes back. `job_id` is under which it can be taken back.
    pub async fn write_lot(
        &mut self,
        tx: &mut Tx,
        sealer: &Sealer,
        job_id: i64,
        limit: usize,
        now: UnixMs,
    ) -> Result<Vec<Added>, CustomerError> {
        let rest = self.ready.split_off(limit.min(CUSTOMERS_PER_INSERT).min(self.ready.len()));
        let lot = Arc::new(std::mem::replace(&mut self.ready, rest));
        if lot.is_empty() {
            return Ok(Vec::new());
        }
        let (scope, tenant) = (&self.scope, self.scope.tenant());
        let sealed = seal_chunk(sealer, &lot, 0).await?;
        sql::insert_customers(tx, scope, &lot, &sealed).await?;
        let macs: Vec<(CustomerId, Mac)> = macs_of(&lot).collect();
        for some in macs.chunks(MACS_PER_INSERT) {
            sql::insert_macs(tx, scope, some).await?;
        }
        // both look at all devices of the tenant
        if !macs.is_empty() {
            insert_macs_of_import(tx, tenant, now).await?;
            insert_import_events(tx, tenant, now).await?;
        }
        let mut added = Vec::with_capacity(lot.len());
        for ready in lot.iter() {
            let customer = &ready.customer;
            // nothing before him: he was added
            customers_sql::insert_undo(tx, scope, job_id, customer.id, "", "").await?;
            tx.audit(
                AuditEntry::new(tenant.0, "customer.add", "customers", customer.id.0, &customer.username)
                    .after(customer)
                    .secret("password"),
            );
            tx.changed(tenant.0, "customers", customer.id.0);
            added.push(Added { line: ready.line, id: customer.id.0, username: customer.username.clone() });
        }
        Ok(added)
    }
}

fn macs_of(rows: &[Ready]) -> impl Iterator<Item = (CustomerId, Mac)> {
    rows.iter().flat_map(|row| row.customer.macs.iter().map(|mac| (row.customer.id, *mac)))
}

async fn seal_chunk(sealer: &Sealer, ready: &Arc<Vec<Ready>>, start: usize) -> Result<Vec<Vec<u8>>, CustomerError> {
    let (sealer, ready) = (sealer.clone(), Arc::clone(ready));
    let sealing = tokio::task::spawn_blocking(move || {
        let chunk = ready.iter().skip(start).take(CUSTOMERS_PER_INSERT);
        chunk.map(|r| sealer.seal(PASSWORD_PLACE, r.customer.id.0, r.password.plain().as_bytes())).collect()
    });
    sealing.await.map_err(|e| StoreError::Unexpected(format!("sealing stopped: {e}")).into())
}
