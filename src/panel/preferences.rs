//! Looks: light or dark, and whether keys of one letter act, in cookies of the browser; language and rows per page with the account.

use axum::response::Response;

use crate::accounts::{PAGE_ROW_CHOICES, Preferences, set_preferences};
use crate::web::{Form, Guard, Jar, Language, Problem, Routes, Signed, Theme, go};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().post("/preferences/theme", Guard::SignedIn, set_theme).post("/preferences", Guard::SignedIn, set).post(
        "/preferences/rows",
        Guard::SignedIn,
        set_rows,
    )
}

async fn set_theme(who: Signed, form: Form) -> Result<Response, Problem> {
    let theme: Theme = form.text("theme").parse().map_err(Problem::BadRequest)?;
    Ok(go(form.text("here"), &[who.visit.cookies.set(Jar::Theme, theme.as_str())]))
}

async fn set(who: Signed, form: Form) -> Result<Response, Problem> {
    let language = form.filled("language").map(|code| Language::of(code).ok_or(Problem::BadRequest("there is no such language".into())));
    let page_rows = form.text("page_rows").parse().ok().filter(|rows| PAGE_ROW_CHOICES.contains(rows));
    let preferences = Preferences { language: language.transpose()?.map(|l| l.code().to_owned()), page_rows };
    set_preferences(&who.db(), &who.principal, &preferences, who.now()).await?;
    let cookies = &who.visit.cookies;
    let keys = if form.has("keys") { cookies.remove(Jar::Keys) } else { cookies.set(Jar::Keys, "off") };
    Ok(go("/profile?said=preferences-kept", &[keys]))
}

/// Rows per page, chosen at a list.
async fn set_rows(who: Signed, form: Form) -> Result<Response, Problem> {
    let page_rows = form.text("page_rows").parse().ok().filter(|rows| PAGE_ROW_CHOICES.contains(rows));
    let page_rows = page_rows.ok_or_else(|| Problem::BadRequest("a page has 25, 50, 100 or 200 rows".into()))?;
    let preferences = Preferences { page_rows: Some(page_rows), ..who.preferences.clone() };
    set_preferences(&who.db(), &who.principal, &preferences, who.now()).await?;
    Ok(go(form.text("here"), &[]))
}
