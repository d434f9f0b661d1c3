//! The command against a server in a thread of the test: exit codes and what is shown.

use super::*;
use crate::radius::client::reply_to;
use crate::radius::credentials::{chap, mschap, pap, same_octets};
use clap::Parser;
use std::net::UdpSocket;
use std::thread::JoinHandle;

const SECRET: &[u8] = b"testing123";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: RadtestArgs,
    #[arg(long)]
    json: bool,
}

/// Runs a command line given as text and returns exit code, output and error output.
fn radtest(line: &str, stdin: &str) -> (u8, String, String) {
    let cli = Cli::try_parse_from(std::iter::once("radtest").chain(line.split_whitespace())).unwrap_or_else(|error| panic!("{error}"));
    let args = RadtestArgs { json: cli.json, ..cli.args };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run_to(&args, &mut stdin.as_bytes(), &mut out, &mut err).unwrap();
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// A server that answers one datagram with what `answer` makes of it and returns that datagram; no answer, no reply.
fn server(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> (String, JoinHandle<Vec<u8>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        if let Some(reply) = answer(&buffer[..length]) {
            socket.send_to(&reply, from).unwrap();
        }
        buffer[..length].to_vec()
    });
    (address, thread)
}

fn accept(request: &[u8]) -> Option<Vec<u8>> {
    let attributes: [(u8, &[u8]); 3] = [(8, &[10, 0, 0, 9]), (18, b"Welcome\x1b[2J"), (26, b"\0\0\x3a\x8c\x08\x0910M/20M")];
    Some(reply_to(request, Code::AccessAccept, &attributes, SECRET, true))
}

fn value(packet: &[u8], number: u8) -> Vec<u8> {
    let mut rest = &packet[20..];
    while let [kind, length, ..] = *rest {
        if kind == number {
            return rest[2..usize::from(length)].to_vec();
        }
        rest = &rest[usize::from(length)..];
    }
    panic!("no attribute {number}")
}

#[test]
fn pap_shows_the_decoded_accept() {
    let (address, thread) = server(accept);
    let (code, out, err) = radtest(&format!("alice --password wonderland --secret testing123 --server {address}"), "");
    let request = thread.join().unwrap();
    assert_eq!((code, err.as_str()), (0, ""));
    for expected in [
        "Access-Accept from",
        "Message-Authenticator valid",
        "Framed-IP-Address = 10.0.0.9",
        "Mikrotik-Rate-Limit = \"10M/20M\"",
        "Welcome\\u{1b}[2J",
    ] {
        assert!(out.contains(expected), "{expected} not in:\n{out}");
    }
    assert_eq!((request[0], &value(&request, 1)[..], request[20]), (1, &b"alice"[..], 80));
    let authenticator = request[4..20].try_into().unwrap();
    assert_eq!(pap::unhide_password(&value(&request, 2), SECRET, &authenticator, &mut [0; 128]), Some(&b"wonderland"[..]));
}

#[test]
fn chap_and_mschap_prove_the_password() {
    let (address, thread) = server(accept);
    assert_eq!(radtest(&format!("alice --password pw --secret testing123 --method chap --server {address}"), "").0, 0);
    let request = thread.join().unwrap();
    assert!(chap::verify_chap(&value(&request, 3), &value(&request, 60), b"pw"));

    let (address, thread) = server(accept);
    let (code, out, _) =
        radtest(&format!("alice --password pw --secret testing123 --method mschapv2 --server {address} --timeout-secs 0.2 --tries 1"), "");
    assert_eq!(code, 1, "the server gave no proof: {out}");
    assert!(out.contains("no MS-CHAP2-Success"), "{out}");
    thread.join().unwrap();

    let (address, thread) = server(|request| {
        let (challenge, rest) = (value(request, 26), request);
        let second = rest.windows(6).position(|window| window == [0, 0, 1, 55, 25, 52]).unwrap();
        let proven = mschap::verify_v2(&rest[second + 6..second + 56], &challenge[6..], b"alice", &mschap::nt_hash("pw")).ok()?;
        let body = [&[0, 0, 1, 55, 26, 45][..], &proven.success].concat();
        Some(reply_to(request, Code::AccessAccept, &[(26, &body)], SECRET, true))
    });
    assert_eq!(radtest(&format!("alice --password pw --secret testing123 --method mschapv2 --server {address}"), "").0, 0);
    thread.join().unwrap();
}

#[test]
fn accounting_sends_attributes_by_name_and_keeps_the_session_id() {
    let (address, thread) = server(|request| Some(reply_to(request, Code::AccountingResponse, &[], SECRET, false)));
    let line = format!(
        "alice --secret testing123 --method acct --status-type Stop -a Acct-Session-Time=60 -a Mikrotik-Realm=isp -a NAS-IP-Address=10.0.0.1 --server {address}"
    );
    let (code, out, err) = radtest(&line, "");
    let request = thread.join().unwrap();
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("Accounting-Response"), "{out}");
    assert_eq!((request[0], value(&request, 40), value(&request, 44)), (4, vec![0, 0, 0, 2], b"radtest-alice".to_vec()));
    assert_eq!((value(&request, 46), value(&request, 26)), (vec![0, 0, 0, 60], b"\0\0\x3a\x8c\x09\x05isp".to_vec()));
    assert!(!request[20..].windows(16).any(|window| same_octets(window, b"tollgate-radtest")), "NAS-IP-Address replaces NAS-Identifier");
}

#[test]
fn json_has_the_verdict_and_the_reply() {
    let (address, thread) = server(|request| Some(reply_to(request, Code::AccessReject, &[(18, b"expired")], SECRET, true)));
    let (code, out, _) = radtest(&format!("alice --password pw --secret-file - --server {address} --json"), "testing123\r\nrest");
    thread.join().unwrap();
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["verdict"], &json["tries"], &json["request"]), (1, &"reject".into(), &1.into(), &"Access-Request".into()));
    assert_eq!((&json["reply"]["code"], &json["reply"]["attributes"][1]["value"]), (&"Access-Reject".into(), &"expired".into()));
}

#[test]
fn status_server_needs_no_user() {
    let (address, thread) = server(|request| Some(reply_to(request, Code::AccessAccept, &[], SECRET, true)));
    assert_eq!(radtest(&format!("--secret testing123 --method status --server {address}"), "").0, 0);
    assert_eq!(thread.join().unwrap()[0], 12);
}

#[test]
fn untrusted_and_missing_answers_have_their_codes() {
    for (with_message_authenticator, secret, flags, code, text) in [
        (true, &b"other"[..], "", 1, "Response Authenticator is wrong"),
        (false, SECRET, "--require-message-authenticator", 1, "no Message-Authenticator"),
        (false, SECRET, "", 0, "Message-Authenticator absent"),
    ] {
        let (address, thread) = server(move |request| Some(reply_to(request, Code::AccessAccept, &[], secret, with_message_authenticator)));
        let (got, out, _) =
            radtest(&format!("alice --password pw --secret testing123 --server {address} --timeout-secs 0.2 --tries 1 {flags}"), "");
        thread.join().unwrap();
        assert_eq!(got, code, "{out}");
        assert!(out.contains(text), "{text} not in {out}");
    }
    let (address, thread) = server(|_| None);
    let (code, out, _) =
        radtest(&format!("alice --password pw --secret testing123 --server {address} --timeout-secs 0.05 --tries 2 --json"), "");
    thread.join().unwrap();
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["verdict"], &json["tries"]), (4, &"no-answer".into(), &2.into()));
}

#[test]
fn wrong_usage_is_named() {
    for (line, text) in [
        ("alice --secret s", "--password"),
        ("alice --password pw --secret-file /nonexistent/secret", "cannot read the secret"),
        ("--password pw --secret s", "USERNAME"),
        ("alice --password-file - --secret-file -", "standard input"),
        ("alice --password pw --secret-file -", "the secret is empty"),
        ("alice --password pw --secret s --timeout-secs 0", "--timeout-secs"),
        ("alice --password pw --secret s -a No-Such-Attribute=1", "No-Such-Attribute"),
        ("alice --password pw --secret s -a User-Password=x", "--password"),
        ("alice --secret s --method acct --status-type Never", "Never"),
        ("alice --password pw --secret s --server 127.0.0.1:port", "127.0.0.1:port"),
    ] {
        let (code, out, err) = radtest(line, "");
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {err}");
        assert!(err.contains(text), "{line}: {err}");
    }
    assert!(Cli::try_parse_from(["radtest", "alice", "--password", "pw"]).is_err(), "a secret is needed");
}
