//! Tenants and accounts (their minimum for now).
