//! The demo provider and its simulated MikroTik router.

pub mod router;
