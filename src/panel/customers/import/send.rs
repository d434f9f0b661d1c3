//! Sending a file, or pasting its lines.

use askama::Template;
use axum::response::Response;

use super::owners;
use crate::customers::CustomerError;
use crate::customers::import::{COLUMNS, StoredImport, add_import, list_imports};
use crate::lists::as_csv;
use crate::units::AccountId;
use crate::web::{Complaints, Form, Problem, Shell, Signed, Upload, attachment, go, html, refill};

/// Earlier files that are shown.
const MOST_EARLIER: i64 = 10;

#[derive(Template)]
#[template(path = "panel/customers/import.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    owners: Vec<(String, String)>,
    columns: String,
    earlier: Vec<StoredImport>,
}

async fn page(who: &Signed, form: Form, complaints: Complaints) -> Result<Page, Problem> {
    let earlier = list_imports(&mut who.site.db.read().await?, who.scope(), MOST_EARLIER).await?;
    Ok(Page { shell: who.shell("import"), form, complaints, owners: owners(who).await?, columns: COLUMNS.join(", "), earlier })
}

/// `GET /customers/import`.
pub(in crate::panel) async fn show(who: Signed) -> Result<Response, Problem> {
    html(&page(&who, Form::default(), Complaints::default()).await?)
}

/// `POST /customers/import`.
pub(in crate::panel) async fn send(who: Signed, upload: Upload) -> Result<Response, Problem> {
    let shell = who.shell("import");
    let (mut name, mut content) = (upload.file_name.clone(), upload.content);
    if content.is_empty() {
        (name, content) = (shell.t("import-pasted"), upload.form.raw("lines").as_bytes().to_vec());
    }
    let owner = upload.form.text("owner").parse().map(AccountId).map_err(|_| Problem::NotFound)?;
    let added = add_import(&who.db(), &*who.ids()?, &who.site.sealer, who.scope(), owner, &name, &content, who.now()).await;
    match added {
        Ok(import) => Ok(go(&format!("/customers/import/{}", import.id), &[])),
        Err(CustomerError::BadField(why)) => refill(&page(&who, upload.form, Complaints::about("lines", why)).await?),
        Err(other) => Err(other.into()),
    }
}

/// `GET /customers/import/sample.csv`: our columns, and two customers.
pub(in crate::panel) async fn sample(_: Signed) -> Response {
    let head = ["username", "password", "package", "name", "phone", "zone", "expires_at", "connection"];
    let line = |fields: [&str; 8]| fields.map(str::to_owned).to_vec();
    let lines = [
        line(["rahim", "a-password", "Home 20", "Rahim Uddin", "01700000001", "Mirpur 10", "2027-01-31", "pppoe"]),
        line(["karim", "another", "Home 50", "Karim Ahmed", "01700000002", "", "", "hotspot"]),
    ];
    attachment("customers.csv", "text/csv; charset=utf-8", as_csv(Some(&head), &lines))
}
