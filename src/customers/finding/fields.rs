//! What the list of customers can be filtered by: a new filter is a line here and its meaning in `conditions`.

use crate::lists::{Field, Kind};

/// States and views of active ones, as the filter `status` knows them.
pub const STATES: &[&str] = &["active", "expires-today", "grace", "pending", "expired", "suspended", "disabled", "closed"];

/// See the head of the file; in the order in which a form offers them.
pub const FIELDS: &[Field] = &[
    Field::new("status", Kind::Choice(STATES)),
    Field::new("online", Kind::YesNo),
    Field::lacking("expires", Kind::Moment),
    Field::new("package", Kind::Name),
    Field::lacking("zone", Kind::Name),
    Field::new("operator", Kind::Name),
    Field::new("connection", Kind::Choice(&["pppoe", "hotspot", "static", "dhcp", "vpn", "other"])),
    Field::new("billing", Kind::Choice(&["prepaid", "postpaid", "free"])),
    Field::new("registered", Kind::Moment),
    Field::lacking("seen", Kind::Moment),
    Field::new("router", Kind::Name),
    Field::lacking("tag", Kind::Name),
    Field::lacking("device", Kind::Text),
    Field::lacking("mac", Kind::Exact),
    Field::new("randommac", Kind::YesNo),
    Field::new("static", Kind::YesNo),
    Field::new("ip", Kind::Exact),
    Field::lacking("phone", Kind::Text),
    Field::lacking("name", Kind::Text),
    Field::new("username", Kind::Text),
    Field::new("code", Kind::Exact),
    Field::lacking("parent", Kind::Exact),
    Field::lacking("email", Kind::Text),
    Field::lacking("address", Kind::Text),
    Field::lacking("note", Kind::Text),
];
