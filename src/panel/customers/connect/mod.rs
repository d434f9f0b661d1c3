//! Why can a customer not connect? The answer in a sentence, his last requests with what was decided, the checks of the newest one, the next step, and a login that is
//! only simulated.

mod answer;
mod checklist;
mod next_step;
mod trial;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use super::tab;
use crate::aaa::explain::{Check, Outcome, Run, Said, Subject, checks, find_known, list_decisions_about};
use crate::units::{DAY_MS, TenantId};
use crate::web::object::Object;
use crate::web::{Id, Problem, Query, Shell, Signed, Site, html};
use checklist::Point;
use next_step::NextStep;
use trial::Trial;

pub(super) use trial::services;

/// Runs of decisions on the page.
const MOST_RUNS: usize = 20;

/// A run of decisions as a row.
struct Line {
    when: String,
    ago: String,
    router: String,
    mac: String,
    username: String,
    verdict: (&'static str, String),
    code: &'static str,
    why: String,
    times: i64,
    is_kept: bool,
}

/// A check of the newest decision: what is looked at, class and words of how it came out.
struct CheckLine {
    code: &'static str,
    name: String,
    outcome: (&'static str, String),
}

#[derive(Template)]
#[template(path = "panel/customers/connect.html")]
struct Page {
    shell: Shell,
    object: Object,
    id: i64,
    answer: (&'static str, String),
    step: Option<NextStep>,
    lines: Vec<Line>,
    checks: Vec<CheckLine>,
    is_rejected: bool,
    points: Vec<Point>,
    trial: Trial,
}

pub(super) async fn show(who: Signed, Id(id): Id, query: Query) -> Result<Response, Problem> {
    let (customer, shell, frame) = tab(&who, id).await?;
    let (scope, now) = (who.scope(), who.now());
    let mut conn = who.site.db.read().await?;
    let known = find_known(&mut conn, scope, &who.tenant.access_rules, Some(customer.clone()), now).await?;
    let subject = Subject::new(&customer, who.tenant.case_sensitive_usernames, known.devices.iter().map(|device| device.mac));
    let runs = list_decisions_about(&mut conn, scope, &customer, &subject, &who.site.options.decisions, MOST_RUNS, now).await?;
    let names = Names { site: who.site.clone(), tenant: scope.tenant() };
    let newest = runs.first();
    let ended = answer::last_session(&mut conn, scope, &customer).await?;
    let is_silent = frame.online.is_none() && newest.is_none_or(|run| now - run.last_at > DAY_MS);
    let points = if is_silent { checklist::points(&mut conn, &who, &shell, &customer, &names).await? } else { Vec::new() };
    let trial = trial::ask(&mut conn, &who, &shell, &customer, &runs, &names, &query).await?;
    drop(conn);
    let of_interest = newest.filter(|run| frame.online.as_ref().is_none_or(|online| run.last_at > online.since));
    let step = of_interest.and_then(|run| next_step::of(&who, &shell, &known, &subject, run));
    let page = Page {
        object: frame.object,
        id,
        answer: answer::answer(&shell, frame.online.as_ref(), &runs, ended, &names),
        step,
        lines: runs.iter().map(|run| line(&shell, &names, run)).collect(),
        checks: newest.map(|run| check_lines(&shell, &checks(run.said.reject(), run.said.walled()))).unwrap_or_default(),
        is_rejected: newest.is_some_and(|run| run.said.reject().is_some()),
        points,
        trial,
        shell,
    };
    html(&page)
}

/// Names of routers, from the directory in memory: of the tenant's own only.
struct Names {
    site: Arc<Site>,
    tenant: TenantId,
}

impl Names {
    fn find(&self, router_id: i64) -> Option<String> {
        let routers = self.site.access.directory.routers.load();
        routers.find(router_id).filter(|nas| nas.fields.tenant_id == self.tenant.0).map(|nas| nas.fields.name.to_string())
    }

    fn of(&self, shell: &Shell, router_id: i64) -> String {
        self.find(router_id).unwrap_or_else(|| shell.t("connect-router-gone"))
    }
}

fn line(shell: &Shell, names: &Names, run: &Run) -> Line {
    let reason = run.said.reason();
    Line {
        when: shell.when_exactly(run.last_at),
        ago: shell.ago(run.last_at),
        router: names.of(shell, run.router_id),
        mac: run.mac.map(|mac| mac.with_colons()).unwrap_or_default(),
        username: run.username.clone(),
        verdict: verdict(shell, run.said),
        code: reason.map(|reason| reason.code()).unwrap_or_default(),
        why: reason.map(|reason| shell.t2("reason", reason.code())).unwrap_or_default(),
        times: run.times,
        is_kept: run.is_kept,
    }
}

fn verdict(shell: &Shell, said: Said) -> (&'static str, String) {
    match said {
        Said::Accepted => ("ok", shell.t("verdict-accepted")),
        Said::WalledGarden(_) => ("warn", shell.t("verdict-walled-garden")),
        Said::Rejected(_) => ("bad", shell.t("verdict-rejected")),
    }
}

fn check_lines(shell: &Shell, checks: &[Check]) -> Vec<CheckLine> {
    let outcome = |outcome| match outcome {
        Outcome::Passed => ("ok", shell.t("outcome-passed")),
        Outcome::Failed => ("bad", shell.t("outcome-failed")),
        Outcome::WalledGarden => ("warn", shell.t("outcome-walled-garden")),
        Outcome::NotMade => ("off", shell.t("outcome-not-made")),
    };
    let line = |c: &Check| CheckLine { code: c.check.code(), name: shell.t2("check", c.check.code()), outcome: outcome(c.outcome) };
    checks.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::aaa::decide::RejectReason;
    use crate::web::LANGUAGES;
    use crate::web::Language;

    #[test]
    fn each_reason_has_its_texts_in_each_language() {
        for (code, _, _) in LANGUAGES {
            let language = Language::of(code).expect("one of them");
            for reason in RejectReason::ALL {
                for stem in ["reason", "remedy", "check"] {
                    let id = format!("{stem}-{}", reason.code());
                    assert!(language.find(&id, &[]).is_some_and(|said| !said.is_empty()), "{code} lacks {id}");
                }
            }
        }
    }
}
