//! Accounting events, live sessions, the applier, usage.
