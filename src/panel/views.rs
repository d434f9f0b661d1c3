//! Keeping and removing views of lists.

use axum::response::Response;

use super::{accounts, audit, customers, jobs};
use crate::accounts::{NewView, add_view, remove_view};
use crate::web::{Form, Guard, Id, Problem, Routes, Signed, go};

/// Lists that views are kept of, each with its address.
const LISTS: [&crate::web::list::List; 4] = [&customers::LIST, &accounts::LIST, &jobs::LIST, &audit::LIST];

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().post("/views", Guard::SignedIn, keep).post("/views/{id}/remove", Guard::SignedIn, remove)
}

async fn keep(who: Signed, form: Form) -> Result<Response, Problem> {
    let list = LISTS.into_iter().find(|list| list.name == form.text("list")).ok_or(Problem::NotFound)?;
    let query = form.text("query").trim_start_matches('?').to_owned();
    let new = NewView { list: list.name, name: form.text("name").to_owned(), query: query.clone(), is_team: form.has("is_team") };
    add_view(&who.db(), &*who.ids()?, who.scope(), &new, who.now()).await?;
    Ok(go(&format!("{}?{query}", list.path), &[]))
}

async fn remove(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    remove_view(&who.db(), who.scope(), id, who.now()).await?;
    Ok(go(form.text("back"), &[]))
}
