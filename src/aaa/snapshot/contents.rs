//! The plaintext of a snapshot. Little-endian; a record is a 32-bit length and its octets, a section ends with a record of length 0.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::chunks::{ChunkReader, ChunkWriter};
use super::pools;
use super::terms;
use super::{SnapshotError, SnapshotPosition};
use crate::aaa::directory::{
    CustomerFields, Directory, MessageAuthenticatorMode, Nas, NasFields, NasTable, Package, Packages, Providers, SHARDS, TenantRules,
    Tenants, WalledReply,
};
use crate::accounts::AccessRules;
use crate::radius::Secret;
use crate::sessions::Meters;
use crate::units::{Mac, OctetReader, OctetWriter, UnixMs};

const VERSION: u32 = 5;
/// A record is never longer: a customer has at most some kilobytes, a router with a thousand addresses some more.
const LONGEST_RECORD: usize = 16 << 20;
const UNREADABLE: SnapshotError = SnapshotError::Damaged("a record does not read");

/// Adds the record to the stream and begins the next one in the same memory.
pub(super) fn end(record: &mut Vec<u8>, chunks: &mut ChunkWriter) -> Result<(), SnapshotError> {
    chunks.add(&(record.len() as u32).to_le_bytes())?;
    chunks.add(record)?;
    record.clear();
    Ok(())
}

/// Writes everything; returns the number of customers.
pub(super) fn write(
    chunks: &mut ChunkWriter,
    position: SnapshotPosition,
    directory: &Directory,
    meters: &Meters,
) -> Result<u64, SnapshotError> {
    let mut record = Vec::new();
    let out = &mut record;
    OctetWriter(out).u32(VERSION).i64(position.feed_seq).i64(position.journal_seq as i64).i64(position.written_at);
    OctetWriter(out).i64(directory.customers.len() as i64).i64(meters.others_read_at());
    end(out, chunks)?;
    for (id, t) in directory.tenants.load().iter() {
        OctetWriter(out).i64(*id).u8(u8::from(t.case_sensitive_usernames)).u8(u8::from(t.cross_provider_login));
        OctetWriter(out).long(t.time_zone.iana_name().unwrap_or("UTC").as_bytes());
        OctetWriter(out).long(&json(&t.access_rules)?);
        end(out, chunks)?;
    }
    end(out, chunks)?;
    for (account, provider) in directory.providers.load().iter() {
        OctetWriter(out).i64(*account).i64(*provider);
        end(out, chunks)?;
    }
    end(out, chunks)?;
    for nas in directory.routers.load().all() {
        write_router(nas, OctetWriter(out));
        end(out, chunks)?;
    }
    end(out, chunks)?;
    for p in directory.packages.load().values() {
        // Packages are few and have many fields: as JSON.
        out.extend(json(&**p)?);
        end(out, chunks)?;
    }
    end(out, chunks)?;
    for pool in directory.pools.all() {
        pools::write(&pool, OctetWriter(out));
        end(out, chunks)?;
    }
    end(out, chunks)?;
    meters.write_snapshot(|meter| {
        out.extend_from_slice(meter);
        end(out, chunks)
    })?;
    end(out, chunks)?;
    meters.live().write_snapshot(|sessions| chunks.add(sessions))?;
    end(out, chunks)?;
    let customers = write_customers(directory, out, chunks)?;
    end(out, chunks)?;
    terms::write(&directory.terms, chunks)?;
    end(out, chunks)?;
    Ok(customers)
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, SnapshotError> {
    serde_json::to_vec(value).map_err(|_| SnapshotError::Damaged("a document does not write"))
}

fn write_customers(directory: &Directory, out: &mut Vec<u8>, chunks: &mut ChunkWriter) -> Result<u64, SnapshotError> {
    let (mut count, mut macs) = (0, Vec::new());
    // A shard is copied under its lock and written without it: a slow disk must not hold up a change, nor the logins behind that change.
    for shard in 0..SHARDS {
        let mut records = Vec::new();
        directory.customers.for_each_of(shard, |customer| {
            write_customer(&customer.fields(&mut macs), OctetWriter(out));
            OctetWriter(&mut records).long(out);
            out.clear();
            count += 1;
        });
        chunks.add(&records)?;
    }
    Ok(count)
}

fn write_customer(c: &CustomerFields<'_>, mut out: OctetWriter<'_>) {
    out.i64(c.id).i64(c.tenant_id).i64(c.owner_id).i64(c.package_id).i64(c.expires_at);
    out.u8(c.hold).u8(u8::from(c.device_login)).u8(u8::from(c.case_sensitive)).u32(u32::from(c.sessions_allowed));
    out.u8(u8::from(c.has_terms)).u8(u8::from(c.is_closed));
    out.u32(c.static_ipv4.map_or(0, u32::from));
    out.long(c.username).long(c.password).long(c.framed_pool).long(c.attributes).u32(c.macs.len() as u32);
    for mac in c.macs {
        out.octets(&mac.0);
    }
}

fn write_router(nas: &Nas, mut out: OctetWriter<'_>) {
    let f = &nas.fields;
    out.i64(f.id).i64(f.tenant_id).i64(f.owner_id).i64(f.added_at);
    out.u8(match f.mode {
        MessageAuthenticatorMode::Auto => 0,
        MessageAuthenticatorMode::Require => 1,
        MessageAuthenticatorMode::Accept => 2,
    });
    out.u8(u8::from(f.limit_proxy_state)).u8(u8::from(f.swap_octets)).u8(u8::from(f.adopt_all));
    out.long(f.name.as_bytes()).long(&f.nas_identifier);
    let learned = nas.learned_addresses();
    out.u32(f.prefixes.len() as u32).u32(f.secrets.len() as u32).u32(learned.len() as u32);
    for prefix in &f.prefixes {
        out.long(prefix.to_string().as_bytes());
    }
    for secret in &f.secrets {
        out.long(secret.octets());
    }
    for address in learned {
        out.long(address.to_string().as_bytes());
    }
    out.u16(f.coa_port).u8(u8::from(f.coa_message_authenticator)).u8(u8::from(f.coa_event_timestamp));
}

/// What the first part of a snapshot says.
pub(super) struct Head {
    pub position: SnapshotPosition,
    /// Customers that follow.
    pub customers: i64,
    /// Sessions put into memory.
    pub sessions: u64,
}

/// Reads all but the customers: what accounting needs.
pub(super) fn read_first(chunks: &mut ChunkReader, directory: &Directory, meters: &Meters) -> Result<Head, SnapshotError> {
    let (position, customers, others_read_at) = read_head(chunks)?;
    meters.set_others_read_at(others_read_at);
    let mut tenants = Tenants::new();
    each_record(chunks, |mut r| {
        let (id, case_sensitive_usernames, cross_provider_login) = (r.i64()?, r.u8()? == 1, r.u8()? == 1);
        let time_zone = jiff::tz::TimeZone::get(text(&mut r)?).unwrap_or(jiff::tz::TimeZone::UTC);
        let access_rules: AccessRules = serde_json::from_slice(r.long()?).ok()?;
        let walled = WalledReply::new(&access_rules.walled_garden);
        tenants.insert(id, Arc::new(TenantRules { case_sensitive_usernames, cross_provider_login, time_zone, access_rules, walled }));
        Some(())
    })?;
    let mut providers = Providers::new();
    each_record(chunks, |mut r| {
        providers.insert(r.i64()?, r.i64()?);
        Some(())
    })?;
    let (mut routers, mut learned) = (Vec::new(), Vec::new());
    each_record(chunks, |r| {
        routers.push(read_router(r, &mut learned)?);
        Some(())
    })?;
    let mut packages = Packages::new();
    each_record(chunks, |r| {
        let package = read_package(r)?;
        packages.insert(package.id, Arc::new(package));
        Some(())
    })?;
    each_record(chunks, |r| pools::read(r, directory, position.written_at))?;
    each_record(chunks, |r| meters.read_snapshot(r.0))?;
    let mut sessions = 0;
    each_record(chunks, |r| {
        sessions += 1;
        meters.live().read_snapshot(r.0)
    })?;
    directory.tenants.store(Arc::new(tenants));
    directory.providers.store(Arc::new(providers));
    directory.packages.store(Arc::new(packages));
    directory.routers.store(Arc::new(NasTable::new(routers, &learned, &directory.routers.load())));
    Ok(Head { position, customers, sessions })
}

/// Reads the customers, `expected` of them, up to the end. Returns how many there were.
pub(super) fn read_customers(chunks: &mut ChunkReader, expected: i64, directory: &Directory) -> Result<u64, SnapshotError> {
    directory.customers.reserve(usize::try_from(expected).unwrap_or(0));
    let (mut customers, mut macs) = (0, Vec::new());
    each_record(chunks, |r| {
        customers += 1;
        read_customer(r, &mut macs, directory)
    })?;
    each_record(chunks, |r| terms::read(r, &directory.terms))?;
    if chunks.is_at_end() { Ok(customers) } else { Err(SnapshotError::Damaged("something follows its end")) }
}

fn read_head(chunks: &mut ChunkReader) -> Result<(SnapshotPosition, i64, UnixMs), SnapshotError> {
    let head = next_record(chunks)?;
    let mut r = OctetReader(head);
    match r.u32().ok_or(UNREADABLE)? {
        VERSION => {}
        other => return Err(SnapshotError::OtherVersion(other)),
    }
    let mut numbers = || {
        let position = SnapshotPosition { feed_seq: r.i64()?, journal_seq: r.i64()? as u64, written_at: r.i64()? };
        // The last number is younger than the form.
        Some((position, r.i64()?, r.i64().unwrap_or(0)))
    };
    numbers().ok_or(UNREADABLE)
}

fn next_record(chunks: &mut ChunkReader) -> Result<&[u8], SnapshotError> {
    let length = chunks.take(4)?.try_into().map_err(|_| SnapshotError::Damaged("it ends early"))?;
    let octets = u32::from_le_bytes(length) as usize;
    if octets > LONGEST_RECORD {
        return Err(SnapshotError::Damaged("a record has an impossible length"));
    }
    chunks.take(octets)
}

/// Records of a section up to its end.
fn each_record(chunks: &mut ChunkReader, mut each: impl FnMut(OctetReader<'_>) -> Option<()>) -> Result<(), SnapshotError> {
    loop {
        let record = next_record(chunks)?;
        if record.is_empty() {
            return Ok(());
        }
        each(OctetReader(record)).ok_or(UNREADABLE)?;
    }
}

fn text<'a>(r: &mut OctetReader<'a>) -> Option<&'a str> {
    std::str::from_utf8(r.long()?).ok()
}

fn read_package(r: OctetReader<'_>) -> Option<Package> {
    serde_json::from_slice(r.0).ok()
}

fn read_customer(mut r: OctetReader<'_>, macs: &mut Vec<Mac>, directory: &Directory) -> Option<()> {
    let mut fields = CustomerFields {
        id: r.i64()?,
        tenant_id: r.i64()?,
        owner_id: r.i64()?,
        package_id: r.i64()?,
        expires_at: r.i64()?,
        hold: r.u8()?,
        device_login: r.u8()? == 1,
        case_sensitive: r.u8()? == 1,
        sessions_allowed: r.u32()? as u16,
        has_terms: r.u8()? == 1,
        is_closed: r.u8()? == 1,
        static_ipv4: Some(r.u32()?).filter(|a| *a != 0).map(Ipv4Addr::from),
        username: r.long()?,
        password: r.long()?,
        framed_pool: r.long()?,
        attributes: r.long()?,
        macs: &[],
    };
    macs.clear();
    for _ in 0..r.u32()? {
        macs.push(Mac(r.array()?));
    }
    fields.macs = macs;
    directory.customers.put(&fields);
    Some(())
}

fn read_router(mut r: OctetReader<'_>, learned: &mut Vec<(i64, IpAddr)>) -> Option<NasFields> {
    let (id, tenant_id, owner_id, added_at) = (r.i64()?, r.i64()?, r.i64()?, r.i64()?);
    let mode = match r.u8()? {
        0 => MessageAuthenticatorMode::Auto,
        1 => MessageAuthenticatorMode::Require,
        _ => MessageAuthenticatorMode::Accept,
    };
    let (limit_proxy_state, swap_octets, adopt_all) = (r.u8()? == 1, r.u8()? == 1, r.u8()? == 1);
    let (name, nas_identifier) = (text(&mut r)?.into(), r.long()?.into());
    let (prefix_count, secret_count, learned_count) = (r.u32()?, r.u32()?, r.u32()?);
    let prefixes = (0..prefix_count).map(|_| text(&mut r)?.parse().ok()).collect::<Option<_>>()?;
    let secrets = (0..secret_count).map(|_| r.long().map(Secret::new)).collect::<Option<_>>()?;
    for _ in 0..learned_count {
        learned.push((id, text(&mut r)?.parse().ok()?));
    }
    Some(NasFields {
        id,
        tenant_id,
        owner_id,
        name,
        nas_identifier,
        prefixes,
        secrets,
        mode,
        limit_proxy_state,
        swap_octets,
        added_at,
        adopt_all,
        coa_port: r.u16()?,
        coa_message_authenticator: r.u8()? == 1,
        coa_event_timestamp: r.u8()? == 1,
    })
}
