//! Actions and leases in the store, on both databases.

use std::sync::atomic::Ordering;

use super::*;
use crate::aaa::directory::{NasFields, NasTable};
use crate::aaa::enforcement::{ActionKind, ActionState, Reason, list_action_lines, list_coa_silence};
use crate::accounts::Scope;
use crate::radius::Secret;
use crate::sessions::TokenKey;
use crate::store::SlotLease;
use crate::store::test_db::{NOW, each_database};

fn keeper(db: &Db, node: &str) -> Keeper {
    let ids = Arc::new(ArcSwapOption::from_pointee(IdMaker::new(SlotLease { slot: 8 })));
    let live = Arc::new(LiveSessions::new(TokenKey::new(&[7; 32])));
    Keeper::new(db.clone(), Enforcer::new(), Arc::new(directory()), live, ids, node.into(), 1_000)
}

fn directory() -> Directory {
    let directory = Directory::empty();
    let fields = NasFields {
        id: 2,
        name: "tower".into(),
        prefixes: vec!["192.0.2.1/32".parse().expect("a prefix")],
        secrets: vec![Secret::new(b"s")],
        tenant_id: 1,
        owner_id: 1,
        ..NasFields::default()
    };
    directory.routers.store(Arc::new(NasTable::new(vec![fields], &[], &NasTable::default())));
    directory
}

fn row(state: ActionState) -> ActionRow {
    ActionRow {
        serial: 1,
        id: None,
        tenant_id: 1,
        router_id: 2,
        nas_instance: 3,
        session_key: [4; 16],
        customer_id: 5,
        acct_session_id: "81000001".into(),
        username: "Bob".into(),
        kind: ActionKind::Disconnect,
        reason: Reason::Staff.code(),
        wanted: String::new(),
        granted: Vec::new(),
        state,
        note: "the router does not answer CoA and Disconnect requests".into(),
        tries: 2,
        error_cause: None,
        next_try_at: NOW + 5,
        created_at: NOW,
        updated_at: NOW + 1,
    }
}

#[tokio::test]
async fn an_action_has_one_row_from_its_beginning_to_its_end() {
    for test in each_database().await {
        let mut keeper = keeper(&test.db, "1");
        keeper.step(NOW).await.expect("read");
        keeper.enforcer.keep_rows(vec![row(ActionState::Waiting)]);
        keeper.step(NOW + 2).await.expect("written");
        let mut conn = test.db.read().await.expect("a connection");
        let unfinished = sql::list_unfinished(&mut conn, 0, i64::MAX, 10).await.expect("read");
        let action = unfinished[0].clone().into_action().expect("known words");
        assert_eq!((unfinished.len(), action.session.acct_session_id, action.tries), (1, (*b"81000001").into(), 2));
        assert!(
            list_coa_silence(&mut conn, &Scope::administrator(TenantId(1))).await.expect("read").is_empty(),
            "its router has no entry here"
        );
        drop(conn);
        keeper.enforcer.keep_rows(vec![row(ActionState::Drift), ActionRow { updated_at: NOW + 9, ..row(ActionState::Proven) }]);
        keeper.step(NOW + 10).await.expect("written");
        let mut conn = test.db.read().await.expect("a connection");
        let lines = list_action_lines(&mut conn, &Scope::administrator(TenantId(1)), "bob", false, 10).await.expect("read");
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].state.as_str(), lines[0].proven_at, lines[0].router.as_str()), ("proven", Some(NOW + 9), "2"));
        assert!(
            list_action_lines(&mut conn, &Scope::administrator(TenantId(1)), "", true, 10).await.expect("read").is_empty(),
            "no drift any more"
        );
        assert!(
            list_action_lines(&mut conn, &Scope::administrator(TenantId(2)), "", false, 10).await.expect("read").is_empty(),
            "another tenant's"
        );
        assert!(keeper.known.is_empty() && sql::list_told(&mut conn, 0, 10).await.expect("read").is_empty());
        drop(conn);
        keeper.pruned_at = 0;
        keeper.step(NOW + 20_000).await.expect("pruned");
        let lines = list_action_lines(&mut test.db.read().await.expect("a connection"), &Scope::administrator(TenantId(1)), "", false, 10)
            .await
            .expect("read");
        assert!(lines.is_empty(), "finished and old");
        test.end().await;
    }
}

#[tokio::test]
async fn a_router_belongs_to_the_node_that_hears_it_and_is_taken_over_when_that_node_dies() {
    for test in each_database().await {
        let (mut first, mut second) = (keeper(&test.db, "1"), keeper(&test.db, "2"));
        let hear = |keeper: &Keeper, at: UnixMs| {
            let routers = keeper.directory.routers.load();
            routers.all()[0].counters.last_accounting_at.store(at, Ordering::Relaxed);
        };
        hear(&first, NOW);
        first.lease(NOW).await.expect("leased");
        second.lease(NOW + 1_000).await.expect("asked");
        // A store in a file of its own has one node.
        let is_shared = !test.db.is_sqlite();
        assert_eq!((first.enforcer.is_foreign(2), second.enforcer.is_foreign(2)), (false, is_shared));
        first.lease(NOW + 10_000).await.expect("renewed");
        second.lease(NOW + 20_000).await.expect("asked");
        assert_eq!(second.enforcer.is_foreign(2), is_shared, "still renewed");
        second.lease(NOW + 25_001).await.expect("taken over");
        assert!(!second.enforcer.is_foreign(2), "fifteen seconds after its last sign");
        hear(&first, NOW + 60_000);
        first.lease(NOW + 60_000).await.expect("taken back");
        second.lease(NOW + 61_000).await.expect("asked");
        assert_eq!((first.enforcer.is_foreign(2), second.enforcer.is_foreign(2)), (false, is_shared), "who hears the router has it");
        test.end().await;
    }
}
