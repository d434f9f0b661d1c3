//! The demo: a provider with packages, customers and routers, and the simulated MikroTik routers through which its customers log in.

pub mod accounts;
mod people;
pub mod provider;
pub mod router;
