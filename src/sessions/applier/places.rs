//! What the applier remembers between transactions: which keys mean other rows, and where the days of each tenant begin.

use std::time::{Duration, Instant};

use hashbrown::HashMap;
use jiff::tz::TimeZone;

use crate::accounts::list_tenants;
use crate::sessions::buckets::Buckets;
use crate::sessions::record::Record;
use crate::sessions::sql::bulk::RowKey;
use crate::store::{Conn, StoreError};

/// A changed time zone of a tenant is noticed after this long.
const ZONES_HOLD: Duration = Duration::from_secs(60);
const MOST_ALIASES: usize = 65_536;

/// Sessions that the live part names otherwise than the store: their start was blurred by a lost packet.
#[derive(Default)]
pub(super) struct Aliases(HashMap<RowKey, RowKey>);

impl Aliases {
    /// The row that a key means.
    pub fn resolve(&self, key: RowKey) -> RowKey {
        if self.0.is_empty() { key } else { self.0.get(&key).copied().unwrap_or(key) }
    }

    /// Remembers keys that were found to mean other rows.
    pub fn learn(&mut self, found: &[(RowKey, RowKey)]) {
        if self.0.len() + found.len() > MOST_ALIASES {
            // They are found again by their start.
            self.0.clear();
        }
        self.0.extend(found.iter().copied());
    }
}

/// Buckets of each tenant.
#[derive(Default)]
pub(super) struct Zones {
    buckets: HashMap<i64, Buckets>,
    loaded_at: Option<Instant>,
}

impl Zones {
    /// The buckets of a tenant's zone.
    pub fn buckets(&mut self, tenant_id: i64) -> &mut Buckets {
        self.buckets.entry(tenant_id).or_insert_with(|| Buckets::new(TimeZone::UTC))
    }

    /// Reads the zones again if they may have changed, or if a record is of a tenant that is not known.
    pub async fn refresh(&mut self, conn: &mut Conn, records: &[Record<'_>]) -> Result<(), StoreError> {
        let is_new = |record: &Record<'_>| matches!(record, Record::Update(u) if !self.buckets.contains_key(&u.tenant_id));
        if self.loaded_at.is_none_or(|at| at.elapsed() > ZONES_HOLD) || records.iter().any(is_new) {
            let tenants = list_tenants(conn).await?;
            self.buckets = tenants.into_iter().map(|t| (t.id.0, Buckets::new(t.zone()))).collect();
            self.loaded_at = Some(Instant::now());
        }
        Ok(())
    }
}
