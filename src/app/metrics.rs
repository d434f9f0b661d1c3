//! Metrics: once a second the counters of workers, journal and applier are published under their Prometheus names.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics::{counter, gauge};

use super::Parts;
use super::health::Health;
use crate::aaa::decide::RejectReason;
use crate::aaa::directory::FollowStatus;
use crate::aaa::enforcement::{ActionKind, ActionState};
use crate::journal::JournalState;
use crate::listen::{DropReason, LATENCY_BUCKETS_US, ListenCounters};

/// Publishes everything.
pub fn publish(parts: &Parts, health: &Health, follow: &FollowStatus) {
    gauge!("tollgate_directory_lag_seconds").set(follow.lag_ms(super::now_ms()).map_or(f64::NAN, |lag| lag as f64 / 1000.0));
    listener("auth", &parts.listen.auth_counters);
    listener("acct", &parts.listen.acct_counters);
    let live = &parts.access.live;
    gauge!("tollgate_sessions_open").set(live.open_count() as f64);
    gauge!("tollgate_customers").set(parts.access.directory.customers.len() as f64);
    gauge!("tollgate_ready").set(f64::from(u8::from(health.not_ready().is_none())));
    gauge!("tollgate_store_reachable").set(f64::from(u8::from(health.store_reachable.load(Ordering::Relaxed))));
    pools(parts);
    journal(parts);
    applier(parts);
    enforcement(parts);
    meters(parts);
}

/// The tenant's number tells pools of one name apart.
fn pools(parts: &Parts) {
    for pool in parts.access.directory.pools.all() {
        let (figures, tenant) = (pool.figures(), pool.tenant_id().to_string());
        let labels = [("tenant", tenant), ("pool", figures.name)];
        gauge!("tollgate_pool_addresses", &labels).set(figures.addresses as f64);
        gauge!("tollgate_pool_held", &labels).set(figures.held as f64);
        counter!("tollgate_pool_exhausted_total", &labels).absolute(figures.exhausted);
    }
}

fn meters(parts: &Parts) {
    let status = parts.meters.status();
    gauge!("tollgate_meters").set(status.meters as f64);
    gauge!("tollgate_meters_waiting").set(status.waiting as f64);
    counter!("tollgate_usage_unknown_total").absolute(status.unknown);
    gauge!("tollgate_remote_sessions_open").set(status.remote_sessions as f64);
    gauge!("tollgate_other_nodes").set(f64::from(u8::from(status.has_others)));
    gauge!("tollgate_other_nodes_stale").set(f64::from(u8::from(parts.meters.blind_since(super::now_ms()).is_some())));
}

fn listener(kind: &'static str, counters: &Arc<ListenCounters>) {
    let read = |c: &std::sync::atomic::AtomicU64| c.load(Ordering::Relaxed);
    counter!("tollgate_radius_received_total", "kind" => kind).absolute(read(&counters.received));
    counter!("tollgate_radius_answered_again_total", "kind" => kind).absolute(read(&counters.answered_again));
    counter!("tollgate_radius_status_total", "kind" => kind).absolute(read(&counters.status));
    counter!("tollgate_radius_unsent_total", "kind" => kind).absolute(read(&counters.unsent));
    if kind == "auth" {
        counter!("tollgate_radius_accepts_total").absolute(read(&counters.accepts));
        counter!("tollgate_decision_log_overflow_total").absolute(read(&counters.log_overflow));
        for reason in RejectReason::ALL {
            counter!("tollgate_radius_rejects_total", "reason" => reason.code()).absolute(read(&counters.rejects[reason as usize]));
        }
    } else {
        counter!("tollgate_radius_accounted_total").absolute(read(&counters.accounted));
    }
    for reason in DropReason::ALL {
        counter!("tollgate_radius_drops_total", "kind" => kind, "reason" => reason.code()).absolute(read(&counters.drops[reason as usize]));
    }
    let mut below = 0;
    for (i, bucket) in counters.latency.iter().enumerate() {
        below += read(bucket);
        let bound = LATENCY_BUCKETS_US.get(i).map_or_else(|| "+Inf".to_owned(), |us| (f64::from(*us) / 1e6).to_string());
        counter!("tollgate_radius_request_duration_seconds_bucket", "kind" => kind, "le" => bound).absolute(below);
    }
    counter!("tollgate_radius_request_duration_seconds_count", "kind" => kind).absolute(below);
    gauge!("tollgate_radius_request_duration_seconds_sum", "kind" => kind).set(read(&counters.latency_sum_us) as f64 / 1e6);
}

fn journal(parts: &Parts) {
    let health = parts.listen.journal.health();
    gauge!("tollgate_journal_stalled").set(f64::from(u8::from(!matches!(health.state, JournalState::Ok))));
    gauge!("tollgate_journal_bytes").set(health.bytes_on_disk as f64);
    gauge!("tollgate_journal_pending_bytes").set(health.pending_bytes as f64);
    counter!("tollgate_journal_poisoned_segments_total").absolute(health.poisoned);
    counter!("tollgate_journal_overfull_total").absolute(health.overfull);
    counter!("tollgate_journal_syncs_total").absolute(health.syncs);
    for (quantile, value) in [("0.5", health.sync_p50), ("0.99", health.sync_p99), ("1", health.sync_max)] {
        gauge!("tollgate_journal_sync_seconds", "quantile" => quantile).set(value.as_secs_f64());
    }
    gauge!("tollgate_journal_durable_seq").set(parts.listen.journal.durable_seq() as f64);
}

fn enforcement(parts: &Parts) {
    let status = parts.enforcer.status();
    let read = |c: &std::sync::atomic::AtomicU64| c.load(Ordering::Relaxed);
    for kind in [ActionKind::Coa, ActionKind::Disconnect, ActionKind::Kick] {
        for state in ActionState::ALL {
            let labels = [("kind", kind.as_str()), ("state", state.as_str())];
            if state.is_over() {
                counter!("tollgate_actions_finished_total", &labels).absolute(status.finished(kind, state));
            } else {
                gauge!("tollgate_actions", &labels).set(status.unfinished(kind, state) as f64);
            }
        }
    }
    let drift: i64 =
        [ActionKind::Coa, ActionKind::Disconnect, ActionKind::Kick].map(|k| status.unfinished(k, ActionState::Drift)).iter().sum();
    gauge!("tollgate_drift").set(drift as f64);
    gauge!("tollgate_enforcement_timers").set(status.timers.load(Ordering::Relaxed) as f64);
    gauge!("tollgate_enforcement_sweep_seconds").set(read(&status.sweep_us) as f64 / 1e6);
    gauge!("tollgate_actions_unsaved").set(status.unsaved.load(Ordering::Relaxed) as f64);
    for (outcome, count) in [("ack", &status.acks), ("nak", &status.naks), ("timeout", &status.timeouts), ("unsent", &status.unsent)] {
        counter!("tollgate_coa_answers_total", "outcome" => outcome).absolute(read(count));
    }
    counter!("tollgate_coa_requests_total").absolute(read(&status.sent));
    counter!("tollgate_coa_datagrams_total").absolute(read(&parts.coa.datagrams));
    counter!("tollgate_coa_repeated_total").absolute(read(&parts.coa.repeated));
    counter!("tollgate_coa_foreign_replies_total").absolute(read(&parts.coa.foreign));
    gauge!("tollgate_coa_queued").set(read(&parts.coa.queued) as f64);
}

fn applier(parts: &Parts) {
    let status = &parts.applier;
    gauge!("tollgate_applier_seq").set(status.applied_seq.load(Ordering::Relaxed) as f64);
    let lag_ms = match status.waiting_since_ms.load(Ordering::Relaxed) {
        0 => 0,
        since => (crate::app::now_ms() - since).max(0),
    };
    gauge!("tollgate_applier_lag_seconds").set(lag_ms as f64 / 1000.0);
    counter!("tollgate_applier_records_total").absolute(status.records.load(Ordering::Relaxed));
    counter!("tollgate_applier_errors_total").absolute(status.errors.load(Ordering::Relaxed));
    counter!("tollgate_applier_skipped_total").absolute(status.skipped.load(Ordering::Relaxed));
}
