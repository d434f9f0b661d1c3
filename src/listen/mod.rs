//! UDP: sockets and workers for authentication and accounting.
//!
//! Each bound address has a few worker threads, each with its own socket of that address (SO_REUSEPORT), buffers and duplicate cache. Reading order:
//! [`workers`] (starting and stopping), [`auth`] and [`acct`] (what a worker does with a batch), [`batch`] (system calls), [`duplicates`].
//! Must not know: SQL, web.

pub mod batch;
pub mod duplicates;
