//! Tests from outside: the real program on SQLite and PostgreSQL, real UDP, foreign clients. `tests/run` provides what they need.

mod harness;

mod access;
mod accounting;
mod accounts;
mod bad_inputs;
mod crawl;
mod enforcement;
mod https;
mod limits;
mod nodes;
mod operations;
mod panel;
