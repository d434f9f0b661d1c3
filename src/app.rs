//! The composition root: the one place where rooms are joined into a running server.
//!
//! Order of start: lock the data folder, bind the sockets (another owner shows at once), open journal and store, bring live sessions back, take accounting,
//! load customers, take logins. Each step needs only what came before; a database that is away is no reason not to serve, if there is a snapshot.

mod enforcement;
mod health;
mod http;
mod identity;
mod jobs;
mod metrics;
mod panel;
mod priority;
mod restore;
mod start;
mod tasks;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::aaa::access::Access;
use crate::aaa::enforcement::Enforcer;
use crate::listen::{CoaCounters, ListenParts};
use crate::sessions::{ApplierStatus, Meters};
use crate::units::UnixMs;

pub use jobs::job_kinds;
pub use priority::give_way;
pub use start::{Running, StartError, start};
pub use tls::certificate_findings;

/// What the server's parts share.
pub struct Parts {
    /// Decides logins; knows directory and live sessions.
    pub access: Arc<Access>,
    /// What the workers share; knows the journal.
    pub listen: Arc<ListenParts>,
    /// How far the applier is.
    pub applier: Arc<ApplierStatus>,
    /// What customers with limits used.
    pub meters: Arc<Meters>,
    /// Compares books and network.
    pub enforcer: Arc<Enforcer>,
    /// What the CoA client counted.
    pub coa: Arc<CoaCounters>,
}

/// Where the server listens, with the ports that the system chose.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Addresses {
    /// Authentication.
    pub auth: Vec<SocketAddr>,
    /// Accounting.
    pub acct: Vec<SocketAddr>,
    /// HTTP.
    pub http: Vec<SocketAddr>,
}

/// The clock, for tasks that have no datagram or request to take the time from.
pub fn now_ms() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as UnixMs)
}

/// Returns when the server was told to stop, or when nobody is left who could tell.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopping| *stopping).await;
}
