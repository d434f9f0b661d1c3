//! What somebody should look at, the gravest first: backups and jobs, routers that went silent or do not obey, packets of strangers, pools that run full. An empty list is
//! the best news of the page.

use crate::aaa::enforcement::{list_action_lines, list_coa_silence};
use crate::accounts::capability::Capability;
use crate::jobs::list_attention;
use crate::lists::quoted;
use crate::panel::customers;
use crate::panel::jobs::{self, notices};
use crate::routers::{list_silent_routers, list_unknown_sources};
use crate::units::{HOUR_MS, JobId};
use crate::web::{Problem, Said, Shell, Signed, url_with};

/// A router that served within so long and says nothing for so long.
const SILENT_MS: i64 = 15 * 60_000;
const FORGOTTEN_MS: i64 = 7 * 24 * HOUR_MS;
/// Of a kind at most so many.
const MOST: i64 = 10;
/// From so much of a pool on.
const FULL_PERCENT: u64 = 90;

/// See the head of the file.
pub(super) struct Item {
    pub class: &'static str,
    pub text: String,
    pub link: Option<String>,
    /// The failure that can be dismissed here.
    pub dismiss: Option<JobId>,
}

/// Whether any of it is for whoever looks.
pub(super) fn is_for(who: &Signed) -> bool {
    let may = |capability| who.scope().may(capability);
    jobs::VIEW.lets(who.scope()) || may(Capability::RoutersView) || may(Capability::SessionsView) || may(Capability::PoolsView)
}

pub(super) async fn items(who: &Signed, shell: &Shell) -> Result<Vec<Item>, Problem> {
    let (scope, now) = (who.scope(), who.now());
    let mut conn = who.site.db.read().await?;
    let mut items = Vec::new();
    let said = |id: &str, values: &[(&str, Said<'_>)]| shell.language.text(id, values);
    if jobs::VIEW.lets(scope) {
        let found = notices(shell, list_attention(&mut conn, scope, now).await?);
        items.extend(found.into_iter().map(|notice| Item {
            class: "bad",
            text: notice.text,
            link: Some(notice.link),
            dismiss: notice.dismiss,
        }));
    }
    if scope.may(Capability::RoutersView) {
        for (name, last_at) in list_silent_routers(&mut conn, scope, now - FORGOTTEN_MS, now - SILENT_MS, MOST).await? {
            let filter = format!("router:{}", quoted(&name));
            let link = customers::VIEW.lets(scope).then(|| url_with("/customers", [("q", filter.as_str())]));
            let text = said("attention-router-silent", &[("router", Said::from(name)), ("since", Said::from(shell.ago(last_at)))]);
            items.push(Item { class: "bad", text, link, dismiss: None });
        }
        for (name, port, count) in list_coa_silence(&mut conn, scope).await? {
            let values = [("router", Said::from(name)), ("port", Said::from(port.to_string())), ("count", Said::from(count))];
            items.push(Item { class: "bad", text: said("attention-coa-silent", &values), link: None, dismiss: None });
        }
        let strangers = list_unknown_sources(&mut conn, scope, MOST).await?;
        for source in strangers.into_iter().filter(|source| now - source.last_seen_at < HOUR_MS) {
            let values = [("address", Said::from(source.address)), ("since", Said::from(shell.ago(source.last_seen_at)))];
            items.push(Item { class: "warn", text: said("attention-unknown-source", &values), link: None, dismiss: None });
        }
    }
    // sessions are of no zone
    if scope.may(Capability::SessionsView) && scope.only_zone().is_none() {
        let drift = list_action_lines(&mut conn, scope, "", true, MOST + 1).await?;
        if let Some(first) = drift.first() {
            let count = drift.len() as i64;
            let values = [
                ("count", Said::from(count)),
                ("username", Said::from(first.username.clone())),
                ("router", Said::from(first.router.clone())),
            ];
            let link = url_with("/go", [("q", first.username.as_str())]);
            items.push(Item { class: "warn", text: said("attention-drift", &values), link: Some(link), dismiss: None });
        }
    }
    if scope.may(Capability::PoolsView) && scope.sees_whole_tenant() {
        let pools = who.site.access.directory.pools.all();
        for pool in pools.iter().filter(|pool| pool.tenant_id() == scope.tenant().0).map(|pool| pool.figures()) {
            let percent = (pool.held * 100).checked_div(pool.addresses).unwrap_or(0);
            if percent >= FULL_PERCENT {
                let values = [("pool", Said::from(pool.name)), ("percent", Said::from(percent as i64))];
                let class = if pool.held >= pool.addresses { "bad" } else { "warn" };
                items.push(Item { class, text: said("attention-pool-full", &values), link: None, dismiss: None });
            }
        }
    }
    items.sort_by_key(|item| item.class != "bad");
    Ok(items)
}
