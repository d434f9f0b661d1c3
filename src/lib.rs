//! Tollgate: RADIUS, metering and enforcement for internet providers that run MikroTik routers.
//!
//! Reading order: `ARCHITECTURE.md`, then [`radius`] (the wire), [`listen`] (sockets and workers), [`aaa`] (who may come in),
//! [`sessions`] (what they used), [`journal`] (how nothing is lost), [`store`] (the database). Rooms have ranks: a room uses
//! rooms of a lower rank; `tests/tidy.rs` checks it.

pub mod aaa;
pub mod accounts;
pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod customers;
pub mod demo;
pub mod jobs;
pub mod journal;
pub mod listen;
pub mod lists;
pub mod packages;
pub mod panel;
pub mod radius;
pub mod routers;
pub mod sessions;
pub mod store;
pub mod units;
pub mod web;
