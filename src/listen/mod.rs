//! UDP: sockets and workers for authentication and accounting.
//!
//! Each bound address has a few worker threads, each with its own socket of that address (SO_REUSEPORT), buffers and duplicate cache. Reading order:
//! [`workers`] (starting and stopping), [`auth`] and [`acct`] (what a worker does with a datagram), [`sender`] (whose secret signed it), [`batch`] (system
//! calls), [`duplicates`]; [`coa`] is the other direction: requests to routers. Must not know: SQL, web.

mod acct;
mod auth;
pub mod batch;
mod coa;
mod counters;
mod delay;
mod duplicates;
mod responder;
mod sender;
mod socket;
mod workers;

pub use batch::forbid_core_dumps;
pub use coa::{CoaClient, CoaCounters, CoaOptions};
pub use counters::{DropReason, LATENCY_BUCKETS_US, ListenCounters};
pub use delay::DelayedReplies;
pub use duplicates::{Duplicates, Lookup, Ready};
pub use responder::{PendingReply, responder};
pub use socket::{BindError, BoundAddress, bind};
pub use workers::{ListenOptions, ListenParts, Listeners, LogPool, OnDecision, OnUnknown, start};
