//! One Access-Request, from its name and credential to the signed reply. Runs on the workers: memory only, no waiting.

mod answer;
mod credential;
pub mod devices;
mod identity;
mod judge;
mod seen;
pub mod service;
pub mod simultaneous;
pub mod slots;
mod standing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::decide::RejectReason;
use super::directory::{Customer, DeviceOwner, Directory, Nas, TenantRules};
use super::policy::UsageSource;
use super::throttle::{Attempt, Throttle};
use crate::customers::{LookupBuffer, lookup_candidates};
use crate::radius::dictionary::numbers::{CALLING_STATION_ID, SERVICE_TYPE, USER_NAME, USER_PASSWORD};
use crate::radius::{MAX_PACKET_OCTETS, PacketView, ReplyTooLong, ReplyWriter, Secret, code};
use crate::sessions::{Leased, LiveSessions, MacBound};
use crate::units::{Mac, UnixMs};
use credential::Credential;
pub use identity::{Identity, OnReplaced, ReplacedWhy};
pub use standing::Gathered;

/// Service-Type of PPP.
const FRAMED: u32 = 2;

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

/// A request with a name and a credential, of a tenant that is known.
struct Login<'a> {
    request: &'a AccessRequest<'a>,
    tenant: &'a TenantRules,
    username: &'a [u8],
    attempt: Attempt<'a>,
    credential: Credential<'a>,
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
        self.find_and_judge(&Login { request, tenant, username, attempt, credential }, draft)
    }

    /// Looks the name up as it is, then without its realm, then as a device's address.
    fn find_and_judge(&self, login: &Login<'_>, draft: Draft<'_, '_>) -> Result<Answer, ReplyTooLong> {
        let (request, username) = (login.request, login.username);
        let tenant_id = request.nas.fields.tenant_id;
        let mut draft = Some(draft);
        let mut take = || draft.take().expect("judged once");
        let mut buffer = LookupBuffer::default();
        for name in lookup_candidates(username, login.tenant.case_sensitive_usernames, &mut buffer) {
            let judge = |customer: &Customer| self.judge(login, take(), customer);
            if let Some(answer) = self.directory.customers.with_name(tenant_id, name.as_bytes(), judge) {
                return answer;
            }
        }
        if let Some(mac) = Mac::parse(username).filter(|_| !is_ppp(request.view)) {
            match self.directory.customers.with_mac(tenant_id, mac, |customer| self.judge(login, take(), customer)) {
                DeviceOwner::One(answer) => return answer,
                DeviceOwner::Several => return self.reject(request, take(), RejectReason::AmbiguousDevice, 0),
                DeviceOwner::None => {}
            }
        }
        self.throttle.failed(login.attempt, request.now);
        self.reject(request, take(), RejectReason::UnknownUsername, 0)
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
