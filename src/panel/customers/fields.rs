//! A customer as a form, and a form as what is to change: adding and changing share the fields.

use jiff::tz::TimeZone;

use super::connect::services;
use super::list::names_of;
use super::meaning;
use super::own_terms;
use crate::customers::finding::{self, CustomerQuery, Start, list_found};
use crate::customers::{
    BillingType, ConnectionType, Contact, Customer, CustomerChanges, CustomerError, CustomerPassword, NewCustomer, find_customer,
    lookup_key, parse_ipv6_prefix, parse_macs, parse_static_ipv4,
};
use crate::lists::{Filter, quoted};
use crate::packages::LimitsOverride;
use crate::routers::NamedRouter;
use crate::units::{CustomerId, parse_instant};
use crate::web::{Complaints, Form, Problem, Shell, Signed};

/// Fields that both forms have, and the ids of their labels.
pub const FIELDS: [(&str, &str); 25] = [
    ("name", "column-name"),
    ("phone", "column-phone"),
    ("username", "column-username"),
    ("code", "column-code"),
    ("package", "column-package"),
    ("expires", "column-expires"),
    ("zone", "column-zone"),
    ("connection", "column-connection"),
    ("billing", "column-billing"),
    ("device_type", "column-device"),
    ("macs", "column-mac"),
    ("static_ipv4", "field-static"),
    ("sessions", "simultaneous-sessions"),
    ("framed_pool", "framed-pool"),
    ("framed_ipv6", "framed-ipv6"),
    ("delegated_ipv6", "delegated-ipv6"),
    ("reply_attributes", "reply-attributes"),
    ("email", "column-email"),
    ("address", "column-address"),
    ("city", "column-city"),
    ("region", "region"),
    ("postal_code", "postal-code"),
    ("country", "country"),
    ("note", "column-note"),
    ("parent", "belongs-to"),
];

/// What a form says about a customer.
pub(super) struct Said {
    pub changes: CustomerChanges,
}

/// Reads the form; every field that does not read is complained about.
pub(super) fn read(form: &Form, zone: &TimeZone, routers: &[NamedRouter], complaints: &mut Complaints) -> Said {
    let optional = |name: &str| form.filled(name).map(str::to_owned);
    let contact = Contact {
        email: form.text("email").to_owned(),
        address: form.text("address").to_owned(),
        city: form.text("city").to_owned(),
        region: form.text("region").to_owned(),
        postal_code: form.text("postal_code").to_owned(),
        country: form.text("country").to_owned(),
        language: form.text("language").to_owned(),
    };
    let mut changes = CustomerChanges {
        name: Some(form.text("name").to_owned()),
        phone: Some(form.text("phone").to_owned()),
        username: Some(form.raw("username").to_owned()),
        code: optional("code"),
        package: optional("package"),
        contact: Some(contact),
        note: Some(form.raw("note").trim().replace("\r\n", "\n")),
        zone: Some(optional("zone")),
        device_type: Some(form.text("device_type").to_owned()),
        framed_pool: Some(optional("framed_pool")),
        reply_attributes: Some(form.raw("reply_attributes").to_owned()),
        connection_type: form.parse::<ConnectionType>("connection", complaints),
        billing_type: form.parse::<BillingType>("billing", complaints),
        ..CustomerChanges::default()
    };
    let instant = form.filled("expires").map(|text| parse_instant(&text.replace('T', " "), zone));
    changes.expires_at = instant.transpose().map_err(|why| complaints.add("expires", why)).ok();
    let address = form.filled("static_ipv4").map(parse_static_ipv4);
    changes.static_ipv4 = address.transpose().map_err(|e| complaints.add("static_ipv4", e.to_string())).ok();
    let framed = form.filled("framed_ipv6").map(parse_ipv6_prefix);
    changes.framed_ipv6_prefix = framed.transpose().map_err(|e| complaints.add("framed_ipv6", e.to_string())).ok();
    let delegated = form.filled("delegated_ipv6").map(parse_ipv6_prefix);
    changes.delegated_ipv6_prefix = delegated.transpose().map_err(|e| complaints.add("delegated_ipv6", e.to_string())).ok();
    changes.macs = parse_macs(form.text("macs")).map_err(|e| complaints.add("macs", e.to_string())).ok();
    let sessions = form.filled("sessions").map(|text| text.parse::<u32>().map_err(|_| format!("{text:?} is not a number of sessions")));
    changes.simultaneous_sessions = sessions.transpose().map_err(|why| complaints.add("sessions", why)).ok();
    (changes.limits, changes.own_rate) = own_terms::read(form, zone, routers, complaints);
    Said { changes }
}

/// The customer to whom he belongs, by username or code.
pub(super) async fn read_parent(who: &Signed, form: &Form, complaints: &mut Complaints) -> Result<Option<CustomerId>, Problem> {
    let Some(said) = form.filled("parent") else { return Ok(None) };
    let mut conn = who.site.db.read().await?;
    let key = lookup_key(said, who.tenant.case_sensitive_usernames);
    if let Some(found) = find_customer(&mut conn, who.scope(), &key).await? {
        return Ok(Some(found.id));
    }
    let (filter, _) = Filter::read(&format!("code:{}", quoted(said)), finding::FIELDS);
    let query = CustomerQuery { filter, ..CustomerQuery::default() };
    let found = list_found(&mut conn, who.scope(), &query, &meaning(who), Start::First, 0, 1).await?;
    if found.is_empty() {
        complaints.add("parent", CustomerError::Unknown(said.to_owned()).to_string());
    }
    Ok(found.first().map(|line| CustomerId(line.id)))
}

impl Said {
    /// A new customer of them.
    pub fn into_new(self, password: CustomerPassword) -> NewCustomer {
        let c = self.changes;
        let new = NewCustomer::new(&c.username.unwrap_or_default(), password, &c.package.unwrap_or_default());
        NewCustomer {
            code: c.code,
            name: c.name.unwrap_or_default(),
            phone: c.phone.unwrap_or_default(),
            contact: c.contact.unwrap_or_default(),
            note: c.note.unwrap_or_default(),
            zone: c.zone.flatten(),
            expires_at: c.expires_at.flatten(),
            connection_type: c.connection_type.unwrap_or_default(),
            billing_type: c.billing_type.unwrap_or_default(),
            device_type: c.device_type.unwrap_or_default(),
            macs: c.macs.unwrap_or_default(),
            static_ipv4: c.static_ipv4.flatten(),
            framed_ipv6_prefix: c.framed_ipv6_prefix.flatten(),
            delegated_ipv6_prefix: c.delegated_ipv6_prefix.flatten(),
            framed_pool: c.framed_pool.flatten(),
            simultaneous_sessions: c.simultaneous_sessions.flatten(),
            reply_attributes: c.reply_attributes.unwrap_or_default(),
            limits: c.limits.apply_to_override(LimitsOverride::default()),
            own_rate: c.own_rate.flatten(),
            parent_id: c.parent_id.flatten(),
            ..new
        }
    }
}

/// What a customer's row has as ids, by name; empty for none.
pub(super) struct Named {
    pub package: String,
    pub zone: String,
    pub parent: String,
}

/// The customer as the form has him.
pub(super) fn as_form(shell: &Shell, c: &Customer, named: &Named, routers: &[NamedRouter]) -> Form {
    let text = |value: Option<String>| value.unwrap_or_default();
    let mut pairs = vec![
        ("name", c.name.clone()),
        ("phone", c.phone.clone()),
        ("username", c.username.clone()),
        ("code", c.code.clone()),
        ("package", named.package.clone()),
        ("expires", c.expires_at.map(|at| shell.plain_until(at)).unwrap_or_default()),
        ("zone", named.zone.clone()),
        ("connection", c.connection_type.to_string()),
        ("billing", c.billing_type.to_string()),
        ("device_type", c.device_type.clone()),
        ("macs", c.macs.iter().map(|mac| mac.with_colons()).collect::<Vec<_>>().join(" ")),
        ("static_ipv4", text(c.static_ipv4.map(|a| a.to_string()))),
        ("sessions", text(c.simultaneous_sessions.map(|n| n.to_string()))),
        ("framed_pool", text(c.framed_pool.clone())),
        ("framed_ipv6", text(c.framed_ipv6_prefix.map(|p| p.to_string()))),
        ("delegated_ipv6", text(c.delegated_ipv6_prefix.map(|p| p.to_string()))),
        ("reply_attributes", c.reply_attributes.clone()),
        ("email", c.contact.email.clone()),
        ("address", c.contact.address.clone()),
        ("city", c.contact.city.clone()),
        ("region", c.contact.region.clone()),
        ("postal_code", c.contact.postal_code.clone()),
        ("country", c.contact.country.clone()),
        ("language", c.contact.language.clone()),
        ("note", c.note.clone()),
        ("parent", named.parent.clone()),
    ];
    pairs.extend(own_terms::as_pairs(shell, c, routers));
    Form::of(&pairs.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>())
}

/// Where an error of the use case is said; others are pages of their own.
pub(super) fn complaint(error: CustomerError) -> Result<Complaints, crate::web::Problem> {
    let field = match &error {
        CustomerError::Username(_) | CustomerError::UsernameTaken(_) => "username",
        CustomerError::CodeTaken(_) | CustomerError::BadCode => "code",
        CustomerError::StaticIpv4Taken { .. } => "static_ipv4",
        CustomerError::UnknownPackage(_) => "package",
        CustomerError::UnknownZone(_) => "zone",
        CustomerError::BadPassword(_) => "password",
        CustomerError::BadParent(_) => "parent",
        CustomerError::BadField(_) => "",
        _ => return Err(error.into()),
    };
    Ok(Complaints::about(field, error.to_string()))
}

/// Choices of the form: a package must be chosen, a zone may be.
pub(super) struct Choices {
    pub packages: Vec<(String, String)>,
    pub zones: Vec<(String, String)>,
    pub connections: Vec<(String, String)>,
    pub billings: Vec<(String, String)>,
    pub policies: Vec<(String, String)>,
    pub services: Vec<(String, String)>,
    pub routers: Vec<NamedRouter>,
}

/// All that whoever asks may give.
pub(super) async fn choices(who: &Signed, shell: &Shell) -> Result<Choices, Problem> {
    let mut conn = who.site.db.read().await?;
    let packages = names_of(who, &mut conn, Some("package")).await?;
    let zones = names_of(who, &mut conn, Some("zone")).await?;
    let own = LimitsOverride::default();
    let routers = own_terms::nameable_routers(who, &mut conn, &own).await?;
    Ok(Choices::new(shell, packages, zones, &own, routers))
}

/// Zones as a form offers them: he need not be in one.
pub(super) fn zone_choices(shell: &Shell, names: Vec<String>) -> Vec<(String, String)> {
    let named = names.into_iter().map(|name| (name.clone(), name));
    std::iter::once((String::new(), shell.t("zone-none"))).chain(named).collect()
}

impl Choices {
    /// `own` is what the customer has of his own, which is offered too.
    pub fn new(shell: &Shell, packages: Vec<String>, zones: Vec<String>, own: &LimitsOverride, routers: Vec<NamedRouter>) -> Choices {
        let named = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name));
        let words = |stem: &str, words: &[&str]| words.iter().map(|w| ((*w).to_owned(), shell.t2(stem, w))).collect();
        Choices {
            packages: std::iter::once((String::new(), shell.t("package-choose"))).chain(named(packages)).collect(),
            zones: zone_choices(shell, zones),
            connections: words("value-connection", &["pppoe", "hotspot", "static", "dhcp", "vpn", "other"]),
            billings: words("value-billing", &["prepaid", "postpaid", "free"]),
            policies: own_terms::policies(shell, own.devices),
            services: services(shell),
            routers,
        }
    }
}
