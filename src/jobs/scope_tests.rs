//! Whose jobs are found and changed, by every function of SQL under a scope and by the use cases.

use serde_json::json;

use super::*;
use crate::accounts::add_tenant;
use crate::accounts::capability::Capability;
use crate::accounts::test_scopes::{World, each_scope};
use crate::accounts::{Scope, find_account_by_name};
use crate::lists::{Filter, Start};
use crate::q;
use crate::store::test_db::{NOW, each_database};
use crate::units::{AccountId, JobId, TenantId};

const TERMS_OF_TEST: Terms = Terms { name: "test", place: Place::Tenant, needs: Capability::CustomersEdit, is_alone: true };

/// A job that failed, asked for by one owner, with a row; and one that waits.
struct Row {
    failed: JobId,
    waiting: JobId,
    lane: String,
}

async fn insert(world: &World, tenant: Option<TenantId>, owner: Option<AccountId>, lane: &str, state: &str) -> JobId {
    let (id, mut tx) = (world.fresh.ids.next(NOW), world.fresh.db.begin().await.expect("a transaction"));
    let lane = Some(lane.to_owned());
    let job = sql::NewJob { id, tenant, owner, asked_by: "", kind: "test", needs: Capability::CustomersEdit, lane, arguments: &json!({}) };
    sql::insert_job(&mut tx, &job, NOW).await.expect("queued");
    q!(exec tx, "UPDATE jobs SET state = $2, ended_at = CASE WHEN $2 = 'failed' THEN created_at END WHERE id = $1", id, state)
        .expect("changed");
    let row = JobRow { number: 1, object_id: None, object: "x".into(), outcome: Outcome::Ok, detail: String::new() };
    sql::upsert_rows(&mut tx, JobId(id), &[row]).await.expect("a row");
    tx.commit(NOW).await.expect("committed");
    JobId(id)
}

async fn rows(world: &World) -> Vec<Row> {
    let mut all = Vec::new();
    for owner in &world.owners {
        let (tenant, lane) = (Some(owner.tenant.id), format!("lane of {}", owner.name));
        let failed = insert(world, tenant, Some(owner.id), "", "failed").await;
        all.push(Row { failed, waiting: insert(world, tenant, Some(owner.id), &lane, "queued").await, lane });
    }
    all
}

/// Others' jobs take `settings.view`, which a manager lacks; one's own do not, so an operator has his.
fn sees(actor: &str, owner: &str) -> bool {
    World::sees(actor, owner) && actor != "mary"
}

#[tokio::test]
async fn as_many_are_counted_as_are_listed() {
    for world in World::on_each().await {
        rows(&world).await;
        for (actor, scope) in &world.actors {
            let mut conn = world.fresh.db.read().await.expect("reads");
            for text in ["", "state:failed", "-state:failed", "by:none", "-by:none", "ended:none", "asked>=-1h", "kind:backup", "x"] {
                let query = JobQuery { filter: Filter::read(text, JOB_FIELDS).0, ..JobQuery::all(NOW) };
                let listed = list_jobs(&mut conn, scope, &query, Start::First, 99).await.expect("listed");
                assert_eq!(count_jobs(&mut conn, scope, &query, 99).await.expect("counted"), listed.len() as i64, "{actor}: {text}");
                assert_eq!(count_jobs(&mut conn, scope, &query, 1).await.expect("counted"), listed.len().min(1) as i64, "{actor}: {text}");
                let holds = |job: &Job| match text {
                    "state:failed" => job.state == JobState::Failed,
                    "-state:failed" => job.state != JobState::Failed,
                    "ended:none" => job.ended_at.is_none(),
                    "" | "by:none" | "asked>=-1h" => true,
                    _ => false,
                };
                assert!(listed.iter().all(holds), "{actor}: {text}");
            }
            // pages in both directions and both orders
            for oldest_first in [false, true] {
                let query = JobQuery { oldest_first, ..JobQuery::all(NOW) };
                let all = list_jobs(&mut conn, scope, &query, Start::First, 99).await.expect("listed");
                let place = |at: usize| JobPlace::from(&all[at]);
                if all.len() > 3 {
                    assert_eq!(list_jobs(&mut conn, scope, &query, Start::After(place(0)), 2).await.expect("listed"), all[1..3], "{actor}");
                    assert_eq!(
                        list_jobs(&mut conn, scope, &query, Start::Before(place(3)), 2).await.expect("listed"),
                        all[1..3],
                        "{actor}"
                    );
                }
            }
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn every_function_of_sql_finds_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        each_scope! { world, all, sees, (conn, scope, row):
            "find_job" => find_job(conn, scope, row.failed),
            "list_jobs" => async {
                let jobs = list_jobs(conn, scope, &JobQuery::all(NOW), Start::First, 99).await;
                jobs.map(|jobs| jobs.into_iter().find(|job| job.id == row.failed))
            },
            "find_unfinished_in_lane" => sql::find_unfinished_in_lane(conn, scope, &row.lane),
            "list_undismissed" => async {
                sql::list_undismissed(conn, scope, NOW - 1, 99).await.map(|jobs| jobs.into_iter().find(|job| job.id == row.failed))
            },
            "list_job_rows" => list_job_rows(conn, scope, row.failed, None, 0, 9),
            "count_job_rows" => count_job_rows(conn, scope, row.failed),
            "update_again" => sql::update_again(conn, scope, row.failed, NOW),
            "update_cancelled" => sql::update_cancelled(conn, scope, row.waiting, NOW),
            "update_run_now" => sql::update_run_now(conn, scope, row.waiting, NOW - 1),
            "update_dismissed" => sql::update_dismissed(conn, scope, row.failed, NOW),
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn the_servers_own_are_for_who_works_for_it() {
    for world in World::on_each().await {
        let own = insert(&world, None, None, "", "failed").await;
        for (name, scope) in &world.actors {
            let mut tx = world.fresh.db.begin().await.expect("a transaction");
            let is_shown = matches!(*name, "commands" | "elsewhere");
            assert_eq!(find_job(&mut tx, scope, own).await.expect("read").is_some(), is_shown, "{name}");
            assert_eq!(sql::sees_server(&mut tx, scope).await.expect("read"), is_shown, "{name}");
            assert_eq!(may_run_server_jobs(&mut tx, scope).await.expect("read"), is_shown, "{name}");
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn the_only_tenant_is_told_of_the_servers_jobs() {
    for fresh in each_database().await {
        let (tenant, _) = add_tenant(&fresh.db, &fresh.ids, "one", "UTC", "USD", NOW).await.expect("a tenant");
        let scope_of = async |name: &str| {
            let (mut conn, commands) = (fresh.db.read().await.expect("reads"), Scope::administrator(tenant.id));
            let id = find_account_by_name(&mut conn, &commands, name).await.expect("read").expect(name).id;
            crate::accounts::account_standing(&mut conn, &commands, id, NOW).await.expect("read").expect("a standing").scope
        };
        let (top, provider) = (scope_of("super-admin").await, scope_of("owner").await);
        let sees = async |scope: &Scope| sql::sees_server(&mut fresh.db.read().await.expect("reads"), scope).await.expect("read");
        assert!(sees(&top).await && !sees(&provider).await, "a provider sees a part of it");
        let asked = ask_job(&fresh.db, &fresh.ids, &top, &backup::TERMS, &json!({}), NOW).await.expect("asked");
        assert_eq!(ask_job(&fresh.db, &fresh.ids, &top, &backup::TERMS, &json!({}), NOW).await.expect("asked"), Asked::Already(asked.id()));
        let refused = ask_job(&fresh.db, &fresh.ids, &provider, &backup::TERMS, &json!({}), NOW).await.expect_err("not the server's");
        assert_eq!(refused.code(), "not-of-server");
        add_tenant(&fresh.db, &fresh.ids, "two", "UTC", "USD", NOW).await.expect("a tenant");
        assert!(!sees(&top).await, "with a second tenant it is nobody's who belongs to one");
        assert!(find_job(&mut fresh.db.read().await.expect("reads"), &top, asked.id()).await.expect("read").is_none());
        fresh.end().await;
    }
}

#[tokio::test]
async fn jobs_are_asked_for_and_changed_by_whoever_may() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        for (name, wanted) in [("mary", "capability-missing"), ("hill", "ok"), ("north", "ok"), ("owner", "ok")] {
            let asked = ask_job(db, ids, world.scope(name), &TERMS_OF_TEST, &json!({}), NOW).await;
            assert_eq!(asked.map_or_else(|e| e.code(), |_| "ok"), wanted, "{name}");
        }
        let index = |name: &str| world.owners.iter().position(|owner| owner.name == name).expect("one of them");
        for (actor, owner, wanted) in [
            ("mary", "owner", "job-unknown"),
            ("south", "north", "job-unknown"),
            ("elsewhere", "north", "job-unknown"),
            ("other", "north", "job-unknown"),
            ("north", "north", "ok"),
            ("owner", "south", "ok"),
        ] {
            let (scope, row) = (world.scope(actor), &all[index(owner)]);
            let code = |result: Result<(), JobError>| result.map_or_else(|e| e.code(), |()| "ok");
            assert_eq!(code(dismiss_job(db, scope, row.failed, NOW).await), wanted, "{actor} dismisses {owner}'s");
            assert_eq!(code(retry_job(db, scope, row.failed, NOW).await), wanted, "{actor} retries {owner}'s");
            assert_eq!(code(cancel_job(db, scope, row.waiting, NOW).await), wanted, "{actor} cancels {owner}'s");
        }
        // what it took to ask is gone: his own, and yet not his to change
        let job = find_job(&mut db.read().await.expect("reads"), world.scope("north"), all[index("north")].failed)
            .await
            .expect("read")
            .expect("his");
        assert!(may_change_job(world.scope("north"), &job).is_ok());
        let needs_more = Job { needs: Some(Capability::PlatformView), ..job.clone() };
        assert!(may_change_job(world.scope("north"), &needs_more).is_err());
        assert!(may_change_job(world.scope("owner"), &needs_more).is_ok(), "settings.edit, for others'");
        assert!(may_change_job(world.scope("north"), &Job { needs: None, ..job }).is_err(), "a word of another program");
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn what_failed_is_shown_until_it_is_dismissed() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        let attention = async |name: &str, now| {
            let found = list_attention(&mut world.fresh.db.read().await.expect("reads"), world.scope(name), now).await.expect("read");
            found.into_iter().map(|problem| (problem.code, problem.job)).collect::<Vec<_>>()
        };
        assert_eq!(attention("north", NOW).await, [("job-failed", Some(all[1].failed))]);
        assert_eq!(attention("owner", NOW).await.len(), 3);
        assert!(attention("mary", NOW).await.is_empty());
        assert!(attention("north", NOW + 7 * crate::units::DAY_MS + 1).await.is_empty(), "a week is enough");
        dismiss_job(&world.fresh.db, world.scope("north"), all[1].failed, NOW).await.expect("dismissed");
        assert!(attention("north", NOW).await.is_empty());
        assert_eq!(
            dismiss_job(&world.fresh.db, world.scope("north"), all[1].failed, NOW).await.expect_err("twice").code(),
            "job-not-failed"
        );
        world.fresh.end().await;
    }
}
