//! The same done to many customers: what can be done, whom it does not concern and why (pure), doing it to a lot of them in one transaction, and taking it back.
//!
//! Who is meant is a list of ids, made when somebody looked at them: what is done later concerns these and nobody else.

mod apply;
#[cfg(test)]
mod tests;
mod undo;

pub use apply::{BulkDone, apply_bulk};
pub use undo::undo_bulk;

use serde::{Deserialize, Serialize};

use super::finding::CustomerLine;
use super::{CustomerChanges, Hold, HoldKind};
use crate::units::{AccountId, UnixMs};

/// Customers at once.
pub const MOST_BULK: usize = 50_000;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", content = "value", rename_all = "kebab-case")]
pub enum BulkAction {
    /// Lifts what holds them; those who left come back.
    Activate,
    /// Suspends for a reason.
    Suspend(String),
    /// Disables.
    Disable,
    /// They have left.
    Close,
    /// Into a zone; `None` = out of theirs.
    Zone(Option<String>),
    /// To another account, by id.
    Owner(i64),
    /// Another package, by name, from now on.
    Package(String),
    /// Until this instant.
    Expiry(UnixMs),
    /// So many days longer.
    Extend(i64),
    /// No devices on their lists.
    ClearMacs,
    /// One more tag.
    AddTag(String),
    /// One tag less.
    RemoveTag(String),
    /// Their sessions end.
    Disconnect,
}

/// Why one is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// It is so already.
    Already,
    /// He has left.
    Closed,
    /// He has no expiry that could be moved.
    NoExpiry,
}
crate::units::words!(Skip, "a reason", "already" = Already, "closed" = Closed, "no-expiry" = NoExpiry);

impl BulkAction {
    /// Its word.
    pub fn name(&self) -> &'static str {
        match self {
            BulkAction::Activate => "activate",
            BulkAction::Suspend(_) => "suspend",
            BulkAction::Disable => "disable",
            BulkAction::Close => "close",
            BulkAction::Zone(_) => "zone",
            BulkAction::Owner(_) => "owner",
            BulkAction::Package(_) => "package",
            BulkAction::Expiry(_) => "expiry",
            BulkAction::Extend(_) => "extend",
            BulkAction::ClearMacs => "clear-macs",
            BulkAction::AddTag(_) => "add-tag",
            BulkAction::RemoveTag(_) => "remove-tag",
            BulkAction::Disconnect => "disconnect",
        }
    }

    /// Whether it can be taken back. Who was cut off was cut off; and who was closed is told from who came back since.
    pub fn can_be_undone(&self) -> bool {
        !matches!(self, BulkAction::Disconnect | BulkAction::Close)
    }

    /// Whether it does not concern one, and why. `owner` is the name of the account that owner-changes lead to, `macs` and `tags` are his.
    pub fn skips(&self, line: &CustomerLine, owner: &str, macs: &[String], tags: &[String]) -> Option<Skip> {
        let is_closed = line.closed_at.is_some();
        let already = |is_so: bool| is_so.then_some(Skip::Already);
        match self {
            BulkAction::Activate => already(!is_closed && line.hold == HoldKind::None),
            BulkAction::Close => already(is_closed),
            // the rest is about those who are here
            _ if is_closed => Some(Skip::Closed),
            BulkAction::Suspend(_) => already(line.hold == HoldKind::Suspended),
            BulkAction::Disable => already(line.hold == HoldKind::Disabled),
            BulkAction::Zone(zone) => already(line.zone == *zone),
            BulkAction::Owner(_) => already(line.owner == owner),
            BulkAction::Package(package) => already(line.package == *package),
            BulkAction::Expiry(at) => already(line.expires_at == Some(*at)),
            BulkAction::Extend(_) => line.expires_at.is_none().then_some(Skip::NoExpiry),
            BulkAction::ClearMacs => already(macs.is_empty()),
            BulkAction::AddTag(tag) => already(tags.contains(tag)),
            BulkAction::RemoveTag(tag) => already(!tags.contains(tag)),
            BulkAction::Disconnect => None,
        }
    }

    /// The changes of one's row; tags and sessions are no part of it.
    fn changes(&self, reason: &str) -> CustomerChanges {
        let mut changes = CustomerChanges { reason: reason.to_owned(), ..CustomerChanges::default() };
        match self {
            BulkAction::Activate => (changes.hold, changes.closed) = (Some(Hold::None), Some(false)),
            BulkAction::Suspend(why) => changes.hold = Some(Hold::new(HoldKind::Suspended, why)),
            BulkAction::Disable => changes.hold = Some(Hold::Disabled),
            BulkAction::Close => changes.closed = Some(true),
            BulkAction::Zone(zone) => changes.zone = Some(zone.clone()),
            BulkAction::Owner(owner) => changes.owner = Some(AccountId(*owner)),
            BulkAction::Package(package) => changes.package = Some(package.clone()),
            BulkAction::Expiry(at) => changes.expires_at = Some(Some(*at)),
            BulkAction::Extend(days) => changes.extend_secs = Some(days * 86_400),
            BulkAction::ClearMacs => changes.macs = Some(Vec::new()),
            BulkAction::AddTag(_) | BulkAction::RemoveTag(_) | BulkAction::Disconnect => {}
        }
        changes
    }
}
