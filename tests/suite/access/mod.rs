//! Access-Requests.

mod foreign_clients;
mod identity;
mod methods;
mod replies;
mod routers;
