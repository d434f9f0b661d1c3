//! What logins have taken, kept in order beside them: places and bindings that are over, addresses whose sessions ended, devices seen; and who must go.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use super::{Parts, now_ms};
use crate::aaa::access::{OnReplaced, ReplacedWhy};
use crate::aaa::decide::RejectReason;
use crate::aaa::enforcement::{Enforcer, Reason};
use crate::customers::update_devices_seen;
use crate::routers::pools::{update_exhausted, update_lease};
use crate::store::{Db, StoreError};
use crate::units::{TenantId, UnixMs};

const TICK: Duration = Duration::from_secs(1);
/// Addresses are looked through every so many ticks.
const SWEEP_TICKS: u64 = 5;
/// Rows of one transaction.
const ROWS_AT_ONCE: usize = 500;

/// The hook that workers call with sessions that must go: enforcement ends them.
pub fn on_replaced(enforcer: &Arc<Enforcer>) -> OnReplaced {
    let enforcer = enforcer.clone();
    Box::new(move |session, why| {
        let reason = match why {
            ReplacedWhy::NewerLogin => Reason::Replaced,
            ReplacedWhy::DeviceRefused => Reason::Denied(RejectReason::MacNotAllowed),
        };
        enforcer.disconnect(session, reason);
    })
}

/// Looks after places, bindings and addresses until told to stop.
pub async fn run(db: Db, parts: Arc<Parts>, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ticks = 0;
    loop {
        let stopping = tokio::select! {
            _ = tick.tick() => false,
            changed = stop.changed() => changed.is_err() || *stop.borrow(),
        };
        ticks += 1;
        let now = now_ms();
        parts.access.settle_identity(parts.applier.applied_seq.load(Ordering::Relaxed), now);
        if stopping || ticks % SWEEP_TICKS == 0 {
            let theirs = parts.clone();
            if tokio::task::spawn_blocking(move || theirs.access.directory.pools.sweep(&theirs.access.live, now)).await.is_err() {
                tracing::error!("looking through the address pools had panicked");
            }
            if let Err(error) = write(&db, &parts, now).await {
                tracing::debug!(%error, "leases and devices are written later");
            }
        }
        if stopping {
            return;
        }
    }
}

/// Writes what the store need not know at once.
async fn write(db: &Db, parts: &Parts, now: UnixMs) -> Result<(), StoreError> {
    let pools = &parts.access.directory.pools;
    loop {
        let changes = pools.take_changes(ROWS_AT_ONCE);
        if changes.is_empty() {
            break;
        }
        let written = async {
            let mut tx = db.begin().await?;
            for change in &changes {
                update_lease(&mut tx, change.tenant_id, change).await?;
            }
            tx.commit(now).await
        };
        if let Err(error) = written.await {
            pools.put_back(&changes);
            return Err(error);
        }
    }
    write_seen(db, parts, now).await?;
    // Full pools are told again by the next login, should this fail.
    let exhausted: Vec<_> =
        pools.all().into_iter().map(|p| (p.tenant_id(), p.id(), p.figures())).filter(|p| now - p.2.exhausted_at < 60_000).collect();
    if !exhausted.is_empty() {
        let mut tx = db.begin().await?;
        for (tenant_id, pool_id, figures) in exhausted {
            let times = i64::try_from(figures.exhausted).unwrap_or(i64::MAX);
            update_exhausted(&mut tx, TenantId(tenant_id), pool_id, times, figures.exhausted_at).await?;
        }
        tx.commit(now).await?;
    }
    Ok(())
}

/// Writes which devices logged in.
async fn write_seen(db: &Db, parts: &Parts, now: UnixMs) -> Result<(), StoreError> {
    let devices = &parts.access.identity.seen;
    let mut seen = devices.take();
    // Neighbours in the table are written together.
    seen.sort_unstable_by_key(|s| (s.tenant_id, s.customer_id));
    let mut rest = &seen[..];
    while !rest.is_empty() {
        let (lot, later) = rest.split_at(ROWS_AT_ONCE.min(rest.len()));
        let written = async {
            let mut tx = db.begin().await?;
            update_devices_seen(&mut tx, lot).await?;
            tx.commit(now).await
        };
        if let Err(error) = written.await {
            devices.put_back(rest);
            return Err(error);
        }
        rest = later;
    }
    Ok(())
}
