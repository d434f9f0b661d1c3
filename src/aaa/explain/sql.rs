//! Reads decisions that are kept in the store, which all nodes share.

use crate::accounts::Scope;
use crate::store::{Conn, IdMaker, StoreError};
use crate::units::{CustomerId, Mac, UnixMs};
use crate::{customer_is_seen, is_seen_or_above, q};

/// A kept decision with its repeats.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct KeptLine {
    /// About whom; `None` = nobody known.
    pub customer_id: Option<i64>,
    /// At which router.
    pub router_id: i64,
    /// User-Name as sent, printable.
    pub username: String,
    /// Twelve hex digits or empty.
    #[sqlx(rename = "mac")]
    pub mac_text: String,
    /// Code of the reason, or `accepted`.
    pub reason: String,
    /// When first, unix ms.
    pub first_at: UnixMs,
    /// When last, unix ms.
    pub last_at: UnixMs,
    /// How often.
    pub repeats: i64,
}

impl KeptLine {
    /// The device.
    pub fn mac(&self) -> Option<Mac> {
        Mac::parse(self.mac_text.as_bytes())
    }
}

/// Decisions about a customer, the newest first.
pub(super) async fn list_kept_of(conn: &mut Conn, scope: &Scope, id: CustomerId, limit: i64) -> Result<Vec<KeptLine>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, KeptLine, concat!("SELECT customer_id, router_id, username, mac, reason, first_at, last_at, repeats FROM decisions \
        WHERE tenant_id = $1 AND customer_id = $2 AND ", customer_is_seen!("$2", "$4", "$5"), " ORDER BY last_at DESC, id DESC LIMIT $3"),
        scope.tenant().0, id.0, limit, from, to)
}

/// Decisions about nobody since an instant at routers that the scope sees or that accounts above it have, which serve its customers; the newest first.
pub(super) async fn list_kept_of_nobody(conn: &mut Conn, scope: &Scope, since: UnixMs, limit: i64) -> Result<Vec<KeptLine>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, KeptLine, concat!("SELECT customer_id, router_id, username, mac, reason, first_at, last_at, repeats FROM decisions d \
        WHERE tenant_id = $1 AND customer_id IS NULL AND last_at >= $2 AND ($4 = '' OR EXISTS (SELECT 1 FROM routers r WHERE r.tenant_id = $1 \
        AND r.id = d.router_id AND ", is_seen_or_above!("r.owner_id", "$4", "$5"), ")) ORDER BY last_at DESC, id DESC LIMIT $3"),
        scope.tenant().0, since, limit, from, to)
}

/// How often each reason was given since an instant, to customers whom the scope sees; of the whole tenant also to nobody known.
pub(super) async fn count_rejects(conn: &mut Conn, scope: &Scope, since: UnixMs) -> Result<Vec<(String, i64)>, StoreError> {
    let (from, to) = scope.owners();
    // ids begin with the time: the newest are a range of them
    q!(all conn, (String, i64), concat!("SELECT d.reason, CAST(SUM(d.repeats) AS BIGINT) FROM decisions d WHERE d.id >= $4 AND d.tenant_id = $1 AND d.reason <> 'accepted' \
        AND ", customer_is_seen!("d.customer_id", "$2", "$3"), " GROUP BY d.reason ORDER BY 2 DESC, 1"), scope.tenant().0, from, to, IdMaker::first_at(since))
}
