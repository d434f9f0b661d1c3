//! The macro that runs one SQL text on whichever database a connection belongs to.

/// Runs one SQL text on a [`Conn`](crate::store::Conn) (or a `Tx`, which derefs to one).
///
/// Forms: `q!(all conn, Row, SQL, binds..)`, `q!(one ..)`, `q!(opt ..)` and `q!(exec conn, SQL, binds..)` (rows affected).
/// The text must be a literal or constant in the portable subset named in ARCHITECTURE.md.
#[macro_export]
macro_rules! q {
    (all $conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => { $crate::q!(@as fetch_all, $conn, $row, $sql $(, $bind)*) };
    (one $conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => { $crate::q!(@as fetch_one, $conn, $row, $sql $(, $bind)*) };
    (opt $conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => { $crate::q!(@as fetch_optional, $conn, $row, $sql $(, $bind)*) };
    (exec $conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.conn_ref() {
            $crate::store::ConnRef::Lite(c) => sqlx::query($sql)$(.bind($bind))*.execute(c).await.map(|r| r.rows_affected()),
            $crate::store::ConnRef::Pg(c) => sqlx::query($sql)$(.bind($bind))*.execute(c).await.map(|r| r.rows_affected()),
        }
        .map_err($crate::store::StoreError::from)
    };
    (@as $fetch:ident, $conn:expr, $row:ty, $sql:expr $(, $bind:expr)*) => {
        match $conn.conn_ref() {
            $crate::store::ConnRef::Lite(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$fetch(c).await,
            $crate::store::ConnRef::Pg(c) => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.$fetch(c).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}
