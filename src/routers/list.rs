//! Reading routers: with counters for people, with secrets for the directory.

use std::collections::HashMap;

use serde::Serialize;

use super::add::{NEXT_SECRET, SECRET};
use super::sql::{self, NamedRouter, RouterCounters, RouterRow, UnknownSource};
use super::{Router, RouterError, RouterSecret};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{Conn, KeyError, Sealer};
use crate::units::{RouterId, UnixMs};

/// A router for `router ls`.
#[derive(Debug, Clone, Serialize)]
pub struct RouterSummary {
    /// The entry.
    #[serde(flatten)]
    pub router: Router,
    /// How many of its addresses were seen signing always.
    pub learned_addresses: i64,
    /// Figures, if a server published any.
    pub counters: Option<RouterCounters>,
}

/// A router with its secrets opened, for the directory.
#[derive(Debug, Clone)]
pub struct RouterSecrets {
    /// The entry.
    pub router: Router,
    /// The shared secret.
    pub secret: RouterSecret,
    /// Accepted besides it during a rotation.
    pub next_secret: Option<RouterSecret>,
}

/// The router of this name.
pub async fn find_router(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Router>, RouterError> {
    scope.require(Capability::RoutersView)?;
    Ok(sql::find_router(conn, scope, name).await?)
}

/// Name and id of the routers that may be named where a login's place is chosen, by name after `after_name`: those that the scope sees, and those of accounts above it. Of the
/// latter nothing else is shown, and nobody below changes them.
pub async fn list_named_routers(conn: &mut Conn, scope: &Scope, after_name: &str, limit: i64) -> Result<Vec<NamedRouter>, RouterError> {
    scope.require(Capability::RoutersView)?;
    Ok(sql::list_named(conn, scope, after_name, limit).await?)
}

/// Routers that sent something since an instant and nothing since a later one, with when they last did, the longest silent first.
pub async fn list_silent_routers(
    conn: &mut Conn,
    scope: &Scope,
    since: UnixMs,
    before: UnixMs,
    limit: i64,
) -> Result<Vec<(String, UnixMs)>, RouterError> {
    scope.require(Capability::RoutersView)?;
    Ok(sql::list_silent(conn, scope, since, before, limit).await?)
}

/// Addresses whose packets belong to no router, the latest first; whoever adds routers looks for his among them.
pub async fn list_unknown_sources(conn: &mut Conn, scope: &Scope, limit: i64) -> Result<Vec<UnknownSource>, RouterError> {
    scope.require(Capability::RoutersView)?;
    Ok(sql::list_unknown_sources(conn, scope, limit).await?)
}

/// A page of routers by name with what is known of each.
pub async fn list_router_summaries(
    conn: &mut Conn,
    scope: &Scope,
    after_name: &str,
    limit: i64,
) -> Result<Vec<RouterSummary>, RouterError> {
    scope.require(Capability::RoutersView)?;
    let learned = sql::count_learned(conn, scope).await?;
    let counters: HashMap<i64, RouterCounters> = sql::list_counters(conn, scope).await?.into_iter().map(|c| (c.router_id, c)).collect();
    let routers = sql::list_routers(conn, scope, after_name, limit).await?;
    Ok(routers
        .into_iter()
        .map(|router| RouterSummary {
            learned_addresses: learned.get(&router.id.0).copied().unwrap_or(0),
            counters: counters.get(&router.id.0).copied(),
            router,
        })
        .collect())
}

/// Every router with its secrets.
// cross-tenant: the directory serves every tenant
pub async fn list_routers_with_secrets(conn: &mut Conn, sealer: &Sealer) -> Result<Vec<RouterSecrets>, RouterError> {
    const PAGE: i64 = 1000;
    let mut addresses = sql::list_all_addresses(conn).await?;
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let rows = sql::list_rows_after(conn, after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = last.id;
        for row in rows {
            let (secret, next_secret) = match open_secrets(sealer, &row) {
                Ok(secrets) => secrets,
                Err(error) => {
                    // One damaged value must not keep all other routers out.
                    tracing::error!(router = row.name, %error, "left out: its requests are dropped as from an unknown address; give it a new secret");
                    continue;
                }
            };
            let addresses = addresses.remove(&row.id).unwrap_or_default();
            all.push(RouterSecrets { router: row.into_router(addresses)?, secret, next_secret });
        }
    }
}

/// One router with its secrets; `None` if it was removed.
// cross-tenant: the directory follows the feed by row id
pub async fn find_router_with_secrets(conn: &mut Conn, sealer: &Sealer, id: RouterId) -> Result<Option<RouterSecrets>, RouterError> {
    let Some(row) = sql::find_row_by_id(conn, id).await? else { return Ok(None) };
    let (secret, next_secret) = open_secrets(sealer, &row)?;
    let addresses = sql::list_addresses_of(conn, id).await?;
    Ok(Some(RouterSecrets { router: row.into_router(addresses)?, secret, next_secret }))
}

fn open_secrets(sealer: &Sealer, row: &RouterRow) -> Result<(RouterSecret, Option<RouterSecret>), RouterError> {
    let open = |place: &str, sealed: &[u8]| -> Result<RouterSecret, RouterError> {
        let plain = sealer.open(place, row.id, sealed)?;
        RouterSecret::new(&plain).map_err(|_| KeyError::Broken { place: format!("{place} of row {}", row.id) }.into())
    };
    let next = row.next_secret.as_deref().map(|sealed| open(NEXT_SECRET, sealed)).transpose()?;
    Ok((open(SECRET, &row.secret)?, next))
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::accounts::ensure_default_tenant;
    use crate::q;
    use crate::store::test_db::{NOW, each_database};
    use crate::store::{KeyFile, list_feed_after};

    fn address(text: &str) -> RouterAddress {
        text.parse().expect(text)
    }

    fn secret(text: &str) -> RouterSecret {
        RouterSecret::new(text.as_bytes()).expect(text)
    }

    #[tokio::test]
    async fn a_router_lives_from_add_to_remove() {
        for fresh in each_database().await {
            let (db, ids) = (&fresh.db, &fresh.ids);
            let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
            let (tenant, owner) = ensure_default_tenant(db, ids, "default", NOW).await.expect("a tenant");
            let scope = &Scope::administrator(tenant);
            let mut conn = db.read().await.expect("a connection");

            let core = NewRouter::new("core", vec![address("192.0.2.1"), address("198.51.100.0/24")], secret("first secret"));
            let added = add_router(db, ids, &sealer, scope, owner, &core, NOW).await.expect("added");
            assert_eq!(find_router(&mut conn, scope, "core").await.expect("found"), Some(added.clone()));
            let again = add_router(db, ids, &sealer, scope, owner, &core, NOW).await.expect_err("a second one");
            assert_eq!(again.code(), "router-name-taken");
            let other = NewRouter::new("other", vec![address("192.0.2.1")], secret("x"));
            let taken = add_router(db, ids, &sealer, scope, owner, &other, NOW).await.expect_err("address taken");
            assert_eq!(taken.code(), "router-address-taken");
            assert!(taken.to_string().contains("\"core\""), "{taken}");
            let behind_nat = NewRouter { nas_identifier: "box-2".into(), ..other };
            add_router(db, ids, &sealer, scope, owner, &behind_nat, NOW).await.expect("the same address with another NAS-Identifier");

            // rotation: both secrets, then only the second
            let changes = RouterChanges {
                next_secret: Some(secret("second secret")),
                add_addresses: vec![address("2001:db8::1")],
                ..Default::default()
            };
            set_router(db, &sealer, scope, "core", &changes, NOW + 1).await.expect("changed");
            let both = find_router_with_secrets(&mut conn, &sealer, added.id).await.expect("read").expect("there");
            assert_eq!(
                (both.secret.octets(), both.next_secret.as_ref().map(RouterSecret::octets)),
                (&b"first secret"[..], Some(&b"second secret"[..]))
            );
            assert_eq!(both.router.addresses.len(), 3);
            let promote = RouterChanges {
                promote_secret: true,
                name: Some("edge".into()),
                remove_addresses: vec![address("192.0.2.1")],
                ..Default::default()
            };
            let renamed = set_router(db, &sealer, scope, "core", &promote, NOW + 2).await.expect("promoted");
            assert_eq!((renamed.name.as_str(), renamed.addresses.len()), ("edge", 2));
            let all = list_routers_with_secrets(&mut conn, &sealer).await.expect("read");
            assert_eq!(
                all.iter().map(|r| (r.router.name.as_str(), r.secret.octets(), r.next_secret.is_some())).collect::<Vec<_>>(),
                [("edge", &b"second secret"[..], false), ("other", b"x", false)]
            );
            assert_eq!(
                set_router(db, &sealer, scope, "edge", &promote, NOW).await.expect_err("name its own, no next secret").code(),
                "router-next-secret-absent"
            );

            // a NAS-Identifier that would collide on the shared address
            let back =
                RouterChanges { add_addresses: vec![address("192.0.2.1")], nas_identifier: Some("box-2".into()), ..Default::default() };
            assert_eq!(set_router(db, &sealer, scope, "edge", &back, NOW).await.expect_err("collides").code(), "router-address-taken");
            let none = RouterChanges { remove_addresses: vec![address("192.0.2.1")], ..Default::default() };
            assert_eq!(set_router(db, &sealer, scope, "other", &none, NOW).await.expect_err("refused").code(), "router-without-address");
            assert_eq!(set_router(db, &sealer, scope, "edge", &none, NOW).await.expect_err("refused").code(), "router-address-unknown");

            let mut tx = db.begin().await.expect("a transaction");
            q!(exec tx, "INSERT INTO router_learned (router_id, address, tenant_id, learned_at) VALUES ($1, '192.0.2.1', $2, 1)", added.id.0, tenant.0).expect("written");
            q!(exec tx, "INSERT INTO unknown_sources (address, first_seen_at, last_seen_at, packets) VALUES ('203.0.113.5', 1, 2, 3)")
                .expect("written");
            tx.commit(NOW).await.expect("committed");
            assert_eq!(list_learned(&mut conn).await.expect("read").len(), 1);
            let first_page = list_router_summaries(&mut conn, scope, "", 1).await.expect("a page");
            assert_eq!((first_page[0].router.name.as_str(), first_page[0].learned_addresses), ("edge", 1));
            let next_page = list_router_summaries(&mut conn, scope, "edge", 9).await.expect("a page");
            assert_eq!(next_page.iter().map(|r| r.router.name.as_str()).collect::<Vec<_>>(), ["other"]);
            assert_eq!(list_unknown_sources(&mut conn, scope, 10).await.expect("read")[0].packets, 3);
            let relearn = RouterChanges { relearn: true, add_addresses: vec![address("203.0.113.5")], ..Default::default() };
            set_router(db, &sealer, scope, "edge", &relearn, NOW).await.expect("relearn");
            assert!(list_learned(&mut conn).await.expect("read").is_empty());
            assert!(list_unknown_sources(&mut conn, scope, 10).await.expect("read").is_empty(), "no longer unknown");

            assert_eq!(remove_router(db, scope, "edge", NOW).await.expect("removed"), added.id);
            assert_eq!(remove_router(db, scope, "edge", NOW).await.expect_err("gone").code(), "router-unknown");
            assert!(find_router_with_secrets(&mut conn, &sealer, added.id).await.expect("read").is_none());
            let feed = list_feed_after(&mut conn, 1, 99).await.expect("the feed");
            assert_eq!(feed.iter().filter(|c| c.table_name == "routers").count(), 6);
            drop(conn);
            fresh.end().await;
        }
    }
}
