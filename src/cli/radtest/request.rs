//! The request that the command line asks for: what a router sends at least, and the further attributes in the order they were given.

use super::{Method, RadtestArgs, Usage};
use crate::radius::attribute_text;
use crate::radius::client::{Code, MessageAuthenticator, Request, RequestBuilder};
use crate::radius::dictionary::Dictionary;
use crate::radius::dictionary::numbers::{
    ACCT_SESSION_ID, ACCT_STATUS_TYPE, MESSAGE_AUTHENTICATOR, NAS_IDENTIFIER, NAS_IP_ADDRESS, NAS_IPV6_ADDRESS, USER_NAME, USER_PASSWORD,
};

/// NAS-Identifier unless another identity of the router is given.
const IDENTIFIER: &str = "tollgate-radtest";

/// One attribute as it goes on the wire: its type octet and value; a vendor's attribute comes as the body of its Vendor-Specific.
#[derive(Clone)]
struct Given {
    number: u8,
    value: Vec<u8>,
}

/// Builds and signs the request. Identifier, authenticator and challenges are random.
pub(super) fn build(args: &RadtestArgs, dictionary: &Dictionary, secret: &[u8], password: &[u8]) -> Result<Request, Usage> {
    let given = args.attributes.iter().map(|text| read(dictionary, text)).collect::<Result<Vec<_>, _>>()?.concat();
    let has = |number: u8| given.iter().any(|attribute| attribute.number == number);
    let code = match args.method {
        Method::Acct => Code::AccountingRequest,
        Method::Status => Code::StatusServer,
        _ => Code::AccessRequest,
    };
    let mut builder = RequestBuilder::new(code, rand::random(), rand::random());
    if args.no_message_authenticator {
        builder = builder.message_authenticator(MessageAuthenticator::None);
    }
    if !args.username.is_empty() && !has(USER_NAME) {
        builder = builder.text(USER_NAME, &args.username);
    }
    let user_name =
        given.iter().find(|attribute| attribute.number == USER_NAME).map_or(args.username.as_bytes(), |attribute| &attribute.value[..]);
    builder = add_credential(builder, args.method, user_name, password);
    if args.method == Method::Acct {
        if !has(ACCT_STATUS_TYPE) {
            let status = read(dictionary, &format!("Acct-Status-Type = {}", args.status_type))?;
            builder = append(builder, &status);
        }
        if !has(ACCT_SESSION_ID) {
            // Not random: a Stop sent by a second call must meet the session that the first call started.
            builder = builder.text(ACCT_SESSION_ID, &format!("radtest-{}", args.username));
        }
    }
    if ![NAS_IP_ADDRESS, NAS_IDENTIFIER, NAS_IPV6_ADDRESS].into_iter().any(has) {
        builder = builder.text(NAS_IDENTIFIER, IDENTIFIER);
    }
    append(builder, &given).finish(secret).map_err(|error| Usage(error.to_string()))
}

fn append(builder: RequestBuilder, attributes: &[Given]) -> RequestBuilder {
    attributes.iter().fold(builder, |builder, attribute| builder.octets(attribute.number, &attribute.value))
}

fn add_credential(builder: RequestBuilder, method: Method, user_name: &[u8], password: &[u8]) -> RequestBuilder {
    match method {
        Method::Pap => builder.pap(password),
        Method::Chap => builder.chap(rand::random(), password, &rand::random::<[u8; 16]>()),
        Method::Mschap => builder.mschap_v1(rand::random(), password, &rand::random()),
        Method::Mschapv2 => builder.mschap_v2(rand::random(), user_name, password, &rand::random(), &rand::random()),
        Method::Acct | Method::Status => builder,
    }
}

/// Reads `NAME = VALUE` (several with commas) and splits what it becomes on the wire into attributes.
fn read(dictionary: &Dictionary, text: &str) -> Result<Vec<Given>, Usage> {
    let named = |reason: String| Usage(format!("{text:?}: {reason}"));
    let mut octets = Vec::new();
    for item in attribute_text::parse(dictionary, text).map_err(|error| named(error.to_string()))? {
        match (item.attribute.vendor, item.attribute.number) {
            (0, USER_PASSWORD) => return Err(named("give the password by --password or --password-file".into())),
            (0, MESSAGE_AUTHENTICATOR) => return Err(named("it is added by itself; --no-message-authenticator leaves it out".into())),
            _ => item.attribute.write_to(&mut octets).map_err(|error| named(error.to_string()))?,
        }
    }
    let mut given = Vec::new();
    let mut rest = &octets[..];
    while let [number, length, ..] = *rest
        && length >= 2
        && let Some((attribute, next)) = rest.split_at_checked(usize::from(length))
    {
        given.push(Given { number, value: attribute[2..].to_vec() });
        rest = next;
    }
    Ok(given)
}
