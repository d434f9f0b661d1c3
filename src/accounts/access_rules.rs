//! What a tenant does with customers who may not come in: reject them, or let them into a walled garden where they can pay; and how long expired ones stay.

use serde::{Deserialize, Serialize};

use super::AccountError;
use crate::units::BitRate;

/// RFC 2865 section 5: a vendor's sub-attribute has at most 247 octets of value.
const MAX_TEXT_OCTETS: usize = 247;
/// RFC 2869 section 5.16.
const MIN_INTERIM_SECS: u32 = 60;
const MAX_SECS: u32 = 86_400;
const MAX_GRACE_SECS: u32 = 366 * 86_400;

/// What happens to a login that is refused for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenDenied {
    /// Access-Reject with the reason.
    #[default]
    Reject,
    /// Accepted into the walled garden.
    WalledGarden,
}

impl WhenDenied {
    /// Both of them.
    pub const ALL: [WhenDenied; 2] = [WhenDenied::Reject, WhenDenied::WalledGarden];

    /// As it is written in the database and in commands.
    pub fn as_str(self) -> &'static str {
        match self {
            WhenDenied::Reject => "reject",
            WhenDenied::WalledGarden => "walled-garden",
        }
    }
}

impl std::str::FromStr for WhenDenied {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "reject" => Ok(WhenDenied::Reject),
            "walled-garden" => Ok(WhenDenied::WalledGarden),
            _ => Err(format!("{text:?} is no verdict: write reject or walled-garden")),
        }
    }
}

/// What those in the walled garden get. The router's firewall lets the address list reach the payment page and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WalledGarden {
    /// Mikrotik-Address-List.
    pub address_list: String,
    /// Framed-Pool: an existing pool on each router, by default documented as 10.255.255.0/24; empty = the address that the customer always has.
    pub pool: String,
    /// Towards the customer.
    pub download: BitRate,
    /// From the customer.
    pub upload: BitRate,
    /// Longest session, seconds: how long a payment may stay unnoticed by a router that cannot be told.
    pub session_secs: u32,
    /// Between two reports, seconds.
    pub interim_secs: u32,
}

impl Default for WalledGarden {
    fn default() -> WalledGarden {
        WalledGarden {
            address_list: "walled-garden".to_owned(),
            pool: "walled-garden".to_owned(),
            download: BitRate(512_000),
            upload: BitRate(512_000),
            session_secs: 600,
            interim_secs: 60,
        }
    }
}

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessRules {
    /// Suspended by staff.
    pub when_suspended: WhenDenied,
    /// The package has run out.
    pub when_expired: WhenDenied,
    /// No volume left.
    pub when_volume_used_up: WhenDenied,
    /// No time online left.
    pub when_time_used_up: WhenDenied,
    /// Seconds after the expiry during which a customer is served as before.
    pub grace_secs: u32,
    /// See [`WalledGarden`].
    pub walled_garden: WalledGarden,
}

impl AccessRules {
    /// Checks what routers would refuse.
    pub fn check(&self) -> Result<(), AccountError> {
        let bad = |field, why: String| Err(AccountError::BadAccessRule { field, why });
        let garden = &self.walled_garden;
        for (field, name, text) in [("address_list", "address list", &garden.address_list), ("pool", "pool", &garden.pool)] {
            if text.len() > MAX_TEXT_OCTETS || text.chars().any(char::is_control) {
                return bad(field, format!("the walled garden's {name} must have at most {MAX_TEXT_OCTETS} octets"));
            }
        }
        if garden.address_list.is_empty() {
            return bad("address_list", "the walled garden needs an address list: without one it is no wall".to_owned());
        }
        for (field, name, secs) in
            [("session_secs", "session", garden.session_secs), ("interim_secs", "interim interval", garden.interim_secs)]
        {
            if !(MIN_INTERIM_SECS..=MAX_SECS).contains(&secs) {
                return bad(field, format!("the walled garden's {name} must be {MIN_INTERIM_SECS} to {MAX_SECS} seconds"));
            }
        }
        if self.grace_secs > MAX_GRACE_SECS {
            return bad("grace_secs", "the grace must be at most a year".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back_and_are_checked() {
        let rules = AccessRules { when_expired: WhenDenied::WalledGarden, grace_secs: 3600, ..AccessRules::default() };
        let text = serde_json::to_string(&rules).expect("writes");
        assert_eq!(serde_json::from_str::<AccessRules>(&text).expect("reads"), rules);
        assert_eq!(serde_json::from_str::<AccessRules>("{}").expect("reads"), AccessRules::default());
        assert!(rules.check().is_ok());
        for verdict in WhenDenied::ALL {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
            assert_eq!(serde_json::json!(verdict), verdict.as_str());
        }
        let garden = |change: fn(&mut WalledGarden)| {
            let mut rules = AccessRules::default();
            change(&mut rules.walled_garden);
            rules.check()
        };
        assert!(garden(|g| g.address_list.clear()).is_err());
        assert!(garden(|g| g.interim_secs = 59).is_err());
        assert!(garden(|g| g.session_secs = 86_401).is_err());
        assert!(garden(|g| g.pool = "x".repeat(248)).is_err());
        assert!(garden(|g| g.pool.clear()).is_ok());
    }
}
