//! Putting an archive into an empty database: all rows in one transaction, counted and digested again before it commits.

use std::path::Path;

use super::archive::{Archive, Contents};
use super::record::{Record, Table, TableDigest};
use super::rows::{RowInserter, read_rows};
use super::schema::{ForeignKeysAside, execute, list_tables, quoted};
use super::{BackupError, Copied, OnProgress};
use crate::q;
use crate::store::{Conn, Db, KeyFile, SchemaError, StoreError, Tx, check_schema, check_store_identity, migrate, schema_version};
use crate::units::UnixMs;

/// Checks, without changing anything, that an archive of this program's schema can go into this database: it has no schema, or no tenants.
pub async fn check_target(db: &Db, archive: &Archive) -> Result<(), BackupError> {
    check_version(archive)?;
    match check_schema(db).await {
        Ok(()) => check_no_tenants(&mut *db.begin().await?).await,
        Err(SchemaError::Absent) => Ok(()),
        // an older schema may hold tenants; asking is safe, because every version has that table
        Err(SchemaError::Older { .. }) => check_no_tenants(&mut *db.begin().await?).await,
        Err(other) => Err(other.into()),
    }
}

fn check_version(archive: &Archive) -> Result<(), BackupError> {
    let (found, known) = (archive.header.schema_version, schema_version());
    if found == known { Ok(()) } else { Err(BackupError::SchemaVersion { found, known, program: archive.header.program.clone() }) }
}

// cross-tenant: a restore is the whole store
async fn check_no_tenants(conn: &mut Conn) -> Result<(), BackupError> {
    let (tenants,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM tenants")?;
    match tenants {
        0 => Ok(()),
        1 => Err(BackupError::TargetInUse("the database holds a tenant".into())),
        n => Err(BackupError::TargetInUse(format!("the database holds {n} tenants"))),
    }
}

/// Checks that there is no key file, or the archive's own, left by a restore that a crash ended just before its commit.
fn check_key_path(contents: &Contents, key_path: &Path) -> Result<(), BackupError> {
    if key_path.exists() && *KeyFile::read(key_path)?.octets() != *contents.key {
        return Err(BackupError::TargetInUse(format!("{} is the key file of another store", key_path.display())));
    }
    Ok(())
}

/// Brings the schema up, inserts all rows, writes the key file, commits. On an error the database has no rows and there is no new key file.
///
/// The restored store keeps its id, so a journal that survived elsewhere still fits. Positions of journals come along; a new journal takes a new id
/// and so begins at its own first record. Followers of the change feed reload.
pub async fn restore_backup(
    db: &Db,
    archive: &Archive,
    contents: &Contents,
    key_path: &Path,
    now: UnixMs,
    on_progress: OnProgress<'_>,
) -> Result<Copied, BackupError> {
    check_target(db, archive).await?;
    check_key_path(contents, key_path)?;
    migrate(db).await?;
    let mut tx = db.begin().await?;
    check_no_tenants(&mut tx).await?;
    let foreign_keys = ForeignKeysAside::set_aside(&mut tx).await?;
    let (inserted, left_out) = insert_all(&mut tx, archive, on_progress).await?;
    foreign_keys.put_back(&mut tx).await?;
    for (table, expected) in &inserted {
        verify(&mut tx, table, expected).await?;
    }
    make_followers_reload(&mut tx).await?;
    commit_with_key(tx, contents, key_path, now).await?;
    check_store_identity(db, key_path).await?;
    Ok(Copied { left_out, ..contents.copied.clone() })
}

type Inserted = Vec<(Table, TableDigest)>;

async fn insert_all(conn: &mut Conn, archive: &Archive, on_progress: OnProgress<'_>) -> Result<(Inserted, Vec<String>), BackupError> {
    let known = list_tables(conn).await?;
    let (mut inserted, mut left_out) = (Vec::new(), Vec::new());
    let (mut current, mut rows): (Option<RowInserter>, u64) = (None, 0);
    let mut records = archive.records()?;
    loop {
        match records.next()? {
            Record::Key(_) => {}
            Record::Table(table) => {
                rows = 0;
                current = match known.iter().find(|known| known.name == table.name) {
                    Some(here) => Some(RowInserter::new(begin_table(conn, table, here).await?)),
                    None => {
                        left_out.push(table.name);
                        None
                    }
                };
            }
            Record::Row(row) => {
                if let Some(inserter) = &mut current {
                    inserter.add(conn, row).await?;
                    rows += 1;
                    if rows % 4096 == 0 {
                        on_progress(&inserter.table().name, rows);
                    }
                }
            }
            Record::TableEnd(digest) => {
                if let Some(mut inserter) = current.take() {
                    inserter.flush(conn).await?;
                    on_progress(&inserter.table().name, rows);
                    inserted.push((inserter.table().clone(), digest));
                }
            }
            Record::End { .. } => return Ok((inserted, left_out)),
        }
    }
}

/// Takes out what migrations put in, after checking that the columns are the same on both sides (in any order).
// cross-tenant: a restore is the whole store
async fn begin_table(conn: &mut Conn, table: Table, here: &Table) -> Result<Table, BackupError> {
    let sorted = |table: &Table| {
        let mut columns: Vec<String> = table.columns.iter().map(|(name, kind)| format!("{name} {kind:?}")).collect();
        columns.sort();
        columns.join(", ")
    };
    let (there, ours) = (sorted(&table), sorted(here));
    if there != ours {
        return Err(BackupError::Mismatch { table: table.name, detail: format!("columns there: {there}; here: {ours}") });
    }
    execute(conn, format!("DELETE FROM {}", quoted(&table.name))).await?;
    Ok(table)
}

async fn verify(conn: &mut Conn, table: &Table, expected: &TableDigest) -> Result<(), BackupError> {
    let found = read_rows(conn, table, |_| Ok(())).await?;
    if found == *expected {
        return Ok(());
    }
    let detail = match found.rows == expected.rows {
        true => "the digests of the rows differ".to_owned(),
        false => format!("{} rows instead of {}", found.rows, expected.rows),
    };
    Err(BackupError::Mismatch { table: table.name.clone(), detail })
}

/// Everything up to a fresh position counts as trimmed: whoever followed before reads all tables again.
// cross-tenant: the feed is the server's own
async fn make_followers_reload(conn: &mut Conn) -> Result<(), StoreError> {
    q!(exec conn, "DELETE FROM feed")?;
    q!(exec conn, "UPDATE feed_head SET seq = seq + 1, trimmed = seq + 1 WHERE id = 1")?;
    Ok(())
}

/// The key file is there before the rows are, so that no crash leaves sealed rows without it.
async fn commit_with_key(tx: Tx, contents: &Contents, key_path: &Path, now: UnixMs) -> Result<(), BackupError> {
    let already = key_path.exists();
    if !already {
        KeyFile::write(key_path, &contents.key)?;
    }
    if let Err(error) = tx.commit(now).await {
        if !already {
            // without its rows the key is of no use, and in the way of the next attempt
            std::fs::remove_file(key_path).unwrap_or_default();
        }
        return Err(error.into());
    }
    Ok(())
}
