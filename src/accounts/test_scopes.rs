//! Two providers, sibling operators and a second tenant, for the tests of every room with rows of business data: who must find and change whose.

use super::{Account, NewAccount, Role, Scope, Tenant, account_standing, add_account, add_tenant, find_account_by_name, find_tenant};
use crate::store::StoreError;
use crate::store::test_db::{NOW, TestDb, each_database};
use crate::units::AccountId;

/// Who acts, and the owners whose rows he finds.
const ACTORS: [(&str, &[&str]); 9] = [
    ("commands", &["owner", "north", "south", "other"]),
    ("super-admin", &["owner", "north", "south", "other"]),
    ("owner", &["owner", "north", "south"]),
    // Works for the provider, and holds next to nothing.
    ("mary", &["owner", "north", "south"]),
    ("north", &["north"]),
    ("south", &["south"]),
    ("hill", &[]),
    ("other", &["other"]),
    ("elsewhere", &["elsewhere"]),
];

/// An account that owns rows.
pub struct Owner {
    /// Its name, which rows can bear as well.
    pub name: &'static str,
    /// Its id.
    pub id: AccountId,
    /// Its tenant.
    pub tenant: Tenant,
    /// Everything in its tenant, to make rows.
    pub scope: Scope,
}

/// See the head of the file: the provider `owner` with the operators `north` (whose sub-operator is `hill`) and `south` and the manager `mary`, the provider `other`,
/// and a tenant `elsewhere`.
pub struct World {
    /// The store.
    pub fresh: TestDb,
    /// Each has rows.
    pub owners: Vec<Owner>,
    /// Names and scopes of those who act.
    pub actors: Vec<(&'static str, Scope)>,
}

impl World {
    /// On each database.
    pub async fn on_each() -> Vec<World> {
        let mut all = Vec::new();
        for fresh in each_database().await {
            all.push(World::new(fresh).await);
        }
        all
    }

    async fn new(fresh: TestDb) -> World {
        let (db, ids) = (&fresh.db, &fresh.ids);
        let (default, _) = add_tenant(db, ids, "default", "UTC", "USD", NOW).await.expect("a tenant");
        let (elsewhere, elsewhere_owner) = add_tenant(db, ids, "elsewhere", "UTC", "USD", NOW).await.expect("a tenant");
        let commands = Scope::administrator(default.id);
        for (name, role, parent) in [
            ("other", Role::Admin, "super-admin"),
            ("north", Role::Operator, "owner"),
            ("south", Role::Operator, "owner"),
            ("hill", Role::SubOperator, "north"),
            ("mary", Role::Manager, "owner"),
        ] {
            let (email, full_name, phone) = (None, String::new(), String::new());
            let new = NewAccount { name: name.into(), email, full_name, phone, role, parent: Some(parent.into()) };
            add_account(db, ids, &commands, &new, NOW).await.expect(name);
        }
        let mut conn = db.read().await.expect("reads");
        let mut owners = Vec::new();
        for name in ["owner", "north", "south", "other"] {
            let id = find_account_by_name(&mut conn, &commands, name).await.expect("read").expect(name).id;
            owners.push(Owner { name, id, tenant: default.clone(), scope: commands.clone() });
        }
        let scope = Scope::administrator(elsewhere.id);
        owners.push(Owner { name: "elsewhere", id: elsewhere_owner, tenant: elsewhere, scope: scope.clone() });
        let mut actors = vec![("commands", commands.clone()), ("elsewhere", scope)];
        for (name, _) in ACTORS.iter().filter(|(name, _)| !matches!(*name, "commands" | "elsewhere")) {
            let id = find_account_by_name(&mut conn, &commands, name).await.expect("read").expect(name).id;
            actors.push((name, account_standing(&mut conn, &commands, id, NOW).await.expect("read").expect("a standing").scope));
        }
        drop(conn);
        World { fresh, owners, actors }
    }

    /// The scope of one who acts.
    pub fn scope(&self, name: &str) -> &Scope {
        &self.actors.iter().find(|(actor, _)| *actor == name).expect("one of them").1
    }

    /// One who owns rows.
    pub fn owner(&self, name: &str) -> &Owner {
        self.owners.iter().find(|owner| owner.name == name).expect("one of them")
    }

    /// Whether this actor finds rows of this owner.
    pub fn sees(actor: &str, owner: &str) -> bool {
        ACTORS.iter().any(|(name, seen)| *name == actor && seen.contains(&owner))
    }

    /// The same where rows of accounts above are found as well.
    pub fn sees_or_is_below(actor: &str, owner: &str) -> bool {
        let above: &[&str] = match actor {
            "north" | "south" => &["owner"],
            "hill" => &["owner", "north"],
            _ => &[],
        };
        World::sees(actor, owner) || above.contains(&owner)
    }

    /// An account of the first tenant, as commands see it.
    pub async fn account(&self, name: &str) -> Account {
        let mut conn = self.fresh.db.read().await.expect("reads");
        find_account_by_name(&mut conn, self.scope("commands"), name).await.expect("read").expect(name)
    }

    /// A tenant as it is now.
    pub async fn tenant(&self, name: &str) -> Tenant {
        find_tenant(&mut self.fresh.db.read().await.expect("reads"), name).await.expect("read").expect(name)
    }
}

/// Whether a function of SQL found or changed something.
pub trait Touched {
    /// See above.
    fn touched(self) -> bool;
}

impl<T> Touched for Result<Option<T>, StoreError> {
    fn touched(self) -> bool {
        self.expect("read").is_some()
    }
}

impl<T> Touched for Result<Vec<T>, StoreError> {
    fn touched(self) -> bool {
        !self.expect("read").is_empty()
    }
}

impl Touched for Result<u64, StoreError> {
    fn touched(self) -> bool {
        self.expect("written") > 0
    }
}

impl Touched for Result<bool, StoreError> {
    fn touched(self) -> bool {
        self.expect("written")
    }
}

/// One line per function: a future that touches the row of an owner. Everyone who acts tries each owner's row, and must touch just those that `$sees` says; what was
/// changed is rolled back.
macro_rules! each_scope {
    ($world:expr, $rows:expr, $sees:path, ($conn:ident, $scope:ident, $row:ident): $($what:literal => $call:expr),+ $(,)?) => {$(
        for (actor, $scope) in &$world.actors {
            for (owner, $row) in $world.owners.iter().zip(&$rows) {
                let mut tx = $world.fresh.db.begin().await.expect("a transaction");
                let $conn: &mut crate::store::Conn = &mut tx;
                let touched = $crate::accounts::test_scopes::Touched::touched($call.await);
                assert_eq!(touched, $sees(actor, owner.name), "{}: {actor} and the row of {}", $what, owner.name);
            }
        }
    )+};
}
pub(crate) use each_scope;
