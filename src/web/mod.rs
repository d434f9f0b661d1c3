//! What surfaces share: who is at the other end of a request.

mod peer;

pub use peer::*;
