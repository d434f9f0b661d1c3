//! Units that every room speaks: MAC addresses, bit rates, amounts of money, instants, typed ids, words, octets. Parse, check, print; nothing else.
//! Must not know: any other room.

mod bit_rate;
mod hash;
mod hex;
mod id;
mod instant;
mod mac;
mod money;
mod octets;
mod text;
mod words;

pub use bit_rate::BitRate;
pub use hash::{FastHash, FastMap};
pub use hex::{from_hex, hex};
pub use id::{AccountId, CustomerId, JobId, PackageId, RouterId, TenantId};
pub use instant::{DAY_MS, HOUR_MS, UnixMs, local_day, local_midnight, next_local_midnight, parse_instant, print_instant};
pub use mac::Mac;
pub use money::{MOST_MINOR, minor_digits, parse_minor, print_minor};
pub use octets::{OctetReader, OctetWriter};
pub use text::{lower_case, printable};
pub(crate) use words::words;
