//! What an account chose for its own pages.

use super::{AccountError, Principal, sql};
use crate::store::Db;
use crate::units::UnixMs;

/// Rows of a list, unless chosen otherwise.
pub const PAGE_ROWS: u32 = 50;
/// What can be chosen.
pub const PAGE_ROW_CHOICES: [u32; 4] = [25, 50, 100, 200];

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// A language code; `None` for the tenant's.
    pub language: Option<String>,
    /// Rows of a list; `None` for [`PAGE_ROWS`].
    pub page_rows: Option<u32>,
}

impl Preferences {
    /// Rows of a list.
    pub fn rows(&self) -> u32 {
        self.page_rows.filter(|rows| PAGE_ROW_CHOICES.contains(rows)).unwrap_or(PAGE_ROWS)
    }
}

/// Keeps what somebody chose for himself, also while he looks through another's eyes. It concerns nobody else, so the audit log does not hear of it.
pub async fn set_preferences(db: &Db, principal: &Principal, preferences: &Preferences, now: UnixMs) -> Result<(), AccountError> {
    if preferences.page_rows.is_some_and(|rows| !PAGE_ROW_CHOICES.contains(&rows)) {
        return Err(AccountError::BadField("a page has 25, 50, 100 or 200 rows".to_owned()));
    }
    let mut tx = db.begin().await?;
    sql::update_preferences(&mut tx, principal.home, principal.account, preferences).await?;
    Ok(tx.commit(now).await?)
}
