//! Why a view cannot be kept.

use crate::accounts::Denial;
use crate::store::StoreError;

/// See the variants.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// A field is not well formed.
    #[error("{0}")]
    BadField(String),
    /// No such view.
    #[error("there is no such view")]
    Unknown,
}
