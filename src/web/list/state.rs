//! What an address asks of a list.

use std::borrow::Cow;

use axum::response::Response;

use super::{Column, List};
use crate::lists::{Condition, Filter, Kind, Operator, Start};
use crate::web::{Problem, Query, ascii_digits, go, url_with};

/// Longest text of a filter that is looked at, in octets; what is longer, the filter itself refuses.
const MOST_OCTETS: usize = 8_000;

/// See the head of the file.
#[derive(Debug, Clone)]
pub struct ListState {
    /// Which list.
    pub list: &'static List,
    /// Its filter.
    pub filter: Filter,
    /// The filter as it was written, if some of it does not read.
    pub raw: Option<String>,
    /// What does not read.
    pub wrong: Vec<String>,
    /// The order.
    pub order: &'static str,
    /// Whether the last comes first.
    pub descending: bool,
    /// Shown columns.
    pub columns: Vec<&'static Column>,
    /// The key of the page: after it.
    pub after: Option<String>,
    /// Or before it.
    pub before: Option<String>,
    query: Query,
    pub(super) editing: Option<Editing>,
}

/// Which filter's form is open.
#[derive(Debug, Clone)]
pub(super) struct Editing {
    pub field: &'static crate::lists::Field,
    /// In whose place it will be.
    pub at: Option<usize>,
    /// What was sent and is wrong.
    pub sent: Option<(Operator, Vec<String>, String)>,
}

impl ListState {
    /// Reads an address. A form of a filter becomes the address with that filter in it.
    pub fn read(list: &'static List, query: &Query) -> Result<ListState, Box<Response>> {
        let has_filter = query.has("q");
        let text = if has_filter { query.get("q") } else { list.filter };
        let text = &text[..text.floor_char_boundary(MOST_OCTETS)];
        let (filter, wrong) = Filter::read(text, list.fields);
        let sort = query.get("sort");
        let (descending, order) = sort.strip_prefix('-').map_or((false, sort), |order| (true, order));
        let order = list.columns.iter().filter_map(|c| c.sort).find(|known| *known == order);
        let chosen: Vec<&str> = query.get("cols").split(',').filter(|name| !name.is_empty()).collect();
        let is_chosen =
            |(at, column): &(usize, &Column)| *at == 0 || if chosen.is_empty() { column.is_shown } else { chosen.contains(&column.name) };
        let mut state = ListState {
            list,
            raw: (!wrong.is_empty()).then(|| text.to_owned()),
            filter,
            wrong,
            descending: if order.is_some() { descending } else { list.descends },
            order: order.unwrap_or(list.order),
            columns: list.columns.iter().enumerate().filter(is_chosen).map(|(_, column)| column).collect(),
            after: Some(query.get("after").to_owned()).filter(|key| !key.is_empty()),
            before: Some(query.get("before").to_owned()).filter(|key| !key.is_empty()),
            query: query.clone(),
            editing: None,
        };
        if query.has("columns") {
            let chosen = query.all("col").collect::<Vec<_>>().join(",");
            return Err(Box::new(go(&state.here(&[("cols", &chosen)]), &[])));
        }
        if query.has("w") {
            // the search box takes whole filters, too; texts in these are searched for as they are written
            let words = query.get("w");
            let words = if words.contains(':') { Cow::Borrowed(words) } else { ascii_digits(words) };
            let both = format!("{} {words}", state.filter);
            let (filter, wrong) = Filter::read(&both, list.fields);
            let url = if wrong.is_empty() { state.with_filter(&filter) } else { state.url(list.path, &[("q", both.trim())]) };
            return Err(Box::new(go(&url, &[])));
        }
        let at = query.parse::<usize>("at").filter(|at| *at < state.filter.conditions.len());
        if let Some(field) = state.field(query.get("field")) {
            let operator = query.get("op").parse::<Operator>().unwrap_or(Operator::Is);
            // names and notes are searched for as they are written, numbers in ASCII digits
            let is_text = matches!(field.kind, Kind::Name | Kind::Text);
            let sent: Vec<Cow<'_, str>> = query.all("v").map(|v| if is_text { Cow::Borrowed(v) } else { ascii_digits(v) }).collect();
            let values: Vec<&str> = sent.iter().map(|v| &**v).collect();
            match Condition::of_form(field, operator, &values) {
                Ok(condition) => return Err(Box::new(go(&state.with_filter(&state.filter.with(condition, at)), &[]))),
                Err(why) => {
                    let values = values.iter().map(|v| (*v).to_owned()).collect();
                    state.editing = Some(Editing { field, at, sent: Some((operator, values, why)) });
                }
            }
        } else if !query.get("add").is_empty() {
            state.editing = state.field(query.get("add")).map(|field| Editing { field, at: None, sent: None });
        } else if let Some(at) = query.parse::<usize>("edit").filter(|at| *at < state.filter.conditions.len()) {
            state.editing = Some(Editing { field: state.filter.conditions[at].field, at: Some(at), sent: None });
        }
        Ok(state)
    }

    /// Where the page begins, by keys that read.
    pub fn start<K: std::str::FromStr>(&self) -> Start<K> {
        let key = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<K>().ok());
        match (key(&self.after), key(&self.before)) {
            (Some(key), _) => Start::After(key),
            (None, Some(key)) => Start::Before(key),
            (None, None) => Start::First,
        }
    }

    /// Reads the address of the same list as a file, which has neither pages nor forms; a filter that does not read is told instead of guessed at.
    pub fn of_file(list: &'static List, query: &Query) -> Result<ListState, Problem> {
        match ListState::read(list, query) {
            Ok(state) if state.wrong.is_empty() => Ok(state),
            Ok(state) => Err(Problem::BadRequest(state.wrong.join("; "))),
            Err(_) => Err(Problem::BadRequest("a file has no forms".to_owned())),
        }
    }

    /// The filter without each of its conditions, with the condition's place: why nothing is found.
    pub fn without_one(&self) -> impl Iterator<Item = (usize, Filter)> {
        const MOST: usize = 6;
        (0..self.filter.conditions.len().min(MOST)).map(|at| (at, self.filter.without(at)))
    }

    fn field(&self, name: &str) -> Option<&'static crate::lists::Field> {
        self.list.fields.iter().find(|field| field.name == name)
    }

    /// The name of the field whose filter is being written, so that its choices can be found.
    pub fn edited_field(&self) -> Option<&'static str> {
        self.editing.as_ref().map(|editing| editing.field.name)
    }

    /// Whether a column is shown.
    pub fn shows(&self, column: &str) -> bool {
        self.columns.iter().any(|shown| shown.name == column)
    }

    /// The names and values that make up the list's state in the address, without page and open forms.
    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let text = self.raw.clone().unwrap_or_else(|| self.filter.to_string());
        if text != self.list.filter {
            pairs.push(("q".to_owned(), text));
        }
        for name in ["sort", "cols", "within"] {
            pairs.extend(Some(self.query.get(name)).filter(|v| !v.is_empty()).map(|v| (name.to_owned(), v.to_owned())));
        }
        pairs
    }

    /// An address with some of them replaced; an empty value removes a name.
    fn url(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let pairs = self.pairs();
        let kept = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).filter(|(n, _)| !changes.iter().any(|(c, _)| c == n));
        // an empty filter is said, since without one the usual filter holds
        let added = changes.iter().copied().filter(|(n, v)| !v.is_empty() || (*n == "q" && !self.list.filter.is_empty()));
        url_with(path, kept.chain(added))
    }

    /// This list as it is, with a page or an open form.
    pub fn here(&self, changes: &[(&str, &str)]) -> String {
        self.url(self.list.path, changes)
    }

    /// The query of this list as a view keeps it: of whatever part is looked at.
    pub fn kept_query(&self) -> String {
        self.url("", &[("within", "")]).trim_start_matches('?').to_owned()
    }

    /// This list with another filter.
    pub fn with_filter(&self, filter: &Filter) -> String {
        let text = filter.to_string();
        if text == self.list.filter { self.without_filter() } else { self.url(self.list.path, &[("q", &text)]) }
    }

    fn without_filter(&self) -> String {
        let pairs = self.pairs();
        url_with(self.list.path, pairs.iter().filter(|(n, _)| n != "q").map(|(n, v)| (n.as_str(), v.as_str())))
    }

    /// The same rows as CSV.
    pub fn csv(&self, path: &str) -> String {
        self.url(path, &[])
    }

    /// The address of a filter's hidden fields in forms: what has to be sent along.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        let mut pairs = self.pairs();
        if !pairs.iter().any(|(n, _)| n == "q") {
            pairs.insert(0, ("q".to_owned(), self.filter.to_string()));
        }
        pairs
    }
}
