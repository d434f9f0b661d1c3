//! The attributes of a reply as people read them.

use serde::Serialize;

use crate::radius::HEADER_OCTETS;
use crate::radius::describe::{AttributeDescription, Value, describe};
use crate::radius::dictionary::Dictionary;
use crate::units::printable;

/// Message-Authenticator says nothing to people.
const MESSAGE_AUTHENTICATOR: u32 = 80;

/// An attribute of a reply, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplyAttribute {
    /// Its name in the dictionary.
    pub name: String,
    /// Its value, by name where it has one.
    pub value: String,
}

/// The attributes of a reply by name: they are read as a packet of their own.
pub fn reply_attributes(dictionary: &Dictionary, code: u8, octets: &[u8]) -> Vec<ReplyAttribute> {
    let mut packet = vec![0; HEADER_OCTETS];
    packet.extend_from_slice(&octets[..octets.len().min(4096 - HEADER_OCTETS)]);
    let length = packet.len() as u16;
    packet[0] = code;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    match describe(dictionary, &packet, None, None) {
        Ok(described) => described
            .attributes
            .iter()
            .filter(|a| a.vendor.is_some() || a.number != MESSAGE_AUTHENTICATOR)
            .map(|a| ReplyAttribute { name: a.name.clone(), value: value_text(a) })
            .collect(),
        Err(error) => vec![ReplyAttribute { name: "(attributes do not read)".into(), value: error.to_string() }],
    }
}

fn value_text(attribute: &AttributeDescription) -> String {
    fn plain(value: &Value) -> String {
        match value {
            Value::Nothing => String::new(),
            Value::Number(n) => n.to_string(),
            Value::Signed(n) => n.to_string(),
            Value::Text(text) => printable(text.as_bytes()).into_owned(),
            Value::Many(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        }
    }
    match &attribute.value_name {
        Some(name) => name.clone(),
        None if attribute.children.is_empty() => plain(&attribute.value),
        None => attribute.children.iter().map(|c| format!("{} = {}", c.name, value_text(c))).collect::<Vec<_>>().join(", "),
    }
}
