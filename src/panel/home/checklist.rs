//! What is still to be set up on a new install, step by step, each with how it is done. The list goes when its last step is done, and is only for who sees all of it.

use crate::accounts::capability::Capability;
use crate::accounts::{AccountFilter, AccountPath, list_accounts};
use crate::customers::{CustomerFilter, list_customers};
use crate::packages::list_package_ids;
use crate::routers::list_router_summaries;
use crate::web::{Problem, Shell, Signed};

/// A step.
pub(super) struct Step {
    pub text: String,
    pub hint: String,
    /// The page where it is done.
    pub link: Option<(String, String)>,
    /// The command by which it is done.
    pub command: Option<&'static str>,
    pub is_done: bool,
}

/// Routers that are looked at for the first packet.
const MOST_ROUTERS: i64 = 100;

pub(super) async fn steps(who: &Signed, shell: &Shell) -> Result<Vec<Step>, Problem> {
    let scope = who.scope();
    let needs = [Capability::SettingsView, Capability::RoutersView, Capability::PackagesView, Capability::CustomersView];
    if !scope.sees_whole_tenant() || !needs.into_iter().all(|capability| scope.may(capability)) {
        return Ok(Vec::new());
    }
    let mut conn = who.site.db.read().await?;
    let routers = list_router_summaries(&mut conn, scope, "", MOST_ROUTERS).await?;
    let is_heard = |at: fn(&crate::routers::RouterCounters) -> i64| routers.iter().any(|r| r.counters.as_ref().is_some_and(|c| at(c) > 0));
    let (has_routers, has_logins, has_accounting) = (!routers.is_empty(), is_heard(|c| c.accepts), is_heard(|c| c.accounting_requests));
    let has_packages = !list_package_ids(&mut conn, scope).await?.is_empty();
    // of a million the number takes a while, and whether there is one does not
    let has_customers = !list_customers(&mut conn, scope, &CustomerFilter::default(), "", 1).await?.is_empty();
    if has_routers && has_logins && has_accounting && has_packages && has_customers {
        return Ok(Vec::new());
    }
    let has_people = match scope.may(Capability::AccountsView) {
        true => list_accounts(&mut conn, scope, &AccountFilter::default(), &AccountPath::TOP, 3).await?.len() > 2,
        false => true,
    };
    let step = |text: String, hint: String, link: Option<(&str, String)>, command, is_done| Step {
        text,
        hint,
        link: link.map(|(url, text)| (url.to_owned(), text)),
        command,
        is_done,
    };
    let is_set = who.tenant.currency != "USD" || who.tenant.time_zone != "UTC";
    Ok(vec![
        step(shell.t("steps-tenant"), shell.t("steps-tenant-hint"), Some(("/settings", shell.t("menu-settings"))), None, is_set),
        step(
            shell.t("steps-router"),
            shell.t("steps-router-hint"),
            None,
            Some("tollgate router add NAME --address 192.0.2.1"),
            has_routers,
        ),
        step(
            shell.t("steps-package"),
            shell.t("steps-package-hint"),
            None,
            Some("tollgate package add \"Home 20\" --download 20M --upload 10M --retail-price 500"),
            has_packages,
        ),
        step(
            shell.t("steps-customer"),
            shell.t("steps-customer-hint"),
            Some(("/customers/new", shell.t("customer-add"))),
            None,
            has_customers,
        ),
        step(shell.t("steps-login"), shell.t("steps-login-hint"), None, Some("tollgate doctor"), has_logins && has_accounting),
        step(shell.t("steps-people"), shell.t("steps-people-hint"), Some(("/accounts", shell.t("menu-accounts"))), None, has_people),
    ])
}
