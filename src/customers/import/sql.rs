//! SQL of the bulk import: many rows per statement (both databases take the same text, built for the number of rows), and the files that wait for it. A file is seen by who
//! sent it alone, whatever he sees else.

use sqlx::QueryBuilder;

use super::layout::Layout;
use super::plan::Ready;
use super::stored::StoredImport;
use crate::accounts::Scope;
use crate::customers::contact::{name_key, phone_key};
use crate::q;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::{AccountId, CustomerId, JobId, Mac, TenantId, UnixMs};

/// SQLite takes at most 32,766 bound values, and a row has 37.
pub(super) const CUSTOMERS_PER_INSERT: usize = 800;
/// A row has 4 values.
pub(super) const MACS_PER_INSERT: usize = 5_000;

/// What must be unique in a tenant.
#[derive(sqlx::FromRow)]
pub(super) struct UniqueRow {
    pub id: i64,
    pub username_key: String,
    pub code: String,
    pub static_ipv4: Option<String>,
}

/// The unique fields of customers after an id, in id order.
// cross-tenant: what is taken in the tenant is taken, whoever has it; only that is told
pub(super) async fn list_unique_after_id(conn: &mut Conn, tenant: TenantId, after: i64, limit: i64) -> Result<Vec<UniqueRow>, StoreError> {
    q!(all conn, UniqueRow, "SELECT id, username_key, code, static_ipv4 FROM customers WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        tenant.0, after, limit)
}

/// The same builder for either database: the drivers share no type that one function could name.
macro_rules! for_either {
    ($conn:expr, $builder:ident => $fill:block) => {
        match $conn.conn_ref() {
            ConnRef::Lite(c) => {
                let mut $builder: QueryBuilder<sqlx::Sqlite> = QueryBuilder::new("");
                $fill
                $builder.build().execute(c).await.map(|r| r.rows_affected())
            }
            ConnRef::Pg(c) => {
                let mut $builder: QueryBuilder<sqlx::Postgres> = QueryBuilder::new("");
                $fill
                $builder.build().execute(c).await.map(|r| r.rows_affected())
            }
        }
        .map_err(StoreError::from)
    };
}

/// Adds customers; `sealed` are their passwords in the same order. That the scope sees their owner was checked when the import was planned.
pub(super) async fn insert_customers(conn: &mut Conn, scope: &Scope, rows: &[Ready], sealed: &[Vec<u8>]) -> Result<u64, StoreError> {
    for_either!(conn, builder => {
        builder.push(
            "INSERT INTO customers (id, tenant_id, owner_id, code, name, phone, zone_id, username, username_key, password, package_id, expires_at, hold, \
             hold_reason, connection_type, billing_type, device_type, static_ipv4, framed_ipv6_prefix, delegated_ipv6_prefix, framed_pool, \
             simultaneous_sessions, reply_attributes, registered_at, updated_at, first_login_secs, period_started_at, email, address, city, region, postal_code, country, language, note, name_key, phone_key) ",
        );
        builder.push_values(rows.iter().zip(sealed), |mut row, (Ready { customer: c, key, .. }, password)| {
            row.push_bind(c.id.0).push_bind(scope.tenant().0).push_bind(c.owner_id.0).push_bind(&c.code).push_bind(&c.name).push_bind(&c.phone);
            row.push_bind(c.zone_id).push_bind(&c.username).push_bind(key).push_bind(password).push_bind(c.package_id.0).push_bind(c.expires_at);
            row.push_bind(c.hold.kind().as_str()).push_bind(c.hold.reason()).push_bind(c.connection_type.as_str());
            row.push_bind(c.billing_type.as_str()).push_bind(&c.device_type).push_bind(c.static_ipv4.map(|a| a.to_string()));
            row.push_bind(c.framed_ipv6_prefix.map(|p| p.to_string())).push_bind(c.delegated_ipv6_prefix.map(|p| p.to_string()));
            row.push_bind(&c.framed_pool).push_bind(c.simultaneous_sessions.map(i64::from)).push_bind(&c.reply_attributes);
            row.push_bind(c.registered_at).push_bind(c.updated_at);
            row.push_bind(c.first_login_secs.map(|secs| secs as i64)).push_bind(c.period_started_at);
            row.push_bind(&c.contact.email).push_bind(&c.contact.address).push_bind(&c.contact.city).push_bind(&c.contact.region);
            row.push_bind(&c.contact.postal_code).push_bind(&c.contact.country).push_bind(&c.contact.language).push_bind(&c.note);
            row.push_bind(name_key(&c.name)).push_bind(phone_key(&c.phone));
        });
    })
}

/// Adds MAC addresses of customers that this transaction has just put in.
pub(super) async fn insert_macs(conn: &mut Conn, scope: &Scope, macs: &[(CustomerId, Mac)]) -> Result<u64, StoreError> {
    for_either!(conn, builder => {
        builder.push("INSERT INTO customer_macs (tenant_id, customer_id, mac, added_by) ");
        builder.push_values(macs, |mut row, (id, mac)| {
            row.push_bind(scope.tenant().0).push_bind(id.0).push_bind(mac.to_string()).push_bind("import");
        });
    })
}

#[derive(sqlx::FromRow)]
struct ImportRow {
    id: i64,
    file_name: String,
    layout: String,
    for_id: i64,
    job_id: Option<i64>,
    created_at: i64,
}

impl ImportRow {
    fn into_import(self) -> Result<StoredImport, StoreError> {
        Ok(StoredImport {
            id: self.id,
            file_name: self.file_name,
            layout: serde_json::from_str(&self.layout).map_err(|e| StoreError::Unexpected(format!("import {}: layout: {e}", self.id)))?,
            owner: AccountId(self.for_id),
            job: self.job_id.map(JobId),
            created_at: self.created_at,
        })
    }
}

fn json(layout: &Layout) -> Result<String, StoreError> {
    serde_json::to_string(layout).map_err(|e| StoreError::Unexpected(format!("layout: {e}")))
}

/// Keeps a file of an account.
pub(super) async fn insert_import(
    conn: &mut Conn,
    scope: &Scope,
    by: AccountId,
    new: &StoredImport,
    sealed: &[u8],
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO imports (id, tenant_id, owner_id, file_name, content, layout, for_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id, scope.tenant().0, by.0, &new.file_name, sealed, json(&new.layout)?, new.owner.0, new.created_at)
}

/// A file of an account.
pub(super) async fn find_import(conn: &mut Conn, scope: &Scope, by: AccountId, id: i64) -> Result<Option<StoredImport>, StoreError> {
    let row = q!(opt conn, ImportRow, "SELECT id, file_name, layout, for_id, job_id, created_at FROM imports WHERE tenant_id = $1 AND owner_id = $2 AND id = $3",
        scope.tenant().0, by.0, id)?;
    row.map(ImportRow::into_import).transpose()
}

/// The newest files of an account.
pub(super) async fn list_imports(conn: &mut Conn, scope: &Scope, by: AccountId, limit: i64) -> Result<Vec<StoredImport>, StoreError> {
    let rows = q!(all conn, ImportRow, "SELECT id, file_name, layout, for_id, job_id, created_at FROM imports WHERE tenant_id = $1 AND owner_id = $2 \
        ORDER BY created_at DESC, id DESC LIMIT $3", scope.tenant().0, by.0, limit)?;
    rows.into_iter().map(ImportRow::into_import).collect()
}

/// What a file of an account holds, sealed.
pub(super) async fn find_content(conn: &mut Conn, scope: &Scope, by: AccountId, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let row = q!(opt conn, (Vec<u8>,), "SELECT content FROM imports WHERE tenant_id = $1 AND owner_id = $2 AND id = $3", scope.tenant().0, by.0, id)?;
    Ok(row.map(|(content,)| content))
}

/// How a file of an account is read, until it is imported.
pub(super) async fn update_import(
    conn: &mut Conn,
    scope: &Scope,
    by: AccountId,
    id: i64,
    layout: &Layout,
    owner: AccountId,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE imports SET layout = $4, for_id = $5 WHERE tenant_id = $1 AND owner_id = $2 AND id = $3 AND job_id IS NULL",
        scope.tenant().0, by.0, id, json(layout)?, owner.0)
}

/// The job that writes it, once.
pub(super) async fn update_import_job(conn: &mut Conn, scope: &Scope, by: AccountId, id: i64, job: JobId) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE imports SET job_id = $4 WHERE tenant_id = $1 AND owner_id = $2 AND id = $3 AND job_id IS NULL", scope.tenant().0, by.0, id, job.0)
}

/// Removes a file of an account.
pub(super) async fn delete_import(conn: &mut Conn, scope: &Scope, by: AccountId, id: i64) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM imports WHERE tenant_id = $1 AND owner_id = $2 AND id = $3 AND job_id IS NULL", scope.tenant().0, by.0, id)
}

/// Removes what was sent before an instant and never imported, and what was sent before an earlier one.
// cross-tenant: files of all tenants are kept so long
pub(super) async fn delete_old_imports(conn: &mut Conn, unasked_before: UnixMs, before: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM imports WHERE created_at < $2 OR (created_at < $1 AND job_id IS NULL)", unasked_before, before)
}
