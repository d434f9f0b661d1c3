//! Customers from a file: it is sent and kept, its columns are matched with ours, every row is shown with what is wrong with it, and a job adds the good ones.

mod failed;
mod send;
mod show;

use super::{MOST_OWNERS, list_owners};
use crate::accounts::capability::Capability;
use crate::web::{Guard, Problem, Routes, Signed};

/// Who imports: whoever adds customers and works on many at once.
pub const IMPORT: Guard = Guard::All(&[Capability::CustomersView, Capability::CustomersCreate, Capability::BulkOperations]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/customers/import", IMPORT, send::show)
        .post("/customers/import", IMPORT, send::send)
        .get("/customers/import/sample.csv", IMPORT, send::sample)
        .get("/customers/import/{id}", IMPORT, show::show)
        .post("/customers/import/{id}", IMPORT, show::change)
        .post("/customers/import/{id}/run", IMPORT, show::run)
        .post("/customers/import/{id}/remove", IMPORT, show::remove)
        .get("/customers/import/{id}/failed.csv", IMPORT, failed::show)
}

/// Accounts whose the customers may become: value and text.
async fn owners(who: &Signed) -> Result<Vec<(String, String)>, Problem> {
    let mut conn = who.site.db.read().await?;
    let all = match who.scope().may(Capability::AccountsView) {
        true => list_owners(who, &mut conn, MOST_OWNERS).await?,
        false => Vec::new(),
    };
    drop(conn);
    let mut found: Vec<(String, String)> = all.into_iter().map(|account| (account.id.to_string(), account.name)).collect();
    let own = super::create::owner(who).await?.to_string();
    match found.iter().position(|(id, _)| *id == own) {
        // whose a single customer becomes is proposed
        Some(at) => found.swap(0, at),
        None => found.insert(0, (own, who.principal.account_name.clone())),
    }
    Ok(found)
}
