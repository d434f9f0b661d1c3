//! A file that was sent, kept sealed for a week, and for two if it was imported, so that it can be looked at, read in another way, and its failed rows be had back. Only who
//! sent it sees it: it holds passwords.

use serde_json::json;

use super::layout::Layout;
use super::sql;
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::customers::CustomerError;
use crate::customers::add::check_owner;
use crate::store::{AuditEntry, Conn, Db, IdMaker, KeyError, Sealer, StoreError, Tx};
use crate::units::{AccountId, DAY_MS, JobId, UnixMs};

/// Where contents are sealed for.
const CONTENT: &str = "imports.content";
/// A file is kept so long, and so long if it was imported: its job is long over then, and its failed rows were fetched.
const KEPT_MS: i64 = 7 * DAY_MS;
const KEPT_IMPORTED_MS: i64 = 14 * DAY_MS;
/// Longest file, octets: what is larger goes by the command.
const MOST_OCTETS: usize = 4 * 1024 * 1024;
/// Most lines of a file.
const MOST_ROWS: usize = 20_000;

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImport {
    /// Its id.
    pub id: i64,
    /// What it was called where it came from.
    pub file_name: String,
    /// How it is read.
    pub layout: Layout,
    /// Whose the customers become.
    pub owner: AccountId,
    /// The job that writes it, once asked.
    pub job: Option<JobId>,
    /// When it was sent.
    pub created_at: UnixMs,
}

fn require(scope: &Scope) -> Result<AccountId, CustomerError> {
    scope.require(Capability::CustomersCreate)?;
    scope.require(Capability::BulkOperations)?;
    scope.require_himself()?;
    // whoever runs commands has a command for it
    Ok(scope.acting().unwrap_or(AccountId(0)))
}

/// Keeps a file. `content` is text with a header line.
#[allow(clippy::too_many_arguments)] // the use case's own world: store, ids, key; then who, for whom, what, when
pub async fn add_import(
    db: &Db,
    ids: &IdMaker,
    sealer: &Sealer,
    scope: &Scope,
    owner: AccountId,
    file_name: &str,
    content: &[u8],
    now: UnixMs,
) -> Result<StoredImport, CustomerError> {
    let by = require(scope)?;
    let bad = |why: &str| CustomerError::BadField(why.to_owned());
    let text = std::str::from_utf8(content).map_err(|_| bad("the file is no UTF-8 text: save it as CSV UTF-8"))?;
    if text.trim().is_empty() {
        return Err(bad("the file is empty"));
    }
    if text.contains('\0') {
        return Err(bad("the file holds NUL characters: it is no CSV"));
    }
    if content.len() > MOST_OCTETS || text.lines().count() > MOST_ROWS + 1 {
        return Err(bad("the file is too long: at most 20,000 rows and 4 MiB; `tollgate import customers` takes more"));
    }
    let id = ids.next(now);
    let name: String = file_name.chars().filter(|c| !c.is_control()).take(100).collect();
    let import = StoredImport { id, file_name: name, layout: Layout::guess(text), owner, job: None, created_at: now };
    let mut tx = db.begin().await?;
    check_owner(&mut tx, scope, owner).await?;
    sql::insert_import(&mut tx, scope, by, &import, &sealer.seal(CONTENT, id, content)).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "import.add", "imports", id, &import.file_name).after(&json!({ "octets": content.len() })));
    tx.commit(now).await?;
    Ok(import)
}

/// An import of whoever asks.
pub async fn find_import(conn: &mut Conn, scope: &Scope, id: i64) -> Result<Option<StoredImport>, CustomerError> {
    let by = require(scope)?;
    Ok(sql::find_import(conn, scope, by, id).await?)
}

/// The newest imports of whoever asks.
pub async fn list_imports(conn: &mut Conn, scope: &Scope, limit: i64) -> Result<Vec<StoredImport>, CustomerError> {
    let by = require(scope)?;
    Ok(sql::list_imports(conn, scope, by, limit).await?)
}

/// What a file holds.
pub async fn read_import(conn: &mut Conn, sealer: &Sealer, scope: &Scope, id: i64) -> Result<Option<Vec<u8>>, CustomerError> {
    let by = require(scope)?;
    let Some(sealed) = sql::find_content(conn, scope, by, id).await? else { return Ok(None) };
    let opened: Result<Vec<u8>, KeyError> = sealer.open(CONTENT, id, &sealed);
    Ok(Some(opened?))
}

/// Says how a file is read and whose the customers become, until it is imported.
pub async fn set_import(db: &Db, scope: &Scope, id: i64, layout: &Layout, owner: AccountId, now: UnixMs) -> Result<(), CustomerError> {
    let by = require(scope)?;
    layout.check().map_err(CustomerError::BadField)?;
    let mut tx = db.begin().await?;
    check_owner(&mut tx, scope, owner).await?;
    sql::find_import(&mut tx, scope, by, id).await?.ok_or_else(|| CustomerError::Unknown(id.to_string()))?;
    if sql::update_import(&mut tx, scope, by, id, layout, owner).await? == 0 {
        return Err(CustomerError::BadField("this file is being imported already".to_owned()));
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "import.set", "imports", id, "").after(layout));
    tx.commit(now).await?;
    Ok(())
}

/// Gives a file to the job that writes it, within the transaction that asks for the job; false if it has one, and then the caller does not commit.
pub async fn give_import_in(tx: &mut Tx, scope: &Scope, id: i64, job: JobId) -> Result<bool, CustomerError> {
    let by = require(scope)?;
    if sql::update_import_job(tx, scope, by, id, job).await? == 0 {
        return Ok(false);
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "import.run", "imports", id, "").note("job", job.to_string()));
    Ok(true)
}

/// Removes files of all tenants whose time is over; the caller commits.
pub async fn delete_old_imports(tx: &mut Tx, now: UnixMs) -> Result<u64, StoreError> {
    sql::delete_old_imports(tx, now - KEPT_MS, now - KEPT_IMPORTED_MS).await
}

/// Removes a file that was not imported.
pub async fn remove_import(db: &Db, scope: &Scope, id: i64, now: UnixMs) -> Result<(), CustomerError> {
    let by = require(scope)?;
    let mut tx = db.begin().await?;
    if sql::delete_import(&mut tx, scope, by, id).await? == 0 {
        return Err(CustomerError::Unknown(id.to_string()));
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "import.remove", "imports", id, ""));
    tx.commit(now).await?;
    Ok(())
}
