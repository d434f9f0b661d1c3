//! What to do about the newest decision: a sentence, and the way to the action that mends it, for whoever may do it.

use crate::aaa::decide::RejectReason;
use crate::aaa::explain::{Known, Run, Subject, opens_at};
use crate::panel::customers::{ACTIVATE, DISCONNECT, EDIT, SECRETS};
use crate::units::{Mac, UnixMs};
use crate::web::{Said, Shell, Signed};

/// See the head of the file.
pub(super) struct NextStep {
    /// What the matter is and what helps.
    pub text: String,
    /// Where to go: address and text.
    pub link: Option<(String, String)>,
    /// What can be done at once.
    pub action: Option<Action>,
}

/// A form with one button.
pub(super) struct Action {
    /// Where it posts to.
    pub url: String,
    /// The device that it is about.
    pub mac: Option<Mac>,
    /// What the button says.
    pub text: String,
}

/// The step after a decision; `None` after one that let him in.
pub(super) fn of(who: &Signed, shell: &Shell, known: &Known, subject: &Subject, run: &Run) -> Option<NextStep> {
    let (reason, now) = (run.said.reason()?, who.now());
    let id = known.customer.as_ref()?.id;
    let plain = |text: String| NextStep { text, link: None, action: None };
    if reason == RejectReason::UnknownUsername && !subject.is_named(run.username.as_bytes()) {
        let values = [("sent", Said::from(run.username.as_str())), ("username", Said::from(known.customer.as_ref()?.username.as_str()))];
        return Some(plain(shell.language.text("connect-other-name", &values)));
    }
    if known.still_holds(reason, run.mac, now) == Some(false) {
        return Some(plain(shell.t("connect-no-longer")));
    }
    let base = format!("/customers/{id}");
    let scope = who.scope();
    let post = |lets: bool, end: &str, text: &str| lets.then(|| Action { url: format!("{base}/{end}"), mac: None, text: shell.t(text) });
    let lead = |lets: bool, end: &str, text: &str| lets.then(|| (format!("{base}{end}"), shell.t(text)));
    let mut step = plain(shell.t2("remedy", reason.code()));
    match reason {
        RejectReason::WrongCredential => {
            // the field stands in a part that is folded; a browser opens it on its way there
            step.link = lead(SECRETS.lets(scope) && scope.require_himself().is_ok(), "#new_password", "connect-to-password");
        }
        RejectReason::Expired => step.link = lead(EDIT.lets(scope), "#days", "customer-extend"),
        RejectReason::Suspended | RejectReason::Disabled => {
            step.action = post(ACTIVATE.lets(scope), "activate", "customer-activate");
        }
        RejectReason::Closed => step.action = post(ACTIVATE.lets(scope), "activate", "customer-reopen"),
        RejectReason::MacNotAllowed | RejectReason::DeviceNotConfirmed => {
            step.action = post(EDIT.lets(scope) && run.mac.is_some(), "devices", "connect-add-device")
                .map(|action| Action { mac: run.mac, ..action });
            step.link = lead(true, "/devices", "tab-devices");
        }
        RejectReason::AmbiguousDevice => step.link = lead(true, "/devices", "tab-devices"),
        RejectReason::TooManySessions => {
            step.action = post(DISCONNECT.lets(scope) && !known.online.is_empty(), "disconnect", "customer-disconnect");
            step.link = lead(true, "/sessions", "tab-sessions");
        }
        RejectReason::VolumeUsedUp | RejectReason::TimeUsedUp => step.link = lead(true, "/usage", "tab-usage"),
        RejectReason::PoolExhausted => step.text = pool_text(shell, known),
        RejectReason::OutsideHours => step.text.push_str(&opening_text(who, shell, id.0, now)),
        _ => {}
    }
    Some(step)
}

fn pool_text(shell: &Shell, known: &Known) -> String {
    let name = Said::from(known.pool_name.as_deref().unwrap_or_default());
    match &known.pool {
        Some(pool) => {
            let (held, all) = (Said::from(pool.held), Said::from(pool.addresses));
            shell.language.text("connect-pool-full", &[("pool", name), ("held", held), ("count", all)])
        }
        None => {
            format!("{} {}", shell.language.text("connect-pool", &[("pool", name)]), shell.t2("remedy", RejectReason::PoolExhausted.code()))
        }
    }
}

/// When he may come in again.
fn opening_text(who: &Signed, shell: &Shell, customer_id: i64, now: UnixMs) -> String {
    let at = opens_at(&who.site.access, customer_id, &who.tenant.zone(), now);
    at.map(|at| format!(" {}", shell.t_with("connect-opens", "when", shell.when(at)))).unwrap_or_default()
}
