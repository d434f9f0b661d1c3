//! Whose request it is: of the routers behind an address, the one whose secret verifies the signature; NAS-Identifier breaks ties.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::counters::DropReason;
use crate::aaa::directory::{Nas, NasCounters};
use crate::radius::dictionary::numbers::{EAP_MESSAGE, MESSAGE_AUTHENTICATOR, NAS_IDENTIFIER, PROXY_STATE};
use crate::radius::{PacketView, Secret};

const WRONG_SECRET: &str = "signed with another secret than the router's here";

/// A router that a request is from, and the secrets that may belong to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender<'n> {
    pub nas: &'n Arc<Nas>,
    /// The one that verified the request, or all if nothing could be verified.
    pub secrets: &'n [Secret],
    pub is_signed: bool,
}

/// Candidates with the one named by NAS-Identifier first, then those that take any.
fn by_likelihood<'n>(candidates: &'n [Arc<Nas>], view: &PacketView<'_>) -> impl Iterator<Item = &'n Arc<Nas>> {
    let identifier = view.get(NAS_IDENTIFIER).unwrap_or_default().to_vec();
    let rank = move |nas: &Arc<Nas>| match &*nas.fields.nas_identifier {
        own if !own.is_empty() && *own == *identifier => 0,
        [] => 1,
        _ => 2,
    };
    (0..3).flat_map(move |wanted| {
        let rank = rank.clone();
        candidates.iter().filter(move |nas| rank(nas) == wanted)
    })
}

fn find_signer<'n>(candidates: &'n [Arc<Nas>], view: &PacketView<'_>, verifies: impl Fn(&Secret) -> bool) -> Option<Sender<'n>> {
    let signed = |nas: &'n Arc<Nas>| {
        let secrets = &nas.fields.secrets;
        let number = secrets.iter().position(&verifies)?;
        nas.note_secret(number);
        Some(Sender { nas, secrets: &secrets[number..=number], is_signed: true })
    };
    match candidates {
        [one] => signed(one),
        several => by_likelihood(several, view).find_map(signed),
    }
}

fn likeliest<'n>(candidates: &'n [Arc<Nas>], view: &PacketView<'_>) -> &'n Arc<Nas> {
    match candidates {
        [one] => one,
        several => by_likelihood(several, view).next().unwrap_or(&several[0]),
    }
}

/// Counts a repetition, whose first answer the router did not see in time, for the router that it most likely comes from.
pub(super) fn note_repeated(candidates: &[Arc<Nas>], view: &PacketView<'_>, counter: impl Fn(&NasCounters) -> &AtomicU64) {
    if !candidates.is_empty() {
        counter(&likeliest(candidates, view).counters).fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts a drop and logs the first, second, fourth, eighth ... of a router: each kind is seen, and a flood does not fill the log.
fn count(nas: &Nas, counter: &AtomicU64, source: IpAddr, what: &str) {
    let drops = counter.fetch_add(1, Ordering::Relaxed) + 1;
    if drops.is_power_of_two() {
        tracing::warn!(router = &*nas.fields.name, %source, drops, "dropped: {what}");
    }
}

/// The sender of an Access-Request or Status-Server. An unsigned one is taken only where nothing forbids it; Status-Server must be signed (RFC 5997 section 3).
pub(super) fn of_access<'n>(
    candidates: &'n [Arc<Nas>],
    view: &PacketView<'_>,
    source: IpAddr,
    must_sign: bool,
) -> Result<Sender<'n>, DropReason> {
    if candidates.is_empty() {
        return Err(DropReason::UnknownSource);
    }
    if view.has(MESSAGE_AUTHENTICATOR) {
        let found = find_signer(candidates, view, |secret| secret.verifies_message_authenticator(view, false) == Some(true));
        return found.ok_or_else(|| {
            let nas = likeliest(candidates, view);
            count(nas, &nas.counters.bad_message_authenticator, source, WRONG_SECRET);
            DropReason::BadMessageAuthenticator
        });
    }
    let nas = likeliest(candidates, view);
    if must_sign || view.has(EAP_MESSAGE) || nas.requires_signature(source) {
        let what = "no Message-Authenticator, which this router must send; if it cannot any more: tollgate router set NAME --relearn";
        count(nas, &nas.counters.missing_message_authenticator, source, what);
        return Err(DropReason::MissingMessageAuthenticator);
    }
    if view.has(PROXY_STATE) && nas.fields.limit_proxy_state {
        count(nas, &nas.counters.proxy_state_drops, source, "Proxy-State without Message-Authenticator");
        return Err(DropReason::UnsignedProxyState);
    }
    Ok(Sender { nas, secrets: &nas.fields.secrets, is_signed: false })
}

/// The sender of an Accounting-Request: its authenticator must be right, and its Message-Authenticator if it has one.
pub(super) fn of_accounting<'n>(candidates: &'n [Arc<Nas>], view: &PacketView<'_>, source: IpAddr) -> Result<Sender<'n>, DropReason> {
    if candidates.is_empty() {
        return Err(DropReason::UnknownSource);
    }
    let Some(sender) = find_signer(candidates, view, |secret| secret.verifies_request_authenticator(view)) else {
        let nas = likeliest(candidates, view);
        count(nas, &nas.counters.bad_authenticator, source, WRONG_SECRET);
        return Err(DropReason::BadAuthenticator);
    };
    if sender.secrets[0].verifies_message_authenticator(view, true) == Some(false) {
        count(sender.nas, &sender.nas.counters.bad_message_authenticator, source, WRONG_SECRET);
        return Err(DropReason::BadMessageAuthenticator);
    }
    Ok(sender)
}
