//! An address pool with its leases in the snapshot.

use crate::aaa::addresses::AddressPool;
use crate::aaa::directory::Directory;
use crate::routers::pools::{Lease, Pool, parse_ranges, print_ranges};
use crate::units::{Mac, OctetReader, OctetWriter, TenantId, UnixMs};

pub(super) fn write(pool: &AddressPool, mut out: OctetWriter<'_>) {
    let (pool, leases) = pool.contents();
    out.i64(pool.id).i64(pool.tenant_id.0).i64(pool.router_id.unwrap_or(0)).u32(pool.grace_secs);
    out.long(pool.name.as_bytes()).long(print_ranges(&pool.ranges).as_bytes());
    for lease in leases {
        out.octets(&lease.address.octets()).i64(lease.customer_id).i64(lease.leased_at).i64(lease.freed_at.unwrap_or(0));
        out.short(lease.mac.as_ref().map_or(&[], |m| &m.0));
    }
}

/// Puts it into the directory. A lease that was held then may be held still: its session tells.
pub(super) fn read(mut r: OctetReader<'_>, directory: &Directory, written_at: UnixMs) -> Option<()> {
    let (id, tenant_id, router_id, grace_secs) = (r.i64()?, r.i64()?, r.i64()?, r.u32()?);
    let text = |octets| std::str::from_utf8(octets).ok();
    let (name, ranges) = (text(r.long()?)?.to_owned(), parse_ranges(text(r.long()?)?).ok()?);
    let pool = Pool { id, tenant_id: TenantId(tenant_id), name, ranges, router_id: (router_id != 0).then_some(router_id), grace_secs };
    let mut leases = Vec::new();
    while !r.0.is_empty() {
        leases.push(Lease {
            address: r.array::<4>()?.into(),
            customer_id: r.i64()?,
            leased_at: r.i64()?,
            freed_at: Some(r.i64()?).filter(|at| *at != 0),
            mac: <[u8; 6]>::try_from(r.short()?).ok().map(Mac),
        });
    }
    directory.pools.put(&pool, &leases, written_at);
    Some(())
}
