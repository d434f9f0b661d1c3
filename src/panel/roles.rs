//! The roles of the tenant: what each is called, how much power it has, what it may do, and what of that the tenant changed.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::capability_boxes::{BoxGroup, CapabilityBox, box_groups};
use crate::accounts::capability::{Capability, CapabilitySet};
use crate::accounts::{AccountError, Creates, Denial, Role, RoleBook, RoleChanges, RoleTerms, may_edit_role, may_rename_role, set_role};
use crate::web::{
    Complaints, Form, Guard, Problem, Routes, Said, Shell, Signed, Version, Word, conflict, differences, go, html, html_with, refill,
};

/// Who sees roles.
pub const VIEW: Guard = Guard::Any(&[Capability::RolesView, Capability::RolesEdit, Capability::RolesLabel]);
const RENAME: Guard = Guard::Any(&[Capability::RolesLabel, Capability::RolesEdit]);
const EDIT: Guard = Guard::Any(&[Capability::RolesEdit]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/roles", VIEW, list)
        .get("/roles/{role}", VIEW, show)
        .post("/roles/{role}", EDIT, edit)
        .post("/roles/{role}/label", RENAME, rename)
        .post("/roles/{role}/reset", EDIT, reset)
}

struct Line {
    word: &'static str,
    label: String,
    level: u16,
    capabilities: usize,
    is_changed: bool,
}

#[derive(Template)]
#[template(path = "panel/roles/list.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
}

async fn list(who: Signed) -> Result<Response, Problem> {
    let line = |terms: RoleTerms| Line {
        word: terms.role.as_str(),
        is_changed: terms != RoleBook::default().terms(terms.role),
        label: terms.label,
        level: terms.level,
        capabilities: terms.capabilities.iter().count(),
    };
    html(&ListPage { shell: who.shell("menu-roles"), lines: who.book().all().into_iter().map(line).collect() })
}

#[derive(Template)]
#[template(path = "panel/roles/show.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    word: &'static str,
    version: Version,
    lineage: String,
    preset_label: String,
    preset_level: u16,
    groups: Vec<BoxGroup>,
    count: usize,
    /// Why he may not rename it, or not change what it may do: ids of texts.
    rename_locked: Option<&'static str>,
    edit_locked: Option<&'static str>,
}

fn read(word: &str) -> Result<Role, Problem> {
    word.parse().map_err(|_| Problem::NotFound)
}

fn version(who: &Signed, role: Role) -> Version {
    Version::of(&who.book().change(role))
}

/// The role as the forms of its page have it.
fn as_form(terms: &RoleTerms) -> Form {
    let level = terms.level.to_string();
    let mut pairs = vec![("label", terms.label.as_str()), ("level", &level)];
    pairs.extend(terms.capabilities.iter().map(|c| ("capability", c.as_str())));
    Form::of(&pairs)
}

fn page(who: &Signed, role: Role, form: Form, complaints: Complaints) -> Page {
    let (terms, preset) = (who.book().terms(role), RoleBook::default().terms(role));
    let shell = who.shell("menu-roles").titled(&terms.label);
    let locked = |denial: Result<(), Denial>| denial.err().map(locked_text);
    let edit_locked = locked(may_edit_role(who.scope(), terms.level));
    let one = |c: Capability| {
        let is_open = edit_locked.is_none() && who.scope().may(c);
        let is_ticked = if is_open { form.all("capability").any(|word| word == c.as_str()) } else { terms.capabilities.has(c) };
        Some(CapabilityBox { is_open, mark: mark(preset.capabilities, terms.capabilities, c), ..CapabilityBox::new(&shell, c, is_ticked) })
    };
    Page {
        word: role.as_str(),
        version: version(who, role),
        lineage: lineage(who, &shell, role),
        preset_label: preset.label.clone(),
        preset_level: preset.level,
        groups: box_groups(&shell, one),
        count: terms.capabilities.iter().count(),
        rename_locked: locked(may_rename_role(who.scope(), role, terms.level)),
        edit_locked,
        shell,
        form,
        complaints,
    }
}

fn locked_text(denial: Denial) -> &'static str {
    match denial {
        Denial::Lacks(_) => "role-locked-permission",
        _ => "role-locked-level",
    }
}

/// What the tenant did to a capability of a role.
fn mark(preset: CapabilitySet, held: CapabilitySet, c: Capability) -> Option<&'static str> {
    match (preset.has(c), held.has(c)) {
        (true, false) => Some("role-mark-withheld"),
        (false, true) => Some("role-mark-added"),
        (true, true) | (false, false) => None,
    }
}

/// Who creates it and whom it creates, in one sentence.
fn lineage(who: &Signed, shell: &Shell, role: Role) -> String {
    let label = |role: Role| who.book().terms(role).label;
    let creators: Vec<String> = Role::ALL.into_iter().filter(|other| other.creates(role) != Creates::No).map(label).collect();
    let creates = Role::ALL.into_iter().filter_map(|other| match role.creates(other) {
        Creates::No => None,
        Creates::Yes => Some(label(other)),
        Creates::With(c) => {
            Some(shell.language.text("role-creates-with", &[("role", label(other).into()), ("needs", shell.capability(&c).into())]))
        }
    });
    let creates: Vec<String> = creates.collect();
    let id = match (creators.is_empty(), creates.is_empty()) {
        (true, _) => "role-lineage-top",
        (false, true) => "role-lineage-leaf",
        (false, false) => "role-lineage",
    };
    shell.language.text(id, &[("creators", Said::from(creators.join(", "))), ("creates", Said::from(creates.join(", ")))])
}

async fn show(who: Signed, Word(word): Word) -> Result<Response, Problem> {
    let role = read(&word)?;
    html(&page(&who, role, as_form(&who.book().terms(role)), Complaints::default()))
}

/// The form again after an error that can be said on it.
fn again(who: &Signed, role: Role, form: Form, field: &'static str, error: AccountError) -> Result<Response, Problem> {
    match error {
        AccountError::BadRole(why) => refill(&page(who, role, form, Complaints::about(field, why))),
        AccountError::Denied(denial) => html_with(StatusCode::FORBIDDEN, &page(who, role, form, Complaints::about("", who.denial(denial)))),
        other => Err(other.into()),
    }
}

fn done(role: Role, said: &str) -> Response {
    go(&format!("/roles/{role}?said={said}"), &[])
}

async fn rename(who: Signed, Word(word): Word, form: Form) -> Result<Response, Problem> {
    let role = read(&word)?;
    let terms = who.book().terms(role);
    let label = form.text("label").to_owned();
    if !version(&who, role).is_in(&form) {
        let shell = who.shell("menu-roles");
        let found = differences(&shell, &[("label", "role-label")], &as_form(&terms), &form);
        return conflict(shell, found, version(&who, role), &form, &format!("/roles/{role}"));
    }
    let changes = RoleChanges { label: Some(label.clone()), since: Some(who.book().change(role)), ..RoleChanges::default() };
    match set_role(&who.db(), who.scope(), role, &changes, who.now()).await {
        Ok(_) => Ok(done(role, "role-renamed")),
        Err(error) => again(&who, role, as_form(&RoleTerms { label, ..terms }), "label", error),
    }
}

/// What the form asks for: boxes that its sender could not tick stay as they are.
fn wanted(who: &Signed, held: CapabilitySet, form: &Form) -> Result<CapabilitySet, String> {
    let ticked: Result<Vec<Capability>, String> = form.all("capability").map(str::parse).collect();
    let mine = who.scope().held().whole();
    Ok(ticked?.into_iter().collect::<CapabilitySet>().and(mine).or(held.without(mine)))
}

async fn edit(who: Signed, Word(word): Word, form: Form) -> Result<Response, Problem> {
    let role = read(&word)?;
    let terms = who.book().terms(role);
    let mut complaints = Complaints::default();
    let level = match form.text("level") {
        "" => Some(None),
        _ => form.parse::<u16>("level", &mut complaints).filter(|level| *level != terms.level).map(Some),
    };
    let wanted = wanted(&who, terms.capabilities, &form).unwrap_or_else(|why| {
        complaints.add("", why);
        terms.capabilities
    });
    if !version(&who, role).is_in(&form) {
        let shell = who.shell("menu-roles");
        let said = |level: &str, set: CapabilitySet| -> Form {
            let words: Vec<String> = set.iter().map(|c| shell.capability(&c)).collect();
            let mut pairs = vec![("level", level)];
            pairs.extend(words.iter().map(|words| ("capability", words.as_str())));
            Form::of(&pairs)
        };
        let (now, yours) = (said(&terms.level.to_string(), terms.capabilities), said(form.text("level"), wanted));
        let found = differences(&shell, &[("level", "role-level"), ("capability", "role-may")], &now, &yours);
        return conflict(shell, found, version(&who, role), &form, &format!("/roles/{role}"));
    }
    if !complaints.is_empty() {
        return refill(&page(&who, role, labelled(&form, &terms), complaints));
    }
    let (add, withhold) = (wanted.without(terms.capabilities), terms.capabilities.without(wanted));
    let changes = RoleChanges { level, add, withhold, since: Some(who.book().change(role)), ..RoleChanges::default() };
    match set_role(&who.db(), who.scope(), role, &changes, who.now()).await {
        Ok(_) => Ok(done(role, "role-changed")),
        Err(error) => again(&who, role, labelled(&form, &terms), "level", error),
    }
}

/// What was sent by one form of the page, with what its other form shows.
fn labelled(form: &Form, terms: &RoleTerms) -> Form {
    let pairs: Vec<_> = form.pairs().filter(|(name, _)| *name != "label").chain([("label", terms.label.as_str())]).collect();
    Form::of(&pairs)
}

async fn reset(who: Signed, Word(word): Word, form: Form) -> Result<Response, Problem> {
    let role = read(&word)?;
    let terms = who.book().terms(role);
    if !version(&who, role).is_in(&form) {
        return conflict(who.shell("menu-roles"), Vec::new(), version(&who, role), &form, &format!("/roles/{role}"));
    }
    let changes = RoleChanges { level: Some(None), reset: true, since: Some(who.book().change(role)), ..RoleChanges::default() };
    match set_role(&who.db(), who.scope(), role, &changes, who.now()).await {
        Ok(_) => Ok(done(role, "role-reset")),
        Err(error) => again(&who, role, as_form(&terms), "level", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_marked_by_what_the_tenant_did_to_it() {
        let set = |c: Capability| CapabilitySet::EMPTY.with(c);
        let (view, edit) = (Capability::CustomersView, Capability::CustomersEdit);
        assert_eq!(mark(set(view), set(view), view), None, "as the program has it");
        assert_eq!(mark(set(view), set(edit), view), Some("role-mark-withheld"));
        assert_eq!(mark(set(view), set(edit), edit), Some("role-mark-added"));
        assert_eq!(mark(set(view), set(view), edit), None);
    }
}
