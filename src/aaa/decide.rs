//! The decision: facts in, verdict out, in one listed order. Pure.

use super::policy::EndReason;
use crate::units::UnixMs;

/// Why a request is rejected. The codes are stable: the decision log, commands and docs share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RejectReason {
    /// The request makes no sense: several credentials, wrong sizes.
    Malformed = 1,
    /// No User-Name, an empty one, or one with control characters or outer spaces.
    BadUsername = 2,
    /// Nothing that proves who it is.
    NoCredential = 3,
    /// EAP, which is not offered yet.
    EapNotOffered = 4,
    /// Too many failures from this device or for this name from devices that fail.
    RateLimited = 5,
    /// Nobody has this name.
    UnknownUsername = 6,
    /// The name is a device's address, and several customers own the device.
    AmbiguousDevice = 7,
    /// The password does not fit.
    WrongCredential = 8,
    /// The customer is of another tenant or provider than the router.
    RouterNotAllowed = 9,
    /// Staff disabled the customer.
    Disabled = 10,
    /// The customer is suspended.
    Suspended = 11,
    /// The package has run out.
    Expired = 12,
    /// The device is not among the customer's.
    MacNotAllowed = 13,
    /// As many sessions as allowed are online.
    TooManySessions = 14,
    /// The package's volume is used up.
    VolumeUsedUp = 15,
    /// The package's time online is used up.
    TimeUsedUp = 16,
    /// Access is not allowed at this hour.
    OutsideHours = 17,
    /// The customer has left.
    Closed = 18,
    /// The customer's limits do not allow the service that he came by.
    ServiceNotAllowed = 19,
    /// The server's pool has no free address.
    PoolExhausted = 20,
    /// The device is new and must be confirmed at the portal.
    DeviceNotConfirmed = 21,
}

/// The checks of a login in the order in which they are made. The first four are about the request, the next two find the customer, [`decide`] makes the rest.
pub const CHECKS_IN_ORDER: [RejectReason; 20] = [
    RejectReason::BadUsername,
    RejectReason::Malformed,
    RejectReason::NoCredential,
    RejectReason::RateLimited,
    RejectReason::UnknownUsername,
    RejectReason::AmbiguousDevice,
    RejectReason::WrongCredential,
    RejectReason::RouterNotAllowed,
    RejectReason::ServiceNotAllowed,
    RejectReason::Closed,
    RejectReason::Disabled,
    RejectReason::Suspended,
    RejectReason::Expired,
    RejectReason::OutsideHours,
    RejectReason::VolumeUsedUp,
    RejectReason::TimeUsedUp,
    RejectReason::MacNotAllowed,
    RejectReason::DeviceNotConfirmed,
    RejectReason::TooManySessions,
    RejectReason::PoolExhausted,
];

impl RejectReason {
    /// Every reason, for lists and counters.
    pub const ALL: [RejectReason; 21] = [
        Self::Malformed,
        Self::BadUsername,
        Self::NoCredential,
        Self::EapNotOffered,
        Self::RateLimited,
        Self::UnknownUsername,
        Self::AmbiguousDevice,
        Self::WrongCredential,
        Self::RouterNotAllowed,
        Self::Disabled,
        Self::Suspended,
        Self::Expired,
        Self::MacNotAllowed,
        Self::TooManySessions,
        Self::VolumeUsedUp,
        Self::TimeUsedUp,
        Self::OutsideHours,
        Self::Closed,
        Self::ServiceNotAllowed,
        Self::PoolExhausted,
        Self::DeviceNotConfirmed,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadUsername => "bad-username",
            Self::NoCredential => "no-credential",
            Self::EapNotOffered => "eap-not-offered",
            Self::RateLimited => "rate-limited",
            Self::UnknownUsername => "unknown-username",
            Self::AmbiguousDevice => "ambiguous-device",
            Self::WrongCredential => "wrong-credential",
            Self::RouterNotAllowed => "router-not-allowed",
            Self::Disabled => "disabled",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::MacNotAllowed => "mac-not-allowed",
            Self::TooManySessions => "too-many-sessions",
            Self::VolumeUsedUp => "volume-used-up",
            Self::TimeUsedUp => "time-used-up",
            Self::OutsideHours => "outside-hours",
            Self::Closed => "closed",
            Self::ServiceNotAllowed => "service-not-allowed",
            Self::PoolExhausted => "pool-exhausted",
            Self::DeviceNotConfirmed => "device-not-confirmed",
        }
    }

    /// The reason with this number, as the decision log keeps it.
    pub fn from_number(number: u8) -> Option<RejectReason> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<RejectReason> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Reply-Message: what the customer may read. It does not tell a stranger whether a name exists.
    pub fn message(self) -> &'static str {
        match self {
            Self::Malformed | Self::BadUsername | Self::NoCredential => "The login request is incomplete",
            Self::EapNotOffered => "This way to log in is not offered",
            Self::RateLimited => "Too many failed logins, try again in a minute",
            Self::UnknownUsername | Self::WrongCredential | Self::AmbiguousDevice => "Wrong username or password",
            Self::RouterNotAllowed => "This account cannot be used here",
            Self::Disabled => "This account is disabled",
            Self::Suspended => "This account is suspended",
            Self::Expired => "This account has expired",
            Self::MacNotAllowed => "This device is not registered for this account",
            Self::TooManySessions => "This account is already online",
            Self::VolumeUsedUp => "The data volume of this account is used up",
            Self::TimeUsedUp => "The online time of this account is used up",
            Self::OutsideHours => "This account cannot be used at this hour",
            Self::Closed => "This account is closed",
            Self::ServiceNotAllowed => "This account cannot be used this way",
            Self::PoolExhausted => "No address is free, try again later",
            Self::DeviceNotConfirmed => "This device must be confirmed first",
        }
    }

    /// What support reads: cause and remedy in one sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Malformed => {
                "the router sent a request that RADIUS does not allow (several credentials, or one of a wrong size); look at the router's settings"
            }
            Self::BadUsername => "the request had no usable user name (missing, empty, control characters, or a space at its start or end)",
            Self::NoCredential => "the request carried nothing that proves who it is (no password, CHAP or MS-CHAP)",
            Self::EapNotOffered => "the device tried EAP, which this version does not offer; use PAP, CHAP or MS-CHAP",
            Self::RateLimited => "too many failed logins from this device within a minute; it may try again when that minute has passed",
            Self::UnknownUsername => "no customer has this user name; check the spelling in the customer's router or phone",
            Self::AmbiguousDevice => "the device logged in by its address, but several customers own it; remove it from all but one",
            Self::WrongCredential => {
                "the password does not fit; if every customer of one router fails, its shared secret differs from the one here"
            }
            Self::RouterNotAllowed => "the customer belongs to another provider than this router, or his limits name other routers",
            Self::Disabled => "staff disabled this customer",
            Self::Suspended => "the customer is suspended",
            Self::Expired => "the customer's package has run out",
            Self::MacNotAllowed => "the customer may log in only from registered devices, and this one is not among them",
            Self::TooManySessions => "as many sessions of the customer are online as he may have (see `tollgate sessions ls --online`)",
            Self::VolumeUsedUp => {
                "the volume of the customer's package is used up; it comes back with the next period, or with `tollgate customer top-up`"
            }
            Self::TimeUsedUp => "the online time of the customer's package is used up; it comes back with the next period",
            Self::OutsideHours => "the customer's package does not allow access at this hour (see `tollgate simulate login`)",
            Self::Closed => "the customer's account was closed; `tollgate customer reopen` opens it again",
            Self::ServiceNotAllowed => {
                "the customer's limits do not allow the service that he came by (pppoe, hotspot, dhcp, wireless or vpn)"
            }
            Self::PoolExhausted => {
                "no address of the server's pool is free; add a range with `tollgate pool set`, or see who holds them with `tollgate pool leases`"
            }
            Self::DeviceNotConfirmed => {
                "the customer's package asks at the portal before a new device may be used, and this one was not confirmed yet"
            }
        }
    }
}

/// What the credential proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialCheck {
    /// It fits.
    Right,
    /// It does not.
    Wrong,
}

/// A staff's hold on a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldFact {
    /// None.
    None,
    /// Suspended.
    Suspended,
    /// Disabled.
    Disabled,
}

/// What is known of the customer who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerFacts {
    /// Whether the password fits.
    pub credential: CredentialCheck,
    /// Whether the router is one that this customer may use.
    pub router_allowed: bool,
    /// Whether the service is one that he may use.
    pub service_allowed: bool,
    /// Why the books say no, if they do (see [`super::policy::assess`]).
    pub denial: Option<RejectReason>,
    /// When a session that begins now must end, unix ms; `i64::MAX` = never.
    pub ends_at: UnixMs,
    /// Why then.
    pub ends_why: EndReason,
    /// Reasons for which the tenant lets customers into the walled garden, bit n = reason number n.
    pub walled_reasons: u32,
    /// Whether the device is one of the customer's, or any may be used.
    pub mac_allowed: bool,
    /// Whether the device need not be confirmed first.
    pub device_confirmed: bool,
    /// Sessions that may be online at once; 0 = any number.
    pub sessions_allowed: u16,
    /// Sessions online now that this login would not replace.
    pub sessions_online: u16,
    /// Whether the server's pool has an address for him, or none is asked of it.
    pub address_free: bool,
    /// The package's own limit of a session, seconds; 0 = none.
    pub session_timeout_secs: u32,
}

/// RouterOS documents this as the longest Session-Timeout it takes.
pub const MAX_SESSION_TIMEOUT_SECS: i64 = 21_474_720;

/// What an Accept is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Session-Timeout in seconds, never 0; `None` = no limit.
    pub session_timeout_secs: Option<u32>,
}

/// The outcome of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Come in.
    Accept(Grant),
    /// Come into the walled garden only, for this reason.
    WalledGarden(RejectReason),
    /// Stay out.
    Reject(RejectReason),
}

/// The checks about a customer, in the order in which they are made and explained.
pub fn decide(customer: &CustomerFacts, now: UnixMs) -> Verdict {
    let denied = customer.denied(now);
    let walled = denied.filter(|reason| customer.walled_reasons & (1 << *reason as u32) != 0);
    let checks = [
        (customer.credential == CredentialCheck::Wrong, RejectReason::WrongCredential),
        (!customer.router_allowed, RejectReason::RouterNotAllowed),
        (!customer.service_allowed, RejectReason::ServiceNotAllowed),
        (denied.is_some() && walled.is_none(), denied.unwrap_or(RejectReason::Expired)),
        (!customer.mac_allowed, RejectReason::MacNotAllowed),
        (!customer.device_confirmed, RejectReason::DeviceNotConfirmed),
        (customer.sessions_allowed > 0 && customer.sessions_online >= customer.sessions_allowed, RejectReason::TooManySessions),
        // Behind the wall he gets an address of the garden's pool.
        (walled.is_none() && !customer.address_free, RejectReason::PoolExhausted),
    ];
    match (checks.into_iter().find(|(fails, _)| *fails), walled) {
        (Some((_, reason)), _) => Verdict::Reject(reason),
        (None, Some(reason)) => Verdict::WalledGarden(reason),
        (None, None) => Verdict::Accept(Grant { session_timeout_secs: session_timeout(customer, now) }),
    }
}

impl CustomerFacts {
    /// Why the books say no at an instant: closed, disabled, suspended, expired, outside hours, volume used up, time used up, in this order.
    pub fn denied(&self, now: UnixMs) -> Option<RejectReason> {
        // A rest below one second would be a Session-Timeout of 0, which routers read as "no limit".
        self.denial.or_else(|| match self.ends_why {
            _ if self.ends_at.saturating_sub(1000) >= now => None,
            EndReason::HoursOver => Some(RejectReason::OutsideHours),
            EndReason::TimeUsedUp => Some(RejectReason::TimeUsedUp),
            EndReason::Expiry | EndReason::None => Some(RejectReason::Expired),
        })
    }
}

fn session_timeout(customer: &CustomerFacts, now: UnixMs) -> Option<u32> {
    let package = match customer.session_timeout_secs {
        0 => i64::MAX,
        secs => i64::from(secs),
    };
    let rest = if customer.ends_at == i64::MAX { i64::MAX } else { (customer.ends_at - now) / 1000 };
    match package.min(rest) {
        i64::MAX => None,
        secs => Some(secs.clamp(1, MAX_SESSION_TIMEOUT_SECS) as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_800_000_000_000;

    fn good() -> CustomerFacts {
        CustomerFacts {
            credential: CredentialCheck::Right,
            router_allowed: true,
            service_allowed: true,
            denial: None,
            ends_at: i64::MAX,
            ends_why: EndReason::None,
            walled_reasons: 0,
            mac_allowed: true,
            device_confirmed: true,
            address_free: true,
            sessions_allowed: 0,
            sessions_online: 0,
            session_timeout_secs: 0,
        }
    }

    #[test]
    fn the_first_failing_check_names_the_reason() {
        let all_bad = CustomerFacts {
            credential: CredentialCheck::Wrong,
            router_allowed: false,
            service_allowed: false,
            denial: Some(RejectReason::Disabled),
            ends_at: NOW + 999,
            ends_why: EndReason::HoursOver,
            walled_reasons: 0,
            mac_allowed: false,
            device_confirmed: false,
            address_free: false,
            sessions_allowed: 1,
            sessions_online: 1,
            session_timeout_secs: 0,
        };
        type Mend = fn(&mut CustomerFacts);
        let mends: [(RejectReason, Mend); 9] = [
            (RejectReason::WrongCredential, |f| f.credential = CredentialCheck::Right),
            (RejectReason::RouterNotAllowed, |f| f.router_allowed = true),
            (RejectReason::ServiceNotAllowed, |f| f.service_allowed = true),
            (RejectReason::Disabled, |f| f.denial = None),
            (RejectReason::OutsideHours, |f| f.ends_at = i64::MAX),
            (RejectReason::MacNotAllowed, |f| f.mac_allowed = true),
            (RejectReason::DeviceNotConfirmed, |f| f.device_confirmed = true),
            (RejectReason::TooManySessions, |f| f.sessions_allowed = 2),
            (RejectReason::PoolExhausted, |f| f.address_free = true),
        ];
        let mut facts = all_bad;
        for (reason, mend) in mends {
            assert_eq!(decide(&facts, NOW), Verdict::Reject(reason));
            mend(&mut facts);
        }
        assert_eq!(decide(&facts, NOW), Verdict::Accept(Grant { session_timeout_secs: None }));
    }

    #[test]
    fn session_timeout_is_the_nearer_end_and_never_zero() {
        for (expires_in_ms, package, wanted) in [
            (i64::MAX, 0, Some(None)),
            (i64::MAX, 600, Some(Some(600))),
            (90_500, 600, Some(Some(90))),
            (900_000, 600, Some(Some(600))),
            (1_000, 0, Some(Some(1))),
            (999, 0, None),
            (0, 600, None),
            (400 * 86_400_000, 0, Some(Some(21_474_720))),
            (i64::MAX, u32::MAX, Some(Some(21_474_720))),
        ] {
            let ends_at = if expires_in_ms == i64::MAX { i64::MAX } else { NOW + expires_in_ms };
            let facts = CustomerFacts { ends_at, ends_why: EndReason::Expiry, session_timeout_secs: package, ..good() };
            let verdict = decide(&facts, NOW);
            let wanted = match wanted {
                Some(session_timeout_secs) => Verdict::Accept(Grant { session_timeout_secs }),
                None => Verdict::Reject(RejectReason::Expired),
            };
            assert_eq!(verdict, wanted, "{expires_in_ms} ms left, package {package} s");
        }
    }

    #[test]
    fn a_walled_reason_lets_in_unless_something_else_fails() {
        let walls = |reason: RejectReason| 1 << reason as u32;
        let expired = CustomerFacts { denial: Some(RejectReason::Expired), walled_reasons: walls(RejectReason::Expired), ..good() };
        assert_eq!(decide(&expired, NOW), Verdict::WalledGarden(RejectReason::Expired));
        let nearly = CustomerFacts { denial: None, ends_at: NOW + 1, ends_why: EndReason::Expiry, ..expired };
        assert_eq!(decide(&nearly, NOW), Verdict::WalledGarden(RejectReason::Expired));
        for (facts, reason) in [
            (CustomerFacts { walled_reasons: walls(RejectReason::Suspended), ..expired }, RejectReason::Expired),
            (CustomerFacts { credential: CredentialCheck::Wrong, ..expired }, RejectReason::WrongCredential),
            (CustomerFacts { mac_allowed: false, ..expired }, RejectReason::MacNotAllowed),
            (CustomerFacts { sessions_allowed: 1, sessions_online: 1, ..expired }, RejectReason::TooManySessions),
        ] {
            assert_eq!(decide(&facts, NOW), Verdict::Reject(reason));
        }
    }

    #[test]
    fn the_guide_explains_every_reason_and_no_other() {
        let guide = include_str!("../../docs/src/diagnosis.md");
        let start = guide.find("## Why a login is rejected").expect("the chapter");
        let chapter = guide[start..].split("\n## ").next().expect("its text");
        let mut sections: std::collections::BTreeMap<&str, &str> =
            chapter.split("\n### ").skip(1).filter_map(|section| section.split_once('\n')).collect();
        for reason in RejectReason::ALL {
            let text = sections.remove(reason.code()).unwrap_or_else(|| panic!("{} is not in docs/src/diagnosis.md", reason.code()));
            assert!(text.contains("**Remedy:**"), "{} has no remedy", reason.code());
        }
        assert!(sections.is_empty(), "no reason is called {:?}", sections.keys());
    }

    #[test]
    fn reasons_have_distinct_codes_and_keep_their_numbers() {
        let codes: std::collections::BTreeSet<_> = RejectReason::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), RejectReason::ALL.len());
        assert!(RejectReason::ALL.iter().all(|r| RejectReason::from_number(*r as u8) == Some(*r)));
        assert_eq!(RejectReason::from_number(0), None);
    }
}
