//! Joins enforcement with those it needs: the CoA client, the journal, the change feed.

use std::io;
use std::sync::Arc;

use super::priority::give_way;
use super::{Parts, now_ms};
use crate::aaa::directory::{Changed, OnChange};
use crate::aaa::enforcement::{Enforcer, EnforcerThread, World};
use crate::config::Config;
use crate::listen::{CoaClient, CoaCounters, CoaOptions};
use crate::sessions::Record;
use crate::web::Widgets;

/// The CoA client with its sockets, before anything is enforced.
pub struct Enforcement {
    client: Arc<CoaClient>,
}

/// Everything that enforces.
pub struct RunningEnforcement {
    client: Arc<CoaClient>,
    thread: EnforcerThread,
}

impl Enforcement {
    /// Opens the sockets.
    pub fn bind(config: &Config, enforcer: &Arc<Enforcer>) -> io::Result<Enforcement> {
        let options = CoaOptions {
            source: config.radius.coa_source,
            per_second: config.radius.coa_per_second,
            window: config.radius.coa_window as usize,
        };
        let inbox = enforcer.clone();
        let client = CoaClient::start(options, Box::new(move |serial, outcome| inbox.answered(serial, outcome)))?;
        Ok(Enforcement { client: Arc::new(client) })
    }

    /// What the client counts.
    pub fn coa_counters(&self) -> Arc<CoaCounters> {
        self.client.counters()
    }

    /// Begins to enforce; customers are in memory.
    pub fn start(self, parts: &Parts) -> io::Result<RunningEnforcement> {
        let journal = parts.listen.journal.clone();
        let world = World {
            access: parts.access.clone(),
            ways: parts.listen.ways.clone(),
            append: Box::new(move |record: &Record<'_>| {
                journal.append(record.kind(), |out| record.write(out), None).map_err(|error| error.to_string())
            }),
            sender: self.client.clone(),
            kick: None,
        };
        Ok(RunningEnforcement { thread: parts.enforcer.start(world, now_ms, give_way)?, client: self.client })
    }
}

impl RunningEnforcement {
    /// Ends it. What is under way is taken up again after the next start.
    pub fn stop(self) {
        self.thread.stop();
        self.client.stop();
    }
}

/// Passes changes of the books on.
pub fn on_change(enforcer: &Arc<Enforcer>, widgets: Arc<Widgets>) -> OnChange {
    let enforcer = enforcer.clone();
    Box::new(move |changed| {
        if matches!(changed, Changed::Row("customers" | "packages" | "tenants" | "accounts", _) | Changed::Everything) {
            widgets.note_elsewhere();
        }
        tell(&enforcer, changed);
    })
}

fn tell(enforcer: &Enforcer, changed: Changed<'_>) {
    match changed {
        Changed::Row("customers", id) if id != 0 => enforcer.books_changed(id),
        Changed::Row("actions", id) => enforcer.action_written(id),
        Changed::Row("customers" | "packages" | "tenants" | "accounts", _) | Changed::Everything => enforcer.everything_changed(),
        Changed::Row(..) => {}
    }
}
