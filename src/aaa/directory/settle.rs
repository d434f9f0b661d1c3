//! Keeps what is left of top-ups as the customers' days say, for the few who have any: after each change of theirs, and every few minutes, because days of past
//! periods still grow while late reports arrive.

use std::sync::Arc;

use super::terms::{Own, OwnTerms};
use super::{Directory, LoadError};
use crate::aaa::policy::{Bought, days_since, settle};
use crate::aaa::sql::list_usage_days_of;
use crate::customers::list_all_top_ups;
use crate::store::Conn;
use crate::units::{CustomerId, TenantId, UnixMs};

/// Every customer with top-ups.
pub(super) fn customers_with_top_ups(directory: &Directory) -> Vec<i64> {
    let mut ids = Vec::new();
    directory.terms.for_each(|id, terms| {
        if terms.own.as_ref().is_some_and(|own| !own.terms.top_ups.is_empty() || !own.terms.expired.is_empty()) {
            ids.push(id);
        }
    });
    ids
}

/// Settles the top-ups of one customer, if he has any.
pub(super) async fn settle_customer(conn: &mut Conn, directory: &Directory, id: i64, now: UnixMs) -> Result<(), LoadError> {
    let terms = directory.terms.of(id);
    let Some(own) = &terms.own else { return Ok(()) };
    if own.terms.top_ups.is_empty() && own.terms.expired.is_empty() {
        return Ok(());
    }
    let (tenants, packages) = (directory.tenants.load_full(), directory.packages.load_full());
    let found = directory.customers.with_id(id, |c| Some((c.tenant_id, tenants.get(&c.tenant_id)?, packages.get(&c.package_id)?)));
    let Some(Some((tenant_id, tenant, package))) = found else { return Ok(()) };
    let limits = own.effective(package).limits.volume.clone();
    let all = list_all_top_ups(conn, id, id).await?;
    let bought: Vec<Bought> = all
        .iter()
        .map(|(_, t)| Bought {
            id: t.id,
            direction: t.bought.direction,
            octets: t.bought.octets,
            bought_at: t.bought_at,
            expires_at: t.bought.expires_at.unwrap_or(UnixMs::MAX),
        })
        .collect();
    let since = days_since(&limits, &bought, terms.period_started_at, now, &tenant.time_zone);
    let days = list_usage_days_of(conn, TenantId(tenant_id), CustomerId(id), since).await?;
    let settled = settle(&limits, &bought, &days, terms.period_started_at, now, &tenant.time_zone);
    if settled.top_ups != own.terms.top_ups || settled.expired != own.terms.expired {
        let changed = OwnTerms { top_ups: settled.top_ups, expired: settled.expired, ..own.terms.clone() };
        directory.terms.change(id, |terms| terms.own = Some(Arc::new(Own::new(changed))));
    }
    Ok(())
}
