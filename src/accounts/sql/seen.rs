//! Conditions of SQL: which rows a scope sees. Written once here, used in the `sql.rs` of every room that has rows of business data.
//!
//! Who sees a row's owner sees the row. `$1` is bound to [`Scope::tenant`](crate::accounts::Scope::tenant), the two numbers that a condition is given to the halves of
//! [`Scope::owners`](crate::accounts::Scope::owners), and the statement compares its own `tenant_id` with `$1`. A scope over the whole tenant binds an empty text, which
//! each condition asks first: then nothing is looked up, also for rows whose customer or router is gone. Else both databases evaluate the accounts once per statement.

/// Rows of this owner.
#[macro_export]
macro_rules! is_seen {
    ($owner:literal, $from:literal, $to:literal) => {
        concat!("(", $from, " = '' OR ", $owner, " IN ", $crate::seen_accounts!($from, $to), ")")
    };
}

/// Rows of this owner, or of an account above what the scope sees: they may be read and used, not changed. The accounts above are read off the path: theirs are its beginnings.
#[macro_export]
macro_rules! is_seen_or_above {
    ($owner:literal, $from:literal, $to:literal) => {
        concat!(
            "(",
            $from,
            " = '' OR ",
            $owner,
            " IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= substr(",
            $from,
            ", 1, 19) AND path < ",
            $to,
            " AND (path >= ",
            $from,
            " OR path = substr(",
            $from,
            ", 1, length(path)))))"
        )
    };
}

/// The accounts that a scope sees, where it does not see all: a range of the index by path.
#[macro_export]
macro_rules! seen_accounts {
    ($from:literal, $to:literal) => {
        concat!("(SELECT id FROM accounts WHERE tenant_id = $1 AND path >= ", $from, " AND path < ", $to, ")")
    };
}

/// Rows of this customer.
#[macro_export]
macro_rules! customer_is_seen {
    ($customer_id:literal, $from:literal, $to:literal) => {
        concat!(
            "(",
            $from,
            " = '' OR EXISTS (SELECT 1 FROM customers seen WHERE seen.tenant_id = $1 AND seen.id = ",
            $customer_id,
            " AND seen.owner_id IN ",
            $crate::seen_accounts!($from, $to),
            "))"
        )
    };
}

/// Rows of this router.
#[macro_export]
macro_rules! router_is_seen {
    ($router_id:literal, $from:literal, $to:literal) => {
        concat!(
            "(",
            $from,
            " = '' OR EXISTS (SELECT 1 FROM routers seen WHERE seen.tenant_id = $1 AND seen.id = ",
            $router_id,
            " AND seen.owner_id IN ",
            $crate::seen_accounts!($from, $to),
            "))"
        )
    };
}

/// Rows about a session, with `customer_id` and `router_id`: its customer's owner sees it, of nobody's session the router's owner.
#[macro_export]
macro_rules! session_is_seen {
    ($row:literal, $from:literal, $to:literal) => {
        concat!(
            "(",
            $from,
            " = '' OR COALESCE((SELECT c.owner_id FROM customers c WHERE c.id = ",
            $row,
            ".customer_id AND c.tenant_id = $1), (SELECT n.owner_id FROM routers n WHERE n.id = ",
            $row,
            ".router_id AND n.tenant_id = $1)) IN ",
            $crate::seen_accounts!($from, $to),
            ")"
        )
    };
}
