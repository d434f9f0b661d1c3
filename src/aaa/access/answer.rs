//! The signed replies.

use std::sync::atomic::Ordering;

use super::credential::Credential;
use super::identity::Admitted;
use super::judge::Proven;
use super::{Access, AccessRequest, Answer, Draft};
use crate::aaa::decide::RejectReason;
use crate::aaa::reply::{self, Offer};
use crate::radius::dictionary::numbers::{EAP_MESSAGE, REPLY_MESSAGE};
use crate::radius::{ReplyTooLong, code};
use crate::sessions::{Granted, SessionToken};
use crate::units::UnixMs;

thread_local! {
    /// Each worker's memory for the token it is writing.
    static TOKEN: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

impl Access {
    /// Writes an Accept of what is offered.
    pub(super) fn accept(
        &self,
        request: &AccessRequest<'_>,
        mut draft: Draft<'_, '_>,
        proven: &Proven<'_>,
        offer: &Offer<'_>,
        admitted: &Admitted,
    ) -> Result<Answer, ReplyTooLong> {
        let Proven { customer, package, proof, secret } = proven;
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

    /// Writes a Reject.
    pub(super) fn reject(
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
}
