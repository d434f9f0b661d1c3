//! Pools in memory.
