//! Terms of customers' own in a snapshot: one record each, of one of two kinds.

use std::sync::Arc;

use super::SnapshotError;
use super::chunks::ChunkWriter;
use super::contents::{end, json};
use crate::aaa::directory::{Own, Terms, TermsTable};
use crate::units::{OctetReader, OctetWriter};

const TERMS: u8 = 1;
/// A first login that was accepted and may not be in the store yet.
const FIRST_LOGIN: u8 = 2;

/// Writes a record for each customer who has any.
pub(super) fn write(table: &TermsTable, chunks: &mut ChunkWriter) -> Result<(), SnapshotError> {
    let mut record = Vec::new();
    let mut all = Vec::new();
    table.for_each(|id, terms| all.push((id, terms.clone())));
    for (id, terms) in all {
        OctetWriter(&mut record).u8(TERMS).i64(id).i64(terms.period_started_at).i64(terms.package_since_at).u64(terms.first_login_secs);
        if let Some(own) = &terms.own {
            record.extend(json(&own.terms)?);
        }
        end(&mut record, chunks)?;
    }
    for (id, at) in table.first_logins() {
        OctetWriter(&mut record).u8(FIRST_LOGIN).i64(id).i64(at);
        end(&mut record, chunks)?;
    }
    Ok(())
}

/// Reads one record.
pub(super) fn read(mut r: OctetReader<'_>, table: &TermsTable) -> Option<()> {
    match r.u8()? {
        TERMS => {
            let id = r.i64()?;
            let (period_started_at, package_since_at, first_login_secs) = (r.i64()?, r.i64()?, r.u64()?);
            let own = if r.0.is_empty() { None } else { Some(Arc::new(Own::new(serde_json::from_slice(r.0).ok()?))) };
            table.put(id, Some(Terms { period_started_at, package_since_at, first_login_secs, own }));
        }
        FIRST_LOGIN => {
            table.note_first_login(r.i64()?, r.i64()?);
        }
        _ => return None,
    }
    Some(())
}
