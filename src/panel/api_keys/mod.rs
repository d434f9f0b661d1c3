//! One's own API keys, in one's own tenant wherever one works. Those of accounts below stand on their pages, by the same lines.

mod lines;

use std::net::IpAddr;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use ipnet::IpNet;

pub use lines::{KeyLine, key_lines};

use super::capability_boxes::{BoxGroup, CapabilityBox, box_groups};
use crate::accounts::capability::{Capability, CapabilitySet};
use crate::accounts::{AccountError, KEY_HOURLY_LIMIT, NewApiKey, list_api_keys, revoke_api_key};
use crate::units::parse_instant;
use crate::web::{Complaints, Form, Guard, Id, Problem, Routes, Shell, Signed, ascii_digits, go, html, html_with, refill};

const OWN: Guard = Guard::Any(&[Capability::ApiKeys]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/api-keys", OWN, list).get("/api-keys/new", OWN, show_new).post("/api-keys/new", OWN, add).post(
        "/api-keys/{id}/revoke",
        OWN,
        revoke,
    )
}

#[derive(Template)]
#[template(path = "panel/api_keys/list.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<KeyLine>,
}

async fn list(who: Signed) -> Result<Response, Problem> {
    let keys = list_api_keys(&who.site.db, who.principal.home_scope(), who.principal.account).await?;
    let shell = who.shell("menu-api-keys");
    html(&ListPage { lines: key_lines(&shell, keys), shell })
}

#[derive(Template)]
#[template(path = "panel/api_keys/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    groups: Vec<BoxGroup>,
}

#[derive(Template)]
#[template(path = "panel/api_keys/made.html")]
struct MadePage {
    shell: Shell,
    name: String,
    secret: String,
}

fn new_page(who: &Signed, form: Form, complaints: Complaints) -> NewPage {
    let shell = who.shell("api-key-new");
    let held = who.principal.home_scope().held().whole();
    let one = |c: Capability| {
        let is_ticked = form.all("capability").any(|word| word == c.as_str());
        held.has(c).then(|| CapabilityBox::new(&shell, c, is_ticked))
    };
    NewPage { groups: box_groups(&shell, one), shell, form, complaints }
}

async fn show_new(who: Signed) -> Result<Response, Problem> {
    who.principal.require_himself()?;
    let limit = KEY_HOURLY_LIMIT.to_string();
    html(&new_page(&who, Form::of(&[("hourly_limit", &limit)]), Complaints::default()))
}

/// One address or prefix a line.
fn read_networks(text: &str) -> Result<Vec<IpNet>, String> {
    let one = |line: &str| {
        let address = line.parse::<IpAddr>().map(IpNet::from).ok();
        address.or_else(|| line.parse().ok()).ok_or_else(|| format!("{line:?} is neither an address nor a prefix such as 192.0.2.0/24"))
    };
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(one).collect()
}

fn read_new(who: &Signed, form: &Form) -> Result<NewApiKey, Complaints> {
    let mut complaints = Complaints::default();
    let capabilities: Result<Vec<Capability>, String> = form.all("capability").map(str::parse).collect();
    let capabilities = capabilities.map_err(|why| complaints.add("", why)).unwrap_or_default();
    let networks = read_networks(form.text("networks")).map_err(|why| complaints.add("networks", why)).unwrap_or_default();
    let hourly_limit = form.parse::<u32>("hourly_limit", &mut complaints).unwrap_or_default();
    let expires_at = form.filled("expires").map(|text| parse_instant(&ascii_digits(text), &who.tenant.zone())).transpose();
    let expires_at = expires_at.map_err(|why| complaints.add("expires", why)).ok().flatten();
    let name = form.text("name").to_owned();
    let capabilities: CapabilitySet = capabilities.into_iter().collect();
    if complaints.is_empty() { Ok(NewApiKey { name, capabilities, networks, hourly_limit, expires_at }) } else { Err(complaints) }
}

/// Made by the password. The key is shown on the page that answers, once.
async fn add(who: Signed, form: Form) -> Result<Response, Problem> {
    let new = match read_new(&who, &form) {
        Ok(new) => new,
        Err(complaints) => return refill(&new_page(&who, form, complaints)),
    };
    let (desk, password) = (&who.site.desk, form.raw("password"));
    match desk.add_api_key(&*who.ids()?, &who.principal, password, new, &who.visit.as_guest(), who.now()).await {
        Ok((key, token)) => html(&MadePage { shell: who.shell("api-key-made"), name: key.name, secret: token.expose().to_owned() }),
        Err(AccountError::SignInRefused) => {
            let complaints = Complaints::about("password", who.shell("api-key-new").t("password-wrong"));
            refill(&new_page(&who, form, complaints))
        }
        Err(AccountError::ApiKey(why)) => refill(&new_page(&who, form, Complaints::about("", why))),
        Err(AccountError::BadField(why)) => refill(&new_page(&who, form, Complaints::about("name", why))),
        Err(AccountError::Denied(denial)) if who.principal.require_himself().is_ok() => {
            html_with(StatusCode::FORBIDDEN, &new_page(&who, form, Complaints::about("", who.denial(denial))))
        }
        Err(error) => Err(error.into()),
    }
}

async fn revoke(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    revoke_api_key(&who.db(), who.principal.home_scope(), who.principal.account, &id.to_string(), who.now()).await?;
    Ok(go("/api-keys?said=api-key-revoked", &[]))
}

#[cfg(test)]
mod tests {
    use super::read_networks;

    #[test]
    fn networks_are_read_line_by_line() {
        let read = read_networks(" 192.0.2.0/24\r\n\r\n2001:db8::1 \n").expect("reads");
        assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), ["192.0.2.0/24", "2001:db8::1/128"]);
        assert_eq!(read_networks("").expect("reads"), []);
        assert!(read_networks("192.0.2.0/24 192.0.3.0/24").is_err());
        assert!(read_networks("example.org").is_err());
    }
}
