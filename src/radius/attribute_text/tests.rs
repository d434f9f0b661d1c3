//! Text to octets, errors, and the way back through `describe`.

use super::*;
use crate::radius::describe::{Value, describe};
use crate::units::hex;
use proptest::prelude::*;

fn dictionary() -> &'static Dictionary {
    static DICTIONARY: std::sync::OnceLock<Dictionary> = std::sync::OnceLock::new();
    DICTIONARY.get_or_init(Dictionary::embedded)
}

fn written(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for item in parse(dictionary(), text).unwrap_or_else(|error| panic!("{text}: {error}")) {
        item.attribute.write_to(&mut out).unwrap();
    }
    out
}

#[test]
fn text_becomes_octets() {
    let cases = [
        ("User-Name = bob", "0105626f62"),
        ("user-name := \"a \\\"b\\\"\\x41\\101\\n\"", "010a612022622241410a"),
        ("User-Name = 'a\\n\\''", "0106615c6e27"),
        ("Service-Type = Framed-User", "060600000002"),
        ("Service-Type = framed", "060600000002"),
        ("Session-Timeout = 0x10", "1b0600000010"),
        ("Framed-IP-Address = 192.0.2.1", "0806c0000201"),
        ("Class = 0x00ff", "190400ff"),
        ("Class = \"0x00ff\"", "1908307830306666"),
        ("Framed-IPv6-Prefix = 2001:db8:1::/48", "610a003020010db80001"),
        ("Framed-IPv6-Prefix = ::/0", "61040000"),
        ("PMIP6-Home-IPv4-HoA = 192.0.2.0/24", "9b080018c0000200"),
        ("Framed-Interface-Id = 1:2:3:4", "600a0001000200030004"),
        ("Event-Timestamp = 2023-11-14T22:13:20Z", "37066553f100"),
        ("Event-Timestamp = 1700000000", "37066553f100"),
        ("Tunnel-Type:1 = VLAN", "40060100000d"),
        ("Tunnel-Type = 13", "40060000000d"),
        ("Tunnel-Private-Group-ID:1 = \"12\"", "5105013132"),
        ("Tunnel-Private-Group-Id = 12", "51043132"),
        ("Mikrotik-Rate-Limit = 10M/20M 0/0", "1a1300003a8c080d31304d2f32304d20302f30"),
        ("Attr-231 = 0x0102", "e7040102"),
        ("Attr-27 = 5", "1b0600000005"),
        ("Vendor-9999-Attr-5 = 0xdead", "1a0a0000270f0504dead"),
        ("Original-Packet-Code = 4", "f1070400000004"),
        ("Attr-241.26.9999.5 = 0xab", "f1091a0000270f05ab"),
        ("Attr-245.1 = 0x78", "f505010078"),
        ("# nothing\n , \n", ""),
    ];
    for (text, octets) in cases {
        assert_eq!(hex(&written(text)), octets, "{text}");
    }
}

#[test]
fn several_items_and_operators() {
    let text = "Reply-Message = \"one, two\", Reply-Message += three\r\n# comment\n  Framed-Pool := gold pool  ,\nMikortik-DHCP-Option-ParamSTR2=x";
    let items = parse(dictionary(), text).unwrap();
    let got: Vec<_> = items.iter().map(|item| (item.name.as_str(), item.operator, item.attribute.data.as_slice())).collect();
    assert_eq!(
        got,
        [
            ("Reply-Message", Operator::Set, b"one, two".as_slice()),
            ("Reply-Message", Operator::Add, b"three"),
            ("Framed-Pool", Operator::Replace, b"gold pool"),
            ("Mikrotik-DHCP-Option-Param-STR2", Operator::Set, b"x"),
        ]
    );
    assert_eq!((items[3].attribute.vendor, items[3].attribute.number), (14988, 25));
}

#[test]
fn errors_say_where_and_why() {
    let cases = [
        ("Nonsense = 1", 1, 1, "unknown attribute Nonsense"),
        ("User-Name bob", 1, 11, "=, := or += is expected after User-Name"),
        ("User-Name = a\n  Session-Timeout = abc", 2, 21, "\"abc\" is not a number"),
        ("Service-Type = Nobody", 1, 16, "neither a number nor a name such as Login-User"),
        ("Session-Timeout = 4294967296", 1, 19, "is above 4294967295"),
        ("Session-Timeout = -1", 1, 19, "is not a number"),
        ("Tunnel-Type:1 = 16777216", 1, 17, "is above 16777215"),
        ("Tunnel-Type:32 = VLAN", 1, 13, "a tag is between 0 and 31"),
        ("User-Name:1 = a", 1, 15, "has no tag"),
        ("Framed-IP-Address = 1.2.3", 1, 21, "an IPv4 address"),
        ("Framed-IP-Address = ::1", 1, 21, "an IPv4 address"),
        ("Framed-IPv6-Prefix = 2001:db8::1/48", 1, 22, "bits past the prefix length 48 are set"),
        ("Framed-IPv6-Prefix = 2001:db8::/129", 1, 22, "a prefix such as"),
        ("PMIP6-Home-IPv4-HoA = 192.0.2.1/24", 1, 23, "bits past"),
        ("Class = 0x123", 1, 9, "pairs of hexadecimal digits"),
        ("Attr-231 = abc", 1, 12, "only octets as 0x"),
        ("User-Name = \"abc", 1, 13, "closing quote is missing"),
        ("User-Name = \"a\\q\"", 1, 15, "unknown escape"),
        ("User-Name = \"a\" b", 1, 17, "a comma or a new line"),
        ("User-Name = , Class = 1", 1, 13, "a value is expected"),
        ("User-Name = \"\"", 1, 13, "no empty values"),
        ("Vendor-Specific = 0x00", 1, 19, "name the one inside"),
        ("Message-Authenticator = 0x00", 1, 25, "1 octets instead of 16"),
        ("Attr-300 = 0x00", 1, 1, "300 is above 255"),
        ("= x", 1, 1, "an attribute name is expected"),
        ("é", 1, 1, "an attribute name is expected"),
    ];
    for (text, line, column, reason) in cases {
        let error = parse(dictionary(), text).expect_err(text);
        assert!(error.reason.contains(reason), "{text}: {error}");
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
    }
    let long = format!("User-Name = {}", "x".repeat(254));
    assert!(parse(dictionary(), &long).unwrap_err().reason.contains("254 octets do not fit, at most 253"));
    let long = format!("Mikrotik-Comment = x\nMikrotik-Rate-Limit = {}", "x".repeat(248));
    assert!(parse(dictionary(), &long).is_err());
}

#[test]
fn hidden_values_are_left_to_the_writer() {
    let items = parse(dictionary(), "Tunnel-Password:3 = secret, User-Password = pw, MS-MPPE-Send-Key = 0x0102").unwrap();
    let tunnel = &items[0].attribute;
    assert_eq!((tunnel.encrypt, tunnel.tag, tunnel.data.as_slice()), (Encryption::TunnelPassword, Some(3), b"secret".as_slice()));
    let mut out = vec![9];
    assert_eq!(tunnel.write_to(&mut out), Err(WriteError::NotEncrypted));
    assert_eq!(out, [9]);
    assert_eq!(items[2].attribute.vendor, 311);
}

#[test]
fn long_values_continue() {
    let eap = written(&format!("EAP-Message = 0x{}", "ab".repeat(300)));
    assert_eq!((eap.len(), eap[0], eap[1], eap[255], eap[256]), (304, 79, 255, 79, 49));
    let extended = written(&format!("Attr-245.1 = 0x{}", "78".repeat(256)));
    assert_eq!(&extended[..4], [245, 255, 1, 0x80]);
    assert_eq!(&extended[255..259], [245, 9, 1, 0]);
    let exact = written(&format!("Attr-245.1 = 0x{}", "78".repeat(251)));
    assert_eq!((exact.len(), exact[3]), (255, 0));
}

/// Values that must come back from `describe` as they went in.
#[test]
fn text_to_octets_and_back() {
    let cases = [
        ("User-Name", "böb"),
        ("NAS-IPv6-Address", "2001:db8::1"),
        ("Delegated-IPv6-Prefix", "2001:db8:1:8000::/49"),
        ("Framed-Interface-Id", "0001:0002:0003:0004"),
        ("PMIP6-Home-IPv4-HoA", "192.0.2.0/25"),
        ("Class", "0x00112233"),
        ("WISPr-Redirection-URL", "http://192.0.2.1/"),
        ("MS-Primary-DNS-Server", "192.0.2.53"),
        ("Tunnel-Server-Endpoint", "tunnel.example.net"),
        ("Operator-NAS-Identifier", "0xabcd"),
    ];
    for (name, value) in cases {
        let octets = written(&format!("{name} = {value}"));
        let packet = [&[2, 0, 0, 20 + octets.len() as u8], [0; 16].as_slice(), &octets].concat();
        let read = describe(dictionary(), &packet, None, None).unwrap().attributes.remove(0);
        assert_eq!((read.name.as_str(), read.value, read.invalid), (name, Value::Text(value.to_string()), None));
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = parse(dictionary(), &text);
    }

    #[test]
    fn no_value_makes_it_panic(index in 0usize..1000, value in "[ -~é\n]{0,20}", operator in "[:+]?=") {
        let name = &dictionary().attributes().nth(index % dictionary().attributes().count()).unwrap().name;
        if let Ok(items) = parse(dictionary(), &format!("{name} {operator} {value}")) {
            let mut out = Vec::new();
            for item in items {
                let hidden = item.attribute.encrypt != Encryption::None;
                prop_assert_eq!(item.attribute.write_to(&mut out).is_err(), hidden);
            }
            let length = ((20 + out.len()) as u16).to_be_bytes();
            let packet = [&[1, 0], length.as_slice(), &[0; 16], &out].concat();
            let described = describe(dictionary(), &packet, None, None).unwrap();
            prop_assert!(described.attributes.iter().all(|read| read.invalid.is_none()), "{:?}", described.attributes);
        }
    }
}
