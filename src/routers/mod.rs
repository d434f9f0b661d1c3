//! Routers: identity, addresses, secrets and modes.
