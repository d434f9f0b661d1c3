//! One Access-Request, from its name and credential to the signed reply. Runs on the workers: memory only, no waiting.

mod credential;
pub mod devices;
mod identity;
mod seen;
pub mod service;
pub mod simultaneous;
pub mod slots;
mod standing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::decide::{CredentialCheck, CustomerFacts, RejectReason, Verdict, decide};
use super::directory::{Customer, DeviceOwner, Directory, Nas, Package, TenantRules};
use super::policy::{UsageSource, share};
use super::reply::{self, Offer};
use super::throttle::{Attempt, Throttle};
use crate::customers::{LookupBuffer, lookup_candidates};
use crate::radius::dictionary::numbers::{CALLING_STATION_ID, EAP_MESSAGE, REPLY_MESSAGE, SERVICE_TYPE, USER_NAME, USER_PASSWORD};
use crate::radius::{MAX_PACKET_OCTETS, PacketView, ReplyTooLong, ReplyWriter, Secret, code};
use crate::sessions::{Granted, Leased, LiveSessions, MacBound, SessionToken};
use crate::units::{Mac, UnixMs};
use credential::{Credential, Proof};
use devices::DeviceFact;
use identity::Admitted;
pub use identity::{Identity, OnReplaced, ReplacedWhy};
pub use standing::Gathered;

/// Service-Type of PPP.
const FRAMED: u32 = 2;

thread_local! {
    /// Each worker's memory for the token it is writing.
    static TOKEN: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// What the workers decide with; shared by all.
pub struct Access {
    /// Routers, packages, customers.
    pub directory: Arc<Directory>,
    /// Who is online.
    pub live: Arc<LiveSessions>,
    /// Brute-force limits.
    pub throttle: Throttle,
    /// What customers used.
    pub usage: Arc<dyn UsageSource>,
    /// Places and devices that logins have taken.
    pub identity: Identity,
}

/// A request whose router is known.
pub struct AccessRequest<'a> {
    /// The packet.
    pub view: &'a PacketView<'a>,
    /// Its router.
    pub nas: &'a Nas,
    /// The secrets to try: the one that verified its signature, or all if it has none.
    pub secrets: &'a [Secret],
    /// When it is worked on.
    pub now: UnixMs,
    /// Never the same twice in a worker's life; becomes the token's nonce and the keys' salt.
    pub nonce: u32,
}

impl<'a> AccessRequest<'a> {
    /// The secret that the router most likely uses. An unsigned request that proves none (CHAP, MS-CHAP) is answered under it.
    fn likely_secret(&self) -> &'a Secret {
        match self.secrets {
            [one] => one,
            several => &several[self.nas.secret_in_use().min(several.len() - 1)],
        }
    }

    fn secrets_by_likelihood(&self) -> impl Iterator<Item = &'a Secret> {
        let likely = self.likely_secret();
        std::iter::once(likely).chain(self.secrets.iter().filter(move |secret| !std::ptr::eq(*secret, likely)))
    }

    /// Only a hidden password tells the secret.
    fn note_secret(&self, secret: &Secret) {
        if self.secrets.len() > 1
            && self.view.has(USER_PASSWORD)
            && let Some(number) = self.secrets.iter().position(|s| std::ptr::eq(s, secret))
        {
            self.nas.note_secret(number);
        }
    }
}

/// What was decided and written.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Octets of the reply.
    pub octets: usize,
    /// Octets of it that may be logged: all but keys and Proxy-State.
    pub loggable: usize,
    /// `None` = accepted.
    pub reject: Option<RejectReason>,
    /// Accepted into the walled garden only, for this reason.
    pub walled: Option<RejectReason>,
    /// His validity begins with this login: that must be durable before the answer leaves.
    pub is_first_login: bool,
    /// Whose login; 0 = nobody's.
    pub customer_id: i64,
    /// The device.
    pub mac: Option<Mac>,
    /// PAP, CHAP, ...; empty if none was found.
    pub method: &'static str,
    /// A device that this Accept binds to the customer: the reply may leave when its record is durable.
    pub bound: Option<MacBound>,
    /// The address that it leases, and the journal's place of the lease's last record (`u64::MAX` = none): the reply may leave when such a record is durable.
    pub leased: Option<(Leased, u64)>,
}

/// What the writing of a reply needs besides the request.
struct Draft<'b, 'p> {
    reply: ReplyWriter<'b>,
    credential: Option<Credential<'p>>,
    mac: Option<Mac>,
}

impl Access {
    /// Decides a request and writes the signed reply.
    pub fn answer(&self, request: &AccessRequest<'_>, buffer: &mut [u8; MAX_PACKET_OCTETS]) -> Result<Answer, ReplyTooLong> {
        let view = request.view;
        let calling_station = view.get(CALLING_STATION_ID).unwrap_or_default();
        let mac = Mac::parse(calling_station);
        let username = view.get(USER_NAME).unwrap_or_default();
        let mut draft = Draft { reply: ReplyWriter::new(buffer, code::ACCESS_ACCEPT, view), credential: None, mac };
        if !is_usable_name(username) {
            return self.reject(request, draft, RejectReason::BadUsername, 0);
        }
        let credential = match Credential::of(view) {
            Ok(credential) => credential,
            Err(reason) => return self.reject(request, draft, reason, 0),
        };
        draft.credential = Some(credential);
        let attempt = self.throttle.attempt(request.nas.fields.id, mac, calling_station, username);
        if self.throttle.refuses(attempt, request.now) {
            return self.reject(request, draft, RejectReason::RateLimited, 0);
        }
        let tenants = self.directory.tenants.load();
        let Some(tenant) = tenants.get(&request.nas.fields.tenant_id) else {
            return self.reject(request, draft, RejectReason::UnknownUsername, 0);
        };
        self.find_and_judge(request, draft, tenant, username, attempt)
    }

    /// Looks the name up as it is, then without its realm, then as a device's address.
    fn find_and_judge(
        &self,
        request: &AccessRequest<'_>,
        draft: Draft<'_, '_>,
        tenant: &TenantRules,
        username: &[u8],
        attempt: Attempt,
    ) -> Result<Answer, ReplyTooLong> {
        let tenant_id = request.nas.fields.tenant_id;
        let mut draft = Some(draft);
        let mut take = || draft.take().expect("judged once");
        let mut buffer = LookupBuffer::default();
        for name in lookup_candidates(username, tenant.case_sensitive_usernames, &mut buffer) {
            let found = self
                .directory
                .customers
                .with_name(tenant_id, name.as_bytes(), |customer| self.judge(request, take(), tenant, customer, username, attempt));
            if let Some(answer) = found {
                return answer;
            }
        }
        if let Some(mac) = Mac::parse(username).filter(|_| !is_ppp(request.view)) {
            match self
                .directory
                .customers
                .with_mac(tenant_id, mac, |customer| self.judge(request, take(), tenant, customer, username, attempt))
            {
                DeviceOwner::One(answer) => return answer,
                DeviceOwner::Several => return self.reject(request, take(), RejectReason::AmbiguousDevice, 0),
                DeviceOwner::None => {}
            }
        }
        self.throttle.failed(attempt, request.now);
        self.reject(request, take(), RejectReason::UnknownUsername, 0)
    }

    fn judge(
        &self,
        request: &AccessRequest<'_>,
        draft: Draft<'_, '_>,
        tenant: &TenantRules,
        customer: &Customer,
        username: &[u8],
        attempt: Attempt,
    ) -> Result<Answer, ReplyTooLong> {
        let credential = draft.credential.expect("a customer is judged by a credential");
        let (proof, secret) = self.prove(request, &credential, customer, username, draft.mac);
        let packages = self.directory.packages.load();
        // A customer's package is always there; a hole in the store must not let him in.
        let Some(package) = packages.get(&customer.package_id) else {
            return self.reject(request, draft, RejectReason::RouterNotAllowed, customer.id);
        };
        // Asked for at most once: limits of time, of sessions and of volume all want it, and most customers have none of them.
        let (counted, mac) = (std::cell::OnceCell::new(), draft.mac);
        let beside = || *counted.get_or_init(|| self.sessions_beside(request, customer, mac));
        let gathered = self.gather(tenant, customer, package, request.now);
        let assessment = self.assess(tenant, customer, &gathered, || u32::from(beside()) + 1, request.now);
        // Whoever cannot prove who he is takes no place and is asked nothing more.
        let is_proven = !matches!(proof, Proof::Wrong);
        let admission = is_proven.then(|| self.admission(request, customer, package, gathered.limits(), draft.mac));
        let identity = admission.as_ref();
        let facts = CustomerFacts {
            credential: if is_proven { CredentialCheck::Right } else { CredentialCheck::Wrong },
            router_allowed: identity.is_some_and(|i| i.router_allowed)
                && self.directory.may_use(tenant, customer.owner_id, request.nas.fields.owner_id),
            service_allowed: identity.is_some_and(|i| i.service_allowed),
            denial: assessment.denial,
            ends_at: assessment.ends_at,
            ends_why: assessment.ends_why,
            walled_reasons: tenant.walled_reasons(),
            mac_allowed: identity.is_none_or(|i| i.device != DeviceFact::NotListed),
            device_confirmed: identity.is_none_or(|i| i.device != DeviceFact::NotConfirmed),
            sessions_allowed: identity.map_or(0, |i| i.sessions_allowed),
            sessions_online: identity.map_or(0, |i| i.sessions_online()),
            address_free: identity.is_none_or(|i| i.has_address(customer.id, &self.live, request.now)),
            session_timeout_secs: package.session_timeout_secs,
        };
        let interim_secs = package.interim_secs_for(customer.id);
        match (decide(&facts, request.now), admission) {
            (Verdict::Accept(grant), Some(admission)) => {
                let open = if assessment.left.is_unlimited() { 1 } else { u32::from(beside()) + 1 };
                let share = share(&assessment.left, &assessment.rate, open, interim_secs);
                let admitted = match self.admit(admission, request, customer) {
                    Ok(admitted) => admitted,
                    Err(reason) => return self.reject(request, draft, reason, customer.id),
                };
                let offer = Offer {
                    session_timeout_secs: grant.session_timeout_secs,
                    interim_secs: share.interim_secs,
                    rate: gathered.rate_text(&assessment, request.now),
                    caps: share.caps,
                    leased: admitted.address,
                    walled: None,
                };
                let is_first_login = gathered.is_pending && self.directory.terms.note_first_login(customer.id, request.now);
                let answer = self.accept(request, draft, customer, package, &offer, &proof, secret, &admitted)?;
                Ok(Answer { is_first_login, ..answer })
            }
            (Verdict::Accept(_), None) => self.reject(request, draft, RejectReason::WrongCredential, customer.id),
            (Verdict::WalledGarden(reason), _) => {
                let offer = Offer {
                    session_timeout_secs: Some(tenant.walled.session_secs),
                    interim_secs: tenant.walled.interim_secs,
                    rate: None,
                    caps: Default::default(),
                    leased: None,
                    walled: Some(&tenant.walled),
                };
                let admitted = Admitted::nothing(request.now);
                let answer = self.accept(request, draft, customer, package, &offer, &proof, secret, &admitted)?;
                Ok(Answer { walled: Some(reason), ..answer })
            }
            (Verdict::Reject(reason), _) => {
                if reason == RejectReason::WrongCredential {
                    self.throttle.failed(attempt, request.now);
                    if credential.is_garbled(request.view, secret) {
                        request.nas.counters.garbled_passwords.fetch_add(1, Ordering::Relaxed);
                    }
                }
                self.reject(request, draft, reason, customer.id)
            }
        }
    }

    /// Tries the password under each secret that may have hidden it; a customer whose name is a device's address may also prove to be that device.
    fn prove<'s>(
        &self,
        request: &AccessRequest<'s>,
        credential: &Credential<'_>,
        customer: &Customer,
        username: &[u8],
        mac: Option<Mac>,
    ) -> (Proof, &'s Secret) {
        // No password means that only his devices prove him, not that an empty one does.
        for secret in request.secrets_by_likelihood().filter(|_| !customer.password().is_empty()) {
            let proof = credential.verify(customer.password(), username, request.view, secret);
            if !matches!(proof, Proof::Wrong) {
                request.note_secret(secret);
                return (proof, secret);
            }
        }
        // Everything else is for names that are addresses: the device speaks for itself if the router saw it, but never over PPP or VPN, where anyone can claim one.
        let speaks = |device: &Mac| !is_ppp(request.view) && mac.is_none_or(|seen| seen == *device);
        if let Some(device) = Mac::parse(username).filter(speaks) {
            let password_is_device = customer.password().is_empty() || Mac::parse(customer.password()) == Some(device);
            let is_name = Mac::parse(customer.username()) == Some(device) && password_is_device;
            if is_name || (customer.device_login() && customer.macs().any(|m| m == device)) {
                for secret in request.secrets_by_likelihood() {
                    let proof = credential.verify_device(device, username, request.view, secret);
                    if !matches!(proof, Proof::Wrong) {
                        return (proof, secret);
                    }
                }
            }
        }
        (Proof::Wrong, request.likely_secret())
    }

    /// Fresh sessions that would stay beside a new one: the same device on the same router only renews its own.
    fn sessions_beside(&self, request: &AccessRequest<'_>, customer: &Customer, mac: Option<Mac>) -> u16 {
        let mut count = 0u16;
        self.live.fresh_sessions(customer.id, request.now, |session| {
            let is_same = session.router_id() == request.nas.fields.id && mac.is_some() && session.mac() == mac;
            count = count.saturating_add(u16::from(!is_same));
        });
        count
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one Accept, each from another place")]
    fn accept(
        &self,
        request: &AccessRequest<'_>,
        mut draft: Draft<'_, '_>,
        customer: &Customer,
        package: &Package,
        offer: &Offer<'_>,
        proof: &Proof,
        secret: &Secret,
        admitted: &Admitted,
    ) -> Result<Answer, ReplyTooLong> {
        let ends_at = offer.session_timeout_secs.map_or(UnixMs::MAX, |secs| request.now + i64::from(secs) * 1000);
        let told = offer.walled.is_none().then(|| reply::told(customer, package));
        let granted = Granted::new(offer.rate_number(customer, package), ends_at, offer.walled.is_some(), offer.caps).with_told(told);
        let interim_secs = offer.interim_secs;
        let token = SessionToken { issued_at: admitted.issued_at, nonce: request.nonce, customer_id: customer.id, interim_secs, granted };
        TOKEN.with_borrow_mut(|octets| {
            self.live.tokens().sign(request.nas.fields.tenant_id, &token, octets);
            reply::write_accept(&mut draft.reply, customer, package, offer, octets);
        });
        let loggable = draft.reply.len();
        Credential::write_success(proof, &mut draft.reply, request.view, secret, request.nonce as u16);
        draft.reply.proxy_state(request.view);
        request.nas.counters.accepts.fetch_add(1, Ordering::Relaxed);
        let method = draft.credential.map_or("", |c| c.name());
        let octets = draft.reply.finish(secret)?;
        let (bound, leased, customer_id, mac) = (admitted.bound, admitted.leased, customer.id, draft.mac);
        Ok(Answer { octets, loggable, reject: None, walled: None, is_first_login: false, customer_id, mac, method, bound, leased })
    }

    fn reject(
        &self,
        request: &AccessRequest<'_>,
        mut draft: Draft<'_, '_>,
        reason: RejectReason,
        customer_id: i64,
    ) -> Result<Answer, ReplyTooLong> {
        let reply = &mut draft.reply;
        reply.set_code(code::ACCESS_REJECT);
        reply.octets(REPLY_MESSAGE, reason.message().as_bytes());
        if let Some(credential) = &draft.credential {
            credential.write_error(reason, reply);
        }
        if let Some(eap) = request.view.get(EAP_MESSAGE) {
            // EAP-Failure with the identifier of the response that it refuses (RFC 3579 section 2.1, RFC 3748 section 4.2).
            reply.octets(EAP_MESSAGE, &[4, eap.get(1).copied().unwrap_or(0), 0, 4]);
        }
        let loggable = reply.len();
        reply.proxy_state(request.view);
        request.nas.counters.rejects.fetch_add(1, Ordering::Relaxed);
        let octets = draft.reply.finish(request.likely_secret())?;
        let method = draft.credential.map_or("", |c| c.name());
        let mac = draft.mac;
        Ok(Answer {
            octets,
            loggable,
            reject: Some(reason),
            walled: None,
            is_first_login: false,
            customer_id,
            mac,
            method,
            bound: None,
            leased: None,
        })
    }

    /// Customer and interim interval of an accounting packet without token, by its user name or device.
    pub fn customer_of(&self, tenant_id: i64, username: &[u8], mac: Option<Mac>) -> Option<(i64, u16)> {
        self.directory.customer_of(tenant_id, username, mac)
    }
}

/// A name that can be somebody's: not empty, text, without control characters, and without a space at either end.
fn is_usable_name(name: &[u8]) -> bool {
    let outer_space = name.first() == Some(&b' ') || name.last() == Some(&b' ');
    !name.is_empty()
        && !outer_space
        && std::str::from_utf8(name).is_ok_and(|text| {
            name.is_ascii() && !name.iter().any(u8::is_ascii_control) || !text.is_ascii() && !text.chars().any(char::is_control)
        })
}

/// PPP in any of its wrappings, whose customers have passwords.
fn is_ppp(view: &PacketView<'_>) -> bool {
    view.get_u32(SERVICE_TYPE) == Some(FRAMED)
}

#[cfg(test)]
mod name_tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_are_refused() {
        for name in ["", " bob", "bob ", "b\0b", "b\nb", "b\u{1b}[31m", "b\u{85}b"] {
            assert!(!is_usable_name(name.as_bytes()), "{name:?}");
        }
        assert!(!is_usable_name(b"\xff\xfe"));
        for name in ["bob", "bob smith", "রহিম", "'; DROP TABLE customers; --", "*)(uid=*"] {
            assert!(is_usable_name(name.as_bytes()), "{name:?}");
        }
    }
}
