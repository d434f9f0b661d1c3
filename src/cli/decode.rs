//! `tollgate decode HEX`: one packet as JSON.

use std::path::PathBuf;

use clap::Args;

use super::context::read_config;
use super::dictionary::load_dictionary;
use super::secret_text::read_secret;
use super::{Failure, Globals, output};
use crate::radius::describe::describe;

/// A datagram has no more octets.
const MAX_OCTETS: usize = 65_535;

/// What to decode.
#[derive(Debug, Args)]
pub struct DecodeArgs {
    /// The packet from its code on; spaces and colons between digits are ignored; - reads it from standard input
    hex: String,
    /// Shared secret, to decrypt and to check digests; - reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    secret: Option<String>,
    /// File that holds the shared secret
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    secret_file: Option<PathBuf>,
    /// For a response: the authenticator of its request, 32 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    request_authenticator: Option<String>,
}

/// Runs it. A malformed packet is exit code 1, with the octet at which it goes wrong.
pub fn run(globals: &Globals, args: DecodeArgs) -> Result<(), Failure> {
    let text = if args.hex == "-" { std::io::read_to_string(std::io::stdin().lock())? } else { args.hex };
    let packet = from_hex(&text).map_err(Failure::usage)?;
    let authenticator = args.request_authenticator.as_deref().map(from_hex).transpose().map_err(Failure::usage)?;
    let authenticator = authenticator.map(<[u8; 16]>::try_from).transpose();
    let authenticator = authenticator.map_err(|_| Failure::usage("the request authenticator has 16 octets: 32 hexadecimal digits"))?;
    let secret = read_secret(args.secret.as_deref(), args.secret_file.as_ref())?;
    let dictionary = load_dictionary(read_config(globals)?.radius.dictionaries.as_deref())?;
    match describe(&dictionary, &packet, secret.as_deref().map(str::as_bytes), authenticator.as_ref()) {
        Ok(description) => output::json(&description),
        Err(malformed) => {
            if globals.json {
                output::json(&serde_json::json!({ "malformed": malformed }))?;
            }
            Err(Failure::coded("malformed", format!("malformed packet: {malformed}")))
        }
    }
}

/// Octets of hexadecimal text; `0x` in front, white space and colons are ignored.
fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let text = text.trim();
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let mut digits = Vec::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace() && *c != ':') {
        digits.push(c.to_digit(16).ok_or_else(|| format!("{c:?} is not a hexadecimal digit"))? as u8);
    }
    if digits.len() % 2 != 0 {
        return Err("an odd number of hexadecimal digits".to_owned());
    }
    if digits.len() / 2 > MAX_OCTETS {
        return Err(format!("more than {MAX_OCTETS} octets"));
    }
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_text_is_read_in_its_usual_spellings() {
        for text in ["01ff0a", "0x01FF0A", "01 ff 0a", "01:ff:0a\n", " 01ff\n0a "] {
            assert_eq!(from_hex(text), Ok(vec![1, 0xff, 10]), "{text:?}");
        }
        for text in ["0", "0g", "01-ff"] {
            assert!(from_hex(text).is_err(), "{text}");
        }
    }
}
