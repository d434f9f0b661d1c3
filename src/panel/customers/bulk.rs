//! The same done to several customers: what it would do is shown before anything is done, then a job does it, and its page takes it back.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;

use super::list::{LIST, names_of};
use super::{MOST_OWNERS, list_owners, meaning};
use crate::customers::bulk::{BulkAction, MOST_BULK, Skip};
use crate::customers::finding::{CustomerLine, FIELDS, list_found_ids, list_line_devices, list_lines_of};
use crate::customers::tags::parse_tags;
use crate::jobs::{BULK, BulkArguments, IMPORT, UNDO, UndoArguments, ask_job, find_job};
use crate::lists::Filter;
use crate::units::{JobId, parse_instant};
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, go, html, refill};

/// What the list offers, in its order.
pub(super) const ACTIONS: [&str; 13] = [
    "extend",
    "suspend",
    "activate",
    "zone",
    "package",
    "owner",
    "expiry",
    "add-tag",
    "remove-tag",
    "clear-macs",
    "disconnect",
    "disable",
    "close",
];
/// More than so many are confirmed by their number.
const CONFIRMED_FROM: usize = 100;
/// Lines that the page shows.
const SHOWN: usize = 20;
/// Customers looked at in one statement.
const LOT: usize = 500;
const MOST_DAYS: i64 = 3_660;

#[derive(Template)]
#[template(path = "panel/customers/bulk.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    action: String,
    count_shown: i64,
    /// What must be chosen: value and text; empty where a line is written or nothing is asked.
    choices: Vec<(String, String)>,
    /// Whether a line is written, and the id of what is said below it.
    hint: Option<&'static str>,
    asks_reason: bool,
    /// What would be done, once everything is said.
    plan: Option<Plan>,
    hidden: Vec<(String, String)>,
    back: String,
    /// What is to be done, as far as it is said.
    what: Option<BulkAction>,
}

impl Page {
    fn can_be_undone(&self) -> bool {
        self.what.as_ref().is_some_and(BulkAction::can_be_undone)
    }
}

struct Plan {
    affected: usize,
    skipped: Vec<(String, usize)>,
    shown: Vec<CustomerLine>,
    must_confirm: bool,
}

/// Whom the form means.
async fn chosen(who: &Signed, form: &Form) -> Result<Vec<i64>, Problem> {
    // all of what the page showed, not of what was chosen in another tab since
    let part = who.within.as_ref().map(|(part, _)| part.to_string()).unwrap_or_default();
    if form.has("all") && form.text("part") != part {
        return Err(Problem::FormOutdated);
    }
    if !form.has("all") {
        return Ok(form.all("id").filter_map(|id| id.parse().ok()).collect());
    }
    let (filter, wrong) = Filter::read(form.text("q"), FIELDS);
    if let Some(why) = wrong.into_iter().next() {
        return Err(Problem::BadRequest(why));
    }
    let meaning = meaning(who);
    let mut conn = who.site.db.read().await?;
    Ok(list_found_ids(&mut conn, who.scope(), &filter, &meaning, MOST_BULK as i64 + 1).await?)
}

/// What the form says is to be done: `None` if its value is still to be said.
fn action(who: &Signed, shell: &Shell, form: &Form, complaints: &mut Complaints) -> Option<BulkAction> {
    let value = form.text("value");
    let missing = |complaints: &mut Complaints| {
        if form.has("asked") {
            complaints.add("value", shell.t("bulk-value-missing"));
        }
        None
    };
    match form.text("action") {
        "activate" => Some(BulkAction::Activate),
        "disable" => Some(BulkAction::Disable),
        "close" => Some(BulkAction::Close),
        "clear-macs" => Some(BulkAction::ClearMacs),
        "disconnect" => Some(BulkAction::Disconnect),
        "zone" if value == "-" => Some(BulkAction::Zone(None)),
        _ if value.is_empty() => missing(complaints),
        "suspend" => Some(BulkAction::Suspend(value.to_owned())),
        "zone" => Some(BulkAction::Zone(Some(value.to_owned()))),
        "package" => Some(BulkAction::Package(value.to_owned())),
        "owner" => value.parse().ok().map(BulkAction::Owner),
        "extend" => match value.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days)) {
            Some(days) => Some(BulkAction::Extend(days)),
            None => {
                complaints.add("value", shell.t("days-wrong"));
                None
            }
        },
        "expiry" => parse_instant(&value.replace('T', " "), &who.tenant.zone())
            .map_err(|why| complaints.add("value", why))
            .ok()
            .map(BulkAction::Expiry),
        word @ ("add-tag" | "remove-tag") => match parse_tags(value) {
            Ok(tags) if tags.len() == 1 => {
                let tag = tags.into_iter().next().unwrap_or_default();
                Some(if word == "add-tag" { BulkAction::AddTag(tag) } else { BulkAction::RemoveTag(tag) })
            }
            Ok(_) => missing(complaints),
            Err(error) => {
                complaints.add("value", error.to_string());
                None
            }
        },
        _ => None,
    }
}

/// What can be chosen for an action.
async fn choices(who: &Signed, shell: &Shell, action: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut conn = who.site.db.read().await?;
    let named = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>();
    Ok(match action {
        "zone" => {
            let mut all = vec![(String::new(), shell.t("zone-choose")), ("-".to_owned(), shell.t("zone-none"))];
            all.extend(named(names_of(who, &mut conn, Some("zone")).await?));
            all
        }
        "package" => {
            let mut all = vec![(String::new(), shell.t("package-choose"))];
            all.extend(named(names_of(who, &mut conn, Some("package")).await?));
            all
        }
        "owner" => {
            let mut all = vec![(String::new(), shell.t("owner-choose"))];
            all.extend(list_owners(who, &mut conn, MOST_OWNERS).await?.into_iter().map(|account| (account.id.to_string(), account.name)));
            all
        }
        _ => Vec::new(),
    })
}

/// What would be done to whom.
async fn plan(who: &Signed, shell: &Shell, action: &BulkAction, ids: &[i64], choices: &[(String, String)]) -> Result<Plan, Problem> {
    let owner = match action {
        BulkAction::Owner(id) => choices.iter().find(|(value, _)| *value == id.to_string()).map(|(_, name)| name.clone()),
        _ => None,
    };
    let (mut affected, mut skipped, mut shown) = (0, BTreeMap::<Skip, usize>::new(), Vec::new());
    let needs_devices = matches!(action, BulkAction::ClearMacs | BulkAction::AddTag(_) | BulkAction::RemoveTag(_));
    for lot in ids.chunks(LOT) {
        let mut conn = who.site.db.read().await?;
        let lines = list_lines_of(&mut conn, who.scope(), lot).await?;
        let of_lines: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let devices = if needs_devices { list_line_devices(&mut conn, who.scope(), &of_lines).await? } else { Vec::new() };
        for (at, line) in lines.into_iter().enumerate() {
            let (macs, tags) = devices.get(at).map_or((&[][..], &[][..]), |d| (&d.macs[..], &d.tags[..]));
            match action.skips(&line, owner.as_deref().unwrap_or_default(), macs, tags) {
                Some(skip) => *skipped.entry(skip).or_default() += 1,
                None => {
                    affected += 1;
                    if shown.len() < SHOWN {
                        shown.push(line);
                    }
                }
            }
        }
    }
    let skipped = skipped.into_iter().map(|(skip, n)| (shell.t2("bulk-skip", skip.as_str()), n)).collect();
    Ok(Plan { affected, skipped, shown, must_confirm: affected > CONFIRMED_FROM })
}

fn back(form: &Form) -> String {
    let to = form.text("back");
    if to.starts_with(LIST.path) { to.to_owned() } else { LIST.path.to_owned() }
}

async fn page(who: &Signed, form: &Form, ids: &[i64]) -> Result<Page, Problem> {
    let (shell, mut complaints) = (who.shell("bulk"), Complaints::default());
    let name = form.text("action").to_owned();
    if !ACTIONS.contains(&name.as_str()) {
        return Err(Problem::BadRequest("there is no such action".to_owned()));
    }
    if ids.is_empty() || ids.len() > MOST_BULK {
        return Err(Problem::Refused(shell.t(if ids.is_empty() { "bulk-nobody" } else { "bulk-too-many" })));
    }
    let choices = choices(who, &shell, &name).await?;
    let what = action(who, &shell, form, &mut complaints);
    let asks_reason = matches!(name.as_str(), "extend" | "expiry");
    if asks_reason && form.has("asked") && form.text("reason").is_empty() {
        complaints.add("reason", shell.t("reason-missing"));
    }
    let is_said = what.is_some() && !(asks_reason && form.text("reason").is_empty());
    let plan = match &what {
        Some(what) if is_said => Some(plan(who, &shell, what, ids, &choices).await?),
        _ => None,
    };
    let hint = match name.as_str() {
        "suspend" => Some("bulk-reason-hint"),
        "extend" => Some("bulk-days-hint"),
        "expiry" => Some("expires-hint"),
        "add-tag" | "remove-tag" => Some("bulk-tag-hint"),
        _ => None,
    };
    let keeps: &[&str] = if plan.is_some() {
        &["action", "id", "all", "q", "part", "back", "value", "reason"]
    } else {
        &["action", "id", "all", "q", "part", "back"]
    };
    let mut hidden: Vec<(String, String)> =
        form.pairs().filter(|(n, _)| keeps.contains(n)).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    hidden.push(("count".to_owned(), ids.len().to_string()));
    Ok(Page {
        what,
        back: back(form),
        form: form.clone(),
        action: name,
        count_shown: ids.len() as i64,
        choices,
        hint,
        asks_reason,
        plan,
        hidden,
        complaints,
        shell,
    })
}

/// `POST /customers/bulk`: asks for what is missing, then shows what would be done.
pub(super) async fn show(who: Signed, form: Form) -> Result<Response, Problem> {
    let ids = chosen(&who, &form).await?;
    let page = page(&who, &form, &ids).await?;
    if page.complaints.is_empty() { html(&page) } else { refill(&page) }
}

/// `POST /customers/bulk/run`: a job does it.
pub(super) async fn run(who: Signed, form: Form) -> Result<Response, Problem> {
    let ids = chosen(&who, &form).await?;
    let shown = page(&who, &form, &ids).await?;
    let (shell, mut complaints) = (&shown.shell, shown.complaints.clone());
    let affected = shown.plan.as_ref().map_or(0, |plan| plan.affected);
    if form.text("count") != ids.len().to_string() {
        complaints.add("", shell.t("bulk-changed"));
    } else if affected > CONFIRMED_FROM && form.ascii("confirm") != affected.to_string() {
        complaints.add("confirm", shell.t("bulk-confirm-wrong"));
    } else if affected == 0 {
        complaints.add("", shell.t("bulk-nothing"));
    }
    let Some(what) = shown.what.clone().filter(|_| complaints.is_empty() && shown.plan.is_some()) else {
        return refill(&Page { complaints, ..shown });
    };
    let arguments = BulkArguments { what, reason: form.text("reason").to_owned(), ids };
    let arguments = serde_json::to_value(&arguments).map_err(|_| Problem::Internal)?;
    let asked = ask_job(&who.db(), &*who.ids()?, who.scope(), &BULK, &arguments, who.now()).await?;
    who.site.counts.forget(who.scope());
    Ok(go(&format!("/jobs/{}", asked.id()), &[]))
}

/// `POST /customers/bulk/{id}/undo`: a job takes back what that job did.
pub(super) async fn undo(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let mut conn = who.site.db.read().await?;
    let job = find_job(&mut conn, who.scope(), JobId(id))
        .await?
        .filter(|job| [BULK.name, IMPORT.name].contains(&job.kind.as_str()))
        .ok_or(Problem::NotFound)?;
    drop(conn);
    let arguments = serde_json::to_value(UndoArguments { job: job.id.to_string() }).map_err(|_| Problem::Internal)?;
    let asked = ask_job(&who.db(), &*who.ids()?, who.scope(), &UNDO, &arguments, who.now()).await?;
    Ok(go(&format!("/jobs/{}", asked.id()), &[]))
}
