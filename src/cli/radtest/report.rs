//! What radtest found, in words or as JSON.

use super::exchange::{Answer, Exchange};
use crate::radius::client::{Code, Request};
use crate::radius::describe::{AttributeDescription, PacketDescription, Value, describe};
use crate::radius::dictionary::Dictionary;
use serde::Serialize;
use std::io::{self, Write};
use std::net::SocketAddr;

/// One word for the outcome; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    Accept,
    Reject,
    Challenge,
    Answered,
    BadReply,
    NoAnswer,
}

/// The result; its fields are the keys of the JSON output.
#[derive(Debug, Serialize)]
pub(super) struct TestResult {
    verdict: Verdict,
    server: SocketAddr,
    request: String,
    tries: u32,
    round_trip_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<PacketDescription>,
}

impl TestResult {
    pub fn new(server: SocketAddr, request: &Request, exchange: Exchange, dictionary: &Dictionary, secret: &[u8]) -> Self {
        let decode = |bytes: &[u8]| describe(dictionary, bytes, Some(secret), Some(&request.authenticator())).ok();
        let (verdict, error, reply) = match exchange.answer {
            Answer::Good(reply) => (verdict_of(request.code(), reply.code), None, decode(&reply.bytes)),
            Answer::Bad(error, bytes) => (Verdict::BadReply, Some(error.to_string()), decode(&bytes)),
            Answer::None(network) => (Verdict::NoAnswer, network.map(|error| error.to_string()), None),
        };
        let round_trip_ms = (exchange.milliseconds * 1000.0).round() / 1000.0;
        Self { verdict, server, request: request.code().string().to_owned(), tries: exchange.tries, round_trip_ms, error, reply }
    }

    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Accept | Verdict::Answered => 0,
            Verdict::Reject | Verdict::Challenge | Verdict::BadReply => 1,
            Verdict::NoAnswer => super::EXIT_UNREACHABLE,
        }
    }

    pub fn write(&self, json: bool, out: &mut dyn Write) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        let sent = if self.tries == 1 { "1 try".to_owned() } else { format!("{} tries", self.tries) };
        match (self.verdict, &self.error, &self.reply) {
            (Verdict::NoAnswer, Some(reason), _) => writeln!(out, "No answer from {} after {sent}: {reason}.", self.server),
            (Verdict::NoAnswer, None, _) => {
                writeln!(out, "No answer from {} after {sent}.", self.server)?;
                writeln!(out, "A server stays silent when it does not know this address or the secret is wrong; see its log.")
            }
            (Verdict::BadReply, reason, reply) => {
                writeln!(out, "Bad reply from {}: {}.", self.server, reason.as_deref().unwrap_or("unknown reason"))?;
                reply.as_ref().map_or(Ok(()), |reply| write_packet(reply, out))
            }
            (_, _, Some(reply)) => {
                writeln!(out, "{} from {} after {:.1} ms, {sent}", reply.code, self.server, self.round_trip_ms)?;
                write_packet(reply, out)
            }
            (_, _, None) => writeln!(out, "{:?} from {} (the reply cannot be shown)", self.verdict, self.server),
        }
    }
}

fn verdict_of(request: Code, reply: Code) -> Verdict {
    match (request, reply) {
        (Code::AccessRequest, Code::AccessAccept) => Verdict::Accept,
        (_, Code::AccessReject) => Verdict::Reject,
        (_, Code::AccessChallenge) => Verdict::Challenge,
        _ => Verdict::Answered,
    }
}

fn write_packet(packet: &PacketDescription, out: &mut dyn Write) -> io::Result<()> {
    let check = format!("{:?}", packet.message_authenticator).to_lowercase();
    writeln!(out, "  id {}, {} octets, Message-Authenticator {check}", packet.id, packet.length)?;
    packet.attributes.iter().try_for_each(|attribute| write_attribute(attribute, 1, out))
}

fn write_attribute(attribute: &AttributeDescription, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let tag = attribute.tag.map_or_else(String::new, |tag| format!(":{tag}"));
    write!(out, "{:indent$}{}{tag}", "", attribute.name, indent = 2 * depth)?;
    if attribute.value != Value::Nothing {
        write!(out, " = {}", value_text(attribute))?;
    }
    if let Some(words) = &attribute.text {
        write!(out, "  ({})", words.escape_debug())?;
    }
    if let Some(reason) = &attribute.invalid {
        write!(out, "  (invalid: {reason})")?;
    }
    writeln!(out)?;
    attribute.children.iter().try_for_each(|child| write_attribute(child, depth + 1, out))
}

fn value_text(attribute: &AttributeDescription) -> String {
    fn plain(value: &Value) -> String {
        match value {
            Value::Nothing => String::new(),
            Value::Number(number) => number.to_string(),
            Value::Signed(number) => number.to_string(),
            // Text of the server may hold terminal controls.
            Value::Text(text) => text.escape_debug().to_string(),
            Value::Many(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        }
    }
    match (&attribute.value_name, &attribute.value) {
        (Some(name), _) => name.clone(),
        (None, Value::Text(_)) if matches!(attribute.data_type, "string" | "text") => format!("\"{}\"", plain(&attribute.value)),
        (None, value) => plain(value),
    }
}
