//! `tests/vectors/bad_inputs.txt` over real UDP. That a packet was dropped is not proved by waiting: a good request follows on the
//! same socket, its answer must come first, and at the end of the table nothing else may have arrived.

use crate::harness::{Client, PASSWORD, Packet, Reply, SECRET, TestServer, USER, code, on_both_stores};
use std::iter::Peekable;
use std::str::SplitWhitespace;

const TABLE: &str = include_str!("../vectors/bad_inputs.txt");

struct Case {
    /// Number and name, for messages.
    name: String,
    /// The customer that only this case uses, so that limits on wrong passwords do not reach the next.
    user: String,
    to_auth: bool,
    datagram: &'static str,
    expected: &'static str,
}

fn cases() -> Vec<Case> {
    let lines = TABLE.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| case(number + 1, line)).collect()
}

fn case(line_number: usize, line: &'static str) -> Case {
    // The name of a case may hold no bar, but a value may: split from both ends.
    let (number, rest) = line.split_once('|').expect("a bar");
    let (name, rest) = rest.split_once('|').expect("a bar");
    let (port, rest) = rest.split_once('|').expect("a bar");
    let (datagram, expected) = rest.rsplit_once('|').expect("a bar");
    let to_auth = match port.trim() {
        "auth" => true,
        "acct" => false,
        other => panic!("line {line_number}: port {other}"),
    };
    let name = format!("line {line_number}, {}: {}", number.trim(), name.trim());
    Case { name, user: format!("bad{line_number:03}"), to_auth, datagram: datagram.trim(), expected: expected.trim() }
}

/// Builds the datagram that the words describe.
fn build(case: &Case) -> Vec<u8> {
    let mut words = case.datagram.split_whitespace().peekable();
    let packet = packet(case, &mut words);
    let mut datagram = packet.sign(SECRET);
    while let Some(word) = words.next() {
        let number: usize = words.next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{}: {word} needs a number", case.name));
        match word {
            "length" => datagram[2..4].copy_from_slice(&u16::try_from(number).expect("16 bits").to_be_bytes()),
            "pad" => datagram.resize(number, 0),
            "cut" => datagram.truncate(number),
            "flip" => datagram[number] ^= 0xff,
            other => panic!("{}: unknown word {other}", case.name),
        }
    }
    datagram
}

/// The words up to the first that changes the signed datagram.
fn packet(case: &Case, words: &mut Peekable<SplitWhitespace<'static>>) -> Packet {
    let octet = |word: Option<&str>| -> u8 { word.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{}: an octet", case.name)) };
    let mut packet = match words.next() {
        Some("access") => Packet::pap(&case.user, PASSWORD),
        Some("acct") => {
            let status = u32::from(octet(words.next()));
            Packet::accounting(status, &case.user, "8100beef", 5)
        }
        Some("status") => Packet::new(code::STATUS_SERVER).with_message_authenticator(),
        other => panic!("{}: begins with {other:?}", case.name),
    };
    while let Some(word) = words.next_if(|word| !["length", "pad", "cut", "flip"].contains(word)) {
        packet = match word {
            "drop" => packet.without(octet(words.next())),
            "add" => packet.with(octet(words.next()), &value(words.next())),
            "ma" => packet.with_message_authenticator(),
            "chap" => packet.with_chap(PASSWORD, Some(&vec![0x5a; usize::from(octet(words.next()))])),
            "times" => {
                let count: usize = words.next().and_then(|n| n.parse().ok()).expect("a number");
                let (kind, value) = (octet(words.next()), value(words.next()));
                (0..count).fold(packet, |packet, _| packet.with(kind, &value))
            }
            "code" => Packet { code: octet(words.next()), ..packet },
            "tail" => Packet { tail: value(words.next()), ..packet },
            other => panic!("{}: unknown word {other}", case.name),
        };
    }
    packet
}

fn value(word: Option<&str>) -> Vec<u8> {
    let word = word.expect("a value");
    if let Some(text) = word.strip_prefix("text:") {
        return text.replace("\\s", " ").into_bytes();
    }
    if let Some((count, octet)) = word.strip_prefix("fill:").and_then(|fill| fill.split_once(':')) {
        return vec![u8::from_str_radix(octet, 16).expect("hex"); count.parse().expect("a number")];
    }
    let digits = word.trim_start_matches('-').as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex")).collect()
}

/// A good request for the same port, with an identifier other than that of the bad one.
fn good_request(to_auth: bool, bad: &[u8]) -> Packet {
    let mut packet = if to_auth { Packet::pap(USER, PASSWORD) } else { Packet::accounting(3, USER, "81000001", 0) };
    packet.id = bad.get(1).map_or(packet.id, |id| id.wrapping_add(1));
    packet
}

/// Sends the case and checks its outcome; returns the socket, on which nothing more may arrive.
fn run(server: &TestServer, case: &Case) -> Client {
    let client = Client::new();
    let to = if case.to_auth { server.auth } else { server.acct };
    let bad = build(case);
    let wanted = match case.expected {
        "accept" => code::ACCESS_ACCEPT,
        "reject" => code::ACCESS_REJECT,
        "ack" => code::ACCOUNTING_RESPONSE,
        "drop" | "either" => {
            client.send(to, &bad);
            let good = good_request(case.to_auth, &bad);
            let datagram = good.sign(SECRET);
            let mut answer = client.ask(to, &datagram);
            while case.expected == "either" && answer[1] != good.id {
                answer =
                    client.receive(crate::harness::wait::SOON).unwrap_or_else(|| panic!("{}: the server stopped answering", case.name));
            }
            assert_eq!(answer[1], good.id, "{}: must be dropped, but got an answer of code {}", case.name, answer[0]);
            Reply::check(&answer, &datagram, SECRET);
            return client;
        }
        other => panic!("{}: expected {other}?", case.name),
    };
    let answer = client.ask(to, &bad);
    // Signed part only: padding belongs to no packet.
    let length = usize::from(u16::from_be_bytes([bad[2], bad[3]]));
    let reply = Reply::check(&answer, &bad[..length], SECRET);
    assert_eq!(reply.code, wanted, "{}", case.name);
    client
}

/// One customer per case, imported as an administrator would.
fn import_customers(server: &TestServer, store: &crate::harness::Store, cases: &[Case]) {
    let file = store.folder().join("customers.csv");
    let rows = cases.iter().map(|case| format!("{},{PASSWORD},home,active,,,,\n", case.user)).collect::<String>();
    std::fs::write(&file, format!("username,password,package,status,expires_at,mac,static_ip,connection\n{rows}")).expect("writable");
    server.must(&["import", "customers", file.to_str().expect("UTF-8")]);
}

on_both_stores! {
    fn bad_inputs_over_udp(store: &Store) {
        let cases = cases();
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        import_customers(&server, store, &cases);
        server.serve();
        let sockets: Vec<(Client, &Case)> = cases.iter().map(|case| (run(&server, case), case)).collect();
        // A Reject may be held back a little: this one is the last to come.
        let last = Client::new().exchange(server.auth, &Packet::pap("nobody at all", PASSWORD));
        assert_eq!(last.code, code::ACCESS_REJECT);
        for (socket, case) in sockets.iter().filter(|(_, case)| case.expected != "either") {
            assert_eq!(socket.pending(), None, "{}: one answer too many", case.name);
        }
        assert!(!server.log().contains('\u{1b}'), "control characters of a name must not reach the log");
    }
}

#[test]
fn the_table_is_read_and_built_as_it_says() {
    let cases = cases();
    assert!(cases.len() > 80, "{} cases", cases.len());
    let built = |name: &str| build(cases.iter().find(|case| case.name.contains(name)).expect(name));
    assert!(built("empty datagram").is_empty());
    assert_eq!(built("Length 4097").len(), 4097);
    assert_eq!(built("1,000 attributes")[2..4], u16::try_from(built("1,000 attributes").len()).expect("short").to_be_bytes());
    assert!(built("LDAP in User-Name").ends_with(b"*)(uid=*))(|(uid=*"), "a value may hold a bar");
}
