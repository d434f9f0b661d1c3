//! What becomes of a login whose customer is found: is the credential right, what do his terms, places, devices and the pools say, and what is he given.
//!
//! Whoever cannot prove who he is takes no place and is asked nothing more. Facts are gathered, the rule in [`decide`] judges them, and only an Accept takes
//! anything for itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::credential::Proof;
use super::devices::DeviceFact;
use super::identity::{Admission, Admitted};
use super::{Access, Answer, Draft, Gathered, Login, is_ppp};
use crate::aaa::decide::{CredentialCheck, CustomerFacts, Grant, RejectReason, Verdict, decide};
use crate::aaa::directory::{Customer, Package};
use crate::aaa::policy::{Assessment, share};
use crate::aaa::reply::Offer;
use crate::radius::{ReplyTooLong, Secret};
use crate::units::Mac;

/// A customer who proved who he is.
pub(super) struct Proven<'l> {
    pub customer: &'l Customer,
    pub package: &'l Arc<Package>,
    /// What his credential entitles to.
    pub proof: Proof,
    /// The secret that it was proved under.
    pub secret: &'l Secret,
}

/// All that is known of his login before it is decided.
struct Facts<'l> {
    gathered: Gathered<'l>,
    /// His places stay locked until this is dropped.
    admission: Admission<'l>,
    assessment: Assessment,
    /// Fresh sessions of his with this one, where anything depends on them; else 1.
    open_sessions: u32,
}

impl Access {
    /// Answers the login of a customer who was found.
    pub(super) fn judge(&self, login: &Login<'_>, draft: Draft<'_, '_>, customer: &Customer) -> Result<Answer, ReplyTooLong> {
        let request = login.request;
        let (proof, secret) = self.prove(login, customer, draft.mac);
        let packages = self.directory.packages.load();
        // A customer's package is always there; a hole in the store must not let him in.
        let Some(package) = packages.get(&customer.package_id) else {
            return self.reject(request, draft, RejectReason::RouterNotAllowed, customer.id);
        };
        if matches!(proof, Proof::Wrong) {
            return self.refuse_credential(login, draft, customer, secret);
        }
        let proven = Proven { customer, package, proof, secret };
        let mut facts = self.facts(login, &proven, draft.mac);
        match decide(&self.customer_facts(login, &proven, &facts), request.now) {
            Verdict::Accept(grant) => self.let_in(login, draft, &proven, &mut facts, grant),
            Verdict::WalledGarden(reason) => self.let_behind_wall(login, draft, &proven, reason),
            Verdict::Reject(reason) => self.reject(request, draft, reason, customer.id),
        }
    }

    /// Counts a wrong credential against its device, and the sign of a wrong secret against the router.
    fn refuse_credential(
        &self,
        login: &Login<'_>,
        draft: Draft<'_, '_>,
        customer: &Customer,
        secret: &Secret,
    ) -> Result<Answer, ReplyTooLong> {
        let request = login.request;
        self.throttle.failed(login.attempt, request.now);
        if login.credential.is_garbled(request.view, secret) {
            request.nas.counters.garbled_passwords.fetch_add(1, Ordering::Relaxed);
        }
        self.reject(request, draft, RejectReason::WrongCredential, customer.id)
    }

    /// Gathers terms, places and what was used. His sessions are walked once, and not at all where nothing depends on them.
    fn facts<'l>(&'l self, login: &Login<'_>, proven: &Proven<'l>, mac: Option<Mac>) -> Facts<'l> {
        let (request, customer) = (login.request, proven.customer);
        let gathered = self.gather(login.tenant, customer, proven.package, request.now);
        let admission = self.admission(request, customer, proven.package, gathered.limits(), mac);
        let limits = gathered.limits();
        let matter = !limits.time.is_empty() || limits.volume.iter().any(|limit| !limit.soft);
        let beside = match admission.sessions_beside() {
            _ if !matter => 0,
            Some(counted) => counted,
            None => self.sessions_beside(&admission, customer, request.now),
        };
        let open_sessions = u32::from(beside) + 1;
        let assessment = self.assess(login.tenant, customer, &gathered, || open_sessions, request.now);
        Facts { gathered, admission, assessment, open_sessions }
    }

    /// What [`decide`] asks.
    fn customer_facts(&self, login: &Login<'_>, proven: &Proven<'_>, facts: &Facts<'_>) -> CustomerFacts {
        let (request, customer) = (login.request, proven.customer);
        let (admission, assessment) = (&facts.admission, &facts.assessment);
        CustomerFacts {
            credential: CredentialCheck::Right,
            router_allowed: admission.router_allowed
                && self.directory.may_use(login.tenant, customer.owner_id, request.nas.fields.owner_id),
            service_allowed: admission.service_allowed,
            denial: assessment.denial,
            ends_at: assessment.ends_at,
            ends_why: assessment.ends_why,
            walled_reasons: login.tenant.walled_reasons(),
            mac_allowed: admission.device != DeviceFact::NotListed,
            device_confirmed: admission.device != DeviceFact::NotConfirmed,
            sessions_allowed: admission.sessions_allowed,
            sessions_online: admission.sessions_online(),
            address_free: admission.has_address(customer.id, &self.live, request.now),
            session_timeout_secs: proven.package.session_timeout_secs,
        }
    }

    /// Takes what the Accept needs and writes it.
    fn let_in(
        &self,
        login: &Login<'_>,
        draft: Draft<'_, '_>,
        proven: &Proven<'_>,
        facts: &mut Facts<'_>,
        grant: Grant,
    ) -> Result<Answer, ReplyTooLong> {
        let (request, customer) = (login.request, proven.customer);
        let Facts { gathered, admission, assessment, open_sessions } = facts;
        let share = share(&assessment.left, &assessment.rate, *open_sessions, proven.package.interim_secs_for(customer.id));
        let admitted = match self.admit(admission, request, customer) {
            Ok(admitted) => admitted,
            Err(reason) => return self.reject(request, draft, reason, customer.id),
        };
        let offer = Offer {
            session_timeout_secs: grant.session_timeout_secs,
            interim_secs: share.interim_secs,
            rate: gathered.rate_text(assessment, request.now),
            caps: share.caps,
            leased: admitted.address,
            walled: None,
        };
        let is_first_login = gathered.is_pending && self.directory.terms.note_first_login(customer.id, request.now);
        let answer = self.accept(request, draft, proven, &offer, &admitted)?;
        Ok(Answer { is_first_login, ..answer })
    }

    /// Behind the wall there is nothing to take: no place, no device, no address of a pool.
    fn let_behind_wall(
        &self,
        login: &Login<'_>,
        draft: Draft<'_, '_>,
        proven: &Proven<'_>,
        reason: RejectReason,
    ) -> Result<Answer, ReplyTooLong> {
        let walled = &login.tenant.walled;
        let offer = Offer {
            session_timeout_secs: Some(walled.session_secs),
            interim_secs: walled.interim_secs,
            rate: None,
            caps: Default::default(),
            leased: None,
            walled: Some(walled),
        };
        let answer = self.accept(login.request, draft, proven, &offer, &Admitted::nothing(login.request.now))?;
        Ok(Answer { walled: Some(reason), ..answer })
    }

    /// Tries the password under each secret that may have hidden it; a customer whose name is a device's address may also prove to be that device.
    fn prove<'s>(&self, login: &Login<'s>, customer: &Customer, mac: Option<Mac>) -> (Proof, &'s Secret) {
        let (request, credential, username) = (login.request, &login.credential, login.username);
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
}
