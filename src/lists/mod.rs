//! What lists of all kinds share: fields that can be filtered by, the text in which a filter is written, and views that people keep.
//!
//! Owns: `saved_views`. Must not know: what is listed (a room gives its table of [`Field`]s and makes SQL of the conditions), HTML.
//! The same text is the filter in an address (`?q=`), in a form, in a command and in the API:
//! `status:expired,suspended -zone:"Mirpur 10" expires:now..3d registered>=2026-01-01 tag:none rahim`.

mod csv;
mod error;
mod field;
mod filter;
mod moment;
#[cfg(test)]
mod scope_tests;
mod sql;
mod view;

pub use csv::{as_csv, csv_text};
pub use error::ListError;
pub use field::{Field, Kind};
pub use filter::{Condition, Filter, Operator, Test, quoted};
pub use moment::Moment;
pub use view::{NewView, SavedView, add_view, list_views, remove_view};
