//! Done to many, and taken back.

use super::*;
use crate::accounts::test_scopes::World;
use crate::customers::scope_tests::{customers, sealer};
use crate::customers::tags::list_tags_of;
use crate::customers::zones::add_zone;
use crate::customers::{Customer, CustomerError, check_reply_syntax, find_customer_by_id};
use crate::store::test_db::NOW;
use crate::units::CustomerId;

async fn apply(world: &World, actor: &str, action: &BulkAction, ids: &[i64], job: i64) -> Result<Vec<BulkDone>, CustomerError> {
    let mut tx = world.fresh.db.begin().await.expect("a transaction");
    let tenant = &world.owner("owner").tenant;
    let done = apply_bulk(&mut tx, world.scope(actor), tenant, action, "because", ids, job, &check_reply_syntax, NOW + 5).await?;
    tx.commit(NOW + 5).await.expect("committed");
    Ok(done)
}

async fn undo(world: &World, actor: &str, job: i64) -> Vec<BulkDone> {
    let mut tx = world.fresh.db.begin().await.expect("a transaction");
    let tenant = &world.owner("owner").tenant;
    let done = undo_bulk(&mut tx, world.scope(actor), tenant, job, 0, 99, NOW + 9).await.expect("taken back");
    tx.commit(NOW + 9).await.expect("committed");
    done
}

async fn present(world: &World, id: i64) -> (Customer, Vec<String>) {
    let mut conn = world.fresh.db.read().await.expect("reads");
    let scope = world.scope("commands");
    let customer = find_customer_by_id(&mut conn, scope, CustomerId(id)).await.expect("read").expect("there");
    let tags = list_tags_of(&mut conn, scope, CustomerId(id)).await.expect("read");
    (Customer { updated_at: 0, ..customer }, tags)
}

#[tokio::test]
async fn everything_but_cutting_off_is_taken_back() {
    for world in World::on_each().await {
        let all = customers(&world, &sealer(&world)).await;
        let (ids, owner) = ([all[0].id.0, all[1].id.0, all[2].id.0], world.owner("owner").id);
        add_zone(&world.fresh.db, &world.fresh.ids, world.scope("owner"), owner, "Mirpur", NOW).await.expect("a zone");
        let actions = [
            BulkAction::Suspend("unpaid".into()),
            BulkAction::Disable,
            BulkAction::Zone(Some("Mirpur".into())),
            BulkAction::Owner(world.owner("south").id.0),
            BulkAction::Package("owner".into()),
            BulkAction::Expiry(NOW + 1_000_000),
            BulkAction::ClearMacs,
            BulkAction::AddTag("vip".into()),
        ];
        for (at, action) in actions.iter().enumerate() {
            let job = 100 + at as i64;
            let before = [present(&world, ids[0]).await, present(&world, ids[1]).await, present(&world, ids[2]).await];
            let done = apply(&world, "owner", action, &ids, job).await.expect("done");
            let changed = done.iter().filter(|d| d.outcome == Ok(None)).count();
            assert!(changed >= 2, "{action:?}: {done:?}");
            // again there is nothing to do
            let again = apply(&world, "owner", action, &ids, 99).await.expect("done");
            assert!(again.iter().all(|d| d.outcome == Ok(Some(Skip::Already))), "{action:?}: {again:?}");
            let back = undo(&world, "owner", job).await;
            assert!(back.len() == changed && back.iter().all(|d| d.outcome == Ok(None)), "{action:?}: {back:?}");
            let after = [present(&world, ids[0]).await, present(&world, ids[1]).await, present(&world, ids[2]).await];
            assert_eq!(after, before, "{action:?}");
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn nobody_is_reached_whom_one_does_not_see_and_what_changed_since_stays() {
    for world in World::on_each().await {
        let all = customers(&world, &sealer(&world)).await;
        let (mine, others, closed) = (all[1].id.0, all[2].id.0, BulkAction::Close);
        let done = apply(&world, "north", &BulkAction::Suspend("unpaid".into()), &[mine, others, 7], 1).await.expect("done");
        assert_eq!(done.iter().map(|d| d.outcome.is_ok()).collect::<Vec<_>>(), [true, false, false], "{done:?}");
        assert_eq!(present(&world, others).await.0.hold, Hold::None);
        // a manager without any capability does nothing
        let done = apply(&world, "mary", &closed, &[mine], 2).await;
        assert!(done.is_err() || done.is_ok_and(|d| d.iter().all(|d| d.outcome.is_err())));
        apply(&world, "owner", &BulkAction::Suspend("late".into()), &[mine], 3).await.expect("nothing to do");
        apply(&world, "owner", &BulkAction::Activate, &[mine], 4).await.expect("done");
        let back = undo(&world, "north", 1).await;
        assert!(back[0].outcome.is_err(), "somebody activated him since: {back:?}");
        assert!(undo(&world, "south", 1).await.is_empty(), "it is not his to take back");
        apply(&world, "owner", &closed, &[mine, others], 5).await.expect("done");
        assert!(undo(&world, "owner", 5).await.is_empty());
        let left = apply(&world, "owner", &BulkAction::Extend(3), &[mine, all[0].id.0], 6).await.expect("done");
        assert_eq!(left.iter().map(|d| d.outcome.clone()).collect::<Vec<_>>(), [Ok(Some(Skip::Closed)), Ok(Some(Skip::NoExpiry))]);
        world.fresh.end().await;
    }
}
