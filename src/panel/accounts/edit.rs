//! Changing an account: its details, its role, menu groups switched off for it.

use askama::Template;
use axum::response::Response;

use super::create::roles_below;
use super::find;
use crate::accounts::capability::Menu;
use crate::accounts::{Account, AccountChanges, Role, find_account_by_id, set_account};
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, Version, conflict, differences, go, html, refill};

/// Fields and the ids of their labels.
const FIELDS: [(&str, &str); 6] = [
    ("name", "sign-in-name-own"),
    ("role", "role"),
    ("full_name", "full-name"),
    ("email", "email"),
    ("phone", "phone"),
    ("menu_off", "menus-off"),
];

#[derive(Template)]
#[template(path = "panel/accounts/edit.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    account: Account,
    roles: Vec<(String, String)>,
    menus: Vec<Menu>,
    version: Version,
}

/// Roles that it could have where it stands; its own first.
async fn roles(who: &Signed, account: &Account) -> Result<Vec<(String, String)>, Problem> {
    let of = |role: Role| (role.to_string(), who.book().terms(role).label);
    let mut roles = vec![of(account.role)];
    if matches!(account.role, Role::Developer | Role::SuperAdmin) {
        return Ok(roles);
    }
    let parent = match account.path.parent() {
        Some(id) => find_account_by_id(&mut who.site.db.read().await?, who.scope(), id).await?,
        None => None,
    };
    if let Some(parent) = parent {
        roles.extend(roles_below(who, &parent).filter(|role| *role != account.role).map(of));
    }
    Ok(roles)
}

async fn page(who: &Signed, account: Account, form: Form, complaints: Complaints) -> Result<Page, Problem> {
    let roles = roles(who, &account).await?;
    Ok(Page {
        shell: who.shell("account-edit").titled(&account.name),
        form,
        complaints,
        roles,
        menus: Menu::ALL.to_vec(),
        version: Version::of(&account),
        account,
    })
}

/// The account as the form has it.
fn as_form(account: &Account) -> Form {
    let (email, role) = (account.email.clone().unwrap_or_default(), account.role.to_string());
    let mut pairs = vec![
        ("name", account.name.as_str()),
        ("email", &email),
        ("full_name", &account.full_name),
        ("phone", &account.phone),
        ("role", &role),
    ];
    pairs.extend(account.disabled_menus.iter().map(|menu| ("menu_off", menu.as_str())));
    Form::of(&pairs)
}

pub(super) async fn show(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    let form = as_form(&account);
    html(&page(&who, account, form, Complaints::default()).await?)
}

pub(super) async fn change(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    let version = Version::of(&account);
    if !version.is_in(&form) {
        let shell = who.shell("account-edit");
        let found = differences(&shell, &FIELDS, &as_form(&account), &form);
        return conflict(shell, found, version, &form, &format!("/accounts/{id}"));
    }
    let mut complaints = Complaints::default();
    let role = form.parse::<Role>("role", &mut complaints);
    let menus: Result<Vec<Menu>, String> = form.all("menu_off").map(str::parse).collect();
    let menus = menus.map_err(|why| complaints.add("menu_off", why)).ok();
    if complaints.is_empty() {
        let changes = AccountChanges {
            name: Some(form.text("name").to_owned()),
            email: Some(form.filled("email").map(str::to_owned)),
            full_name: Some(form.text("full_name").to_owned()),
            phone: Some(form.ascii("phone").into_owned()),
            role,
            disabled_menus: menus,
            since: Some(account.updated_at),
        };
        match set_account(&who.db(), who.scope(), account.id, &changes, who.now()).await {
            Ok(_) => return Ok(go(&format!("/accounts/{id}?said=account-changed"), &[])),
            Err(error) => complaints = super::complaint(error, form.text("name"))?,
        }
    }
    refill(&page(&who, account, form, complaints).await?)
}
