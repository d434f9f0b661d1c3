//! Access-Requests.

mod foreign_clients;
mod identity;
mod methods;
mod providers;
mod replies;
mod routers;
