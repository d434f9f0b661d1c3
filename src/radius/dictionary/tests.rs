//! The embedded files, the syntax, layers and errors.

use super::*;
use proptest::prelude::*;

fn with(text: &str) -> Result<Dictionary, DictionaryError> {
    Dictionary::embedded().with_text("test", text.as_bytes())
}

#[test]
fn embedded_files_are_sound_and_all_are_included() {
    let dictionary = Dictionary::embedded();
    assert!(dictionary.attributes().count() > 200);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
    let main = std::fs::read_to_string(folder.join("dictionary")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "dictionary" || main.lines().any(|line| line == format!("$INCLUDE {name}")), "{name} is not included");
    }
}

#[test]
fn names_numbers_types_and_values() {
    let dictionary = Dictionary::embedded();
    let rate_limit = dictionary.by_name("mikrotik-rate-limit").unwrap();
    assert_eq!((rate_limit.name.as_str(), rate_limit.vendor(), rate_limit.number()), ("Mikrotik-Rate-Limit", 14988, 8));
    assert_eq!(rate_limit.data_type, DataType::Text);
    assert_eq!(dictionary.by_number(14988, 8).unwrap().name, "Mikrotik-Rate-Limit");
    assert_eq!((1..=30).filter(|number| dictionary.by_number(14988, *number).is_some()).count(), 30);

    let old = ["Mikortik-DHCP-Option-Param-STR2", "Mikrotik-DHCP-Option-ParamSTR2", "Mikrotik-DHCP-Option-Param_STR2"];
    for name in old {
        assert_eq!(dictionary.by_name(name).unwrap().name, "Mikrotik-DHCP-Option-Param-STR2", "{name}");
    }
    assert_eq!(dictionary.by_name("Tunnel-Private-Group-ID").unwrap().name, "Tunnel-Private-Group-Id");

    let status = dictionary.by_number(0, 40).unwrap();
    assert_eq!(status.value_number("alive"), Some(3));
    assert_eq!(status.value_name(3), Some("Interim-Update"));
    let port_type = dictionary.by_name("NAS-Port-Type").unwrap();
    assert_eq!(port_type.value_name(34), Some("PPPoEoQinQ"));
    assert_eq!(dictionary.by_name("Error-Cause").unwrap().value_number("Session-Context-Not-Found"), Some(503));

    let password = dictionary.by_name("Tunnel-Password").unwrap();
    assert_eq!((password.flags.has_tag, password.flags.encryption), (true, Encryption::TunnelPassword));
    assert!(dictionary.by_name("EAP-Message").unwrap().flags.concat);
    assert_eq!(dictionary.by_oid(&[241, 4]).unwrap().name, "Original-Packet-Code");
    assert_eq!(dictionary.vendor_by_name("mikrotik").unwrap().number, 14988);
}

#[test]
fn the_whole_syntax_is_read() {
    let text = "\u{feff}# comment\r\n\
        VENDOR Acme 32473 format=2,2 # trailing\r\n\
        BEGIN-VENDOR Acme\n\
        ATTRIBUTE Acme-Big 0x0101 integer64\n\
        ATTRIBUTE Acme-Box 2 tlv\n\
        BEGIN-TLV Acme-Box\n\
        ATTRIBUTE Acme-Box-Text 1 string\n\
        ATTRIBUTE Acme-Box-Inner .2 tlv\n\
        END-TLV Acme-Box\n\
        ATTRIBUTE Acme-Deep 2.2.7 octets[4] array,secret\n\
        VALUE Acme-Later Third 3\n\
        ATTRIBUTE Acme-Later 9 byte\n\
        END-VENDOR Acme\n\
        BEGIN-VENDOR Acme parent=Extended-Vendor-Specific-5\n\
        ATTRIBUTE Acme-Extended 1 ipv4prefix\n\
        END-VENDOR Acme\n\
        VENDOR Old 32474\n\
        ATTRIBUTE Old-Style 1 string Old\n\
        $INCLUDE- dictionary.missing\n";
    let dictionary = with(text).unwrap();
    let oid = |name: &str| dictionary.by_name(name).unwrap().oid.clone();
    assert_eq!(oid("Acme-Big"), [26, 32473, 257]);
    assert_eq!(oid("Acme-Box-Text"), [26, 32473, 2, 1]);
    assert_eq!(oid("Acme-Deep"), [26, 32473, 2, 2, 7]);
    assert_eq!(dictionary.by_name("Acme-Deep").unwrap().data_type, DataType::Octets(Some(4)));
    assert_eq!(oid("Acme-Extended"), [245, 26, 32473, 1]);
    assert_eq!(oid("Old-Style"), [26, 32474, 1]);
    assert_eq!(dictionary.by_name("Acme-Extended").unwrap().vendor(), 32473);
    assert_eq!(dictionary.by_name("Acme-Later").unwrap().value_number("third"), Some(3));
}

#[test]
fn a_bad_line_is_named_with_its_reason() {
    let cases: &[(&str, usize, &str)] = &[
        ("ATTRIBUTE A-B 1", 1, "expected: ATTRIBUTE"),
        ("\n\nATTRIBUTE A-B 1000 nonsense", 3, "unknown data type \"nonsense\""),
        ("ATTRIBUTE A-B x string", 1, "\"x\" is not a number"),
        ("ATTRIBUTE A-B 0 string", 1, "out of range"),
        ("ATTRIBUTE A-B 1 string blue", 1, "neither a flag nor a vendor"),
        ("ATTRIBUTE A-B 1 string encrypt=4", 1, "unknown encryption"),
        ("ATTRIBUTE A-B 1 ipaddr has_tag", 1, "has_tag needs"),
        ("ATTRIBUTE A;B 1 string", 1, "is no name"),
        ("ATTRIBUTE A-B 1000 string\nATTRIBUTE A-B 1001 string", 2, "A-B is already attribute 1000"),
        ("ATTRIBUTE A-B 1000 string\nATTRIBUTE A-C 1000 integer", 2, "already A-B"),
        ("ATTRIBUTE A-B 241.1.1 string", 1, "attribute 241.1 is not defined"),
        ("ATTRIBUTE A-B 1.1 string", 1, "contains no others"),
        ("ATTRIBUTE A-B 241.300 string", 1, "at most 255"),
        ("ATTRIBUTE A-B 26.77.1 string", 1, "vendor 77 is not defined"),
        ("VALUE No-Such X 1", 1, "unknown attribute No-Such"),
        ("VALUE User-Name X 1", 1, "only numbers have named values"),
        ("VALUE Service-Type X 4294967296", 1, "does not fit"),
        ("VALUE Service-Type X 70\nVALUE Service-Type X 71", 2, "X is already 70"),
        ("ALIAS A-B No-Such", 1, "unknown attribute No-Such"),
        ("VENDOR X 0", 1, "between 1 and"),
        ("VENDOR X 5 format=3,1", 1, "is not format="),
        ("BEGIN-VENDOR Nobody", 1, "unknown vendor Nobody"),
        ("BEGIN-VENDOR Mikrotik\n", 2, "END-VENDOR Mikrotik is missing"),
        ("BEGIN-VENDOR Mikrotik\nEND-VENDOR WISPr", 2, "WISPr is ended, but Mikrotik was begun"),
        ("BEGIN-VENDOR Mikrotik\nATTRIBUTE X 256 string", 2, "at most 255"),
        ("$INCLUDE nowhere", 1, "cannot include nowhere"),
        ("PROTOCOL DHCP 2", 1, "unknown keyword"),
    ];
    for (text, line, reason) in cases {
        let error = with(text).expect_err(text);
        assert_eq!((error.file.as_str(), error.line), ("test", *line), "{text}: {error}");
        assert!(error.reason.contains(reason), "{text}: {error}");
    }
    let error = Dictionary::embedded().with_text("test", b"ATTRIBUTE \xff 1 string").unwrap_err();
    assert_eq!(error.to_string(), "test:1: the line is not UTF-8 text");
    assert!(Dictionary::embedded().with_text("test", b"# \xff is fine in a comment").is_ok());
}

#[test]
fn an_administrators_folder_overrides_and_adds() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("dictionary", "$INCLUDE dictionary.rfc2865\n$INCLUDE sub\nVALUE Service-Type Pet-Door 99\n");
    write("sub", "VENDOR Acme 32473\nBEGIN-VENDOR Acme\nATTRIBUTE Acme-Thing 1 string\nEND-VENDOR Acme\n");
    write("dictionary.local", "ATTRIBUTE Class 25 string\nATTRIBUTE Customer-Class 25 string\nVALUE Framed-Protocol PPP 9\n");
    write("zz.dict", "ATTRIBUTE NAS-Port-Id 200 integer\n");
    write("dictionary.local~", "nonsense");
    write("README", "nonsense");
    let dictionary = Dictionary::load_folder(folder.path()).unwrap();
    assert_eq!(dictionary.by_name("Acme-Thing").unwrap().vendor(), 32473);
    assert_eq!(dictionary.by_number(0, 6).unwrap().value_name(99), Some("Pet-Door"));
    assert_eq!(dictionary.by_number(0, 25).unwrap().data_type, DataType::Text);
    assert_eq!(dictionary.by_name("Customer-Class").unwrap().name, "Class");
    let protocol = dictionary.by_name("Framed-Protocol").unwrap();
    assert_eq!((protocol.value_number("ppp"), protocol.value_name(9), protocol.value_name(1)), (Some(9), Some("PPP"), None));
    assert_eq!(dictionary.by_name("NAS-Port-Id").unwrap().oid, [200]);
    assert!(dictionary.by_number(0, 87).is_none());

    write("dictionary.bad", "ATTRIBUTE\n");
    let error = Dictionary::load_folder(folder.path()).unwrap_err();
    assert!(error.file.ends_with("dictionary.bad") && error.line == 1, "{error}");
    assert!(Dictionary::load_folder(&folder.path().join("missing")).is_err());
}

#[test]
fn include_loops_and_depth_are_capped() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("dictionary", "$INCLUDE other\n");
    write("other", "\n$INCLUDE dictionary\n");
    let error = Dictionary::load_folder(folder.path()).unwrap_err();
    assert!(error.file.ends_with("other") && error.line == 2 && error.reason.contains("includes itself"), "{error}");

    for level in 0..40 {
        write(&format!("level{level}"), &format!("$INCLUDE level{}\n", level + 1));
    }
    write("dictionary", "$INCLUDE level0\n");
    assert!(Dictionary::load_folder(folder.path()).unwrap_err().reason.contains("deeper than 16"));
    // The same file by ever longer paths is not the same path, so the depth ends it.
    write("dictionary", "$INCLUDE ./dictionary\n$INCLUDE ././dictionary\n");
    assert!(Dictionary::load_folder(folder.path()).is_err());
}

fn base() -> Dictionary {
    thread_local!(static BASE: Dictionary = Dictionary::embedded());
    BASE.with(Dictionary::clone)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_octets_make_the_loader_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = base().with_text("random", &text);
    }

    #[test]
    fn no_words_make_the_loader_panic(lines in proptest::collection::vec(proptest::collection::vec(word(), 0..6), 0..20)) {
        let text = lines.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join("\n");
        if let Err(error) = base().with_text("random", text.as_bytes()) {
            prop_assert!(error.line >= 1 && error.line <= lines.len().max(1));
        }
    }
}

/// Words that get past the first checks often enough.
fn word() -> impl Strategy<Value = String> {
    let words = "ATTRIBUTE VALUE VENDOR BEGIN-VENDOR END-VENDOR BEGIN-TLV END-TLV ALIAS $INCLUDE Mikrotik Microsoft Box User-Name \
        Class Service-Type 1 26 241 241.1 241.26 26.14988.9 245.26.311.4.5 255 256 0xffffffff 0 string integer octets octets[4] tlv \
        evs extended long-extended vsa has_tag encrypt=2 concat parent=Extended-Vendor-Specific-1 format=2,1 format=1,1,c # dictionary";
    prop_oneof![8 => proptest::sample::select(words.split_whitespace().map(str::to_string).collect::<Vec<_>>()), 1 => "[ -~]{0,12}"]
}
