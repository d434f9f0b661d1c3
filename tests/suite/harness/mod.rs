//! What the tests share: a real server on either database, real UDP, and foreign RADIUS clients.
//!
//! The packets here are built and checked by code of their own, written from the RFCs, so that a mistake in `src/radius/` cannot
//! hide behind itself.

pub mod browser;
pub mod clients;
pub mod coa;
pub mod html;
pub mod https;
pub mod mschap;
pub mod packet;
pub mod pebble;
pub mod postgres;
pub mod server;
pub mod simulated;
pub mod store;
pub mod targets;
pub mod udp;
pub mod wait;

pub use browser::{ACCOUNT_PASSWORD, Browser, Page};
pub use packet::{Packet, Reply, code};
pub use server::TestServer;
pub use store::Store;
pub use udp::Client;

/// The shared secret of the standard router, 127.0.0.1.
pub const SECRET: &str = "testing123";
/// The standard customer and the password.
pub const USER: &str = "bob";
pub const PASSWORD: &str = "hello";

/// Whether a missing database or tool is a failure; `tests/run` says so. Elsewhere the test says loudly that it is skipped.
pub fn must_not_skip() -> bool {
    std::env::var_os("TOLLGATE_TEST_REQUIRE_POSTGRES").is_some() || std::env::var_os("CI").is_some()
}

/// Says that something is not tested, or fails where nothing may be skipped.
pub fn skip(what: &str, because: &str) {
    assert!(!must_not_skip(), "{what}: {because}");
    eprintln!("\n*** SKIPPED: {what}: {because}. `tests/run` provides it. ***\n");
}

/// Makes of each function two tests, `name::sqlite` and `name::postgres`, each on a fresh store.
macro_rules! on_both_stores {
    ($($(#[$attr:meta])* fn $name:ident($store:ident: &Store) $body:block)*) => {$(
        $(#[$attr])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn body($store: &$crate::harness::Store) $body

            #[test]
            fn sqlite() {
                body(&$crate::harness::Store::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(store) = $crate::harness::Store::postgres() {
                    body(&store);
                }
            }
        }
    )*};
}
pub(crate) use on_both_stores;
