//! Pages of the panel, through real HTTP and without scripts: each resource has a file.

mod accounts;
mod api_keys;
mod audit;
mod connect;
mod customers;
mod home;
mod import;
mod jobs;
mod own_terms;
mod roles;
mod settings;
mod sign_in;
mod tenants;
mod typing;

use crate::harness::{Store, TestServer};

/// A running server with an operator, his sub-operator and a Developer; none of them can sign in yet.
fn running(store: &Store) -> TestServer {
    let mut server = TestServer::prepare(store);
    server.must(&["account", "add", "north", "--role", "operator", "--parent", "owner"]);
    server.must(&["account", "add", "hill", "--role", "sub-operator", "--parent", "north"]);
    server.must(&["account", "add", "ada", "--role", "developer"]);
    server.serve();
    server
}
