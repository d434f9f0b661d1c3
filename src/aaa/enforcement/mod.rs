//! Enforcement: what the books say of every live session is compared with what its router was told, and the difference becomes actions that are followed until the
//! network proves them.
//!
//! Reading order: [`wanted`] (the comparison, pure), [`action`] (the life of one action, pure), [`cause`] (what refusals mean), [`desk`] (which action each session
//! has), [`enforcer`] (its thread and its inbox), [`keeper`] (the store). Who speaks with routers implements [`CoaSender`]; `app/` joins the two.
//! What people ask is in [`ask`]. Owns the tables `actions` and `router_leases`.

mod action;
mod ask;
mod cause;
mod change;
mod desk;
mod enforcer;
mod keeper;
mod lease;
mod order;
mod reason;
mod row;
#[cfg(test)]
mod scope_tests;
mod sql;
mod standing;
mod status;
mod timers;
mod wanted;
mod ways;

use crate::sessions::Record;

pub use action::{ActionKind, ActionState, Outcome};
pub use ask::{ask_disconnect, list_action_lines, list_coa_silence};
pub use cause::{CAUSES, Cause, Remedy, find_cause};
pub use desk::{Desk, World};
pub use enforcer::{Enforcer, EnforcerThread};
pub use keeper::Keeper;
pub use order::{CoaSender, Kick, Order};
pub use reason::Reason;
pub use sql::ActionLine;
pub use status::Status;
pub use timers::Timers;
pub use ways::{Way, Ways};

/// Writes a record into the journal; the error says why it cannot be.
pub type Append = Box<dyn Fn(&Record<'_>) -> Result<u64, String> + Send + Sync>;
