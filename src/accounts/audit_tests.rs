//! Reading the audit log on both databases: filters, and the indices that they use.

use super::tests::Tree;
use super::*;
use crate::store::Origin;
use crate::store::test_db::NOW;

#[tokio::test]
async fn lines_are_found_by_who_did_what_to_what_when() {
    for tree in Tree::on_each().await {
        let owner = tree.scope("owner").await;
        let by_owner =
            tree.fresh.db.acting_as(Origin { account_id: owner.acting().map(|id| id.0), actor: "owner".into(), ..Origin::default() });
        for (at, phone) in [(NOW + 1_000, "1"), (NOW + 2_000, "2"), (NOW + 3_000, "3")] {
            let changes = AccountChanges { phone: Some(phone.into()), ..AccountChanges::default() };
            set_account(&by_owner, &owner, "north", &changes, at).await.expect("changed");
        }
        let count = async |filter: AuditFilter| {
            let mut conn = tree.fresh.db.read().await.expect("reads");
            list_audit(&mut conn, &tree.top, &filter, i64::MAX, 100).await.expect("read").len()
        };
        let all = AuditFilter::default();
        let set = AuditFilter { verb_prefix: "account.set".into(), ..all.clone() };
        assert_eq!(count(set.clone()).await, 3);
        assert_eq!(count(AuditFilter { actor: "owner".into(), ..all.clone() }).await, 3);
        assert_eq!(count(AuditFilter { actor: "nobody".into(), ..all.clone() }).await, 0);
        assert_eq!(count(AuditFilter { since: Some(NOW + 2_000), ..set.clone() }).await, 2, "from the instant on");
        assert_eq!(count(AuditFilter { until: Some(NOW + 2_000), ..set.clone() }).await, 1, "and before the other");
        assert_eq!(count(AuditFilter { object_prefix: "nor".into(), ..set.clone() }).await, 3);
        assert_eq!(count(AuditFilter { object_prefix: "orth".into(), ..set.clone() }).await, 0, "it must begin so");
        assert_eq!(count(AuditFilter { source: "panel".into(), ..set.clone() }).await, 0);
        let north = tree.id("north").await.0;
        assert_eq!(count(AuditFilter { kind: "accounts".into(), object_id: Some(north), ..set.clone() }).await, 3);
        assert_eq!(count(AuditFilter { kind: "customers".into(), object_id: Some(north), ..set }).await, 0);
        // an account is found also under the name that it has now
        let rename = AccountChanges { name: Some("boss".into()), ..AccountChanges::default() };
        set_account(&tree.fresh.db, &tree.top, "owner", &rename, NOW + 4_000).await.expect("renamed");
        assert_eq!(count(AuditFilter { actor: "boss".into(), ..all }).await, 3);
        tree.fresh.end().await;
    }
}

#[tokio::test]
async fn each_statement_has_its_index() {
    for tree in Tree::on_each().await {
        let mut conn = tree.fresh.db.read().await.expect("reads");
        if conn.is_sqlite() {
            let plans = sql::explain_audit(&mut conn).await.expect("explained");
            for (plan, index) in plans.iter().zip(["audit_log_by_tenant", "audit_log_by_object", "audit_log_by_actor"]) {
                assert!(plan.contains(index) && !plan.contains("SCAN audit_log") && !plan.contains("TEMP B-TREE"), "{index}: {plan}");
            }
        }
        drop(conn);
        tree.fresh.end().await;
    }
}

#[tokio::test]
async fn a_change_made_from_something_outdated_is_refused() {
    for tree in Tree::on_each().await {
        let (db, top) = (&tree.fresh.db, tree.scope("super-admin").await);
        let label =
            |label: &str, since: RoleChange| RoleChanges { label: Some(label.into()), since: Some(since), ..RoleChanges::default() };
        set_role(db, &top, Role::Operator, &label("Partner", RoleChange::default()), NOW).await.expect("changed");
        let second = set_role(db, &top, Role::Operator, &label("Agent", RoleChange::default()), NOW).await;
        assert_eq!(second.expect_err("refused").code(), "outdated");
        let since = RoleChange { label: Some("Partner".into()), ..RoleChange::default() };
        set_role(db, &top, Role::Operator, &label("Agent", since), NOW).await.expect("changed");

        let mut tx = db.begin().await.expect("a transaction");
        let before = find_tenant(&mut tx, "default").await.expect("read").expect("there");
        let changes = TenantChanges { currency: Some("BDT".into()), since: Some(before), ..TenantChanges::default() };
        set_tenant(&mut tx, tree.tenant, &changes).await.expect("changed");
        assert_eq!(set_tenant(&mut tx, tree.tenant, &changes).await.expect_err("refused").code(), "outdated");
        drop(tx);
        tree.fresh.end().await;
    }
}
