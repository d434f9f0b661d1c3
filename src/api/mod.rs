//! The API for programs, under `/api/v1`: JSON, a bearer key instead of a cookie, problems as RFC 9457 has them. One file per resource.

mod account;
mod widgets;

use crate::web::Routes;

/// All of it.
pub fn routes() -> Routes {
    Routes::new().and(account::routes()).and(widgets::routes())
}
