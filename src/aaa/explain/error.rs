//! What keeps a decision from being explained, or a login from being simulated.

use crate::aaa::directory::LoadError;
use crate::accounts::Denial;
use crate::customers::CustomerError;
use crate::routers::RouterError;
use crate::routers::pools::PoolError;
use crate::sessions::SessionError;
use crate::store::StoreError;

/// See the head of the file.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The scope does not hold what is needed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Customers could not be read.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// Sessions could not be read.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Pools could not be read.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// Routers could not be read.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The directory could not be read from the store.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The decision log does not read.
    #[error("the decision log: {0}")]
    Log(#[from] std::io::Error),
    /// What is to be simulated makes no packet.
    #[error("{0}")]
    Request(String),
    /// The reply to it makes no packet.
    #[error("the reply would be longer than 4096 octets")]
    ReplyTooLong,
}
