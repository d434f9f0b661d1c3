//! What happens to certificates while the server runs: files that changed, a month that is left, a renewal that is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::acme::Acme;
use super::files::OwnFiles;
use super::pair::Pair;
use super::self_signed::{SelfSigned, is_due};
use super::store::CertificateStore;
use crate::app::{now_ms, told_to_stop};
use crate::units::UnixMs;

const LOOK_EVERY: Duration = Duration::from_secs(60);
/// After a failed attempt at an authority; doubled each time. Authorities count failures by the hour.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);
/// A clock that was set is noticed after this at the latest.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
/// An attempt that takes longer has hung.
const ATTEMPT: Duration = Duration::from_secs(300);

/// Where the certificate comes from.
#[derive(Debug)]
pub enum Source {
    /// The operator's files.
    Files(OwnFiles),
    /// The server itself.
    SelfSigned(SelfSigned, Pair),
    /// An authority; the pair is what it gave the last time, if it did.
    Acme(Box<Acme>, Option<Pair>),
}

/// Looks after the certificate until told to stop.
pub fn spawn(source: Source, store: Arc<CertificateStore>, hurry: Arc<Notify>, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    match source {
        Source::Files(files) => tokio::spawn(watch_files(files, store, hurry, stop)),
        Source::SelfSigned(own, pair) => tokio::spawn(renew_self_signed(own, pair, store, stop)),
        Source::Acme(acme, pair) => tokio::spawn(renew_by_acme(acme, pair, hurry, stop)),
    }
}

/// Passes SIGHUP on, and says what it does not do.
pub async fn hear_hang_ups(mut hang_up: Signal, hurry: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = told_to_stop(&mut stop) => return,
            Some(()) = hang_up.recv() => {
                tracing::info!("SIGHUP: certificates are looked at now; a changed configuration needs a restart");
                hurry.notify_one();
            }
        }
    }
}

async fn watch_files(mut files: OwnFiles, store: Arc<CertificateStore>, hurry: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    let mut timer = tokio::time::interval(LOOK_EVERY);
    timer.tick().await;
    loop {
        let read = tokio::select! {
            () = told_to_stop(&mut stop) => return,
            _ = timer.tick() => files.look(),
            () = hurry.notified() => Some(files.read()),
        };
        match read {
            None => {}
            Some(Ok(pair)) => {
                store.exchange(&pair);
                super::announce("the certificate was read again", &pair);
                files.complain(&pair, now_ms());
            }
            Some(Err(error)) => tracing::error!(%error, "the certificate on disk cannot be used; the one before is served"),
        }
    }
}

async fn renew_self_signed(own: SelfSigned, mut pair: Pair, store: Arc<CertificateStore>, mut stop: watch::Receiver<bool>) {
    let mut timer = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = told_to_stop(&mut stop) => return,
            _ = timer.tick() => {}
        }
        let now = now_ms();
        if !is_due(&pair, now) {
            continue;
        }
        match own.find_or_make(now) {
            Ok(new) => {
                store.exchange(&new);
                super::announce("a new self-signed certificate is served", &new);
                pair = new;
            }
            Err(error) => tracing::error!(%error, "no new self-signed certificate could be made"),
        }
    }
}

async fn renew_by_acme(acme: Box<Acme>, pair: Option<Pair>, hurry: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    let mut failures = 0;
    let mut due = pair.map_or(0, |pair| pair.validity.two_thirds());
    loop {
        let left = Duration::from_millis(u64::try_from(due - now_ms()).unwrap_or(0));
        if !left.is_zero() {
            tokio::select! {
                () = told_to_stop(&mut stop) => return,
                () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {}
                // Someone has mended what was wrong. A certificate that is good is not exchanged for that.
                () = hurry.notified() => if failures > 0 { due = 0 },
            }
            continue;
        }
        let result = tokio::select! {
            () = told_to_stop(&mut stop) => return,
            result = tokio::time::timeout(ATTEMPT, acme.renew()) => result,
        };
        let now = now_ms();
        let error = match result {
            Ok(Ok(new)) => {
                super::announce("a certificate came from the ACME authority", &new);
                (failures, due) = (0, new.validity.two_thirds());
                // One that was old when it came, or a clock that is wrong: no reason to ask without end.
                if due <= now {
                    due = now + millis(FIRST_PAUSE);
                }
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not answer in time".to_owned(),
        };
        failures += 1;
        let pause = pause_after(failures);
        due = now + millis(pause);
        tracing::error!(error, next_attempt_secs = pause.as_secs(), "no certificate from the ACME authority");
    }
}

fn millis(pause: Duration) -> UnixMs {
    i64::try_from(pause.as_millis()).unwrap_or(UnixMs::MAX)
}

/// One minute, two, four, ... six hours.
fn pause_after(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::pause_after;

    #[test]
    fn pauses_grow_up_to_six_hours() {
        let minutes = [1, 2, 3, 9, 10, 100].map(|failures| pause_after(failures).as_secs() / 60);
        assert_eq!(minutes, [1, 2, 4, 256, 360, 360]);
    }
}
