//! A file that was sent: its columns matched with ours, every row with what would become of it, and the button that imports the good ones.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use csv::StringRecord;

use super::owners;
use crate::customers::CustomerError;
use crate::customers::import::{
    COLUMNS, ImportError, ImportPlan, Layout, StoredImport, find_import, plan_import, read_import, remove_import, set_import,
};
use crate::jobs::ask_import;
use crate::panel::customers::fields::{Choices, choices};
use crate::units::AccountId;
use crate::web::{Complaints, Form, Id, Problem, Query, Shell, Signed, go, html, refill};

/// Rows from which the examples of a column are taken.
const EXAMPLES: usize = 3;

/// A column of the file.
struct FileColumn {
    name: String,
    examples: String,
    /// Ours, as the form has it.
    field: String,
    ours: String,
}

struct Row {
    line: u64,
    username: String,
    name: String,
    phone: String,
    package: String,
    expires: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "panel/customers/import_show.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    import: StoredImport,
    columns: Vec<FileColumn>,
    ours: Vec<(String, String)>,
    owners: Vec<(String, String)>,
    choices: Choices,
    delimiters: Vec<(String, String)>,
    /// Why the file as a whole cannot be read so.
    wrong: Option<String>,
    good: i64,
    bad: i64,
    rows: Vec<Row>,
    only_bad: bool,
    first: Option<String>,
    next: Option<String>,
}

async fn found(who: &Signed, id: i64) -> Result<(StoredImport, Vec<u8>), Problem> {
    let mut conn = who.site.db.read().await?;
    let import = find_import(&mut conn, who.scope(), id).await?.ok_or(Problem::NotFound)?;
    let content = read_import(&mut conn, &who.site.sealer, who.scope(), id).await?.ok_or(Problem::NotFound)?;
    Ok((import, content))
}

/// What would become of the rows, or why nothing can.
pub(super) async fn plan(who: &Signed, import: &StoredImport, content: &[u8]) -> Result<Result<ImportPlan, String>, Problem> {
    let (ids, check) = (who.ids()?, |line: &str| who.site.check_reply(line));
    let mut conn = who.site.db.read().await?;
    let (scope, tenant) = (who.scope(), &who.tenant);
    let plan = plan_import(&mut conn, scope, &ids, tenant, import.owner, content, Some(&import.layout), &check, who.now()).await;
    match plan {
        Ok(plan) => Ok(Ok(plan)),
        Err(ImportError::Customer(CustomerError::UnknownOwner(_))) => Ok(Err(who.shell("import").t("import-owner-gone"))),
        Err(ImportError::Customer(error)) => Err(error.into()),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// `GET /customers/import/{id}`.
pub(in crate::panel) async fn show(who: Signed, Id(id): Id, query: Query) -> Result<Response, Problem> {
    let (import, content) = found(&who, id).await?;
    html(&page(&who, import, &content, &query, None).await?)
}

/// The page; `refused` is why the file cannot be read as was said.
async fn page(who: &Signed, import: StoredImport, content: &[u8], query: &Query, refused: Option<String>) -> Result<Page, Problem> {
    let text = String::from_utf8_lossy(content).into_owned();
    let shell = who.shell("import").titled(import.file_name.clone());
    let here = format!("/customers/import/{}", import.id);
    let (only_bad, after) = (query.get("rows") == "bad", query.parse::<u64>("after").unwrap_or(0));
    let page_rows = who.preferences.rows() as usize;
    let (mut good, mut bad, mut rows, mut wrong) = (0, 0, Vec::new(), refused);
    // what was imported would be found taken
    if import.job.is_none() && wrong.is_none() {
        match plan(who, &import, content).await? {
            Ok(plan) => {
                (good, bad) = (plan.good() as i64, plan.bad.len() as i64);
                rows = page_of(&shell, &plan, only_bad, after, page_rows + 1);
            }
            Err(why) => wrong = Some(why),
        }
    }
    let has_more = rows.len() > page_rows;
    rows.truncate(page_rows);
    let last = rows.last().map(|row| row.line.to_string()).unwrap_or_default();
    let delimiters = [(",", "delimiter-comma"), (";", "delimiter-semicolon"), ("\t", "delimiter-tab")];
    Ok(Page {
        form: form_of(&import),
        complaints: Complaints::default(),
        columns: columns(&import.layout, &text),
        ours: ours(&shell),
        owners: owners(who).await?,
        choices: choices(who, &shell).await?,
        delimiters: delimiters.map(|(delimiter, text)| (delimiter.to_owned(), shell.t(text))).into(),
        wrong,
        good,
        bad,
        rows,
        only_bad,
        first: (after > 0).then(|| query.with(&here, &[("after", "")])),
        next: has_more.then(|| query.with(&here, &[("after", &last)])),
        import,
        shell,
    })
}

fn page_of(shell: &Shell, plan: &ImportPlan, only_bad: bool, after: u64, limit: usize) -> Vec<Row> {
    let rows = plan.rows().into_iter().filter(|row| row.line > after && (!only_bad || row.problem.is_some()));
    rows.take(limit)
        .map(|row| Row {
            line: row.line,
            username: row.username.to_owned(),
            name: row.name.to_owned(),
            phone: row.phone.to_owned(),
            package: row.package.to_owned(),
            expires: row.expires_at.map(|at| shell.until(at)).unwrap_or_default(),
            problem: row.problem.map(str::to_owned),
        })
        .collect()
}

/// The file's columns with the first values of each; of passwords nothing is shown.
fn columns(layout: &Layout, text: &str) -> Vec<FileColumn> {
    let mut reader = layout.reader(text.as_bytes());
    let mut rows: Vec<StringRecord> = reader.records().take(EXAMPLES + 1).filter_map(Result::ok).collect();
    let head = if rows.is_empty() { StringRecord::new() } else { rows.remove(0) };
    let column = |(at, name): (usize, &str)| {
        let ours = layout.columns.get(at).cloned().flatten().unwrap_or_default();
        let is_secret = ours == "password" || name.to_lowercase().contains("pass") || name.to_lowercase().contains("secret");
        let examples: Vec<&str> = rows.iter().filter_map(|row| row.get(at)).filter(|value| !value.is_empty()).collect();
        FileColumn {
            name: name.trim_start_matches('\u{feff}').to_owned(),
            examples: if is_secret { "…".repeat(usize::from(!examples.is_empty())) } else { examples.join(", ") },
            field: format!("column-{at}"),
            ours,
        }
    };
    head.iter().enumerate().map(column).collect()
}

/// Our columns, for choosing.
fn ours(shell: &Shell) -> Vec<(String, String)> {
    std::iter::once((String::new(), shell.t("import-left-out"))).chain(COLUMNS.map(|name| (name.to_owned(), name.to_owned()))).collect()
}

fn form_of(import: &StoredImport) -> Form {
    let owner = import.owner.to_string();
    let delimiter = import.layout.delimiter.to_string();
    let mut pairs = vec![("owner", owner.as_str()), ("delimiter", &delimiter)];
    pairs.extend(import.layout.defaults.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if import.layout.makes_passwords {
        pairs.push(("makes_passwords", "yes"));
    }
    Form::of(&pairs)
}

/// `POST /customers/import/{id}`: reads the file in another way.
pub(in crate::panel) async fn change(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let (import, content) = found(&who, id).await?;
    let text = String::from_utf8_lossy(&content);
    let delimiter = form.raw("delimiter").chars().next().unwrap_or(import.layout.delimiter);
    // other separators make other columns
    let layout = match delimiter == import.layout.delimiter {
        true => Layout {
            columns: (0..import.layout.head(&text).len()).map(|at| form.filled(&format!("column-{at}")).map(str::to_owned)).collect(),
            ..import.layout
        },
        false => Layout::guess_with(&text, delimiter),
    };
    let said = ["package", "zone", "connection", "expires_at"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), form.filled(name)?.to_owned())));
    let layout = Layout { defaults: said.collect::<BTreeMap<_, _>>(), makes_passwords: form.has("makes_passwords"), ..layout };
    let owner = form.text("owner").parse().map(AccountId).map_err(|_| Problem::NotFound)?;
    match set_import(&who.db(), who.scope(), id, &layout, owner, who.now()).await {
        Err(CustomerError::BadField(why)) => {
            // the page again as it was filled in
            let said = StoredImport { layout, owner, ..found(&who, id).await?.0 };
            refill(&page(&who, said, &content, &Query::default(), Some(why)).await?)
        }
        other => other.map(|()| go(&format!("/customers/import/{id}"), &[])).map_err(Problem::from),
    }
}

/// `POST /customers/import/{id}/run`: a job adds the good rows.
pub(in crate::panel) async fn run(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let (import, content) = found(&who, id).await?;
    if let Some(job) = import.job {
        return Ok(go(&format!("/jobs/{job}"), &[]));
    }
    let shell = who.shell("import");
    let plan = plan(&who, &import, &content).await?.map_err(Problem::Refused)?;
    if plan.good() == 0 {
        return Err(Problem::Refused(shell.t("import-nothing")));
    }
    // of two that press at once the second has nothing to ask for
    let Some(job) = ask_import(&who.db(), &*who.ids()?, who.scope(), &import, who.now()).await? else {
        return Ok(go(&format!("/customers/import/{id}"), &[]));
    };
    who.site.counts.forget(who.scope());
    Ok(go(&format!("/jobs/{job}"), &[]))
}

/// `POST /customers/import/{id}/remove`.
pub(in crate::panel) async fn remove(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    remove_import(&who.db(), who.scope(), id, who.now()).await?;
    Ok(go("/customers/import?said=import-removed", &[]))
}
