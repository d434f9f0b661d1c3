//! The tables of who creates and who manages whom, and that no path of creations and permissions yields more than its beginner holds.

use super::*;
use crate::accounts::capability::Menu;
use crate::accounts::{Link, Permission, RoleBook, Standing};
use crate::units::{AccountId, TenantId, UnixMs};
use proptest::prelude::*;

const TENANT: TenantId = TenantId(1);

fn link(id: i64, role: Role) -> Link {
    Link { id: AccountId(id), name: format!("a{id}"), role, suspended: false, disabled_menus: Vec::new(), permissions: Vec::new() }
}

fn given(capability: Capability, granter: Option<i64>, expires_at: Option<UnixMs>) -> Permission {
    Permission {
        capability,
        resource: String::new(),
        granter: granter.map(AccountId),
        granted_by: String::new(),
        granted_at: 0,
        expires_at,
    }
}

fn standing(chain: &[Link]) -> Standing {
    Standing::of(TENANT, chain, &RoleBook::default(), 10).expect("a chain")
}

fn scope(chain: &[Link]) -> Scope {
    standing(chain).scope
}

/// The shortest chain that leads to a role.
fn chain_to(role: Role) -> Vec<Link> {
    use Role::*;
    let above: &[Role] = match role {
        Developer | SuperAdmin => &[],
        Admin | SalesManager => &[SuperAdmin],
        SubOperator => &[SuperAdmin, Admin, Operator],
        _ => &[SuperAdmin, Admin],
    };
    above.iter().copied().chain([role]).enumerate().map(|(at, role)| link(at as i64 + 1, role)).collect()
}

fn target_of(chain: &[Link]) -> Target {
    let path = chain.iter().fold(AccountPath::TOP, |p, l| p.child(l.id));
    let role = chain.last().expect("a link").role;
    Target { path, role, level: RoleBook::default().level(role) }
}

#[test]
fn who_creates_whom_below_himself() {
    use Role::*;
    let table: [(Role, &[Role]); 11] = [
        (Developer, &[SuperAdmin]),
        (SuperAdmin, &[Admin, Manager, Accountant, SalesManager, Staff]),
        (Admin, &[Operator, SubOperator, Manager, Accountant, FieldTechnician, Staff, CardDistributor]),
        // where allowed: by preset an operator is not allowed distributors and staff
        (Operator, &[SubOperator]),
        (SubOperator, &[]),
        (Manager, &[]),
        (Accountant, &[]),
        (SalesManager, &[]),
        (FieldTechnician, &[]),
        (Staff, &[]),
        (CardDistributor, &[]),
    ];
    for (creator, wanted) in table {
        let chain = chain_to(creator);
        let (scope, own) = (scope(&chain), target_of(&chain));
        let book = RoleBook::default();
        let may: Vec<Role> = Role::ALL.into_iter().filter(|r| may_create(&scope, *r, book.level(*r), &own).is_ok()).collect();
        assert_eq!(may, wanted, "{creator}");
    }
}

#[test]
fn an_operator_makes_distributors_and_staff_where_allowed() {
    let mut chain = chain_to(Role::Operator);
    for (capability, role) in [(Capability::CreateDistributors, Role::CardDistributor), (Capability::CreateStaff, Role::Staff)] {
        let own = target_of(&chain);
        assert_eq!(may_create(&scope(&chain), role, 90, &own), Err(Denial::Lacks(capability)));
        let admin = chain[1].id.0;
        chain[2].permissions.push(given(capability, Some(admin), None));
        assert_eq!(may_create(&scope(&chain), role, 90, &own), Ok(()));
    }
}

/// What is tried, by whom, on whom, and what comes of it.
type Case<'a> = (&'a str, &'a [Link], &'a [Link], Result<(), Denial>);

#[test]
fn who_manages_whom() {
    let [top, admin, operator, sub] = [1, 2, 3, 4].map(|n| chain_to(Role::SubOperator)[..n].to_vec());
    let other_admin = vec![link(1, Role::SuperAdmin), link(20, Role::Admin)];
    let other_operator = vec![link(1, Role::SuperAdmin), link(20, Role::Admin), link(30, Role::Operator)];
    let other_tenant = vec![link(100, Role::SuperAdmin), link(200, Role::Admin)];
    let manager = [&admin[..], &[link(50, Role::Manager)]].concat();
    let developer = vec![link(9, Role::Developer)];
    let edit = Capability::AccountsEdit;
    let table: [Case<'_>; 14] = [
        ("super admin, admin", &top, &admin, Ok(())),
        ("super admin, sub-operator", &top, &sub, Ok(())),
        ("admin, operator", &admin, &operator, Ok(())),
        ("operator, sub-operator", &operator, &sub, Ok(())),
        ("himself", &admin, &admin, Err(Denial::NotBelow)),
        ("upward", &operator, &admin, Err(Denial::NotBelow)),
        ("sideways", &admin, &other_admin, Err(Denial::NotBelow)),
        ("another's operator", &admin, &other_operator, Err(Denial::NotBelow)),
        ("another tenant", &top, &other_tenant, Err(Denial::NotBelow)),
        ("his manager", &admin, &manager, Ok(())),
        ("without the capability", &sub, &manager, Err(Denial::Lacks(edit))),
        ("a manager, though he sees them", &manager, &operator, Err(Denial::Lacks(edit))),
        ("developer, super admin", &developer, &top, Ok(())),
        ("developer, developer", &developer, &[link(8, Role::Developer)], Err(Denial::NotLower)),
    ];
    for (what, actor, target, wanted) in table {
        assert_eq!(may_manage(&scope(actor), &target_of(target), edit), wanted, "{what}");
    }
    // Even a manager who was given the capability has nobody below him.
    let mut able = manager.clone();
    able[2].permissions.push(given(edit, Some(2), None));
    assert_eq!(may_manage(&scope(&able), &target_of(&operator), edit), Err(Denial::NotBelow));
}

#[test]
fn what_is_taken_above_is_taken_below() {
    let mut chain = chain_to(Role::SubOperator);
    assert!(scope(&chain).may(Capability::CustomersView));
    chain[1].disabled_menus.push(Menu::Customers);
    for depth in [3, 4] {
        let held = scope(&chain[..depth]).held().whole();
        assert!(held.and(Menu::Customers.capabilities()).is_empty(), "depth {depth}: {held:?}");
    }
    // A permission does not lead round a menu that is switched off.
    chain[3].permissions.push(given(Capability::CustomersView, Some(1), None));
    assert!(!scope(&chain).may(Capability::CustomersView));
    chain[1].disabled_menus.clear();
    chain[1].suspended = true;
    assert_eq!(standing(&chain).suspended_by, Some(AccountId(2)));
    assert_eq!(standing(&chain[..1]).suspended_by, None);
}

#[test]
fn a_permission_lasts_as_long_as_its_granter_stands_above_and_holds_it() {
    let special = Capability::BypassCreditLimit;
    let with = |permission: Permission| {
        let mut chain = chain_to(Role::Operator);
        chain[2].permissions.push(permission);
        chain
    };
    assert!(scope(&with(given(special, Some(2), None))).may(special), "from his admin");
    assert!(scope(&with(given(special, None, None))).may(special), "from the command line");
    assert!(!scope(&with(given(special, Some(77), None))).may(special), "from somebody who is not above him");
    assert!(!scope(&with(given(special, Some(3), None))).may(special), "from himself");
    assert!(!scope(&with(given(special, Some(2), Some(10)))).may(special), "run out");
    assert!(!scope(&with(given(Capability::TenantsCreate, Some(2), None))).may(Capability::TenantsCreate), "what the granter lacks");
    let lasting = with(given(special, Some(2), Some(11)));
    assert!(scope(&lasting).may(special), "not yet");
}

#[test]
fn a_permission_for_one_resource_is_no_more_than_that() {
    let mut chain = chain_to(Role::FieldTechnician);
    chain[2].permissions.push(Permission { resource: "zone:5".into(), ..given(Capability::CustomersView, Some(2), None) });
    let scope = scope(&chain);
    assert!(!scope.may(Capability::CustomersView));
    assert!(scope.held().has(Capability::CustomersView, "zone:5") && !scope.held().has(Capability::CustomersView, "zone:6"));
}

#[test]
fn staff_see_their_employers_tree_and_sellers_their_own() {
    let operator = chain_to(Role::Operator);
    let manager = [&operator[..2], &[link(50, Role::Manager)]].concat();
    let of_operator = [&operator[..], &[link(60, Role::Staff)]].concat();
    let path = |chain: &[Link]| target_of(chain).path;
    assert!(scope(&manager).sees(&path(&operator)) && !scope(&manager).sees(&path(&operator[..1])));
    assert!(scope(&of_operator).sees(&path(&operator)) && !scope(&of_operator).sees(&path(&operator[..2])));
    assert!(!scope(&operator).sees(&path(&manager)));
    assert!(standing(&operator).scope_in(TenantId(2)).is_none());
    let developer = standing(&[link(9, Role::Developer)]).scope_in(TenantId(2)).expect("any tenant");
    assert_eq!(developer.tenant(), TenantId(2));
}

/// One thing that somebody tries.
#[derive(Debug, Clone)]
enum Try {
    Create { by: usize, parent: usize, role: Role },
    Permit { by: usize, to: usize, capability: Capability, expires_at: Option<UnixMs> },
    Disable { who: usize, menu: Menu },
}

fn any_try() -> impl Strategy<Value = Try> {
    let capability = (0..Capability::ALL.len()).prop_map(|at| Capability::ALL[at]);
    prop_oneof![
        (0..12usize, 0..12usize, 0..Role::ALL.len()).prop_map(|(by, parent, role)| Try::Create { by, parent, role: Role::ALL[role] }),
        (0..12usize, 0..12usize, capability, proptest::option::of(0..20i64)).prop_map(|(by, to, capability, expires_at)| Try::Permit {
            by,
            to,
            capability,
            expires_at
        }),
        (0..12usize, 0..Menu::ALL.len()).prop_map(|(who, menu)| Try::Disable { who, menu: Menu::ALL[menu] }),
    ]
}

/// Accounts by number; each has its chain of numbers.
struct World {
    links: Vec<Link>,
    chains: Vec<Vec<usize>>,
}

impl World {
    fn chain(&self, who: usize) -> Vec<Link> {
        self.chains[who].iter().map(|at| self.links[*at].clone()).collect()
    }

    /// Does what is allowed; `first` is the only one who exists at the beginning apart from those above him.
    fn attempt(&mut self, first: usize, step: &Try) {
        let wrap = |at: usize, len: usize| first + at % (len - first);
        let len = self.links.len();
        match *step {
            Try::Create { by, parent, role } => {
                let (by, parent) = (wrap(by, len), wrap(parent, len));
                if may_create(&scope(&self.chain(by)), role, RoleBook::default().level(role), &target_of(&self.chain(parent))).is_ok() {
                    self.links.push(link(len as i64 + 1, role));
                    let chain = self.chains[parent].iter().copied().chain([len]).collect();
                    self.chains.push(chain);
                }
            }
            Try::Permit { by, to, capability, expires_at } => {
                let (by, to) = (wrap(by, len), wrap(to, len));
                if may_permit(&scope(&self.chain(by)), &target_of(&self.chain(to)), capability, "").is_ok() {
                    let granter = self.links[by].id.0;
                    self.links[to].permissions.push(given(capability, Some(granter), expires_at));
                }
            }
            Try::Disable { who, menu } => self.links[wrap(who, len)].disabled_menus.push(menu),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    /// Whoever begins, and whatever he and those whom he makes try: nobody of them holds more than he does, sees more than he does, or outranks him.
    #[test]
    fn no_path_of_creations_and_permissions_yields_more_than_its_beginner_holds(
        beginner in 0..Role::ALL.len(),
        withheld in proptest::collection::vec(0..Menu::ALL.len(), 0..3),
        extra in proptest::collection::vec(0..Capability::ALL.len(), 0..4),
        tries in proptest::collection::vec(any_try(), 0..40),
    ) {
        let mut links = chain_to(Role::ALL[beginner]);
        let first = links.len() - 1;
        links[first].disabled_menus.extend(withheld.iter().map(|at| Menu::ALL[*at]));
        links[first].permissions.extend(extra.iter().map(|at| given(Capability::ALL[*at], None, None)));
        let chains = (0..links.len()).map(|at| (0..=at).collect()).collect();
        let mut world = World { links, chains };
        let begin = scope(&world.chain(first));
        for step in &tries {
            world.attempt(first, step);
        }
        for who in first + 1..world.links.len() {
            let now = scope(&world.chain(who));
            let held = now.held().whole();
            prop_assert!(held.is_within(begin.held().whole()), "{:?} holds {:?}", world.chain(who), held.without(begin.held().whole()));
            prop_assert!(begin.own.covers(&now.own) && (begin.role == Some(Role::Developer) || begin.own.covers(&now.sees)));
            prop_assert!(now.level > begin.level);
        }
    }
}
