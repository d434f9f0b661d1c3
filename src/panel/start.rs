//! `/`: the first page of the menu, for now; a home page of its own comes with what it would show.

use axum::response::Response;

use crate::web::{Guard, Routes, Signed, go};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/", Guard::SignedIn, show)
}

async fn show(who: Signed) -> Response {
    let first = who.site.menu.iter().find(|entry| entry.guard.lets(who.scope()));
    go(first.map_or("/profile", |entry| entry.path), &[])
}
