//! Reading the audit log on both databases: filters, and the indices that they use.

use jiff::tz::TimeZone;

use super::tests::Tree;
use super::*;
use crate::lists::Start;
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
        let asked = |text: &str| AuditQuery::read(text, NOW + 9_000, TimeZone::UTC).expect(text);
        let count = async |text: &str| {
            let mut conn = tree.fresh.db.read().await.expect("reads");
            let lines = list_audit(&mut conn, &tree.top, &asked(text), Start::First, 100).await.expect("read").len();
            assert_eq!(count_audit(&mut conn, &tree.top, &asked(text), 100).await.expect("counted"), lines as i64, "{text}");
            lines
        };
        let instant = |at: i64| jiff::Timestamp::from_millisecond(at).expect("an instant").strftime("%Y-%m-%dT%H:%M").to_string();
        assert_eq!(count("verb:account.set").await, 3);
        assert_eq!(count("verb:account.set,account.add").await, 3 + count("verb:account.add").await);
        assert_eq!(count("actor:owner").await, 3);
        assert_eq!(count("actor:nobody").await, 0);
        assert_eq!(count("verb:account.set -actor:owner").await, 0);
        let after = instant(NOW + 3_600_000);
        assert_eq!(count(&format!("verb:account.set at>={after}")).await, 0, "from an instant on");
        assert_eq!(count(&format!("verb:account.set at<{after}")).await, 3, "and before another");
        assert_eq!(count("verb:account.set at:now..1h").await, 0);
        assert_eq!(count("verb:account.set object:nor").await, 3);
        assert_eq!(count("verb:account.set object:ORTH").await, 3, "any part of its name");
        assert_eq!(count("verb:account.set object:%").await, 0);
        assert_eq!(count("id:north").await, 0, "what is no number is no id, of whatever");
        assert_eq!(count("verb:account.set NORTH own").await, 3, "words are looked for in who and what");
        assert_eq!(count("verb:account.set source:panel").await, 0);
        assert_eq!(count("verb:account.set as:none ip:none").await, 3);
        assert_eq!(count("-as:none").await, 0);
        let north = tree.id("north").await.0;
        assert_eq!(count(&format!("verb:account.set kind:accounts id:{north}")).await, 3);
        assert_eq!(count(&format!("verb:account.set kind:customers id:{north}")).await, 0);
        assert_eq!(count(&format!("verb:account.set -id:{north}")).await, 0);
        // an account is found also under the name that it has now
        let rename = AccountChanges { name: Some("boss".into()), ..AccountChanges::default() };
        set_account(&tree.fresh.db, &tree.top, "owner", &rename, NOW + 4_000).await.expect("renamed");
        assert_eq!(count("actor:boss").await, 3);
        // pages in both directions and both orders
        let mut conn = tree.fresh.db.read().await.expect("reads");
        for oldest_first in [false, true] {
            let query = AuditQuery { oldest_first, ..asked("") };
            let all = list_audit(&mut conn, &tree.top, &query, Start::First, 100).await.expect("read");
            assert!(all.windows(2).all(|pair| (pair[0].seq < pair[1].seq) == oldest_first));
            let after = list_audit(&mut conn, &tree.top, &query, Start::After(all[1].seq), 2).await.expect("read");
            assert_eq!(after, all[2..4]);
            let before = list_audit(&mut conn, &tree.top, &query, Start::Before(all[3].seq), 2).await.expect("read");
            assert_eq!(before, all[1..3]);
        }
        drop(conn);
        tree.fresh.end().await;
    }
}

#[tokio::test]
async fn each_filter_has_its_index() {
    for tree in Tree::on_each().await {
        let mut conn = tree.fresh.db.read().await.expect("reads");
        if conn.is_sqlite() {
            for (text, index) in [
                ("", "audit_log_by_tenant"),
                ("verb:account.set", "audit_log_by_verb"),
                ("at>=-1h", "audit_log_by_tenant"),
                ("-as:none", "audit_log_as"),
                ("kind:accounts id:272919263918227456", "audit_log_by_object"),
                ("actor:owner", "audit_log_by_actor"),
            ] {
                let query = AuditQuery::read(text, NOW, TimeZone::UTC).expect(text);
                let plan = sql::explain_audit(&mut conn, &tree.top, &query).await.expect("explained");
                assert!(plan.contains(index) && !plan.contains("SCAN audit_log") && !plan.contains("TEMP B-TREE"), "{text}: {plan}");
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
