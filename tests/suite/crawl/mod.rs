//! The crawl: every role at every page of the panel, with ids of everybody else in the path, the query and the form; what comes back tells nothing of them and
//! changes nothing. The panel runs in this process over a store of its own.
//!
//! Reading order: `cast` (who there is), `model` (who may what, written a second time), `table` (every page), `walk` (the crawl), then single attempts.

mod addresses;
mod allowed;
mod builder;
mod caller;
mod cast;
mod contents;
mod door;
mod escalation;
mod eyes;
mod factor;
mod model;
mod mutations;
mod platform;
mod programs;
mod stolen;
mod table;
mod walk;
mod world;
