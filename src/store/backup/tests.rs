//! Archives made, damaged and restored, on both databases and across.

use std::path::{Path, PathBuf};

use super::chunks::CHUNK_OCTETS;
use super::record::TableDigest;
use super::rows::read_rows;
use super::schema::{execute, list_tables};
use super::*;
use crate::q;
use crate::store::test_db::{NOW, TestDb, each_database};
use crate::store::{Db, KeyFile, ensure_store_identity, find_feed_head};

const PASSPHRASE: &[u8] = b"correct horse battery staple";
/// Least that Argon2 allows: tests do not wait.
const CHEAP: DerivationCost = DerivationCost { memory_kib: 8, passes: 1, lanes: 1 };
const SESSIONS: i64 = 500;

/// Every kind of value, and a reference to a row that comes later.
const EXTRA_TABLE: &str = "CREATE TABLE oddities (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES oddities (id), small INTEGER, ratio DOUBLE PRECISION, \
    truth BOOLEAN NOT NULL, words TEXT, octets BYTEA)";

async fn make_extra_table(db: &Db, text: &str) {
    let text = if db.is_sqlite() { text.replace("BYTEA", "BLOB") } else { text.to_owned() };
    let mut tx = db.begin().await.expect("a transaction");
    execute(&mut tx, text).await.expect("a table");
    tx.commit(NOW).await.expect("committed");
}

/// A store with rows of every kind; gives its key file.
async fn fill(fresh: &TestDb) -> PathBuf {
    let key_path = fresh.folder.path().join("key");
    let (_, key) = ensure_store_identity(&fresh.db, &key_path, NOW).await.expect("a new store");
    make_extra_table(&fresh.db, EXTRA_TABLE).await;
    let mut tx = fresh.db.begin().await.expect("a transaction");
    let texts = [
        "INSERT INTO tenants (id, name, time_zone, currency, case_sensitive_usernames, created_at) VALUES (1, 'পরীক্ষা', 'Asia/Dhaka', 'BDT', TRUE, 5)".to_owned(),
        // the first account was moved below a later one
        "INSERT INTO accounts (id, tenant_id, parent_id, name, role, created_at) VALUES (1, 1, NULL, 'a', 'owner', 5), (9, 1, 1, 'b', 'x', 6)".to_owned(),
        "UPDATE accounts SET parent_id = 9 WHERE id = 1".to_owned(),
        "INSERT INTO packages (id, tenant_id, owner_id, name, interim_secs, created_at, updated_at) VALUES (2, 1, 1, 'home', 300, 5, 5)".to_owned(),
        "INSERT INTO journals (journal_id, node, applied_seq, updated_at) VALUES (77, 'n', 4711, 5)".to_owned(),
        "INSERT INTO process_slots (slot, owner, leased_until) VALUES (3, 'someone', 5)".to_owned(),
        format!("INSERT INTO oddities VALUES (1, 2, -7, 0.1, TRUE, 'O''Brien\n', NULL), (2, NULL, NULL, -1e300, FALSE, '', NULL), \
            ({}, 1, 2147483647, NULL, TRUE, NULL, NULL), ({}, 1, 0, 3, FALSE, '漢字', NULL)", i64::MAX, -i64::MAX),
    ];
    for text in texts {
        execute(&mut tx, text).await.expect("a row");
    }
    let sealed = key.sealer().seal("customers.password", 3, b"swordfish");
    q!(exec tx, "INSERT INTO customers (id, tenant_id, owner_id, code, username, username_key, password, package_id, connection_type, billing_type, \
        registered_at, updated_at, name_key) VALUES (3, 1, 9, 'c', 'u', 'u', $1, 2, 'pppoe', 'prepaid', 5, 5, 'abdur rahim')", &sealed[..])
    .expect("a customer");
    let all_octets: Vec<u8> = (0..=255).collect();
    q!(exec tx, "UPDATE oddities SET octets = $1 WHERE id = 1", &all_octets[..]).expect("octets");
    for number in 0..SESSIONS {
        let key = [&b"key of session "[..], &number.to_be_bytes()].concat();
        let (username, ended_at) = (format!("user{number} {}", "long ".repeat(40)), (number % 3 > 0).then_some(number + 60));
        q!(exec tx, "INSERT INTO sessions VALUES (1, $1, 4, 5, NULL, '81000001', $2, '', '', '', '10.0.0.1', $3, $3, $4, $5, 0, 60, 100, 200, 0, 0, 0, 0)",
            &key[..], &username[..], number, ended_at, number % 2 == 0)
        .expect("a session");
    }
    tx.changed(1, "customers", 3);
    tx.commit(NOW).await.expect("committed");
    key_path
}

async fn back_up(fresh: &TestDb, key_path: &Path) -> (PathBuf, Copied) {
    let path = fresh.folder.path().join("backup");
    let (identity, key) = crate::store::check_store_identity(&fresh.db, key_path).await.expect("a store");
    let out = NewFile::create(&path, true).expect("a file");
    let (out, copied) = write_backup(&fresh.db, (&identity, &key), (PASSPHRASE, CHEAP), out, NOW, &mut |_, _| {}).await.expect("a backup");
    out.finish().expect("named");
    (path, copied)
}

async fn digests(db: &Db) -> Vec<(String, TableDigest)> {
    let mut snapshot = db.snapshot().await.expect("a snapshot");
    let mut found = Vec::new();
    for table in list_tables(&mut snapshot).await.expect("tables") {
        let digest = read_rows(&mut snapshot, &table, |_| Ok(())).await.expect("rows");
        found.push((table.name, digest));
    }
    found
}

/// All but the feed's head, which a restore moves on.
async fn lasting_digests(db: &Db) -> Vec<(String, TableDigest)> {
    let mut all = digests(db).await;
    all.retain(|(name, _)| name != "feed_head");
    all
}

async fn restore(target: &TestDb, archive: &Path, key_path: &Path) -> Result<Copied, BackupError> {
    let archive = Archive::open(archive, PASSPHRASE)?;
    let contents = archive.check()?;
    restore_backup(&target.db, &archive, &contents, key_path, NOW, &mut |_, _| {}).await
}

#[tokio::test]
async fn a_store_comes_back_whole_on_either_database() {
    for source in each_database().await {
        let key_path = fill(&source).await;
        let (archive, written) = back_up(&source, &key_path).await;
        let before = lasting_digests(&source.db).await;
        assert!(written.tables.contains(&("sessions".into(), SESSIONS as u64)) && written.tables.contains(&("oddities".into(), 4)));
        assert!(!written.tables.iter().any(|(name, _)| ["process_slots", "feed", "_sqlx_migrations"].contains(&name.as_str())));
        for target in each_database().await {
            make_extra_table(&target.db, EXTRA_TABLE).await;
            let new_key = target.folder.path().join("key");
            let copied = restore(&target, &archive, &new_key).await.expect("restored");
            assert_eq!(copied, written);
            assert_eq!(lasting_digests(&target.db).await, before);
            let head = find_feed_head(&mut target.db.read().await.expect("open")).await.expect("a head");
            assert_eq!((head.seq, head.trimmed), (2, 2), "whoever followed reloads");
            let (password,): (Vec<u8>,) =
                q!(one target.db.read().await.expect("open"), (Vec<u8>,), "SELECT password FROM customers WHERE id = 3")
                    .expect("a customer");
            let key = KeyFile::read(&new_key).expect("the key came along");
            assert_eq!(key.sealer().open("customers.password", 3, &password).expect("opens"), b"swordfish");
            if target.db.is_sqlite() {
                let found = q!(all target.db.read().await.expect("open"), (i64,), "SELECT rowid FROM customer_names WHERE customer_names MATCH '\"rahi\"'");
                assert_eq!(found.expect("an index"), [(3,)], "names are found by their parts again");
            }
            let orphan = target.db.begin().await;
            let orphan = execute(&mut orphan.expect("a transaction"), "INSERT INTO customer_macs VALUES (1, 999, 'x')".into()).await;
            assert!(orphan.is_err(), "foreign keys hold again");
            // the same archive once more, into what is now in use
            let again = restore(&target, &archive, &new_key).await;
            assert!(matches!(again, Err(BackupError::TargetInUse(_))), "{again:?}");
            assert_eq!(lasting_digests(&target.db).await, before);
            target.end().await;
        }
        source.end().await;
    }
}

#[tokio::test]
async fn what_fails_in_the_middle_leaves_nothing() {
    for source in each_database().await {
        let key_path = fill(&source).await;
        let (archive, _) = back_up(&source, &key_path).await;
        let cases = [
            (EXTRA_TABLE.replace("id BIGINT PRIMARY KEY", "id BIGINT PRIMARY KEY CHECK (id < 5)"), "a row is refused"),
            (EXTRA_TABLE.replace("words TEXT", "words BIGINT"), "another kind of column"),
            (EXTRA_TABLE.replace(", small INTEGER", ""), "a column less"),
        ];
        for (text, name) in cases {
            for target in each_database().await {
                make_extra_table(&target.db, &text).await;
                let empty = digests(&target.db).await;
                let new_key = target.folder.path().join("key");
                assert!(restore(&target, &archive, &new_key).await.is_err(), "{name}");
                assert_eq!(digests(&target.db).await, empty, "{name}");
                assert!(!new_key.exists(), "{name}");
                target.end().await;
            }
        }
        for target in each_database().await {
            let new_key = target.folder.path().join("key");
            KeyFile::read_or_create(&new_key).expect("another key");
            let refused = restore(&target, &archive, &new_key).await;
            assert!(matches!(refused, Err(BackupError::TargetInUse(_))), "{refused:?}");
            std::fs::remove_file(&new_key).expect("removed");
            KeyFile::write(&new_key, KeyFile::read(&key_path).expect("a key").octets()).expect("the archive's own key");
            let copied = restore(&target, &archive, &new_key).await.expect("restored");
            assert_eq!(copied.left_out, ["oddities"], "a table that this schema does not have");
            target.end().await;
        }
        source.end().await;
    }
}

/// Where the header ends and where each chunk ends.
fn boundaries(octets: &[u8]) -> Vec<usize> {
    let (_, header) = Header::read(&mut &octets[..]).expect("a header");
    let mut ends = vec![header.len()];
    while let Some(front) = octets.get(ends[ends.len() - 1]..).and_then(|rest| rest.first_chunk::<5>()) {
        let length = u32::from_le_bytes([front[1], front[2], front[3], front[4]]) as usize;
        ends.push(ends[ends.len() - 1] + 5 + length);
    }
    ends
}

#[tokio::test]
async fn every_damage_is_found_before_anything_is_done() {
    let source = each_database().await.remove(0);
    let key_path = fill(&source).await;
    let (path, _) = back_up(&source, &key_path).await;
    let whole = std::fs::read(&path).expect("the archive");
    let ends = boundaries(&whole);
    assert!(ends.len() >= 4 && whole.len() > 2 * CHUNK_OCTETS, "several chunks: {ends:?}");
    assert_eq!(ends.last(), Some(&whole.len()));
    assert!(!whole.windows(6).any(|part| part == b"sessio"), "nothing is readable");
    let attempt = |octets: &[u8]| {
        std::fs::write(&path, octets).expect("writable");
        Archive::open(&path, PASSPHRASE).and_then(|archive| archive.check()).map(|contents| contents.copied.rows)
    };
    assert!(attempt(&whole).is_ok());
    for end in &ends {
        for cut in [end.saturating_sub(1), *end, end + 1, end + 4].into_iter().filter(|cut| *cut < whole.len()) {
            assert!(matches!(attempt(&whole[..cut]), Err(BackupError::Damaged { .. })), "cut at {cut}");
        }
    }
    assert!(matches!(attempt(b""), Err(BackupError::NotABackup)));
    assert!(matches!(attempt(&[&whole[..], b"x"].concat()), Err(BackupError::Damaged { .. })), "something behind the end");
    let swapped = [&whole[..ends[0]], &whole[ends[1]..ends[2]], &whole[ends[0]..ends[1]], &whole[ends[2]..]].concat();
    assert!(matches!(attempt(&swapped), Err(BackupError::Damaged { .. })), "chunks in another order");
    let without = [&whole[..ends[0]], &whole[ends[1]..]].concat();
    assert!(matches!(attempt(&without), Err(BackupError::Damaged { .. })), "a chunk less");
    let places = (0..ends[0]).chain(ends.iter().flat_map(|end| [*end, end + 1, end + 3, end + 5, end + 900])).chain([whole.len() - 1]);
    for place in places.filter(|place| *place < whole.len()) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        assert!(attempt(&flipped).is_err(), "a bit flipped at {place}");
    }
    std::fs::write(&path, &whole).expect("writable");
    for wrong in [&b""[..], b"Correct horse battery staple", b"correct horse battery staple "] {
        assert!(matches!(Archive::open(&path, wrong), Err(BackupError::Passphrase)));
    }
    source.end().await;
}

#[tokio::test]
async fn an_archive_of_another_schema_names_the_program_that_wrote_it() {
    let source = each_database().await.remove(0);
    let key_path = fill(&source).await;
    let (path, _) = back_up(&source, &key_path).await;
    let mut archive = Archive::open(&path, PASSPHRASE).expect("opens");
    let target = each_database().await.remove(0);
    for (other, hint) in [(archive.header.schema_version - 1, true), (archive.header.schema_version + 1, false)] {
        archive.header.schema_version = other;
        let refused = check_target(&target.db, &archive).await.expect_err("another schema").to_string();
        assert!(refused.contains(env!("CARGO_PKG_VERSION")) && refused.contains(&format!("version {other} ")), "{refused}");
        assert_eq!(refused.contains("tollgate migrate"), hint, "{refused}");
        archive.header.schema_version += if hint { 1 } else { -1 };
    }
    target.end().await;
    source.end().await;
}
