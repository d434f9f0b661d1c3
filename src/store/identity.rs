//! Which store this is, and whether the key file at hand is the one it was made with.

use std::path::Path;

use rand::Rng;

use super::{Conn, Db, KeyError, KeyFile, StoreError};
use crate::q;
use crate::units::UnixMs;

/// What is sealed into `store_info.key_check`; opening it proves the key.
const KEY_CHECK: &[u8] = b"tollgate";
const PLACE: &str = "store_info.key_check";

/// Names a store for ever; the journal carries it and refuses another store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreIdentity {
    /// Sixteen random octets.
    pub store_id: [u8; 16],
    /// When it was created.
    pub created_at: UnixMs,
}

/// Why a store and a key file cannot be used together.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key file cannot be read, or belongs to another store.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The schema is there, but `migrate` did not finish.
    #[error("the store has no identity yet: run `tollgate migrate`")]
    Absent,
}

#[derive(sqlx::FromRow)]
struct InfoRow {
    store_id: Vec<u8>,
    key_check: Vec<u8>,
    created_at: i64,
}

/// Gives a new store its identity and key file (folders are made); for a store that has one, reads and checks the key.
/// A key is never made for a store that was sealed under another.
pub async fn ensure_store_identity(db: &Db, key_path: &Path, now: UnixMs) -> Result<(StoreIdentity, KeyFile), IdentityError> {
    let known = find_store_info(&mut *db.begin().await?).await?;
    if known.is_none() {
        if let Some(folder) = key_path.parent() {
            create_private_folder(folder).map_err(|e| KeyError::File { path: folder.display().to_string(), reason: e.to_string() })?;
        }
        let key = KeyFile::read_or_create(key_path)?;
        let mut store_id = [0u8; 16];
        rand::rng().fill_bytes(&mut store_id);
        let mut tx = db.begin().await?;
        insert_store_info(&mut tx, &store_id, &key.sealer().seal(PLACE, 1, KEY_CHECK), now).await?;
        tx.commit(now).await?;
    }
    check_store_identity(db, key_path).await
}

/// Reads the store's identity and the key file, and checks that they belong together.
pub async fn check_store_identity(db: &Db, key_path: &Path) -> Result<(StoreIdentity, KeyFile), IdentityError> {
    let info = find_store_info(&mut db.read().await?).await?.ok_or(IdentityError::Absent)?;
    let key = KeyFile::read(key_path)?;
    match key.sealer().open(PLACE, 1, &info.key_check) {
        Ok(plain) if plain == KEY_CHECK => {}
        _ => return Err(KeyError::Wrong { path: key_path.display().to_string() }.into()),
    }
    let store_id = info.store_id.try_into().map_err(|_| StoreError::Unexpected("a store id of another length".into()))?;
    Ok((StoreIdentity { store_id, created_at: info.created_at }, key))
}

/// Makes a folder and its parents, the last one readable by its owner only; an existing folder is left as it is.
pub fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

// cross-tenant: the identity is the store's own
async fn find_store_info(conn: &mut Conn) -> Result<Option<InfoRow>, StoreError> {
    q!(opt conn, InfoRow, "SELECT store_id, key_check, created_at FROM store_info WHERE id = 1")
}

// cross-tenant: the identity is the store's own. Two processes may race; the first one's row stands.
async fn insert_store_info(conn: &mut Conn, store_id: &[u8], key_check: &[u8], now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO store_info (id, store_id, key_check, created_at) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING",
        store_id, key_check, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::test_db::{NOW, each_database};

    #[tokio::test]
    async fn a_store_knows_its_key_and_refuses_another() {
        for fresh in each_database().await {
            let path = fresh.folder.path().join("keys/key");
            assert!(matches!(check_store_identity(&fresh.db, &path).await, Err(IdentityError::Absent)));
            let (first, _) = ensure_store_identity(&fresh.db, &path, NOW).await.expect("a new store");
            let (again, _) = ensure_store_identity(&fresh.db, &path, NOW + 5).await.expect("the same store");
            assert_eq!(first, again);
            let other = fresh.folder.path().join("other");
            KeyFile::read_or_create(&other).expect("a key of some other store");
            let refused = check_store_identity(&fresh.db, &other).await;
            assert!(matches!(refused, Err(IdentityError::Key(KeyError::Wrong { .. }))));
            let missing = ensure_store_identity(&fresh.db, &fresh.folder.path().join("lost"), NOW).await;
            assert!(matches!(missing, Err(IdentityError::Key(KeyError::File { .. }))), "no new key for an old store");
            fresh.end().await;
        }
    }
}
