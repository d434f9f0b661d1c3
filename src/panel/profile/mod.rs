//! What an account sees and changes of itself: its details (here), its password, second factor and sign-ins (`security`, `second_factor`). Never through another's
//! eyes: the use cases refuse that.

mod second_factor;
mod security;

use askama::Template;
use axum::response::Response;

use crate::accounts::{Account, AccountChanges, AccountError, PAGE_ROW_CHOICES, find_account_by_id, set_own_account};
use crate::web::{Complaints, Form, Guard, LANGUAGES, Problem, Routes, Shell, Signed, go, html, refill};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/profile", Guard::SignedIn, show)
        .post("/profile", Guard::SignedIn, change)
        .and(security::routes())
        .and(second_factor::routes())
}

#[derive(Template)]
#[template(path = "panel/profile/show.html")]
struct Page {
    shell: Shell,
    form: Form,
    looks: Form,
    complaints: Complaints,
    role: String,
    languages: Vec<(String, String)>,
    rows: Vec<(String, String)>,
}

/// The account that is signed in.
async fn own(who: &Signed) -> Result<Account, Problem> {
    who.principal.require_himself()?;
    let mut conn = who.site.db.read().await?;
    find_account_by_id(&mut conn, who.principal.home_scope(), who.principal.account).await?.ok_or(Problem::NotFound)
}

fn page(who: &Signed, account: &Account, form: Form, complaints: Complaints) -> Page {
    let shell = who.shell("profile");
    let mut languages = vec![(String::new(), shell.t("language-of-tenant"))];
    languages.extend(LANGUAGES.iter().map(|(code, name, _)| ((*code).to_owned(), (*name).to_owned())));
    let chosen = (who.preferences.language.clone().unwrap_or_default(), who.preferences.rows().to_string());
    let mut looks = vec![("language", chosen.0.as_str()), ("page_rows", &chosen.1)];
    looks.extend(shell.has_keys.then_some(("keys", "yes")));
    Page {
        role: who.book().terms(account.role).label,
        languages,
        rows: PAGE_ROW_CHOICES.iter().map(|rows| (rows.to_string(), shell.number(rows))).collect(),
        looks: Form::of(&looks),
        shell,
        form,
        complaints,
    }
}

async fn show(who: Signed) -> Result<Response, Problem> {
    let account = own(&who).await?;
    let email = account.email.clone().unwrap_or_default();
    let form = Form::of(&[("full_name", &account.full_name), ("phone", &account.phone), ("email", &email)]);
    html(&page(&who, &account, form, Complaints::default()))
}

async fn change(who: Signed, form: Form) -> Result<Response, Problem> {
    let account = own(&who).await?;
    let changes = AccountChanges {
        full_name: Some(form.text("full_name").to_owned()),
        phone: Some(form.ascii("phone").into_owned()),
        email: Some(form.filled("email").map(str::to_owned)),
        ..AccountChanges::default()
    };
    let complaints = match set_own_account(&who.db(), who.principal.home_scope(), &changes, who.now()).await {
        Ok(_) => return Ok(go("/profile?said=profile-kept", &[])),
        Err(error @ (AccountError::BadEmail(_) | AccountError::SignInNameTaken(_))) => Complaints::about("email", error.to_string()),
        Err(AccountError::BadField(why)) => Complaints::about("", why),
        Err(error) => return Err(error.into()),
    };
    refill(&page(&who, &account, form, complaints))
}
