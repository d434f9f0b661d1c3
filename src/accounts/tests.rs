//! The account tree on both databases: what is made, seen, moved, suspended and written to the audit log, and what is refused.

use super::capability::{Capability, Menu};
use super::*;
use crate::store::test_db::{NOW, TestDb, each_database};
use crate::store::{Origin, Source};
use crate::units::{AccountId, TenantId, UnixMs};

/// A tenant with two providers and, below the first: north with its sub-operator, south, a manager.
pub(super) struct Tree {
    pub fresh: TestDb,
    pub tenant: TenantId,
    pub top: Scope,
}

pub(super) fn new(name: &str, role: Role, parent: &str) -> NewAccount {
    NewAccount { name: name.into(), email: None, full_name: String::new(), phone: String::new(), role, parent: Some(parent.into()) }
}

impl Tree {
    pub async fn on_each() -> Vec<Tree> {
        let mut all = Vec::new();
        for fresh in each_database().await {
            let (tenant, _) = ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW).await.expect("a tenant");
            let tree = Tree { fresh, tenant, top: Scope::administrator(tenant) };
            for (name, role, parent) in [
                ("other", Role::Admin, "super-admin"),
                ("north", Role::Operator, "owner"),
                ("south", Role::Operator, "owner"),
                ("hill", Role::SubOperator, "north"),
                ("mary", Role::Manager, "owner"),
                ("east", Role::Operator, "other"),
            ] {
                tree.add(&tree.top, &new(name, role, parent)).await.expect(name);
            }
            all.push(tree);
        }
        all
    }

    pub async fn add(&self, scope: &Scope, new: &NewAccount) -> Result<Account, AccountError> {
        add_account(&self.fresh.db, &self.fresh.ids, scope, new, NOW).await
    }

    pub async fn find(&self, name: &str) -> Account {
        find_account_by_name(&mut self.fresh.db.read().await.expect("reads"), &self.top, name).await.expect("read").expect(name)
    }

    pub async fn id(&self, name: &str) -> AccountId {
        self.find(name).await.id
    }

    pub async fn standing(&self, name: &str, now: UnixMs) -> Standing {
        let id = self.id(name).await;
        account_standing(&mut self.fresh.db.read().await.expect("reads"), &self.top, id, now).await.expect("read").expect("a standing")
    }

    pub async fn scope(&self, name: &str) -> Scope {
        self.standing(name, NOW).await.scope
    }

    async fn seen(&self, scope: &Scope) -> Vec<String> {
        let mut conn = self.fresh.db.read().await.expect("reads");
        let (mut names, mut after) = (Vec::new(), AccountPath::TOP);
        // pages of two, so that the paging is tried too
        loop {
            let page = list_accounts(&mut conn, scope, &AccountFilter::default(), &after, 2).await.expect("a page");
            let Some(last) = page.last() else { break };
            after = last.path.clone();
            names.extend(page.into_iter().map(|a| a.name));
        }
        names.sort_unstable();
        names
    }

    pub async fn audit(&self, scope: &Scope) -> Vec<AuditRecord> {
        list_audit(
            &mut self.fresh.db.read().await.expect("reads"),
            scope,
            &AuditQuery::read("", NOW, jiff::tz::TimeZone::UTC).expect("reads"),
            crate::lists::Start::First,
            1000,
        )
        .await
        .expect("read")
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, AccountError>) -> &'static str {
    result.expect_err("refused").code()
}

#[tokio::test]
async fn everybody_sees_his_own_part_of_the_tree_and_the_rest_is_as_if_absent() {
    for tree in Tree::on_each().await {
        for (who, wanted) in [
            ("super-admin", vec!["east", "hill", "mary", "north", "other", "owner", "south", "super-admin"]),
            ("owner", vec!["hill", "mary", "north", "owner", "south"]),
            ("north", vec!["hill", "north"]),
            ("hill", vec!["hill"]),
            ("mary", vec!["hill", "mary", "north", "owner", "south"]),
            ("other", vec!["east", "other"]),
        ] {
            assert_eq!(tree.seen(&tree.scope(who).await).await, wanted, "{who}");
        }
        let (north, owner) = (tree.scope("north").await, tree.scope("owner").await);
        let mut conn = tree.fresh.db.read().await.expect("reads");
        for (scope, hidden) in [(&north, "south"), (&north, "owner"), (&owner, "east"), (&owner, "super-admin")] {
            assert_eq!(find_account_by_name(&mut conn, scope, hidden).await.expect("read"), None);
            let id = tree.id(hidden).await;
            assert_eq!(find_account_by_id(&mut conn, scope, id).await.expect("read"), None);
            assert!(account_standing(&mut conn, scope, id, NOW).await.expect("read").is_none());
        }
        let elsewhere = Scope { tenant: TenantId(77), ..tree.top.clone() };
        assert_eq!(find_account_by_name(&mut conn, &elsewhere, "north").await.expect("read"), None);
        drop(conn);
        tree.fresh.end().await;
    }
}

#[tokio::test]
async fn nobody_changes_what_he_may_not() {
    for tree in Tree::on_each().await {
        let (north, owner, mary, hill) =
            (tree.scope("north").await, tree.scope("owner").await, tree.scope("mary").await, tree.scope("hill").await);
        let (db, before) = (&tree.fresh.db, tree.audit(&tree.top).await.len());
        let changes = AccountChanges { full_name: Some("x".into()), ..AccountChanges::default() };
        assert_eq!(code(set_account(db, &north, "south", &changes, NOW).await), "account-unknown");
        assert_eq!(code(set_account(db, &north, "owner", &changes, NOW).await), "account-unknown");
        assert_eq!(code(set_account(db, &north, "north", &changes, NOW).await), "account-not-below");
        assert_eq!(code(set_account(db, &mary, "north", &changes, NOW).await), "capability-missing");
        assert_eq!(code(suspend_account(db, &owner, "east", "why", NOW).await), "account-unknown");
        assert_eq!(code(tree.add(&hill, &new("a", Role::SubOperator, "hill")).await), "capability-missing");
        assert_eq!(code(tree.add(&north, &new("a", Role::Operator, "north")).await), "role-not-creatable");
        assert_eq!(code(tree.add(&north, &new("a", Role::Staff, "north")).await), "capability-missing");
        assert_eq!(code(tree.add(&north, &new("a", Role::SubOperator, "south")).await), "account-unknown");
        assert_eq!(code(tree.add(&owner, &new("a", Role::Admin, "owner")).await), "role-not-creatable");
        assert_eq!(code(tree.add(&owner, &new("a", Role::Operator, "mary")).await), "parent-role-wrong");
        assert_eq!(code(tree.add(&tree.top, &new("a", Role::SuperAdmin, "super-admin")).await), "role-reserved");
        assert_eq!(code(tree.add(&tree.top, &new("NORTH", Role::Operator, "owner")).await), "account-name-taken");
        let to = AccountChanges { role: Some(Role::Manager), ..AccountChanges::default() };
        assert_eq!(code(set_account(db, &owner, "north", &to, NOW).await), "parent-role-wrong", "hill would not fit below");
        let special = Capability::BypassCreditLimit;
        assert_eq!(code(permit(db, &north, "hill", special, "", None, NOW).await), "capability-not-held");
        assert_eq!(code(permit(db, &north, "north", Capability::CustomersView, "", None, NOW).await), "account-not-below");
        assert_eq!(
            code(
                set_role(db, &owner, Role::Operator, &RoleChanges { add: Menu::Customers.capabilities(), ..RoleChanges::default() }, NOW)
                    .await
            ),
            "capability-missing"
        );
        assert_eq!(tree.audit(&tree.top).await.len(), before, "nothing was changed");
        tree.fresh.end().await;
    }
}

#[tokio::test]
async fn suspension_and_permissions_reach_all_below_at_once() {
    for tree in Tree::on_each().await {
        let db = &tree.fresh.db;
        let owner = tree.scope("owner").await;
        suspend_account(db, &tree.scope("owner").await, "north", "unpaid", NOW).await.expect("suspended");
        assert!(tree.find("hill").await.is_suspended && tree.find("hill").await.suspended_at.is_none());
        assert_eq!(tree.standing("hill", NOW).await.suspended_by, Some(tree.id("north").await));
        assert_eq!(tree.standing("south", NOW).await.suspended_by, None);
        // whoever is suspended cannot act with the scope of a request that began before
        let late = Scope { held: owner.held.clone(), ..tree.scope("north").await };
        assert_eq!(code(permit(db, &late, "hill", Capability::CustomersView, "", None, NOW).await), "not-signed-in");
        assert!(!restore_account(db, &owner, "north", NOW).await.expect("restored").is_suspended);

        let special = Capability::BypassCreditLimit;
        permit(db, &owner, "north", special, "", Some(NOW + 10), NOW).await.expect("given");
        permit(db, &tree.scope("north").await, "hill", special, "", None, NOW).await.expect("passed on");
        assert!(tree.standing("hill", NOW).await.scope.may(special));
        assert!(!tree.standing("hill", NOW + 10).await.scope.may(special), "his granter's has run out");
        revoke(db, &owner, "north", special, "", NOW).await.expect("taken");
        assert!(!tree.standing("hill", NOW).await.scope.may(special));
        assert_eq!(code(revoke(db, &owner, "north", special, "", NOW).await), "permission-unknown");

        let menus = AccountChanges { disabled_menus: Some(vec![Menu::Customers]), ..AccountChanges::default() };
        set_account(db, &owner, "north", &menus, NOW).await.expect("switched off");
        assert!(!tree.scope("hill").await.may(Capability::CustomersView));
        let change = RoleChanges {
            withhold: [Capability::BillsView].into_iter().collect(),
            label: Some("Partner".into()),
            ..RoleChanges::default()
        };
        let terms = set_role(db, &tree.scope("super-admin").await, Role::Operator, &change, NOW).await.expect("changed");
        assert_eq!(terms.label, "Partner");
        assert!(!tree.scope("south").await.may(Capability::BillsView) && !tree.scope("hill").await.may(Capability::BillsView));
        tree.fresh.end().await;
    }
}

#[tokio::test]
async fn a_transfer_takes_the_subtree_along_and_makes_no_circle() {
    for tree in Tree::on_each().await {
        let db = &tree.fresh.db;
        let (owner, top) = (tree.scope("owner").await, tree.scope("super-admin").await);
        permit(db, &owner, "hill", Capability::BypassCreditLimit, "", None, NOW).await.expect("given");
        assert_eq!(code(transfer_account(db, &owner, "north", "hill", NOW).await), "account-circle");
        assert_eq!(code(transfer_account(db, &owner, "north", "other", NOW).await), "account-unknown");
        assert_eq!(code(transfer_account(db, &top, "north", "other", NOW).await), "role-not-creatable", "a Super Admin makes no operators");
        transfer_account(db, &tree.top, "north", "other", NOW).await.expect("moved");
        let other = tree.scope("other").await;
        assert_eq!(tree.seen(&other).await, ["east", "hill", "north", "other"]);
        assert_eq!(tree.seen(&owner).await, ["mary", "owner", "south"]);
        assert!(!tree.scope("hill").await.may(Capability::BypassCreditLimit), "its granter does not stand above it any more");
        let hill = tree.find("hill").await;
        assert_eq!(hill.path.parent(), Some(tree.id("north").await));
        tree.fresh.end().await;
    }
}

#[tokio::test]
async fn every_change_is_in_the_audit_log_and_stays_there() {
    for tree in Tree::on_each().await {
        let owner = tree.scope("owner").await;
        let origin = Origin {
            account_id: owner.acting().map(|id| id.0),
            actor: "owner".into(),
            source: Source::Panel,
            request_id: "r1".into(),
            ip: "192.0.2.1".parse().ok(),
            ..Origin::default()
        };
        let changes = AccountChanges { phone: Some("123".into()), ..AccountChanges::default() };
        set_account(&tree.fresh.db.acting_as(origin), &owner, "north", &changes, NOW + 5).await.expect("changed");
        let all = tree.audit(&tree.top).await;
        let last = &all[0];
        assert_eq!(
            (last.verb.as_str(), last.actor.as_str(), last.source.as_str(), last.object.as_str()),
            ("account.set", "owner", "panel", "north")
        );
        assert_eq!((last.request_id.as_str(), last.ip, last.at), ("r1", "192.0.2.1".parse().ok(), NOW + 5));
        assert_eq!(last.changes["phone"], serde_json::json!(["", "123"]));
        let numbers: Vec<i64> = all.iter().map(|r| r.seq).collect();
        assert_eq!(numbers, (1..=all.len() as i64).rev().collect::<Vec<_>>(), "without gaps");
        // others see what concerns them
        assert!(tree.audit(&tree.scope("hill").await).await.iter().all(|r| r.object == "hill"));
        assert!(tree.audit(&tree.scope("other").await).await.iter().all(|r| ["other", "east"].contains(&r.object.as_str())));
        assert_eq!(tree.audit(&tree.scope("super-admin").await).await.len(), all.len());
        for change in sql::try_to_change_the_audit_log(&tree.fresh.db).await {
            assert!(change.expect_err("refused").to_string().contains("append-only"));
        }
        tree.fresh.end().await;
    }
}
