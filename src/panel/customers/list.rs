//! The list of customers, and the same as CSV.

use axum::response::Response;

use super::{BULK, CREATE, EDIT, EXPORT, meaning};
use crate::accounts::{AccountFilter, AccountPath, list_accounts, list_views};
use crate::customers::finding::{
    Cursor, CustomerLine, CustomerQuery, FIELDS, LineDevices, Meaning, Start, count_found, list_found, list_line_devices,
};
use crate::customers::tags::list_tags;
use crate::customers::zones::list_zones;
use crate::customers::{ActiveView, CustomerError, State, active_view};
use crate::lists::{Filter, Slice, csv_text};
use crate::packages::list_package_ids;
use crate::panel::online::{Online, online};
use crate::routers::list_named_routers;
use crate::units::{Mac, print_instant};
use crate::web::list::{BulkAction, COUNT_CAP, Cell, Column, Counts, List, ListPage, ListState, Parts, Row};
use crate::web::{CsvExport, Problem, Query, Shell, Signed, send_csv};

/// Names that a form of a filter offers at most.
const MOST_NAMES: i64 = 500;

/// See the head of the file.
pub static LIST: List = List {
    name: "customers",
    path: "/customers",
    csv: Some(("/customers.csv", EXPORT)),
    fields: FIELDS,
    columns: &[
        Column::shown("name").sorted("name"),
        Column::shown("username").sorted("username"),
        Column::shown("state"),
        Column::shown("online"),
        Column::shown("package"),
        Column::shown("expires").sorted("expires"),
        Column::shown("phone"),
        Column::shown("zone"),
        Column::shown("ip"),
        Column::shown("operator"),
        Column::further("code"),
        Column::further("connection"),
        Column::further("billing"),
        Column::further("router"),
        Column::further("mac"),
        Column::further("seen"),
        Column::further("registered").sorted("registered"),
        Column::further("tags"),
        Column::further("device"),
        Column::further("email"),
        Column::further("address"),
        Column::further("city"),
        Column::further("reason"),
        Column::further("note"),
    ],
    order: "name",
    descends: false,
    filter: "-status:closed",
    views: &[
        ("view-all", ""),
        ("view-expiring-today", "q=status%3Aexpires-today"),
        ("view-expired", "q=status%3Aexpired"),
        ("view-suspended", "q=status%3Asuspended"),
        ("view-online", "q=online%3Ayes"),
        ("view-new", "q=-status%3Aclosed+registered%3E%3D-7d&sort=-registered"),
        ("view-closed", "q=status%3Aclosed"),
    ],
};

fn query_of(state: &ListState) -> CustomerQuery {
    CustomerQuery { filter: state.filter.clone(), order: state.order.parse().unwrap_or_default(), descending: state.descending }
}

/// How many a filter finds: as counted lately, else counted now.
async fn count(who: &Signed, filter: &Filter, meaning: &Meaning<'_>) -> Result<i64, CustomerError> {
    let key = Counts::key(who.scope(), LIST.name, &filter.to_string());
    if let Some(count) = who.site.counts.get(&key) {
        return Ok(count);
    }
    let count = count_found(&mut who.site.db.read().await?, who.scope(), filter, meaning).await?;
    who.site.counts.put(key, count);
    Ok(count)
}

pub(super) async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let mut state = match ListState::read(&LIST, &query) {
        Ok(state) => state,
        Err(leads_on) => return Ok(*leads_on),
    };
    let meaning = meaning(&who);
    let shell = who.shell("menu-customers");
    let parts = match parts(&who, &shell, &state, &meaning).await {
        Err(CustomerError::BadField(why)) => {
            state.wrong.push(why);
            Parts::default()
        }
        other => other?,
    };
    ListPage::answer(&who, shell, state, parts)
}

async fn parts(who: &Signed, shell: &Shell, state: &ListState, meaning: &Meaning<'_>) -> Result<Parts, CustomerError> {
    let found = count(who, &state.filter, meaning).await?;
    let rows = i64::from(who.preferences.rows());
    let cursor = state.start::<Cursor>();
    let start = cursor.as_ref();
    let mut conn = who.site.db.read().await?;
    let lines = list_found(&mut conn, who.scope(), &query_of(state), meaning, start, found, rows + 1).await?;
    let Slice { lines, has_before, has_after } = Slice::of(lines, &start, rows as usize);
    let key = |line: Option<&CustomerLine>| line.map(|line| Cursor { id: line.id, value: line.key.clone() }.to_string());
    let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
    let needs_devices = ["mac", "tags", "seen", "online"].iter().any(|column| state.shows(column));
    let devices = if needs_devices { list_line_devices(&mut conn, who.scope(), &ids).await? } else { Vec::new() };
    let views = list_views(&mut conn, who.scope(), LIST.name).await.unwrap_or_default();
    let names = names_of(who, &mut conn, state.edited_field()).await?;
    drop(conn);
    let mut parts = Parts {
        before: key(lines.first()).filter(|_| has_before),
        after: key(lines.last()).filter(|_| has_after),
        count: Some((found.min(COUNT_CAP), found > COUNT_CAP)),
        rows: lines.iter().map(|line| row(who, shell, state, line, devices.iter().find(|d| d.customer_id == line.id), meaning)).collect(),
        views,
        names,
        primary: CREATE.lets(who.scope()).then(|| ("/customers/new".to_owned(), shell.t("customer-new"))),
        links: import_link(who, shell).into_iter().chain(zones_link(who, shell)).collect(),
        bulk: BULK.lets(who.scope()).then(|| ("/customers/bulk", bulk_actions(shell))),
        ..Parts::default()
    };
    if lines.is_empty() && state.wrong.is_empty() {
        explain_nothing(who, shell, state, meaning, &mut parts).await?;
    }
    Ok(parts)
}

fn import_link(who: &Signed, shell: &Shell) -> Option<(String, String)> {
    let may = super::import::IMPORT.lets(who.scope()) && who.scope().require_himself().is_ok();
    may.then(|| ("/customers/import".to_owned(), shell.t("import")))
}

fn zones_link(who: &Signed, shell: &Shell) -> Option<(String, String)> {
    EDIT.lets(who.scope()).then(|| ("/customers/zones".to_owned(), shell.t("zones")))
}

fn bulk_actions(shell: &Shell) -> Vec<BulkAction> {
    super::bulk::ACTIONS.iter().map(|name| BulkAction { name, text: shell.t2("bulk-do", name) }).collect()
}

/// Why nothing is found: there is nobody yet, or a condition hides them.
async fn explain_nothing(
    who: &Signed,
    shell: &Shell,
    state: &ListState,
    meaning: &Meaning<'_>,
    parts: &mut Parts,
) -> Result<(), CustomerError> {
    for (at, filter) in state.without_one() {
        let without = count(who, &filter, meaning).await?;
        parts.hidden_by.extend((without > 0).then_some((at, without)));
    }
    if parts.hidden_by.is_empty() && state.filter.words.is_empty() && count(who, &Filter::default(), meaning).await? == 0 {
        let add = CREATE.lets(who.scope()).then(|| ("/customers/new".to_owned(), shell.t("customer-new")));
        parts.first_use = Some((shell.t("customers-first-use"), add.into_iter().chain(import_link(who, shell)).collect()));
    }
    Ok(())
}

/// Names that the edited field may have.
pub(super) async fn names_of(who: &Signed, conn: &mut crate::store::Conn, field: Option<&str>) -> Result<Vec<String>, CustomerError> {
    let scope = who.scope();
    Ok(match field {
        Some("zone") => list_zones(conn, scope).await?.into_iter().map(|zone| zone.name).collect(),
        Some("package") => list_package_ids(conn, scope).await.unwrap_or_default().into_iter().map(|(name, _)| name).collect(),
        Some("tag") => list_tags(conn, scope).await?,
        Some("operator") => {
            let all = list_accounts(conn, scope, &AccountFilter::default(), &AccountPath::TOP, MOST_NAMES).await.unwrap_or_default();
            all.into_iter().map(|account| account.name).collect()
        }
        Some("router") => {
            let all = list_named_routers(conn, scope, "", MOST_NAMES).await.unwrap_or_default();
            all.into_iter().map(|router| router.name).collect()
        }
        _ => Vec::new(),
    })
}

/// Shape and word of a state: the class of its mark, the id of its text.
pub fn state_mark(state: State, view: ActiveView) -> (&'static str, &'static str) {
    match (state, view) {
        (State::Active, ActiveView::Plain) => ("ok", "value-status-active"),
        (State::Active, ActiveView::ExpiresToday) => ("warn", "value-status-expires-today"),
        (State::Active, ActiveView::Grace) => ("warn", "value-status-grace"),
        (State::Pending, _) => ("pending", "value-status-pending"),
        (State::Expired, _) => ("off", "value-status-expired"),
        (State::Suspended, _) => ("bad", "value-status-suspended"),
        (State::Disabled, _) => ("bad", "value-status-disabled"),
        (State::Closed, _) => ("off", "value-status-closed"),
    }
}

fn row(who: &Signed, shell: &Shell, state: &ListState, line: &CustomerLine, devices: Option<&LineDevices>, meaning: &Meaning<'_>) -> Row {
    let now_online = online(&who.site.access, line.id, meaning.now);
    let cell = |column: &&'static Column| match column.name {
        "name" => Cell::text(if line.name.is_empty() { line.username.clone() } else { line.name.clone() }),
        "username" => Cell::code(&line.username),
        "state" => {
            let (mark, text) =
                state_mark(line.state(meaning.rules, meaning.now), active_view(line.facts(meaning.rules), meaning.now, &meaning.zone));
            Cell::state(mark, shell.t(text)).titled(&line.hold_reason)
        }
        "online" => online_cell(shell, now_online.as_ref(), devices),
        "package" => Cell::text(&line.package),
        "expires" => match line.expires_at {
            Some(at) => Cell::instant(shell.until_day(at), format!("{} · {}", shell.when_exactly(at), shell.ago(at))),
            None => Cell { text: shell.t("never"), class: "muted", ..Cell::default() },
        },
        "phone" => Cell::code(&line.phone),
        "zone" => Cell::text(line.zone.clone().unwrap_or_default()),
        "ip" => Cell::code(now_online.as_ref().and_then(|o| o.ip.clone()).or_else(|| line.static_ipv4.clone()).unwrap_or_default()),
        "operator" => Cell::text(&line.owner),
        "code" => Cell::code(&line.code),
        "connection" => Cell::text(shell.t2("value-connection", line.connection_type.as_str())),
        "billing" => Cell::text(shell.t2("value-billing", line.billing_type.as_str())),
        "router" => Cell::text(now_online.as_ref().map(|o| o.router.clone()).unwrap_or_default()),
        "mac" => Cell::code(devices.map(|d| d.macs.iter().map(|mac| spelled(mac)).collect::<Vec<_>>().join(" ")).unwrap_or_default()),
        "seen" => match (&now_online, devices.map_or(0, |d| d.last_login_at)) {
            (Some(online), _) => Cell::instant(shell.day(online.heard_at), shell.when_exactly(online.heard_at)),
            (None, 0) => Cell::text(""),
            (None, at) => Cell::instant(shell.day(at), format!("{} · {}", shell.when_exactly(at), shell.ago(at))),
        },
        "registered" => Cell::instant(shell.day(line.registered_at), shell.when_exactly(line.registered_at)),
        "tags" => Cell::text(devices.map(|d| d.tags.join(", ")).unwrap_or_default()),
        "device" => Cell::text(&line.device_type),
        "email" => Cell::code(&line.email),
        "address" => Cell::text(&line.address),
        "city" => Cell::text(&line.city),
        "reason" => Cell::text(&line.hold_reason),
        _ => Cell::text(line.note.lines().next().unwrap_or_default()),
    };
    Row { id: line.id, link: format!("/customers/{}", line.id), class: "", cells: state.columns.iter().map(cell).collect() }
}

/// A device's address as people read it.
fn spelled(mac: &str) -> String {
    mac.parse::<Mac>().map_or_else(|_| mac.to_owned(), Mac::with_colons)
}

fn online_cell(shell: &Shell, online: Option<&Online>, devices: Option<&LineDevices>) -> Cell {
    match online {
        Some(online) => {
            Cell::state("ok", shell.span(online.for_secs)).titled(format!("{} {}", shell.t("online"), shell.when_exactly(online.since)))
        }
        None => {
            let at = devices.map_or(0, |d| d.last_login_at);
            let title = if at > 0 { shell.t_with("last-login-at", "when", shell.when(at)) } else { String::new() };
            Cell::state("off", shell.t("offline")).titled(title)
        }
    }
}

const HEAD: [&str; 20] = [
    "code",
    "username",
    "name",
    "phone",
    "email",
    "package",
    "status",
    "hold_reason",
    "expires_at",
    "connection",
    "billing_type",
    "operator",
    "zone",
    "static_ip",
    "mac",
    "tags",
    "address",
    "city",
    "device_type",
    "registered_at",
];

/// `GET /customers.csv`: exactly what the filter finds, in its order, whatever columns are shown.
pub(super) async fn send(who: Signed, query: Query) -> Result<Response, Problem> {
    let state = ListState::of_file(&LIST, &query)?;
    let asked = query_of(&state);
    let meaning = meaning(&who);
    let found = count(&who, &asked.filter, &meaning).await?;
    send_csv(who, EXPORT, "customers.csv", Export { query: asked, found, after: None }).await
}

struct Export {
    query: CustomerQuery,
    found: i64,
    after: Option<Cursor>,
}

impl CsvExport for Export {
    fn head(&self) -> Vec<&'static str> {
        HEAD.to_vec()
    }

    async fn batch(&mut self, who: &Signed, rows: i64) -> Result<Vec<Vec<String>>, Problem> {
        let meaning = meaning(who);
        let start = self.after.as_ref().map_or(Start::First, Start::After);
        let mut conn = who.site.db.read().await?;
        let lines = list_found(&mut conn, who.scope(), &self.query, &meaning, start, self.found, rows).await?;
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let devices = list_line_devices(&mut conn, who.scope(), &ids).await?;
        self.after = lines.last().map(|line| Cursor { id: line.id, value: line.key.clone() }).or(self.after.take());
        Ok(lines.iter().zip(&devices).map(|(line, devices)| csv_row(line, devices, &meaning)).collect())
    }
}

fn csv_row(line: &CustomerLine, devices: &LineDevices, meaning: &Meaning<'_>) -> Vec<String> {
    vec![
        csv_text(&line.code),
        csv_text(&line.username),
        csv_text(&line.name),
        csv_text(&line.phone),
        csv_text(&line.email),
        csv_text(&line.package),
        line.state(meaning.rules, meaning.now).as_str().to_owned(),
        csv_text(&line.hold_reason),
        line.expires_at.map(print_instant).unwrap_or_default(),
        line.connection_type.to_string(),
        line.billing_type.to_string(),
        csv_text(&line.owner),
        csv_text(line.zone.as_deref().unwrap_or_default()),
        line.static_ipv4.clone().unwrap_or_default(),
        devices.macs.join(";"),
        csv_text(&devices.tags.join(";")),
        csv_text(&line.address),
        csv_text(&line.city),
        csv_text(&line.device_type),
        print_instant(line.registered_at),
    ]
}
