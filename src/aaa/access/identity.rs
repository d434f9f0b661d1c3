//! From where, by what device, beside whom and under which address a login comes: the facts for the decision, and what an Accept takes for itself.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::devices::{DeviceFact, Devices};
use super::seen::SeenDevices;
use super::service::service_of;
use super::simultaneous::Origin;
use super::slots::{Gate, Slots};
use super::{Access, AccessRequest};
use crate::aaa::addresses::{AddressPool, LeaseFor};
use crate::aaa::decide::RejectReason;
use crate::aaa::directory::{Customer, Package};
use crate::packages::{DevicePolicy, Limits};
use crate::radius::dictionary::numbers::CALLING_STATION_ID;
use crate::sessions::{Leased, LiveSessions, MacBound, SessionName};
use crate::units::{Mac, UnixMs};

/// Why a session is to be ended for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplacedWhy {
    /// The customer logged in once more than he may, and his package says that the new session stays.
    NewerLogin,
    /// Its device was bound by this node, but another device had taken the last place in the store.
    DeviceRefused,
}

/// Takes sessions that must be ended. Called by the workers: it must not wait.
pub type OnReplaced = Box<dyn Fn(SessionName, ReplacedWhy) + Send + Sync>;

/// What logins have taken for themselves: places, devices; and whom to tell of sessions that must go.
pub struct Identity {
    /// Places of customers with a number of sessions.
    pub slots: Slots,
    /// Devices bound.
    pub devices: Devices,
    /// Devices seen.
    pub seen: SeenDevices,
    on_replaced: OnReplaced,
}

impl Default for Identity {
    /// Nothing taken, and sessions that must go are only logged.
    fn default() -> Identity {
        Identity::new(Box::new(|session, why| tracing::debug!(?session, ?why, "nobody ends this session")))
    }
}

impl Identity {
    /// Nothing taken yet.
    pub fn new(on_replaced: OnReplaced) -> Identity {
        Identity { slots: Slots::default(), devices: Devices::default(), seen: SeenDevices::default(), on_replaced }
    }
}

/// What is known of a login before it is decided.
pub(super) struct Admission<'s> {
    /// Whether the customer's limits name this router, or none.
    pub router_allowed: bool,
    /// Whether they allow this service.
    pub service_allowed: bool,
    /// What they say of the device.
    pub device: DeviceFact,
    /// Sessions that he may have at once; 0 = any number.
    pub sessions_allowed: u16,
    /// His places, if he has a number of them.
    gate: Option<Gate<'s>>,
    /// The pool to lease an address from.
    pool: Option<Arc<AddressPool>>,
    origin: Origin,
    most_devices: u8,
}

/// What an Accept has taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted {
    /// The instant that goes into the token.
    pub issued_at: UnixMs,
    /// The leased address.
    pub address: Option<Ipv4Addr>,
    /// See [`super::Answer::bound`].
    pub bound: Option<MacBound>,
    /// See [`super::Answer::leased`].
    pub leased: Option<(Leased, u64)>,
}

impl Admitted {
    /// Takes nothing: behind the walled garden there is nothing to take.
    pub fn nothing(issued_at: UnixMs) -> Admitted {
        Admitted { issued_at, address: None, bound: None, leased: None }
    }
}

impl Admission<'_> {
    /// Sessions that stay online beside this one.
    pub fn sessions_online(&self) -> u16 {
        self.gate.as_ref().map_or(0, Gate::staying)
    }

    /// Fresh sessions that go on beside this one; `None` if nobody had to count them for his places.
    pub fn sessions_beside(&self) -> Option<u16> {
        self.gate.as_ref().map(Gate::beside)
    }

    /// Whether an address can be had, or none is needed.
    pub fn has_address(&self, customer_id: i64, live: &LiveSessions, now: UnixMs) -> bool {
        self.pool.as_ref().is_none_or(|pool| pool.has_room(customer_id, live, now))
    }
}

impl Access {
    /// Gathers the facts by the limits that hold for the customer. The customer's places stay locked until the outcome is dropped.
    pub(super) fn admission(
        &self,
        request: &AccessRequest<'_>,
        customer: &Customer,
        package: &Package,
        limits: &Limits,
        mac: Option<Mac>,
    ) -> Admission<'_> {
        let nas = &request.nas.fields;
        let origin =
            Origin { router_id: nas.id, mac, calling: calling_hash(request.view.get(CALLING_STATION_ID).unwrap_or_default(), mac) };
        let sessions_allowed = if customer.sessions_allowed == 0 { limits.simultaneous.sessions } else { customer.sessions_allowed };
        let gate = (sessions_allowed > 0)
            .then(|| self.identity.slots.enter(&self.live, customer.id, &limits.simultaneous, sessions_allowed, origin, request.now));
        let pool = match (customer.static_ipv4(), pool_name(customer, package)) {
            (None, Some(name)) => self.directory.pools.find(nas.tenant_id, name, nas.id),
            _ => None,
        };
        Admission {
            router_allowed: limits.places.routers.is_empty() || limits.places.routers.contains(&nas.id),
            service_allowed: limits.places.services == 0 || limits.places.services & service_of(request.view) != 0,
            device: self.identity.devices.judge(limits.devices, customer.id, customer.macs(), mac),
            sessions_allowed,
            gate,
            pool,
            origin,
            most_devices: if let DevicePolicy::BindFirst(most) = limits.devices { most } else { 0 },
        }
    }

    /// Takes what an Accept needs: a place, the device's binding, an address. An error leaves nothing taken but a place that its own line may take again.
    pub(super) fn admit(
        &self,
        admission: &mut Admission<'_>,
        request: &AccessRequest<'_>,
        customer: &Customer,
    ) -> Result<Admitted, RejectReason> {
        let (nas, now) = (&request.nas.fields, request.now);
        let mut admitted = Admitted::nothing(now);
        if let Some(pool) = &admission.pool {
            let holder = LeaseFor { customer_id: customer.id, origin: admission.origin };
            let is_static = |address| self.directory.customers.has_static(nas.tenant_id, address);
            let lease = pool.lease(&holder, is_static, &self.live, now).ok_or(RejectReason::PoolExhausted)?;
            let mac = admission.origin.mac;
            let leased =
                Leased { tenant_id: nas.tenant_id, pool_id: pool.id(), customer_id: customer.id, address: lease.address, mac, at: now };
            (admitted.address, admitted.leased) = (Some(lease.address), Some((leased, lease.seq)));
        }
        if let DeviceFact::Bind(mac) = admission.device {
            if !self.identity.devices.bind(customer.id, mac, admission.most_devices, customer.macs()) {
                return Err(RejectReason::MacNotAllowed);
            }
            let (tenant_id, router_id) = (nas.tenant_id, nas.id);
            admitted.bound = Some(MacBound { tenant_id, customer_id: customer.id, router_id, mac, most: admission.most_devices, at: now });
        } else if let Some(mac) = admission.origin.mac.filter(|mac| customer.macs().any(|m| m == *mac)) {
            self.identity.seen.note(nas.tenant_id, customer.id, mac, now);
        }
        // Taken out, so that his places are free again for others before the reply is written.
        if let Some(mut gate) = admission.gate.take() {
            let (issued_at, replaced) = gate.take(now);
            admitted.issued_at = issued_at;
            for key in replaced {
                self.end_session(customer.id, &key, ReplacedWhy::NewerLogin);
            }
        }
        // The lease took `now` for it.
        if let (Some(address), Some(pool)) = (admitted.address.filter(|_| admitted.issued_at != now), &admission.pool) {
            pool.note_issued(address, customer.id, admitted.issued_at);
        }
        Ok(admitted)
    }

    /// Fresh sessions that go on beside a login, for a customer whose places need not be counted.
    pub(super) fn sessions_beside(&self, admission: &Admission<'_>, customer: &Customer, now: UnixMs) -> u16 {
        let mut count = 0u16;
        self.live.fresh_sessions(customer.id, now, |session| {
            count = count.saturating_add(u16::from(admission.origin.stays_beside(session)));
        });
        count
    }

    fn end_session(&self, customer_id: i64, session_key: &[u8; 16], why: ReplacedWhy) {
        self.live.sessions_of(customer_id, |session| {
            if session.session_key == *session_key {
                (self.identity.on_replaced)(session.name(), why);
            }
        });
    }

    /// To be told of each Start with a token, after it is in memory: a session whose Accept was replaced before it began is ended at once.
    pub fn session_began(&self, customer_id: i64, token_issued_at: UnixMs) {
        if self.identity.slots.take_superseded(customer_id, token_issued_at) {
            self.live.sessions_of(customer_id, |session| {
                if session.token_issued_at() == token_issued_at && session.is_open() {
                    (self.identity.on_replaced)(session.name(), ReplacedWhy::NewerLogin);
                }
            });
        }
    }

    /// To be called every second or so: forgets what is over, and ends the sessions of devices that the store refused. `applied_seq` is the newest journal
    /// record in the store.
    pub fn settle_identity(&self, applied_seq: u64, now: UnixMs) {
        self.identity.slots.prune(now);
        for (customer_id, mac) in self.identity.devices.settle(applied_seq, now) {
            let is_his = self.directory.customers.with_id(customer_id, |c| c.macs().any(|m| m == mac)).unwrap_or(false);
            if !is_his {
                tracing::info!(customer_id, %mac, "this device was not bound: others took the customer's last place first");
                self.live.sessions_of(customer_id, |session| {
                    if session.mac() == Some(mac) && session.is_open() {
                        (self.identity.on_replaced)(session.name(), ReplacedWhy::DeviceRefused);
                    }
                });
            }
        }
    }
}

/// The pool that the customer's address comes from: his own before the package's.
fn pool_name<'c>(customer: &'c Customer, package: &'c Package) -> Option<&'c [u8]> {
    match customer.framed_pool() {
        [] => package.framed_pool.as_deref().map(str::as_bytes),
        own => Some(own),
    }
}

/// FNV-1a of Calling-Station-Id; a device's address is the same in every spelling.
fn calling_hash(calling: &[u8], mac: Option<Mac>) -> u64 {
    match (mac, calling) {
        (Some(mac), _) => mac.as_u64().max(1),
        (None, []) => 0,
        (None, text) => text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(*c)).wrapping_mul(0x0100_0000_01b3)).max(1),
    }
}
