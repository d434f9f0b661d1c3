//! The page of a list, as its template needs it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::chips::{Chip, chips};
use super::editor::{Editor, editor};
use super::{ListState, Row};
use crate::accounts::{PAGE_ROW_CHOICES, SavedView};
use crate::web::{Markup, Problem, Shell, Signed, html, html_with};

/// Something that can be done to several rows: where it is asked for, and what it says.
#[derive(Debug, Clone)]
pub struct BulkAction {
    /// Its word, sent as `action`.
    pub name: &'static str,
    /// What it says.
    pub text: String,
}

/// What a surface brings to the page.
#[derive(Default)]
pub struct Parts {
    /// The rows, as many as fit.
    pub rows: Vec<Row>,
    /// The key of the page before this one, if there is one.
    pub before: Option<String>,
    /// The key of the page after it.
    pub after: Option<String>,
    /// How many there are in all, and whether there are more than that.
    pub count: Option<(i64, bool)>,
    /// Kept views.
    pub views: Vec<SavedView>,
    /// Names that the edited field may have.
    pub names: Vec<String>,
    /// What choices are called that people can call otherwise: field, choice, its name.
    pub choices: Vec<(&'static str, String, String)>,
    /// What stands above the list.
    pub above: Option<Markup>,
    /// The one button that adds a row: address and text.
    pub primary: Option<(String, String)>,
    /// Further links beside it.
    pub links: Vec<(String, String)>,
    /// What can be done to several, and where it is sent.
    pub bulk: Option<(&'static str, Vec<BulkAction>)>,
    /// How many a condition hides, where nothing is found: its place and the number.
    pub hidden_by: Vec<(usize, i64)>,
    /// Whether there is nothing even without a filter: the text that says what belongs here, and a link.
    pub first_use: Option<(String, Vec<(String, String)>)>,
}

struct Tab {
    text: String,
    url: String,
    is_current: bool,
    /// To be removed by whoever kept it.
    own_id: Option<i64>,
}

struct Head {
    text: String,
    url: Option<String>,
    aria: &'static str,
    is_number: bool,
}

/// See the head of the file.
#[derive(Template)]
#[template(path = "list.html")]
pub struct ListPage {
    shell: Shell,
    state: ListState,
    count: String,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    further_fields: Vec<(String, String)>,
    editor: Option<Editor>,
    heads: Vec<Head>,
    columns: Vec<(&'static str, String, bool)>,
    above: Option<Markup>,
    rows: Vec<Row>,
    row_choices: Vec<(u32, bool)>,
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    csv: Option<String>,
    primary: Option<(String, String)>,
    links: Vec<(String, String)>,
    bulk: Option<(&'static str, Vec<BulkAction>)>,
    hidden_by: Vec<(String, String)>,
    first_use: Option<(String, Vec<(String, String)>)>,
    search_hidden: Vec<(String, String)>,
    all_url: String,
    is_unsaved: bool,
}

impl ListPage {
    /// The page; 422 if something of the filter does not read.
    pub fn answer(who: &Signed, shell: Shell, state: ListState, parts: Parts) -> Result<Response, Problem> {
        let is_wrong = !state.wrong.is_empty() || state.editing.as_ref().is_some_and(|e| e.sent.is_some());
        let page = ListPage::new(who, shell, state, parts);
        if is_wrong { html_with(StatusCode::UNPROCESSABLE_ENTITY, &page) } else { html(&page) }
    }

    fn new(who: &Signed, shell: Shell, state: ListState, parts: Parts) -> ListPage {
        let list = state.list;
        let tabs = tabs(&shell, &state, &parts.views);
        let count = match parts.count {
            Some((n, true)) => shell.t_count(format!("{}-count-more", list.name).as_str(), n),
            Some((n, false)) => shell.t_count(format!("{}-count", list.name).as_str(), n),
            None => String::new(),
        };
        let hidden_by = parts.hidden_by.iter().map(|(at, n)| {
            let text =
                shell.t_count("list-hidden-by", n) + " " + &super::chips::in_words(&shell, &state.filter.conditions[*at], &parts.choices);
            (text, state.with_filter(&state.filter.without(*at)))
        });
        let mut search_hidden: Vec<_> = state.hidden().into_iter().filter(|(n, _)| n != "q").collect();
        let conditions = crate::lists::Filter { words: String::new(), ..state.filter.clone() };
        search_hidden.push(("q".to_owned(), conditions.to_string()));
        let here = |(url, text): (String, String)| (shell.in_this_part(&url), text);
        ListPage {
            count,
            hidden_by: hidden_by.collect(),
            chips: chips(&shell, &state, &parts.choices),
            further_fields: list.fields.iter().map(|f| (shell.t2("field", f.name), state.here(&[("add", f.name)]))).collect(),
            editor: editor(&shell, &state, &parts.names, &parts.choices),
            heads: heads(&shell, &state),
            columns: list.columns[1..].iter().map(|c| (c.name, shell.t2("column", c.name), state.shows(c.name))).collect(),
            row_choices: PAGE_ROW_CHOICES.iter().map(|n| (*n, *n == who.preferences.rows())).collect(),
            first: (state.after.is_some() || state.before.is_some()).then(|| state.here(&[])),
            previous: parts.before.map(|key| state.here(&[("before", &key)])),
            next: parts.after.map(|key| state.here(&[("after", &key)])),
            csv: list.csv.filter(|(_, guard)| guard.lets(who.scope())).map(|(path, _)| state.csv(path)),
            is_unsaved: !tabs.iter().any(|tab| tab.is_current),
            tabs,
            above: parts.above,
            rows: parts.rows,
            primary: parts.primary.map(here),
            links: parts.links.into_iter().map(here).collect(),
            bulk: parts.bulk.filter(|(_, actions)| !actions.is_empty()),
            first_use: parts.first_use,
            search_hidden,
            all_url: shell.in_this_part(list.path),
            shell,
            state,
        }
    }
}

/// What the program has, then what people kept.
fn tabs(shell: &Shell, state: &ListState, views: &[SavedView]) -> Vec<Tab> {
    let here = state.kept_query();
    let tab = |text: String, query: &str, own_id: Option<i64>| {
        let url = if query.is_empty() { state.list.path.to_owned() } else { format!("{}?{query}", state.list.path) };
        Tab { text, url: shell.in_this_part(&url), is_current: is_same(query, &here), own_id }
    };
    let built_in = state.list.views.iter().map(|(id, query)| tab(shell.t(id), query, None));
    built_in.chain(views.iter().map(|v| tab(v.name.clone(), &v.query, v.is_own.then_some(v.id)))).collect()
}

/// Whether two queries say the same, in whatever spelling.
fn is_same(a: &str, b: &str) -> bool {
    let read = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>();
    read(a) == read(b)
}

fn heads(shell: &Shell, state: &ListState) -> Vec<Head> {
    let head = |column: &&'static super::Column| {
        let is_order = column.sort == Some(state.order);
        let url = column.sort.map(|order| match is_order && !state.descending {
            usual if order == state.list.order && usual == state.list.descends => state.here(&[("sort", "")]),
            true => state.here(&[("sort", &format!("-{order}"))]),
            false => state.here(&[("sort", order)]),
        });
        let aria = match (is_order, state.descending) {
            (true, false) => "ascending",
            (true, true) => "descending",
            _ => "",
        };
        Head { text: shell.t2("column", column.name), url, aria, is_number: column.is_number }
    };
    state.columns.iter().map(head).collect()
}
