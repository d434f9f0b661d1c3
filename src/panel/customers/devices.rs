//! A customer's devices: which are on his list, since when and by whom, when each last logged in, and what became of the list.

use askama::Template;
use axum::response::Response;

use super::actions::keep_undo;
use super::{EDIT, Frame, find, tab};
use crate::customers::{
    CustomerError, Device, DeviceActor, DeviceEvent, add_device, list_device_events, list_devices, remove_device, set_device_note,
};
use crate::units::Mac;
use crate::web::object::Object;
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, go, html, refill};

const MOST_EVENTS: i64 = 50;

#[derive(Template)]
#[template(path = "panel/customers/devices.html")]
struct Page {
    shell: Shell,
    object: Object,
    form: Form,
    complaints: Complaints,
    id: i64,
    devices: Vec<Device>,
    events: Vec<DeviceEvent>,
    may_edit: bool,
}

async fn page(who: &Signed, id: i64, form: Form, complaints: Complaints) -> Result<Page, Problem> {
    let (customer, shell, Frame { object, .. }) = tab(who, id).await?;
    let mut conn = who.site.db.read().await?;
    let devices = list_devices(&mut conn, who.scope(), customer.id).await?;
    let events = list_device_events(&mut conn, who.scope(), customer.id, MOST_EVENTS).await?;
    Ok(Page { object, form, complaints, id, devices, events, may_edit: EDIT.lets(who.scope()), shell })
}

pub(super) async fn show(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    html(&page(&who, id, Form::default(), Complaints::default()).await?)
}

pub(super) async fn add(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    let Ok(mac) = form.text("mac").parse::<Mac>() else {
        let complaints = Complaints::about("mac", who.shell("menu-customers").t("mac-wrong"));
        return refill(&page(&who, id, form, complaints).await?);
    };
    let name = who.principal.account_name.clone();
    let by = DeviceActor { name: &name, source: "panel" };
    match add_device(&who.db(), who.scope(), &who.tenant, &customer.username, mac, form.text("device_note"), by, who.now()).await {
        Ok(_) => Ok(go(&format!("/customers/{id}/devices?said=device-added"), &[])),
        Err(error @ CustomerError::BadField(_)) => refill(&page(&who, id, form, Complaints::about("mac", error.to_string())).await?),
        Err(error) => Err(error.into()),
    }
}

/// Says what a device is, at its place; the page that says so can take it back, unless somebody said otherwise since.
pub(super) async fn note(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    let mac = form.text("device").parse::<Mac>().map_err(|_| Problem::NotFound)?;
    let (note, instead_of) = (form.text("note").to_owned(), form.has("instead_of").then(|| form.text("instead_of")));
    let set = set_device_note(&who.db(), who.scope(), &who.tenant, &customer.username, mac, &note, instead_of, who.now()).await;
    let before = match set {
        Err(error @ CustomerError::BadField(_)) => {
            return refill(&page(&who, id, form, Complaints::about("note", error.to_string())).await?);
        }
        other => other?,
    };
    let (path, said) = (format!("/customers/{id}/devices"), "device-note-kept");
    // somebody took it off the list meanwhile: the list shows that
    let Some(before) = before.filter(|before| *before != note) else { return Ok(go(&path, &[])) };
    let fields = vec![("device", mac.to_string()), ("note", before), ("instead_of", note)];
    keep_undo(&who, &path, "note", said, fields);
    Ok(go(&format!("{path}?said={said}"), &[]))
}

pub(super) async fn remove(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    let mac = form.text("mac").parse::<Mac>().map_err(|_| Problem::NotFound)?;
    let name = who.principal.account_name.clone();
    let by = DeviceActor { name: &name, source: "panel" };
    remove_device(&who.db(), who.scope(), &who.tenant, &customer.username, mac, by, who.now()).await?;
    Ok(go(&format!("/customers/{id}/devices?said=device-removed"), &[]))
}
