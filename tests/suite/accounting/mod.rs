//! Accounting-Requests: what was acknowledged is kept, and comes out of the export.

mod durable;
mod export;
mod outage;
