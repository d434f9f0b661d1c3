//! The settings of the tenant in which one works, and what the server is. Whoever may not change them reads them.

mod rules;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

pub use rules::{RuleLine, rule_lines};

use super::zones::ZONES;
use crate::accounts::capability::Capability;
use crate::accounts::{AccountError, Denial, Tenant, TenantChanges, WhenDenied, may_set_host_name, may_set_tenant};
use crate::customers::{CustomerError, set_tenant_settings};
use crate::store::schema_version;
use crate::web::{
    Complaints, Form, Guard, LANGUAGES, Problem, Routes, Shell, Signed, Version, conflict, differences, go, html, html_with, refill,
};

const VIEW: Guard = Guard::Any(&[Capability::SettingsView]);
const EDIT: Guard = Guard::Any(&[Capability::SettingsEdit]);
/// Fields beside the rules: name in the form, id of the label.
const FIELDS: [(&str, &str); 7] = [
    ("name", "name"),
    ("host_name", "host-name"),
    ("time_zone", "time-zone"),
    ("currency", "currency"),
    ("language", "language"),
    ("case_sensitive", "case-sensitive"),
    ("cross_provider", "cross-provider"),
];

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/settings", VIEW, show).post("/settings", EDIT, change)
}

/// What the server is, for whoever looks after the platform.
struct Server {
    version: &'static str,
    store: &'static str,
    schema: i64,
}

#[derive(Template)]
#[template(path = "panel/settings/show.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    version: Version,
    /// Why he may not change them: the id of a text.
    locked: Option<&'static str>,
    may_set_host_name: bool,
    zones: &'static [String],
    languages: Vec<(String, String)>,
    answers: Vec<(String, String)>,
    verdicts: Vec<(String, String)>,
    server: Option<Server>,
}

fn page(who: &Signed, form: Form, complaints: Complaints) -> Page {
    let shell = who.shell("menu-settings");
    let locked = may_set_tenant(who.scope()).err().map(|denial| match denial {
        Denial::NotWhole => "settings-locked-whole",
        _ => "settings-locked-permission",
    });
    let server = who.scope().may(Capability::PlatformView).then(|| Server {
        version: env!("CARGO_PKG_VERSION"),
        store: if who.site.db.is_sqlite() { "SQLite" } else { "PostgreSQL" },
        schema: schema_version(),
    });
    Page {
        version: Version::of(&who.tenant),
        may_set_host_name: locked.is_none() && may_set_host_name(who.scope()).is_ok(),
        locked,
        zones: &ZONES,
        languages: LANGUAGES.iter().map(|(code, name, _)| ((*code).to_owned(), (*name).to_owned())).collect(),
        answers: ["no", "yes"].map(|answer| (answer.to_owned(), shell.t(answer))).to_vec(),
        verdicts: WhenDenied::ALL.map(|v| (v.as_str().to_owned(), shell.t2("rules-verdict", v.as_str()))).to_vec(),
        server,
        shell,
        form,
        complaints,
    }
}

fn answer(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// The settings as the form has them.
fn as_form(tenant: &Tenant) -> Form {
    let rules = rules::fields(&tenant.access_rules);
    let mut pairs = vec![
        ("name", tenant.name.as_str()),
        ("host_name", tenant.host_name.as_deref().unwrap_or_default()),
        ("time_zone", &tenant.time_zone),
        ("currency", &tenant.currency),
        ("language", &tenant.language),
        ("case_sensitive", answer(tenant.case_sensitive_usernames)),
        ("cross_provider", answer(tenant.cross_provider_login)),
    ];
    pairs.extend(rules.iter().map(|(name, value)| (*name, value.as_str())));
    Form::of(&pairs)
}

async fn show(who: Signed) -> Result<Response, Problem> {
    html(&page(&who, as_form(&who.tenant), Complaints::default()))
}

fn read_changes(who: &Signed, form: &Form) -> Result<TenantChanges, Complaints> {
    let mut complaints = Complaints::default();
    let access_rules = rules::read(form, &who.tenant.access_rules, &mut complaints);
    // who may not change the host name is not shown it as a field
    let has_host_name = may_set_host_name(who.scope()).is_ok() && form.has("host_name");
    let changes = TenantChanges {
        name: form.has("name").then(|| form.text("name").to_owned()),
        host_name: has_host_name.then(|| form.filled("host_name").map(str::to_owned)),
        language: Some(form.text("language").to_owned()),
        time_zone: Some(form.text("time_zone").to_owned()),
        currency: Some(form.text("currency").to_owned()),
        case_sensitive_usernames: Some(form.text("case_sensitive") == "yes"),
        cross_provider_login: Some(form.text("cross_provider") == "yes"),
        access_rules: Some(access_rules),
        since: Some(who.tenant.clone()),
    };
    if LANGUAGES.iter().all(|(code, _, _)| *code != form.text("language")) {
        complaints.add("language", who.shell("menu-settings").t("language-unknown"));
    }
    if complaints.is_empty() { Ok(changes) } else { Err(complaints) }
}

async fn change(who: Signed, form: Form) -> Result<Response, Problem> {
    if let Err(denial) = may_set_tenant(who.scope()) {
        return html_with(StatusCode::FORBIDDEN, &page(&who, as_form(&who.tenant), Complaints::about("", who.denial(denial))));
    }
    let version = Version::of(&who.tenant);
    if !version.is_in(&form) {
        let shell = who.shell("menu-settings");
        let fields: Vec<(&str, &str)> =
            FIELDS.iter().chain(&rules::VERDICTS).chain(&rules::QUANTITIES).filter(|(name, _)| form.has(name)).copied().collect();
        let found = differences(&shell, &fields, &as_form(&who.tenant), &form);
        return conflict(shell, found, version, &form, "/settings");
    }
    let changes = match read_changes(&who, &form) {
        Ok(changes) => changes,
        Err(complaints) => return refill(&page(&who, completed(&who, &form), complaints)),
    };
    match set_tenant_settings(&who.db(), who.scope(), &changes, who.now()).await {
        Ok(_) => Ok(go("/settings?said=settings-saved", &[])),
        Err(CustomerError::Account(AccountError::Denied(denial))) => {
            html_with(StatusCode::FORBIDDEN, &page(&who, completed(&who, &form), Complaints::about("", who.denial(denial))))
        }
        Err(error) => {
            let complaints = complaint(error)?;
            refill(&page(&who, completed(&who, &form), complaints))
        }
    }
}

/// What was sent, with what its sender was not shown as fields.
fn completed(who: &Signed, form: &Form) -> Form {
    let present = as_form(&who.tenant);
    let pairs: Vec<(&str, &str)> = form.pairs().chain(present.pairs().filter(|(name, _)| !form.has(name))).collect();
    Form::of(&pairs)
}

/// What can be said at a field.
fn complaint(error: CustomerError) -> Result<Complaints, Problem> {
    let field = match &error {
        CustomerError::UsernamesCollide { .. } | CustomerError::Account(AccountError::UsernamesCollide { .. }) => "case_sensitive",
        CustomerError::Account(AccountError::BadName(_) | AccountError::NameTaken(_)) => "name",
        CustomerError::Account(AccountError::BadHostName(_) | AccountError::HostNameTaken(_)) => "host_name",
        CustomerError::Account(AccountError::BadTimeZone(_)) => "time_zone",
        CustomerError::Account(AccountError::BadCurrency(_)) => "currency",
        CustomerError::Account(AccountError::BadField(_)) => "language",
        CustomerError::Account(AccountError::BadAccessRule { field, .. }) => field,
        _ => return Err(error.into()),
    };
    Ok(Complaints::about(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        let account = |error: AccountError| complaint(CustomerError::Account(error)).expect("said on the form");
        assert!(account(AccountError::HostNameTaken("a.example".into())).of("host_name").is_some());
        assert!(
            account(AccountError::BadAccessRule { field: "pool", why: "too long".into() }).of("pool").is_some_and(|why| why == "Too long.")
        );
        let collide = CustomerError::UsernamesCollide { first: "Bob".into(), second: "bob".into() };
        assert!(complaint(collide).expect("said on the form").of("case_sensitive").is_some());
        assert!(matches!(complaint(CustomerError::Account(AccountError::Outdated)), Err(Problem::Conflict(_))));
    }

    #[test]
    fn every_field_has_a_label_with_a_text() {
        for (_, label) in FIELDS.iter().chain(&rules::VERDICTS).chain(&rules::QUANTITIES) {
            assert!(crate::web::Language::FIRST.find(label, &[]).is_some(), "{label}");
        }
    }
}
