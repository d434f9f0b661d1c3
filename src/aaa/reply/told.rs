//! What of an Accept a running session can be brought in line with later, in a form that can be compared: fingerprints of what a login would be told now, against
//! those of what the router was told (they ride in the session's token).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::directory::{Customer, Package};
use crate::radius::attribute_text::Operator;
use crate::radius::dictionary::numbers::mikrotik::{
    ADDRESS_LIST, ADVERTISE_INTERVAL, ADVERTISE_URL, DELEGATED_IPV6_POOL, DHCP_OPTION_SET, GROUP, MARK_ID, RATE_LIMIT, SWITCHING_FILTER,
    VENDOR, WIRELESS_VLANID, WIRELESS_VLANID_TYPE,
};
use crate::radius::dictionary::numbers::{
    DELEGATED_IPV6_PREFIX, DELEGATED_IPV6_PREFIX_POOL, FILTER_ID, FRAMED_INTERFACE_ID, FRAMED_IP_ADDRESS, FRAMED_IP_NETMASK,
    FRAMED_IPV6_ADDRESS, FRAMED_IPV6_POOL, FRAMED_IPV6_PREFIX, FRAMED_IPV6_ROUTE, FRAMED_POOL, FRAMED_ROUTE, IDLE_TIMEOUT, PORT_LIMIT,
    STATEFUL_IPV6_ADDRESS_POOL, TUNNEL_PRIVATE_GROUP_ID, VENDOR_SPECIFIC,
};
use crate::radius::merge;
use crate::sessions::Told;

/// Attributes that RouterOS changes in a running session (manual, "RADIUS", attributes supported in CoA), each with a bit of its own. Limits, timeouts and rate are
/// compared by value elsewhere.
const LIVE: [(u8, u32); 3] = [(FILTER_ID, 1), (IDLE_TIMEOUT, Told::IDLE_TIMEOUT), (PORT_LIMIT, 4)];
const LIVE_OF_VENDOR: [(u8, u32); 4] = [(GROUP, 8), (MARK_ID, 16), (ADVERTISE_URL, 32), (ADVERTISE_INTERVAL, 64)];
/// Attributes that take effect at a login only.
const AT_LOGIN: [u8; 13] = [
    FRAMED_IP_ADDRESS,
    FRAMED_IP_NETMASK,
    FRAMED_ROUTE,
    FRAMED_POOL,
    FRAMED_INTERFACE_ID,
    FRAMED_IPV6_PREFIX,
    FRAMED_IPV6_ROUTE,
    FRAMED_IPV6_POOL,
    FRAMED_IPV6_ADDRESS,
    DELEGATED_IPV6_PREFIX,
    DELEGATED_IPV6_PREFIX_POOL,
    STATEFUL_IPV6_ADDRESS_POOL,
    TUNNEL_PRIVATE_GROUP_ID,
];
const AT_LOGIN_OF_VENDOR: [u8; 6] =
    [ADDRESS_LIST, DELEGATED_IPV6_POOL, DHCP_OPTION_SET, WIRELESS_VLANID, WIRELESS_VLANID_TYPE, SWITCHING_FILTER];

/// What a login would be told now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoginTerms {
    /// Fingerprints of it.
    pub told: Told,
    /// The attributes among it that a running session takes, encoded.
    pub settings: Box<[u8]>,
}

/// The terms of a package for a customer who has nothing of his own.
pub fn package_terms(plain_attributes: &[u8], framed_pool: Option<&str>) -> Arc<LoginTerms> {
    let mut run = Vec::new();
    push(&mut run, FRAMED_POOL, framed_pool.unwrap_or_default().as_bytes());
    run.extend_from_slice(plain_attributes);
    Arc::new(read(&run))
}

/// The terms of a customer, who is not behind the walled garden. An address that the server leases stands under its pool's name: whoever holds which address is
/// not a matter of the books.
pub fn login_terms(customer: &Customer, package: &Package) -> Arc<LoginTerms> {
    if has_nothing_own(customer) { package.login_terms.clone() } else { Arc::new(read(&merged(customer, package))) }
}

/// The fingerprints alone.
pub fn told(customer: &Customer, package: &Package) -> Told {
    if has_nothing_own(customer) { package.login_terms.told } else { read(&merged(customer, package)).told }
}

/// The rate that an administrator wrote for the customer in place of every other, as Mikrotik-Rate-Limit.
pub fn written_rate(customer: &Customer) -> Option<&str> {
    let rates = merge::items(customer.attributes()).filter(|(operator, attribute)| {
        *operator == Operator::Replace && attribute[0] == VENDOR_SPECIFIC && vendor_kind(attribute) == Some(RATE_LIMIT)
    });
    rates.last().and_then(|(_, attribute)| std::str::from_utf8(attribute.get(8..)?).ok())
}

fn has_nothing_own(customer: &Customer) -> bool {
    customer.attributes().is_empty() && customer.static_ipv4().is_none() && customer.framed_pool().is_empty()
}

/// The same address or pool, package and own attributes as in an Accept, without what changes from login to login.
fn merged(customer: &Customer, package: &Package) -> Vec<u8> {
    let mut run = Vec::with_capacity(64 + package.plain_attributes.len() + customer.attributes().len());
    match (customer.static_ipv4(), customer.framed_pool(), &package.framed_pool) {
        (Some(address), _, _) => push(&mut run, FRAMED_IP_ADDRESS, &address.octets()),
        (None, [], Some(pool)) => push(&mut run, FRAMED_POOL, pool.as_bytes()),
        (None, pool, _) => push(&mut run, FRAMED_POOL, pool),
    }
    run.extend_from_slice(&package.plain_attributes);
    for (operator, attribute) in merge::items(customer.attributes()) {
        merge::merge(&mut run, operator, attribute);
    }
    run
}

fn push(run: &mut Vec<u8>, kind: u8, value: &[u8]) {
    if !value.is_empty() && value.len() <= 253 {
        run.extend_from_slice(&[kind, value.len() as u8 + 2]);
        run.extend_from_slice(value);
    }
}

/// Sums over attributes, so that their order does not count.
fn read(run: &[u8]) -> LoginTerms {
    let (mut at_login, mut live, mut kinds, mut settings) = (0u32, 0u32, 0u32, Vec::new());
    for attribute in merge::attributes(run) {
        let bit = match vendor_kind(attribute) {
            Some(kind) => LIVE_OF_VENDOR.iter().find(|(live, _)| *live == kind),
            None => LIVE.iter().find(|(live, _)| *live == attribute[0]),
        };
        let is_at_login = match vendor_kind(attribute) {
            Some(kind) => AT_LOGIN_OF_VENDOR.contains(&kind),
            None => AT_LOGIN.contains(&attribute[0]),
        };
        if let Some((_, bit)) = bit {
            (live, kinds) = (live.wrapping_add(crc32fast::hash(attribute)), kinds | bit);
            settings.extend_from_slice(attribute);
        } else if is_at_login {
            at_login = at_login.wrapping_add(crc32fast::hash(attribute));
        }
    }
    LoginTerms { told: Told { at_login, settings: live & !Told::KINDS | kinds }, settings: settings.into() }
}

/// The type of an attribute of MikroTik's.
fn vendor_kind(attribute: &[u8]) -> Option<u8> {
    let is_mikrotik = attribute[0] == VENDOR_SPECIFIC && attribute.get(2..6) == Some(&VENDOR.to_be_bytes()[..]);
    if is_mikrotik { attribute.get(6).copied() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::mikrotik::{PackageAttributes, encode};
    use super::*;
    use crate::aaa::directory::{CustomerFields, Customers};
    use crate::radius::attribute_text;
    use crate::radius::dictionary::Dictionary;

    fn package(pool: Option<&str>, list: &str, group: &str, idle: Option<u32>) -> Package {
        let plain = encode(&PackageAttributes { rate_limit: None, address_list: Some(list), group: Some(group), idle_timeout_secs: idle });
        Package {
            login_terms: package_terms(&plain, pool),
            plain_attributes: plain,
            framed_pool: pool.map(Box::from),
            ..Package::default()
        }
    }

    /// Terms of a customer with this static address, pool and lines of his own.
    fn terms(package: &Package, address: Option<[u8; 4]>, pool: &str, lines: &str) -> Arc<LoginTerms> {
        let mut attributes = Vec::new();
        for item in attribute_text::parse(&Dictionary::embedded(), lines).expect("well written") {
            let mut encoded = Vec::new();
            item.attribute.write_to(&mut encoded).expect("it fits");
            merge::write_item(item.operator, &encoded, &mut attributes);
        }
        let customers = Customers::new();
        let static_ipv4 = address.map(Into::into);
        customers.put(&CustomerFields {
            id: 1,
            username: b"bob",
            static_ipv4,
            framed_pool: pool.as_bytes(),
            attributes: &attributes,
            ..Default::default()
        });
        customers
            .with_id(1, |customer| {
                let terms = login_terms(customer, package);
                assert_eq!(terms.told, told(customer, package));
                terms
            })
            .expect("he is there")
    }

    #[test]
    fn what_differs_is_found_where_it_takes_effect() {
        let plain = package(Some("p"), "home", "", None);
        let base = terms(&plain, None, "", "").told;
        for (name, other, differs_at_login, differs_live) in [
            ("nothing", terms(&plain, None, "", ""), false, false),
            ("the same pool of his own", terms(&plain, None, "p", ""), false, false),
            ("another pool", terms(&plain, None, "q", ""), true, false),
            ("a static address", terms(&plain, Some([10, 0, 0, 1]), "", ""), true, false),
            ("the list of the package", terms(&package(Some("p"), "gold", "", None), None, "", ""), true, false),
            ("a list of his own in its place", terms(&plain, None, "", "Mikrotik-Address-List := gold"), true, false),
            ("a list of his own that the package has", terms(&plain, None, "", "Mikrotik-Address-List = gold"), false, false),
            ("no pool", terms(&package(None, "home", "", None), None, "", ""), true, false),
            ("a group", terms(&package(Some("p"), "home", "gold", None), None, "", ""), false, true),
            ("idle timeout", terms(&package(Some("p"), "home", "", Some(60)), None, "", ""), false, true),
            ("a filter", terms(&plain, None, "", "Filter-Id = gold"), false, true),
            ("what nobody compares", terms(&plain, None, "", "Reply-Message = hello, Session-Timeout := 60"), false, false),
        ] {
            assert_eq!(
                (other.told.at_login != base.at_login, other.told.settings != base.settings),
                (differs_at_login, differs_live),
                "{name}"
            );
        }
        let one = terms(&plain, None, "", "Filter-Id += a.in, Filter-Id += b.out");
        assert_eq!(one.told, terms(&plain, None, "", "Filter-Id += b.out, Filter-Id += a.in").told, "the order does not count");
        assert_eq!(&*one.settings, &[&[11, 6][..], b"a.in", &[11, 7], b"b.out"].concat());
    }

    #[test]
    fn fingerprints_stay_what_they_are_from_version_to_version() {
        // Sessions outlive the program. Whoever changes what is compared or how raises `Told::FORM`, or every session is ended after the upgrade.
        let terms = terms(&package(Some("p"), "home", "gold", Some(60)), None, "", "Filter-Id = x");
        assert_eq!((Told::FORM, terms.told), (1, Told { at_login: 2_106_740_036, settings: 2_420_400_395 }));
    }
}
