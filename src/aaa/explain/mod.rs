//! Why a login was decided so, for people: the decisions about a customer, the checks of each in their order, and the facts behind them as they are now. The command
//! line and the panel ask here; each has its own words around it.
//!
//! Reading order: [`list_decisions_about`] (what this server logged, and what all nodes keep in the store), [`checks`], [`Known`] (the facts), [`limit_facts`],
//! [`similar_names`] (what nobody was called who was perhaps meant).

mod attributes;
mod checks;
mod error;
mod facts;
mod figures;
mod limits;
mod past;
mod runs;
#[cfg(test)]
mod scope_tests;
mod similar;
mod sql;
mod subject;

pub use attributes::{ReplyAttribute, reply_attributes};
pub use checks::{Check, Outcome, checks};
pub use error::ExplainError;
pub use facts::{Known, find_known};
pub use figures::{FIGURES, Figures, RejectsOf, count_figures};
pub use limits::{LimitFact, Topic, limit_facts, opens_at};
pub use past::{DECISIONS_FOLDER, decisions_under, list_decisions_about, list_similar_names, newest_entries};
pub use runs::{Run, Said};
pub use similar::{Likeness, SimilarName, similar_names};
pub use sql::KeptLine;
pub use subject::Subject;
