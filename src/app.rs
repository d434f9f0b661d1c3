//! The composition root: the one place where rooms are joined into a running server.
