//! Address pools of the server's own that are full or nearly so. Pure.

use super::findings::{Finding, finding, quoted};
use crate::routers::pools::PoolSummary;
use crate::units::{DAY_MS, UnixMs, print_instant};

/// Held, of a hundred, before anybody goes without.
const NEARLY_FULL_PERCENT: u64 = 90;

/// What is wrong with a pool. `tenant_option` is ` --tenant NAME` if its tenant is not the default one.
pub(super) fn of_pool(pool: &PoolSummary, tenant_option: &str, now: UnixMs) -> Option<Finding> {
    let name = &pool.pool.name;
    let remedy = format!(
        "add addresses: `tollgate pool set {}{tenant_option} --add-range RANGE`; `tollgate pool leases` shows who holds them",
        quoted(name)
    );
    let held = u64::try_from(pool.held).unwrap_or(0);
    if pool.exhausted_at > 0 && now - pool.exhausted_at < DAY_MS {
        let at = print_instant(pool.exhausted_at);
        let problem = format!(
            "pool {name} had no free address, last at {at}: {} logins were rejected for it; {held} of {} are held now",
            pool.exhausted, pool.addresses
        );
        return Some(finding("pool-exhausted", problem, remedy));
    }
    (held * 100 >= pool.addresses * NEARLY_FULL_PERCENT).then(|| {
        finding("pool-nearly-full", format!("pool {name} is nearly full: {held} of {} addresses are held", pool.addresses), remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routers::pools::{Pool, parse_ranges};
    use crate::units::{AccountId, TenantId};

    #[test]
    fn a_pool_is_named_when_it_is_full_or_was_today() {
        let ranges = parse_ranges("10.0.0.0/24").expect("ranges");
        let pool = Pool { id: 1, tenant_id: TenantId(1), name: "p 1".into(), ranges, router_id: None, grace_secs: 60 };
        let summary = |held, exhausted_at| {
            let (pool, owner_id, router) = (pool.clone(), AccountId(1), None);
            PoolSummary { pool, owner_id, router, addresses: 254, held, exhausted: 7, exhausted_at }
        };
        let now = 1_800_000_000_000;
        let code = |held, exhausted_at| of_pool(&summary(held, exhausted_at), "", now).map(|f| f.code);
        assert_eq!(code(228, 0), None);
        assert_eq!(code(229, 0), Some("pool-nearly-full"));
        assert_eq!(code(0, now - 1), Some("pool-exhausted"));
        assert_eq!(code(0, now - DAY_MS), None);
        assert!(
            of_pool(&summary(0, now), " --tenant x", now).expect("found").remedy.contains("tollgate pool set 'p 1' --tenant x --add-range")
        );
    }
}
