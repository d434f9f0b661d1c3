//! Access-Requests.

mod foreign_clients;
mod methods;
mod routers;
