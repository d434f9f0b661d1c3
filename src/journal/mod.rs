//! Append-only local segments with group commit. Must not know: what a record means.
