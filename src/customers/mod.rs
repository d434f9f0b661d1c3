//! Customers and the pure rule that says in which state one is.
