//! The operators' panel: one file per resource, each with its routes, views and handlers; texts in `locales/`, pages in `templates/panel/`.
//!
//! A handler finds what the request is about under the scope of whoever is signed in ([`Signed::scope`](crate::web::Signed::scope)), calls one use case with the
//! same scope, and answers with a page or a redirect. It holds no rule and no SQL. A new resource is a file, a line in [`routes`], and a line in [`MENU`].

mod accounts;
mod api_keys;
mod audit;
mod capability_boxes;
mod customers;
mod go;
mod home;
mod jobs;
mod keys;
mod online;
mod preferences;
mod profile;
mod roles;
mod settings;
mod setup;
mod sign_in;
mod tenants;
mod view_as;
mod views;
mod within;
mod zones;

use crate::accounts::capability::Capability;
use crate::web::{Entry, Guard, Routes, serve_asset};

/// Pages of the menu, in its order; each is shown to whom its guard lets in.
pub const MENU: &[Entry] = &[
    Entry { path: "/", text_id: "home", icon: "house", guard: Guard::SignedIn },
    Entry { path: "/customers", text_id: "menu-customers", icon: "contact", guard: customers::VIEW },
    Entry { path: "/accounts", text_id: "menu-accounts", icon: "users", guard: Guard::Any(&[Capability::AccountsView]) },
    Entry { path: "/tenants", text_id: "menu-tenants", icon: "building-2", guard: Guard::Any(&[Capability::TenantsView]) },
    Entry { path: "/roles", text_id: "menu-roles", icon: "shield-check", guard: roles::VIEW },
    Entry { path: "/api-keys", text_id: "menu-api-keys", icon: "key-round", guard: Guard::Any(&[Capability::ApiKeys]) },
    Entry { path: "/audit", text_id: "menu-audit", icon: "scroll-text", guard: Guard::Any(&[Capability::AuditView]) },
    Entry { path: "/jobs", text_id: "menu-jobs", icon: "list-checks", guard: jobs::VIEW },
    Entry { path: "/settings", text_id: "menu-settings", icon: "settings", guard: Guard::Any(&[Capability::SettingsView]) },
];

/// All pages.
pub fn routes() -> Routes {
    Routes::new()
        .get("/static/{file}", Guard::Open, serve_asset)
        .and(home::routes())
        .and(sign_in::routes())
        .and(setup::routes())
        .and(customers::routes())
        .and(go::routes())
        .and(views::routes())
        .and(accounts::routes())
        .and(tenants::routes())
        .and(roles::routes())
        .and(api_keys::routes())
        .and(audit::routes())
        .and(jobs::routes())
        .and(settings::routes())
        .and(profile::routes())
        .and(preferences::routes())
        .and(keys::routes())
        .and(view_as::routes())
        .and(within::routes())
}
