//! Runs the packets of `tests/vectors/describe_*.txt` and random octets.

use super::*;
use proptest::prelude::*;
use serde_json::Value as Json;
use std::path::Path;

fn dictionary() -> &'static Dictionary {
    static DICTIONARY: std::sync::OnceLock<Dictionary> = std::sync::OnceLock::new();
    DICTIONARY.get_or_init(Dictionary::embedded)
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|octet| !octet.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[derive(Default)]
struct Vector {
    name: String,
    secret: Option<Vec<u8>>,
    request: Option<[u8; 16]>,
    packet: Vec<u8>,
    json: Option<Json>,
    attributes: Vec<Json>,
    malformed: Option<(usize, String)>,
}

fn vector(paragraph: &str) -> Vector {
    let mut vector = Vector::default();
    let mut hex = String::new();
    for line in paragraph.lines() {
        let line = line.trim();
        match line.split_once(": ").unwrap_or((line.trim_end_matches(':'), "")) {
            ("name", name) => vector.name = name.to_string(),
            ("secret", secret) => vector.secret = Some(secret.as_bytes().to_vec()),
            ("request", request) => vector.request = Some(octets(request).try_into().unwrap()),
            ("hex", digits) => hex.push_str(digits),
            ("json", json) => vector.json = Some(serde_json::from_str(json).unwrap()),
            ("attribute", json) => vector.attributes.push(serde_json::from_str(json).unwrap()),
            ("malformed", line) => {
                let (offset, reason) = line.split_once(' ').unwrap();
                vector.malformed = Some((offset.parse().unwrap(), reason.to_string()));
            }
            (digits, "") => hex.push_str(digits),
            _ => panic!("unknown line {line}"),
        }
    }
    vector.packet = octets(&hex);
    vector
}

/// Every field of `wanted` must be there; null: must not; `*` within text: anything.
fn contains(got: &Json, wanted: &Json) -> Result<(), String> {
    for (field, wanted) in wanted.as_object().unwrap() {
        let got = got.get(field).unwrap_or(&Json::Null);
        let fits = match (got, wanted) {
            (Json::String(got), Json::String(wanted)) => match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
                (Some(_), Some(_)) => got.contains(wanted.trim_matches('*')),
                (Some(end), None) => got.ends_with(end),
                (None, Some(start)) => got.starts_with(start),
                (None, None) => got == wanted,
            },
            _ => got == wanted,
        };
        if !fits {
            return Err(format!("{field}: got {got}, wanted {wanted}"));
        }
    }
    Ok(())
}

fn check(vector: &Vector) -> Result<(), String> {
    let described = describe(dictionary(), &vector.packet, vector.secret.as_deref(), vector.request.as_ref());
    match (&vector.malformed, described) {
        (Some((offset, reason)), Err(error)) if error.offset == *offset && error.reason.starts_with(reason) => Ok(()),
        (None, Ok(description)) => {
            let got = serde_json::to_value(&description).unwrap();
            contains(&got, vector.json.as_ref().unwrap())?;
            let attributes = got["attributes"].as_array().unwrap();
            if !vector.attributes.is_empty() && attributes.len() != vector.attributes.len() {
                return Err(format!("{} attributes", attributes.len()));
            }
            let pairs = attributes.iter().zip(&vector.attributes);
            pairs
                .enumerate()
                .try_for_each(|(index, (got, wanted))| contains(got, wanted).map_err(|why| format!("attribute {index}: {why}")))
        }
        (_, got) => Err(format!("{got:?}")),
    }
}

#[test]
fn vectors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut count = 0;
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if !file.starts_with("describe_") {
            continue;
        }
        let text: String = std::fs::read_to_string(path).unwrap();
        let text: String = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            let vector = vector(paragraph);
            count += 1;
            if let Err(why) = check(&vector) {
                failures.push(format!("{file}: {}: {why}", vector.name));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 50, "only {count} vectors were found");
}

/// What the embedded files do not use: TLVs, vendors with wide headers, arrays.
#[test]
fn tlvs_and_vendor_formats() {
    let text = b"VENDOR Wide 32473 format=2,2\nVENDOR Rest 32474 format=4,0\nVENDOR Flagged 32475 format=1,1,c\n\
        ATTRIBUTE Wide-Text 26.32473.257 string\nATTRIBUTE Rest-Text 26.32474.9 string\nATTRIBUTE Flagged-Box 26.32475.1 tlv\n\
        ATTRIBUTE Flagged-Box-Number 26.32475.1.2 integer\nATTRIBUTE Box 241.9 tlv\nATTRIBUTE Box-Inner 241.9.1 tlv\n\
        ATTRIBUTE Box-Inner-Byte 241.9.1.1 byte\nATTRIBUTE Ports 240 short array\n";
    let dictionary = Dictionary::embedded().with_text("test", text).unwrap();
    let packet = |attributes: &str| {
        let attributes = octets(attributes);
        [&[1, 0, 0, 20 + attributes.len() as u8], [0u8; 16].as_slice(), &attributes].concat()
    };
    let read = |attributes: &str| {
        serde_json::to_value(describe(&dictionary, &packet(attributes), None, None).unwrap()).unwrap()["attributes"].clone()
    };
    assert_eq!(read("1a0c00007ed9010100066869")[0]["value"], "hi");
    assert_eq!(read("1a0b00007eda00000009 78")[0]["value"], "x");
    let flagged = read("1a0f00007edb 0109 00 0206 00000007");
    assert_eq!((&flagged[0]["children"][0]["name"], &flagged[0]["children"][0]["value"]), (&"Flagged-Box-Number".into(), &7.into()));
    assert_eq!(read("1a0f00007edb 0109 80 0206 00000007")[0]["value"], "0x020600000007");
    let nested = read("f10b09 0105 0103ff 0503 01");
    assert_eq!(nested[0]["children"][0]["children"][0]["value"], 255);
    assert_eq!(nested[0]["children"][1]["name"], "Attr-241.9.5");
    assert_eq!(nested[0]["value"], Json::Null);
    assert_eq!(read("f10609 0109ff")[0]["invalid"], "inner attribute 1 has length 9, but only 3 octets are left");
    assert_eq!(read("f00600010002")[0]["value"], serde_json::json!([1, 2]));
}

/// A TLV in a TLV in a TLV: the dictionary's depth, not the packet, bounds the recursion.
#[test]
fn nesting_bombs_stay_flat() {
    let dictionary = Dictionary::embedded().with_text("test", b"ATTRIBUTE Box 245.9 tlv\nATTRIBUTE Box-Inner 245.9.1 tlv\n").unwrap();
    let mut bomb = vec![1, 2];
    while bomb.len() + 2 <= 249 {
        bomb = [&[1, bomb.len() as u8 + 2], bomb.as_slice()].concat();
    }
    let value = [&[245, bomb.len() as u8 + 4, 9, 0], bomb.as_slice()].concat();
    let packet = [&[1, 0, 1, (20 + value.len() - 256) as u8], [0; 16].as_slice(), &value].concat();
    let described = describe(&dictionary, &packet, None, None).unwrap();
    assert_eq!(described.attributes[0].children[0].name, "Box-Inner");
    assert_eq!(described.attributes[0].children[0].children[0].data_type, "octets");
}

/// A well-formed packet with random attributes.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![Just(26u8), Just(69), Just(79), Just(80), Just(97), 241..=246u8, 1..=255u8];
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        proptest::collection::vec(any::<u8>(), 0..60).prop_map(|rest| [&[0, 0, 1, 0x37], rest.as_slice()].concat()),
        proptest::collection::vec(any::<u8>(), 249..=251).prop_map(|rest| [&[26, 0x80], rest.as_slice()].concat()),
    ];
    let attributes = proptest::collection::vec((kind, value), 0..15);
    (any::<u8>(), any::<[u8; 16]>(), attributes).prop_map(|(code, authenticator, attributes)| {
        let attributes: Vec<u8> =
            attributes.iter().flat_map(|(kind, value)| [&[*kind, value.len() as u8 + 2], value.as_slice()].concat()).collect();
        let length = (20 + attributes.len()) as u16;
        [&[code, 0], length.to_be_bytes().as_slice(), &authenticator, &attributes].concat()
    })
}

proptest! {
    #[test]
    fn no_datagram_makes_it_panic(datagram in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(malformed) = describe(dictionary(), &datagram, Some(b"secret"), Some(&[1; 16])) {
            prop_assert!(malformed.offset <= datagram.len());
        }
    }

    #[test]
    fn a_packet_that_is_well_formed_is_described(packet in packet()) {
        let described = describe(dictionary(), &packet, Some(b"secret"), Some(&[1; 16])).unwrap();
        prop_assert!(serde_json::to_string(&described).is_ok());
        prop_assert!(described.attributes.iter().all(|attribute| attribute.offset + 2 <= packet.len()));
    }
}
