//! What lists of all kinds share: fields that can be filtered by, the text in which a filter is written, what it means in SQL where a field is a column, where a page begins.
//!
//! Must not know: what is listed (a room gives its table of [`Field`]s and says what each means), HTML.
//! Uses of its own rank: store, whose statements it adds to.
//! The same text is the filter in an address (`?q=`), in a form, in a command and in the API:
//! `status:expired,suspended -zone:"Mirpur 10" expires:now..3d registered>=2026-01-01 tag:none rahim`.

mod csv;
mod field;
mod filter;
mod meaning;
mod moment;
mod slice;

pub use csv::{as_csv, csv_text};
pub use field::{Field, Kind};
pub use filter::{Condition, Filter, Operator, Test, quoted};
pub use meaning::{Means, escaped, holds, push_filter};
pub use moment::Moment;
pub use slice::{Slice, Start};

/// Counts go no further; what is more is said as "more than 10,000".
pub const COUNT_CAP: i64 = 10_000;
