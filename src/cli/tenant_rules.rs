//! Options of a tenant about customers who may not come in.

use clap::Args;

use super::limit_args::{RateArg, SecsArg};
use crate::accounts::{AccessRules, WhenDenied};
use crate::units::BitRate;

/// What changes.
#[derive(Debug, Args)]
pub struct AccessRuleArgs {
    /// Login of a suspended customer: reject or walled-garden
    #[arg(long, value_name = "VERDICT")]
    when_suspended: Option<WhenDenied>,
    /// Login of an expired customer: reject or walled-garden
    #[arg(long, value_name = "VERDICT")]
    when_expired: Option<WhenDenied>,
    /// Login of a customer whose volume is used up: reject or walled-garden
    #[arg(long, value_name = "VERDICT")]
    when_volume_used_up: Option<WhenDenied>,
    /// Login of a customer whose time online is used up: reject or walled-garden
    #[arg(long, value_name = "VERDICT")]
    when_time_used_up: Option<WhenDenied>,
    /// How long an expired customer is served as before, such as 1d; 0 for not at all
    #[arg(long, value_name = "DURATION")]
    grace: Option<SecsArg>,
    /// Firewall list of the walled garden
    #[arg(long, value_name = "LIST")]
    walled_address_list: Option<String>,
    /// Pool of the walled garden, which each router must have; empty for the customer's usual address
    #[arg(long, value_name = "POOL")]
    walled_pool: Option<String>,
    /// Rate in the walled garden, DOWNLOAD/UPLOAD
    #[arg(long, value_name = "RATE")]
    walled_rate: Option<RateArg>,
    /// Longest session in the walled garden, such as 10m
    #[arg(long, value_name = "DURATION")]
    walled_session: Option<SecsArg>,
    /// Time between two reports in the walled garden
    #[arg(long, value_name = "DURATION")]
    walled_interim: Option<SecsArg>,
}

impl AccessRuleArgs {
    /// The rules after the changes; `None` if nothing changes.
    pub fn apply(self, before: &AccessRules) -> Option<AccessRules> {
        let mut rules = before.clone();
        let garden = &mut rules.walled_garden;
        fn put<T>(field: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *field = given;
            }
        }
        put(&mut garden.address_list, self.walled_address_list);
        put(&mut garden.pool, self.walled_pool);
        if let Some(RateArg(rate)) = self.walled_rate {
            (garden.download, garden.upload) = (rate.rate.download.unwrap_or(BitRate(0)), rate.rate.upload.unwrap_or(BitRate(0)));
        }
        put(&mut garden.session_secs, self.walled_session.map(|s| s.0));
        put(&mut garden.interim_secs, self.walled_interim.map(|s| s.0));
        put(&mut rules.when_suspended, self.when_suspended);
        put(&mut rules.when_expired, self.when_expired);
        put(&mut rules.when_volume_used_up, self.when_volume_used_up);
        put(&mut rules.when_time_used_up, self.when_time_used_up);
        put(&mut rules.grace_secs, self.grace.map(|s| s.0));
        (rules != *before).then_some(rules)
    }
}
