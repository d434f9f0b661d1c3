//! The operators' panel: one file per resource, each with its routes, views and handlers; texts in `locales/`, pages in `templates/panel/`.
//!
//! A handler finds what the request is about under the scope of whoever is signed in ([`Signed::scope`](crate::web::Signed::scope)), calls one use case with the
//! same scope, and answers with a page or a redirect. It holds no rule and no SQL. A new resource is a file, a line in [`routes`], and a line in [`MENU`].

mod accounts;
mod preferences;
mod profile;
mod setup;
mod sign_in;
mod start;
mod view_as;

use crate::accounts::capability::Capability;
use crate::web::{Entry, Guard, Routes, serve_asset};

/// Pages of the menu, in its order; each is shown to whom its guard lets in.
pub const MENU: &[Entry] = &[Entry { path: "/accounts", text_id: "menu-accounts", icon: "users", guard: Guard::Any(&[Capability::AccountsView]) }];

/// All pages.
pub fn routes() -> Routes {
    Routes::new()
        .get("/static/{file}", Guard::Open, serve_asset)
        .and(start::routes())
        .and(sign_in::routes())
        .and(setup::routes())
        .and(accounts::routes())
        .and(profile::routes())
        .and(preferences::routes())
        .and(view_as::routes())
}
