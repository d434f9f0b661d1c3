//! UDP workers for authentication and accounting.
