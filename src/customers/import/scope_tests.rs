//! Whose files are seen: those of whoever sent them, and nobody's else, also from above.

use super::*;
use crate::accounts::test_scopes::World;
use crate::store::test_db::NOW;
use crate::store::{KeyFile, StoreError};
use crate::units::{DAY_MS, JobId};

#[tokio::test]
async fn a_file_is_seen_by_who_sent_it_alone() {
    for world in World::on_each().await {
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        let sealer = KeyFile::read_or_create(&world.fresh.folder.path().join("key")).expect("a key").sealer();
        let (scope, by) = (world.scope("north"), world.owner("north").id);
        let add = async |now| {
            let mut tx = db.begin().await.expect("a transaction");
            let new = StoredImport {
                id: ids.next(now),
                file_name: "a.csv".into(),
                layout: Layout::guess("username,password\n"),
                owner: by,
                job: None,
                created_at: now,
            };
            sql::insert_import(&mut tx, scope, by, &new, &sealer.seal("imports.content", new.id, b"secret")).await.expect("kept");
            tx.commit(now).await.expect("commits");
            new
        };
        let (old, new) = (add(NOW - 8 * DAY_MS).await, add(NOW).await);
        for other in ["owner", "south", "elsewhere"] {
            let (scope, not_his) = (world.scope(other), world.owner(other).id);
            let mut tx = db.begin().await.expect("a transaction");
            assert_eq!(sql::find_import(&mut tx, scope, not_his, new.id).await.expect("read"), None, "{other}");
            assert_eq!(sql::find_content(&mut tx, scope, not_his, new.id).await.expect("read"), None, "{other}");
            assert_eq!(sql::list_imports(&mut tx, scope, not_his, 9).await.expect("read"), [], "{other}");
            assert_eq!(sql::update_import(&mut tx, scope, not_his, new.id, &new.layout, by).await.expect("read"), 0, "{other}");
            assert_eq!(sql::update_import_job(&mut tx, scope, not_his, new.id, JobId(1)).await.expect("read"), 0, "{other}");
            assert_eq!(sql::delete_import(&mut tx, scope, not_his, new.id).await.expect("read"), 0, "{other}");
        }
        let mut tx = db.begin().await.expect("a transaction");
        assert_eq!(sql::list_imports(&mut tx, scope, by, 9).await.expect("read"), [new.clone(), old.clone()]);
        assert_eq!(delete_old_imports(&mut tx, NOW).await.expect("removed"), 1, "the old one");
        assert_eq!(sql::find_import(&mut tx, scope, by, old.id).await.expect("read"), None);
        let sealed = sql::find_content(&mut tx, scope, by, new.id).await.expect("read").expect("there");
        assert_eq!(sealer.open("imports.content", new.id, &sealed).expect("opens"), b"secret");
        assert_eq!(sql::update_import_job(&mut tx, scope, by, new.id, JobId(7)).await.expect("noted"), 1);
        assert_eq!(sql::update_import_job(&mut tx, scope, by, new.id, JobId(8)).await.expect("noted"), 0, "once");
        assert_eq!(sql::update_import(&mut tx, scope, by, new.id, &new.layout, by).await.expect("kept"), 0, "being imported");
        let gone: Result<u64, StoreError> = sql::delete_import(&mut tx, scope, by, new.id).await;
        assert_eq!(gone.expect("asked"), 0, "nobody takes it from under its job");
        assert_eq!(delete_old_imports(&mut tx, NOW + 8 * DAY_MS).await.expect("removed"), 0, "its failed rows may be wanted");
        assert_eq!(delete_old_imports(&mut tx, NOW + 15 * DAY_MS).await.expect("removed"), 1);
        drop(tx);
        world.fresh.end().await;
    }
}
