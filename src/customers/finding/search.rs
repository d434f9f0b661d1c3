//! Somebody on the phone says who he is: customers by what people say or read out, the surest kind of match first.

use super::CustomerLine;
use super::sql::{self, Index};
use super::words::{self, PHONE_DIGITS};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::customers::CustomerError;
use crate::customers::contact::{name_key, phone_key};
use crate::store::{Conn, Statement};
use crate::units::Mac;

/// From so many letters on, the middle of a name.
const NAME_CHARS: usize = 2;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Customers, at most as many as asked for.
    pub lines: Vec<CustomerLine>,
    /// Whether the only one is surely meant: by code, username, device or address.
    pub is_sure: bool,
}

/// Looks for customers. `online` are those who hold the address that was written, if it was one: who is online is known in memory.
pub async fn search_customers(conn: &mut Conn, scope: &Scope, text: &str, online: &[i64], limit: i64) -> Result<Found, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    let text = text.trim();
    let key = name_key(text);
    if key.is_empty() || text.len() > 200 {
        return Ok(Found::default());
    }
    let mut ids: Vec<i64> = online.to_vec();
    // each by its own index: one statement with all of them would walk the table
    let names = |s: &mut Statement| {
        s.push("c.username_key IN (").texts([text, key.as_str()]).push(")");
    };
    ids.extend(sql::list_ids_where(conn, scope, Index::Username, names, limit).await?);
    let codes = |s: &mut Statement| {
        s.push("c.code IN (").texts([text, text.to_uppercase().as_str()]).push(")");
    };
    ids.extend(sql::list_ids_where(conn, scope, Index::Code, codes, limit).await?);
    let mac = Mac::parse(text.as_bytes());
    if let Some(mac) = mac {
        ids.extend(sql::list_ids_of_mac(conn, scope, &mac.to_string(), limit).await?);
    }
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        let address = |s: &mut Statement| {
            s.push("c.static_ipv4 = ").text(text);
        };
        ids.extend(sql::list_ids_where(conn, scope, Index::StaticIpv4, address, limit).await?);
    }
    let is_sure = !ids.is_empty();
    let digits = phone_key(text);
    let is_phone = digits.len() >= PHONE_DIGITS && text.chars().all(|c| c.is_ascii_digit() || "+- ()".contains(c));
    if is_phone {
        let ends = |s: &mut Statement| words::phone_begins(s, "c.phone_key", &digits);
        ids.extend(sql::list_ids_where(conn, scope, Index::Phone, ends, limit).await?);
    }
    // what is surely meant, or a phone that somebody has, is looked for no further: the rest reads an index from end to end
    let is_found = is_sure || (is_phone && !ids.is_empty());
    let is_address = mac.is_some() || text.parse::<std::net::IpAddr>().is_ok();
    if !is_found && !is_address && key.chars().count() >= NAME_CHARS {
        let begins = |s: &mut Statement| words::begins(s, "c.username_key", &key);
        ids.extend(sql::list_ids_where(conn, scope, Index::Username, begins, limit).await?);
        ids.extend(sql::list_ids_named(conn, scope, &key, limit).await?);
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    ids.truncate(limit.max(0) as usize);
    let mut lines = sql::list_by_ids(conn, scope, &ids).await?;
    lines.sort_by_key(|line| ids.iter().position(|id| *id == line.id));
    Ok(Found { is_sure: is_sure && lines.len() == 1, lines })
}
