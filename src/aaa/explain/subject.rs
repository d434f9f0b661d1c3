//! Which decisions are about a customer. Pure.

use super::sql::KeptLine;
use crate::aaa::decision_log::{mac_key, name_key};
use crate::customers::{Customer, LookupBuffer, lookup_candidates, lookup_key};
use crate::units::Mac;

/// Devices beyond these are not looked for: each is a walk through the log's index.
const MOST_DEVICES: usize = 16;

/// A customer by what requests say of him: decisions about him, and those about nobody that bear his name or one of his devices.
#[derive(Debug, Clone)]
pub struct Subject {
    tenant_id: i64,
    customer_id: i64,
    key: String,
    case_sensitive: bool,
    macs: Vec<Mac>,
}

impl Subject {
    /// A customer with his devices, in a tenant that tells case apart or does not.
    pub fn new(customer: &Customer, case_sensitive: bool, macs: impl IntoIterator<Item = Mac>) -> Subject {
        Subject {
            tenant_id: customer.tenant_id.0,
            customer_id: customer.id.0,
            key: lookup_key(&customer.username, case_sensitive),
            case_sensitive,
            macs: macs.into_iter().take(MOST_DEVICES).collect(),
        }
    }

    /// Keys of the decision log under which there may be some. Those of other customers may lie there too.
    pub fn keys(&self) -> Vec<u64> {
        let mut keys = vec![name_key(self.key.as_bytes())];
        keys.extend(self.macs.iter().map(|mac| mac_key(*mac)));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether a decision is about him. Of another customer's none is, also where both own the device or one bore the other's name before: it may be another operator's.
    pub fn has(&self, tenant_id: i64, customer_id: i64, username: &[u8], mac: Option<Mac>) -> bool {
        tenant_id == self.tenant_id
            && match customer_id {
                0 => self.is_named(username) || self.owns(mac) || self.owns(Mac::parse(username)),
                id => id == self.customer_id,
            }
    }

    /// The same of a kept decision about nobody in his tenant.
    pub(super) fn has_nobodys(&self, line: &KeptLine) -> bool {
        line.customer_id.is_none() && self.has(self.tenant_id, 0, line.username.as_bytes(), line.mac())
    }

    /// Whether a name as sent leads to him.
    pub fn is_named(&self, username: &[u8]) -> bool {
        let mut buffer = LookupBuffer::default();
        lookup_candidates(username, self.case_sensitive, &mut buffer).any(|name| name == self.key)
    }

    fn owns(&self, mac: Option<Mac>) -> bool {
        mac.is_some_and(|mac| self.macs.contains(&mac))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anothers_decisions_are_not_his_even_from_his_device_or_under_his_name() {
        let (his, other) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
        let bob = Subject { tenant_id: 1, customer_id: 7, key: "bob".into(), case_sensitive: false, macs: vec![his] };
        for (tenant_id, customer_id, username, mac, wanted) in [
            (1, 7, "whoever", None, true),
            (1, 0, "BOB@isp", None, true),
            (1, 0, "bobby", Some(his), true),
            (1, 0, "02-00-00-00-00-01", None, true),
            (1, 0, "bobby", Some(other), false),
            (1, 8, "bob", Some(his), false),
            (2, 7, "bob", Some(his), false),
            (2, 0, "bob", None, false),
        ] {
            let found = bob.has(tenant_id, customer_id, username.as_bytes(), mac);
            assert_eq!(found, wanted, "{tenant_id} {customer_id} {username} {mac:?}");
        }
        let strict = Subject { case_sensitive: true, ..bob };
        assert!(!strict.has(1, 0, b"Bob", None) && strict.has(1, 0, b"bob", None));
        assert_eq!(strict.keys().len(), 2);
    }
}
