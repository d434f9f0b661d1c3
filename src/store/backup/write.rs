//! Making an archive: everything from one snapshot, while others go on writing.

use std::io::Write;

use super::chunks::ChunkWriter;
use super::header::{DerivationCost, Header};
use super::record::{RecordWriter, TotalDigest};
use super::rows::read_rows;
use super::schema::list_tables;
use super::{BackupError, Copied, OnProgress};
use crate::store::{Db, KeyFile, StoreIdentity, check_schema, schema_version};
use crate::units::UnixMs;

/// Writes the whole store to `out` and gives it back, not yet synced. `identity` and `key` are what `check_store_identity` gave: a key that does not
/// fit the store must not get into a backup.
pub async fn write_backup<W: Write>(
    db: &Db,
    (identity, key): (&StoreIdentity, &KeyFile),
    (passphrase, cost): (&[u8], DerivationCost),
    out: W,
    now: UnixMs,
    on_progress: OnProgress<'_>,
) -> Result<(W, Copied), BackupError> {
    check_schema(db).await?;
    let header = Header::new(identity, schema_version(), now, cost);
    let archive_key = header.derive_key(passphrase)?;
    let octets = header.encode(&archive_key);
    let mut records = RecordWriter::new(ChunkWriter::new(out, archive_key, octets)?);
    records.key(key.octets())?;
    let mut snapshot = db.snapshot().await?;
    let (mut total, mut counts) = (TotalDigest::default(), Vec::new());
    for table in list_tables(&mut snapshot).await? {
        records.table(&table)?;
        let mut rows = 0;
        let digest = read_rows(&mut snapshot, &table, |row| {
            rows += 1;
            if rows % 4096 == 0 {
                on_progress(&table.name, rows);
            }
            Ok(records.row(row)?)
        })
        .await?;
        records.table_end(&digest)?;
        on_progress(&table.name, digest.rows);
        total.add(&table, &digest);
        counts.push((table.name, digest.rows));
    }
    let out = records.finish(&total)?;
    Ok((out, Copied::of(&total, counts)))
}

impl Copied {
    pub(super) fn of(total: &TotalDigest, tables: Vec<(String, u64)>) -> Copied {
        let sha256 = crate::units::hex(&total.sha256());
        Copied { tables, rows: total.rows, sha256, left_out: Vec::new() }
    }
}
