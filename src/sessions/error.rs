//! Why sessions cannot be read or ended.

use crate::accounts::Denial;
use crate::store::StoreError;

/// See the variants; [`SessionError::code`] is stable.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
}

impl SessionError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            SessionError::Store(_) => "store",
            SessionError::Denied(denial) => denial.code(),
        }
    }
}
