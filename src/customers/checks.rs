//! Reading and checking a customer's single fields, for the command line and for CSV alike.

use std::net::Ipv4Addr;

use ipnet::Ipv6Net;

use super::CustomerError;
use crate::units::Mac;

const MAX_TEXT_CHARS: usize = 200;
const MAX_NOTE_CHARS: usize = 2_000;
/// RFC 2865 §5: the value of an attribute has at most 253 octets.
const MAX_ATTRIBUTE_OCTETS: usize = 253;
pub(super) const MAX_MACS: usize = 64;
const MAX_REPLY_LINES: usize = 32;
/// A reply has 4096 octets and needs some for itself.
const MAX_REPLY_OCTETS: usize = 3000;
const MAX_CODE_CHARS: usize = 32;

/// Says what is wrong with one line `Name = value` of a customer's reply attributes.
pub type ReplyCheck<'a> = &'a (dyn Fn(&str) -> Result<(), String> + Sync);

/// A static address that routers hand out as given.
pub fn parse_static_ipv4(text: &str) -> Result<Ipv4Addr, CustomerError> {
    let text = text.trim();
    let address: Ipv4Addr = text.parse().map_err(|_| CustomerError::BadField(format!("{text:?} is not an IPv4 address")))?;
    // RouterOS takes 127/8 and 224/3 for "use the profile's pool", RFC 2865 §5.8 the highest two for "the router or the user chooses"
    match address.octets()[0] {
        0 | 127 | 224..=255 => Err(CustomerError::BadField(format!("{address} cannot be a customer's address"))),
        _ => Ok(address),
    }
}

/// A prefix without host bits.
pub fn parse_ipv6_prefix(text: &str) -> Result<Ipv6Net, CustomerError> {
    let text = text.trim();
    let prefix: Ipv6Net =
        text.parse().map_err(|_| CustomerError::BadField(format!("{text:?} is not an IPv6 prefix such as 2001:db8:1::/56")))?;
    if prefix.addr() != prefix.network() {
        return Err(CustomerError::BadField(format!("{text:?} has bits set beyond its prefix length: write {}", prefix.trunc())));
    }
    Ok(prefix)
}

/// MAC addresses separated by semicolons, commas or spaces; sorted, without repeats.
pub fn parse_macs(text: &str) -> Result<Vec<Mac>, CustomerError> {
    let words = text.split([';', ',', ' ', '\n']).map(str::trim).filter(|w| !w.is_empty());
    let parse = |w: &str| {
        w.parse::<Mac>().map_err(|_| {
            CustomerError::BadField(format!("{w:?} is not a MAC address (expected twelve hex digits, with or without separators)"))
        })
    };
    let mut macs = words.map(parse).collect::<Result<Vec<Mac>, CustomerError>>()?;
    macs.sort_unstable();
    macs.dedup();
    if macs.len() > MAX_MACS {
        return Err(CustomerError::BadField(format!("more than {MAX_MACS} MAC addresses")));
    }
    Ok(macs)
}

/// Checks each line and returns the text in its stored form: one attribute per line, nothing around it.
pub fn check_reply_attributes(text: &str, check: ReplyCheck<'_>) -> Result<String, CustomerError> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > MAX_REPLY_LINES || text.len() > MAX_REPLY_OCTETS {
        return Err(CustomerError::BadField(format!("more than {MAX_REPLY_LINES} reply attributes or {MAX_REPLY_OCTETS} octets of them")));
    }
    for line in &lines {
        check(line).map_err(|reason| CustomerError::BadField(format!("reply attribute {line:?}: {reason}")))?;
    }
    Ok(lines.join("\n"))
}

/// A [`ReplyCheck`] without a dictionary: a name, an equals sign, a value.
pub fn check_reply_syntax(line: &str) -> Result<(), String> {
    let well_formed = line.split_once('=').is_some_and(|(name, value)| {
        let name = name.trim_end_matches([' ', ':', '+']);
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)) && !value.trim().is_empty()
    });
    if well_formed { Ok(()) } else { Err("write `Name = value`".to_owned()) }
}

/// Free text of one line.
pub(super) fn check_text(what: &str, text: &str) -> Result<(), CustomerError> {
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(CustomerError::BadField(format!("the {what} is longer than {MAX_TEXT_CHARS} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(CustomerError::BadField(format!("the {what} holds a control character")));
    }
    Ok(())
}

/// Lines of text about a customer.
pub(super) fn check_note(note: &str) -> Result<(), CustomerError> {
    let fits = note.chars().count() <= MAX_NOTE_CHARS && !note.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    fits.then_some(()).ok_or_else(|| CustomerError::BadField(format!("a note has at most {MAX_NOTE_CHARS} characters")))
}

pub(super) fn check_pool(pool: Option<&str>) -> Result<(), CustomerError> {
    match pool {
        Some(name) if name.is_empty() || name.len() > MAX_ATTRIBUTE_OCTETS => {
            Err(CustomerError::BadField("the pool name has 1 to 253 octets".to_owned()))
        }
        Some(name) => check_text("pool name", name),
        None => Ok(()),
    }
}

pub(super) fn check_sessions(sessions: Option<u32>) -> Result<(), CustomerError> {
    match sessions {
        Some(0) | Some(1001..) => {
            Err(CustomerError::BadField("simultaneous sessions must be 1 to 1000; leave it out for the default".to_owned()))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_code(code: &str) -> Result<(), CustomerError> {
    let fits = (1..=MAX_CODE_CHARS).contains(&code.chars().count()) && code.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c));
    fits.then_some(()).ok_or(CustomerError::BadCode)
}

/// A code for a customer without one: `C` and the id in base 32 without the letters that look like digits. Ids are unique on the server,
/// so no counter has to be locked.
pub(super) fn generated_code(id: i64) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut rest = id.unsigned_abs();
    let mut code = Vec::with_capacity(14);
    while rest > 0 || code.is_empty() {
        code.push(char::from(DIGITS[(rest & 31) as usize]));
        rest >>= 5;
    }
    code.push('C');
    code.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_a_router_hands_out() {
        assert_eq!(parse_static_ipv4(" 10.1.2.3 ").expect("one"), Ipv4Addr::new(10, 1, 2, 3));
        for text in ["", "10.1.2", "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.254", "2001:db8::1", "10.0.0.1/24"] {
            assert!(parse_static_ipv4(text).is_err(), "{text}");
        }
        assert_eq!(parse_ipv6_prefix("2001:DB8::/56").expect("one").to_string(), "2001:db8::/56");
        for text in ["2001:db8::1/64", "2001:db8::", "10.0.0.0/8", ""] {
            assert!(parse_ipv6_prefix(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_macs_are_read_once_each() {
        let macs = parse_macs("AA:BB:CC:DD:EE:02; aabbccddee01,AA-BB-CC-DD-EE-02").expect("three");
        assert_eq!(macs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["aabbccddee01", "aabbccddee02"]);
        assert!(parse_macs("").expect("none").is_empty());
        assert!(parse_macs("AA:BB").is_err());
    }

    #[test]
    fn reply_attributes_are_lines_of_name_and_value() {
        let text = check_reply_attributes("Filter-Id = \"gold\"\n\n  Mikrotik-Mark-Id=7\r\nReply-Message := hello", &check_reply_syntax);
        assert_eq!(text.expect("well formed"), "Filter-Id = \"gold\"\nMikrotik-Mark-Id=7\nReply-Message := hello");
        for text in ["Filter-Id", "Filter Id = x", "= x", "Filter-Id ="] {
            assert!(check_reply_attributes(text, &check_reply_syntax).is_err(), "{text}");
        }
        assert!(check_reply_attributes(&"A = 1\n".repeat(33), &check_reply_syntax).is_err());
        let refusing = |line: &str| Err(format!("no {line}"));
        assert!(check_reply_attributes("Nonsense = 1", &refusing).expect_err("refused").to_string().contains("no Nonsense"));
    }

    #[test]
    fn codes_are_distinct_and_readable() {
        assert_eq!(generated_code(33), "C11");
        assert_eq!(generated_code(0), "C0");
        assert_ne!(generated_code(1 << 40), generated_code((1 << 40) + 1));
        assert!(check_code(&generated_code(i64::MAX)).is_ok());
        assert!(check_code("A-1/2").is_ok());
        assert!(check_code("a b").is_err());
        assert!(check_code("").is_err());
    }
}
