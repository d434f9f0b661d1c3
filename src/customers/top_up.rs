//! Octets bought on top of a package's volume.

use serde::{Serialize, Serializer};

use super::{CustomerError, lookup_key, sql};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::packages::{Direction, print_octets};
use crate::store::{AuditEntry, Db, IdMaker};
use crate::units::{CustomerId, UnixMs, print_instant};

/// What is bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopUp {
    /// Which octets: it adds to the volume limits of this direction.
    pub direction: Direction,
    /// How many, at least 1.
    pub octets: u64,
    /// When what is left of them is lost, unix ms; `None` = never.
    pub expires_at: Option<UnixMs>,
    /// In words; may be empty.
    pub note: String,
    /// Who sold it.
    pub created_by: String,
}

/// What was bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUp {
    /// Its id.
    pub id: i64,
    /// When.
    pub bought_at: UnixMs,
    /// What.
    pub bought: NewTopUp,
}

impl Serialize for TopUp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let b = &self.bought;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id.to_string())?;
        map.serialize_entry("direction", &b.direction)?;
        map.serialize_entry("octets", &b.octets)?;
        map.serialize_entry("bought_at", &print_instant(self.bought_at))?;
        map.serialize_entry("expires_at", &b.expires_at.map(print_instant))?;
        map.serialize_entry("note", &b.note)?;
        map.serialize_entry("created_by", &b.created_by)?;
        map.end()
    }
}

/// Sells a customer more octets; a running server lets him use them within a second.
pub async fn add_top_up(
    db: &Db,
    ids: &IdMaker,
    scope: &Scope,
    tenant: &Tenant,
    username: &str,
    new: NewTopUp,
    now: UnixMs,
) -> Result<(CustomerId, TopUp), CustomerError> {
    scope.require(Capability::CustomersEdit)?;
    if new.octets == 0 || new.octets > i64::MAX as u64 {
        return Err(CustomerError::BadField("a top-up has at least one octet".to_owned()));
    }
    if new.expires_at.is_some_and(|at| at <= now) {
        let instant = new.expires_at.map(print_instant).unwrap_or_default();
        return Err(CustomerError::BadField(format!(
            "a top-up of {} that ends at {instant} would be lost already",
            print_octets(new.octets)
        )));
    }
    super::checks::check_text("note", &new.note)?;
    let mut tx = db.begin().await?;
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let id = sql::update_lock_customer(&mut tx, scope, &key, now).await?.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    let top_up = TopUp { id: ids.next(now), bought_at: now, bought: new };
    sql::insert_top_up(&mut tx, scope, id, &top_up).await?;
    let owner = sql::find_customer_by_id(&mut tx, scope, id).await?.map(|c| c.owner_id.0);
    tx.audit(AuditEntry::new(scope.tenant().0, "customer.top-up", "customers", id.0, username).owned_by(owner).note("top_up", &top_up));
    tx.changed(scope.tenant().0, "customers", id.0);
    tx.commit(now).await?;
    Ok((id, top_up))
}
