//! What addresses ask for, and what addresses pages make.

use super::*;
use crate::lists::Kind;
use crate::web::Query;

static FIELDS: &[Field] = &[Field::new("status", Kind::Choice(&["active", "closed"])), Field::lacking("zone", Kind::Name)];
static COLUMNS: &[Column] = &[Column::shown("name").sorted("name"), Column::shown("zone"), Column::further("note").sorted("note")];
static LIST: List = List {
    name: "things",
    path: "/things",
    csv: None,
    fields: FIELDS,
    columns: COLUMNS,
    descends: false,
    order: "name",
    filter: "-status:closed",
    views: &[],
};

fn read(query: &str) -> ListState {
    ListState::read(&LIST, &Query::read(query)).unwrap_or_else(|answer| panic!("{query} leads to {:?}", answer.headers().get("location")))
}

fn leads_to(query: &str) -> String {
    let answer = ListState::read(&LIST, &Query::read(query)).expect_err("a redirect");
    answer.headers()["location"].to_str().expect("text").to_owned()
}

#[test]
fn an_address_is_the_state() {
    let state = read("");
    assert_eq!((state.filter.to_string().as_str(), state.order, state.descending), ("-status:closed", "name", false));
    assert_eq!(state.columns.iter().map(|c| c.name).collect::<Vec<_>>(), ["name", "zone"]);
    assert_eq!((state.here(&[]).as_str(), state.kept_query().as_str()), ("/things", ""));
    let state = read("q=zone:north+bob&sort=-note&cols=note&after=7~x");
    assert_eq!((state.order, state.descending, state.after.as_deref()), ("note", true, Some("7~x")));
    assert_eq!(state.columns.iter().map(|c| c.name).collect::<Vec<_>>(), ["name", "note"]);
    assert_eq!(state.here(&[("after", "9~y")]), "/things?q=zone%3Anorth+bob&sort=-note&cols=note&after=9%7Ey");
    assert_eq!(state.with_filter(&state.filter.without(0)), "/things?sort=-note&cols=note&q=bob");
    // no filter at all is something else than the usual one
    let bare = read("q=");
    assert!(bare.filter.is_empty());
    assert_eq!(read("").with_filter(&bare.filter), "/things?q=");
    assert_eq!(bare.with_filter(&read("").filter), "/things");
    // where the usual order has the last first, an order that is asked for says its own direction
    static NEWEST: List = List { descends: true, ..LIST };
    let newest = |query: &str| ListState::read(&NEWEST, &Query::read(query)).expect("a list").descending;
    assert_eq!([newest(""), newest("sort=name"), newest("sort=-name"), newest("sort=nothing")], [true, false, true, true]);
    // nonsense is nothing
    let state = read("sort=-nothing&cols=,,&after=");
    assert_eq!((state.order, state.descending, state.after), ("name", false, None));
    assert_eq!(state.columns.len(), 2);
}

#[test]
fn a_filters_form_becomes_the_address() {
    assert_eq!(leads_to("q=-status:closed&field=zone&op=is&v=north&v=south"), "/things?q=-status%3Aclosed+zone%3Anorth%2Csouth");
    assert_eq!(leads_to("q=status:active+zone:x&at=1&field=zone&op=none"), "/things?q=status%3Aactive+zone%3Anone");
    assert_eq!(leads_to("q=status:active&w=bob+zone:y"), "/things?q=status%3Aactive+zone%3Ay+bob");
    assert_eq!(leads_to("q=&w=%E0%A7%A7%E0%A7%A8"), "/things?q=12", "Bengali digits");
    assert_eq!(leads_to("q=-status:closed&w="), "/things");
    let state = read("field=status&op=is&v=gone");
    assert_eq!(state.edited_field(), Some("status"));
    assert!(state.editing.expect("open").sent.expect("kept").2.contains("status is one of"));
    assert_eq!(read("add=zone").edited_field(), Some("zone"));
    assert_eq!(read("q=zone:x&edit=0").edited_field(), Some("zone"));
    assert_eq!(read("q=zone:x&edit=9").edited_field(), None);
}

#[test]
fn what_does_not_read_stays_to_be_mended() {
    let state = read("q=stat:active+zone:x");
    assert_eq!((state.wrong.len(), state.raw.as_deref(), state.filter.to_string().as_str()), (1, Some("stat:active zone:x"), "zone:x"));
    assert_eq!(state.here(&[]), "/things?q=stat%3Aactive+zone%3Ax");
}
