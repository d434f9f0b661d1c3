//! What a customer has of his own instead of his package's, as a form has it: a rate, and limits part by part. Each is written as on the command line
//! (`packages/limit_text.rs`), several with `;` between them. An empty field leaves the part to the package; `none` is a part of his own that limits nothing.

use std::str::FromStr;

use jiff::tz::TimeZone;

use crate::accounts::capability::Capability;
use crate::customers::{Customer, CustomerChanges, OwnRate};
use crate::packages::{DevicePolicy, LimitsChanges, LimitsOverride, PerDirection, RateLimit, parse_service, service};
use crate::routers::{NamedRouter, list_named_routers};
use crate::store::Conn;
use crate::units::{BitRate, parse_instant};
use crate::web::{Complaints, Form, Problem, Shell, Signed, ascii_digits};

/// The fields, and the ids of their labels.
pub const FIELDS: [(&str, &str); 15] = [
    ("own_rate", "own-rate"),
    ("own_until", "own-until"),
    ("own_burst", "own-burst"),
    ("own_threshold", "own-threshold"),
    ("own_burst_secs", "own-burst-secs"),
    ("own_priority", "own-priority"),
    ("own_min", "own-min"),
    ("own_volume", "own-volume"),
    ("own_time", "own-time"),
    ("own_hours", "own-hours"),
    ("own_free_hours", "own-free-hours"),
    ("own_fair_use", "own-fair-use"),
    ("own_devices", "own-devices"),
    ("own_service", "own-services"),
    ("own_routers", "own-routers"),
];
/// Those of the rate.
const RATE: [&str; 6] = ["own_rate", "own_burst", "own_threshold", "own_burst_secs", "own_priority", "own_min"];
/// An empty part of his own.
const NONE: &str = "none";
/// Places of his own that are any.
const ANY: &str = "any";
/// What a form offers of device policies; another one that he has is offered too.
const POLICIES: [&str; 7] = ["listed", "off", "bind-first:1", "bind-first:2", "bind-first:3", "ask-at-portal", "fixed"];

/// Reads them into what is to change. `routers` are those that may be named. A form that has no such fields changes none.
pub fn read(
    form: &Form,
    zone: &TimeZone,
    routers: &[NamedRouter],
    complaints: &mut Complaints,
) -> (LimitsChanges, Option<Option<OwnRate>>) {
    if !form.has("own_rate") {
        return (LimitsChanges::default(), None);
    }
    let mut limits = LimitsChanges {
        none: true,
        volume: several(form, "own_volume", complaints),
        time: several(form, "own_time", complaints),
        hours: several(form, "own_hours", complaints),
        free_hours: several(form, "own_free_hours", complaints),
        fair_use: several(form, "own_fair_use", complaints),
        devices: form.filled("own_devices").and_then(|_| form.parse::<DevicePolicy>("own_devices", complaints)),
        ..LimitsChanges::default()
    };
    let ids = form.filled("own_routers").map(|text| router_ids(text, routers, complaints));
    let services = form.all("own_service").try_fold(0, |bits, name| parse_service(name).map(|bit| bits | bit));
    let services = services.map_err(|why| complaints.add("own_service", why)).unwrap_or_default();
    if services != 0 || ids.is_some() {
        (limits.services, limits.routers) = (Some(services), Some(ids.unwrap_or_default()));
    }
    (limits, own_rate(form, zone, complaints))
}

fn own_rate(form: &Form, zone: &TimeZone, complaints: &mut Complaints) -> Option<Option<OwnRate>> {
    let until = form.filled("own_until").map(|text| parse_instant(&ascii_digits(text).replace('T', " "), zone));
    let until = until.transpose().map_err(|why| complaints.add("own_until", why)).ok()?;
    let priority = form.filled("own_priority").and_then(|_| form.parse::<u8>("own_priority", complaints));
    let rate = RateLimit {
        rate: pair::<BitRate>(form, "own_rate", complaints),
        burst: pair::<BitRate>(form, "own_burst", complaints),
        threshold: pair::<BitRate>(form, "own_threshold", complaints),
        burst_secs: pair::<u32>(form, "own_burst_secs", complaints),
        priority,
        min: pair::<BitRate>(form, "own_min", complaints),
    };
    if let Err(why) = rate.check() {
        complaints.add("own_rate", why.to_string());
    }
    if rate == RateLimit::default() {
        // an end of nothing would be taken for a rate that has been kept
        until.inspect(|_| complaints.add("own_rate", "an end needs a rate"));
        return Some(None);
    }
    Some(Some(OwnRate { rate, until }))
}

/// `DOWNLOAD/UPLOAD`, or one value for both.
fn pair<T: FromStr<Err: ToString> + Copy>(form: &Form, name: &'static str, complaints: &mut Complaints) -> PerDirection<Option<T>> {
    let text = form.ascii(name);
    if text.is_empty() {
        return PerDirection { download: None, upload: None };
    }
    let (download, upload) = text.split_once('/').unwrap_or((&text, &text));
    let mut value = |text: &str| match text.trim() {
        "" => None,
        text => text.parse::<T>().map_err(|why| complaints.add(name, format!("{text:?}: {}", why.to_string()))).ok(),
    };
    PerDirection { download: value(download), upload: value(upload) }
}

/// What stands between semicolons.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

fn several<T: FromStr<Err = String>>(form: &Form, name: &'static str, complaints: &mut Complaints) -> Option<Vec<T>> {
    let text = form.ascii(name);
    match text.as_ref() {
        "" => None,
        NONE => Some(Vec::new()),
        text => parts(text).map(str::parse).collect::<Result<Vec<T>, _>>().map_err(|why| complaints.add(name, why)).ok(),
    }
}

fn router_ids(text: &str, routers: &[NamedRouter], complaints: &mut Complaints) -> Vec<i64> {
    if text == ANY {
        return Vec::new();
    }
    let mut id = |name: &str| {
        let known = routers.iter().find(|router| router.name == name).map(|router| router.id);
        if known.is_none() {
            complaints.add("own_routers", format!("there is no router {name:?}"));
        }
        known
    };
    parts(text).filter_map(&mut id).collect()
}

/// Routers that may be named: those that whoever asks may name, and by their ids those that the customer has and he may not.
pub async fn nameable_routers(who: &Signed, conn: &mut Conn, own: &LimitsOverride) -> Result<Vec<NamedRouter>, Problem> {
    const PAGE: i64 = 500;
    let mut all: Vec<NamedRouter> = Vec::new();
    while who.scope().may(Capability::RoutersView) {
        let after = all.last().map_or("", |router| router.name.as_str());
        let page = list_named_routers(conn, who.scope(), after, PAGE).await?;
        let is_last = (page.len() as i64) < PAGE;
        all.extend(page);
        if is_last {
            break;
        }
    }
    let his = own.places.iter().flat_map(|places| &places.routers);
    let unseen: Vec<i64> = his.filter(|id| all.iter().all(|router| router.id != **id)).copied().collect();
    all.extend(unseen.into_iter().map(|id| NamedRouter { id, name: format!("#{id}") }));
    Ok(all)
}

/// The customer's as pairs of a form.
pub fn as_pairs(shell: &Shell, c: &Customer, routers: &[NamedRouter]) -> Vec<(&'static str, String)> {
    fn list<T: ToString>(parts: Option<&Vec<T>>) -> String {
        match parts {
            None => String::new(),
            Some(parts) if parts.is_empty() => NONE.to_owned(),
            Some(parts) => parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        }
    }
    fn pair<T: ToString>(pair: &PerDirection<Option<T>>) -> String {
        let text = |value: &Option<T>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        match (text(&pair.download), text(&pair.upload)) {
            (download, upload) if download.is_empty() && upload.is_empty() => String::new(),
            (download, upload) => format!("{download}/{upload}"),
        }
    }
    let (own, limits) = (c.own_rate.as_ref(), &c.limits);
    let rate = own.map(|own| own.rate).unwrap_or_default();
    let mut pairs = vec![
        ("own_rate", pair(&rate.rate)),
        ("own_until", own.and_then(|own| own.until).map(|at| shell.plain_until(at)).unwrap_or_default()),
        ("own_burst", pair(&rate.burst)),
        ("own_threshold", pair(&rate.threshold)),
        ("own_burst_secs", pair(&rate.burst_secs)),
        ("own_priority", rate.priority.map(|n| n.to_string()).unwrap_or_default()),
        ("own_min", pair(&rate.min)),
        ("own_volume", list(limits.volume.as_ref())),
        ("own_time", list(limits.time.as_ref())),
        ("own_hours", list(limits.hours.as_ref())),
        ("own_free_hours", list(limits.free_hours.as_ref())),
        ("own_fair_use", list(limits.fair_use.as_ref())),
        ("own_devices", limits.devices.map(|policy| policy.to_string()).unwrap_or_default()),
    ];
    if let Some(places) = &limits.places {
        let ticked = service::ALL.iter().filter(|(bit, _)| places.services & bit != 0);
        pairs.extend(ticked.map(|(_, name)| ("own_service", (*name).to_owned())));
        let named = routers.iter().filter(|router| places.routers.contains(&router.id)).map(|router| router.name.as_str());
        let named = named.collect::<Vec<_>>().join("; ");
        let is_any = named.is_empty() && places.services == 0;
        pairs.push(("own_routers", if is_any { ANY.to_owned() } else { named }));
    }
    pairs
}

/// What was not touched stays as it was: a form has instants to the second and rates as they are read by people.
pub fn keep_untouched(changes: &mut CustomerChanges, before: &Customer, now: &Form, sent: &Form) {
    let same = |name: &str| now.text(name) == sent.text(name);
    let is_same_rate = RATE.iter().all(|name| same(name));
    if is_same_rate && same("own_until") {
        changes.own_rate = None;
    } else if let (true, Some(Some(own))) = (same("own_until"), &mut changes.own_rate) {
        own.until = before.own_rate.and_then(|own| own.until);
    }
}

/// Device policies that a form offers.
pub fn policies(shell: &Shell, own: Option<DevicePolicy>) -> Vec<(String, String)> {
    let his = own.map(|policy| policy.to_string()).filter(|policy| !POLICIES.contains(&policy.as_str()));
    let words = POLICIES.iter().map(|word| (*word).to_owned()).chain(his);
    let named = |word: String| match word.strip_prefix("bind-first:").and_then(|n| n.parse::<i64>().ok()) {
        Some(devices) => (word, shell.t_count("devices-bind-first", devices)),
        None => (word.clone(), shell.t2("devices", &word)),
    };
    std::iter::once((String::new(), shell.t("own-as-package"))).chain(words.map(named)).collect()
}
