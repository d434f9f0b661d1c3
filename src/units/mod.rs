//! Units that every room speaks: MAC addresses, bit rates, instants, typed ids. Parse, check, print; nothing else.
//! Must not know: any other room.

mod bit_rate;
mod id;
mod instant;
mod mac;
mod text;

pub use bit_rate::BitRate;
pub use id::{AccountId, CustomerId, PackageId, RouterId, TenantId};
pub use instant::{DAY_MS, UnixMs, local_day, next_local_midnight, parse_instant, print_instant};
pub use mac::Mac;
pub use text::printable;
