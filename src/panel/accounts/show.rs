//! One account: what it is, what it holds and why, what may be done with it.

use askama::Template;
use axum::response::Response;

use super::{find, may, permissions, state};
use crate::accounts::capability::Capability;
use crate::accounts::{
    Account, AccountFilter, AccountPath, Permission, Role, SignIn, account_standing, find_account_by_id, list_accounts, list_api_keys,
    list_permissions, list_sign_ins,
};
use crate::panel::api_keys::{KeyLine, key_lines};
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, html, refill};

const MOST_CHILDREN: i64 = 20;
const MOST_SIGN_INS: i64 = 10;
/// Accounts to which one can be moved, as far as a list can offer them.
const MOST_PARENTS: i64 = 200;

/// What whoever looks may do, for buttons.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    edit: bool,
    suspend: bool,
    transfer: bool,
    permit: bool,
    view_as: bool,
    create_below: bool,
    see_audit: bool,
}

#[derive(Template)]
#[template(path = "panel/accounts/show.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    account: Account,
    role: String,
    mark: &'static str,
    state: &'static str,
    parent: Option<Account>,
    holds: Vec<(String, Vec<String>)>,
    limited: Vec<(String, String)>,
    permissions: Vec<Permission>,
    permittable: Vec<(String, String)>,
    children: Vec<Account>,
    sign_ins: Vec<SignIn>,
    keys: Vec<KeyLine>,
    /// Where they are revoked.
    keys_at: String,
    parents: Vec<(String, String)>,
    can: Allowed,
}

pub(super) async fn show(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    html(&page(&who, account, Form::default(), Complaints::default()).await?)
}

/// The page again, with what is wrong with one of its forms.
pub(super) async fn again(who: &Signed, id: i64, form: Form, complaints: Complaints) -> Result<Response, Problem> {
    let account = find(who, id).await?;
    refill(&page(who, account, form, complaints).await?)
}

async fn page(who: &Signed, account: Account, form: Form, complaints: Complaints) -> Result<impl Template, Problem> {
    let scope = who.scope();
    let can = allowed(who, &account);
    let keys = if can.edit { list_api_keys(&who.site.db, scope, account.id).await? } else { Vec::new() };
    let mut conn = who.site.db.read().await?;
    let held = account_standing(&mut conn, scope, account.id, who.now()).await?.map(|s| s.scope.held().clone()).unwrap_or_default();
    let parent = match account.path.parent() {
        Some(id) => find_account_by_id(&mut conn, scope, id).await?,
        None => None,
    };
    let below = AccountFilter { parent: Some(account.id), ..AccountFilter::default() };
    let children = list_accounts(&mut conn, scope, &below, &AccountPath::TOP, MOST_CHILDREN).await?;
    let permissions = list_permissions(&mut conn, scope, account.id).await?;
    let sign_ins = if can.edit { list_sign_ins(&mut conn, account.tenant_id, account.id, MOST_SIGN_INS).await? } else { Vec::new() };
    let parents = if can.transfer { possible_parents(who, &mut conn, &account).await? } else { Vec::new() };
    let (mark, state) = state(&account);
    let shell = who.shell("menu-accounts").titled(&account.name);
    Ok(Page {
        form,
        complaints,
        role: who.book().terms(account.role).label,
        mark,
        state,
        parent,
        holds: permissions::by_group(&shell, held.whole()),
        limited: held.limited().iter().map(|(c, resource)| (shell.capability(c), resource.clone())).collect(),
        permissions,
        permittable: if can.permit { permissions::permittable(who, &shell, held.whole()) } else { Vec::new() },
        children,
        sign_ins,
        keys: key_lines(&shell, keys),
        keys_at: format!("/accounts/{}/api-keys", account.id),
        parents,
        can,
        shell,
        account,
    })
}

fn allowed(who: &Signed, account: &Account) -> Allowed {
    let is_himself = who.scope().require_himself().is_ok();
    Allowed {
        edit: may(who, account, Capability::AccountsEdit) && is_himself,
        suspend: may(who, account, Capability::AccountsSuspend),
        transfer: may(who, account, Capability::AccountsTransfer) && !matches!(account.role, Role::Developer | Role::SuperAdmin),
        permit: may(who, account, Capability::AccountsPermit),
        view_as: may(who, account, Capability::AccountsImpersonate) && !account.is_suspended && is_himself,
        create_below: who.scope().may(Capability::AccountsCreate) && super::create::roles_below(who, account).next().is_some(),
        see_audit: who.scope().may(Capability::AuditView),
    }
}

/// Accounts under which it could stand, itself and those below it left out.
async fn possible_parents(who: &Signed, conn: &mut crate::store::Conn, account: &Account) -> Result<Vec<(String, String)>, Problem> {
    let mut parents = Vec::new();
    for role in Role::ALL.into_iter().filter(|role| crate::accounts::may_stand_below(account.role, *role).is_ok()) {
        let filter = AccountFilter { role: Some(role), ..AccountFilter::default() };
        let found = list_accounts(conn, who.scope(), &filter, &AccountPath::TOP, MOST_PARENTS).await?;
        let fitting = found.into_iter().filter(|p| !account.path.covers(&p.path) && account.path.parent() != Some(p.id));
        parents.extend(fitting.map(|p| (p.id.to_string(), format!("{} ({})", p.name, who.book().terms(p.role).label))));
    }
    Ok(parents)
}
