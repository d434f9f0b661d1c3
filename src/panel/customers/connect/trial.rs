//! A login that is only simulated, by the code that decides real ones, on books read from the store: the server's own live state is not asked, so nothing is taken.

use std::collections::BTreeSet;

use super::{CheckLine, Names, check_lines, verdict};
use crate::aaa::explain::{ReplyAttribute, Run};
use crate::aaa::simulate::{Books, Left, Login, Report, Service, Then, What, find_nas};
use crate::accounts::capability::Capability;
use crate::customers::{ConnectionType, Customer};
use crate::packages::Direction;
use crate::routers::list_named_routers;
use crate::store::Conn;
use crate::units::{Mac, UnixMs, parse_instant};
use crate::web::{Complaints, Form, Problem, Query, Said, Shell, Signed};

const MOST_ROUTERS: i64 = 500;

/// The form, and what came of it.
pub(super) struct Trial {
    pub form: Form,
    pub complaints: Complaints,
    pub services: Vec<(String, String)>,
    pub routers: Vec<(String, String)>,
    pub outcome: Option<Tried>,
}

/// The report in words.
pub(super) struct Tried {
    pub verdict: (&'static str, String),
    pub sentence: String,
    pub checks: Vec<CheckLine>,
    pub attributes: Vec<ReplyAttribute>,
    pub rate: Option<String>,
    pub next: Vec<String>,
}

/// Reads the form from the address, and simulates if it is there.
pub(super) async fn ask(
    conn: &mut Conn,
    who: &Signed,
    shell: &Shell,
    customer: &Customer,
    runs: &[Run],
    names: &Names,
    query: &Query,
) -> Result<Trial, Problem> {
    let routers = routers(conn, who, runs, names).await?;
    let usual = runs.first().and_then(|run| names.find(run.router_id)).or_else(|| routers.first().cloned()).unwrap_or_default();
    let is_asked = query.has("service");
    let or_usual = |name: &str, usual: &str| if is_asked { query.get(name).to_owned() } else { usual.to_owned() };
    let (service, router) = (or_usual("service", usual_service(customer).as_str()), or_usual("router", &usual));
    let device = runs.first().and_then(|run| run.mac).map(Mac::with_colons).unwrap_or_default();
    let (mac, at) = (or_usual("mac", &device), query.ascii("at"));
    let form = Form::of(&[("service", &service), ("router", &router), ("mac", &mac), ("at", &at)]);
    let mut complaints = Complaints::default();
    let outcome = match is_asked {
        true => tried(who, shell, customer, &form, &routers, &mut complaints).await?,
        false => None,
    };
    let services = services(shell);
    let routers = routers.into_iter().map(|name| (name.clone(), name)).collect();
    Ok(Trial { form, complaints, services, routers, outcome })
}

/// Routers that may be named: those that the scope sees or that are above it, and those at which the customer was seen.
async fn routers(conn: &mut Conn, who: &Signed, runs: &[Run], names: &Names) -> Result<Vec<String>, Problem> {
    let mut all: BTreeSet<String> = runs.iter().filter_map(|run| names.find(run.router_id)).collect();
    if who.scope().may(Capability::RoutersView) {
        let named = list_named_routers(conn, who.scope(), "", MOST_ROUTERS).await.map_err(crate::aaa::explain::ExplainError::from)?;
        all.extend(named.into_iter().map(|router| router.name));
    }
    Ok(all.into_iter().collect())
}

async fn tried(
    who: &Signed,
    shell: &Shell,
    customer: &Customer,
    form: &Form,
    routers: &[String],
    complaints: &mut Complaints,
) -> Result<Option<Tried>, Problem> {
    let service = form.text("service").parse::<Service>().ok();
    if service.is_none() {
        complaints.add("service", shell.t("trial-service-wrong"));
    }
    let mac = form.filled("mac").map(|text| text.parse::<Mac>());
    if matches!(mac, Some(Err(_))) {
        complaints.add("mac", shell.t("mac-wrong"));
    }
    let at = form.filled("at").map_or(Ok(who.now()), |text| parse_instant(text, &who.tenant.zone()));
    if at.is_err() {
        complaints.add("at", shell.t("trial-at-wrong"));
    }
    let router = routers.iter().find(|name| *name == form.text("router"));
    if router.is_none() {
        complaints.add("router", shell.t("trial-router-wrong"));
    }
    let (Some(service), Some(router), Ok(at), true) = (service, router, at, complaints.is_empty()) else { return Ok(None) };
    let site = &who.site;
    let (db, sealer, dictionary) = (&site.db, &site.sealer, &site.dictionary);
    let books = Books { db, sealer, dictionary, scope: who.scope(), tenant: &who.tenant, now: who.now() };
    let access = books.open(Some(customer), at).await?;
    let Some(nas) = find_nas(&access, &who.tenant, Some(router)) else {
        complaints.add("router", shell.t("trial-router-wrong"));
        return Ok(None);
    };
    let login = Login { username: customer.username.clone(), service, mac: mac.and_then(Result::ok), at };
    Ok(Some(in_words(shell, books.decide(&access, Some(customer), &nas, &login)?)))
}

fn in_words(shell: &Shell, report: Report) -> Tried {
    let when = |at: UnixMs| Said::from(shell.when(at));
    let sentence = match report.said.reason() {
        None => shell.language.text("trial-let-in", &[("router", Said::from(report.router.as_str())), ("when", when(report.at))]),
        Some(reason) => {
            let reason = shell.t2("reason", reason.code());
            let values = [("router", Said::from(report.router.as_str())), ("when", when(report.at)), ("reason", Said::from(reason))];
            shell.language.text("trial-reason", &values)
        }
    };
    let mut next: Vec<String> = report.left.iter().map(|left| left_text(shell, left)).collect();
    next.extend(report.next.iter().map(|event| {
        let id = match event.what {
            What::Expiry => "trial-next-expiry",
            What::HoursOver => "trial-next-hours-over",
            What::TimeUsedUp => "trial-next-time-used-up",
            What::Opens => "trial-next-opens",
            What::MayChange => "trial-next-may-change",
        };
        shell.language.text(id, &[("when", when(event.at))])
    }));
    let step = report.fair_use_step.map(|step| shell.t_count("trial-step", step as i64));
    Tried {
        verdict: verdict(shell, report.said),
        sentence,
        checks: check_lines(shell, &report.checks),
        attributes: report.attributes,
        rate: report.rate.map(|rate| step.map_or(rate.clone(), |step| format!("{rate} ({step})"))),
        next,
    }
}

fn left_text(shell: &Shell, left: &Left) -> String {
    let id = match left.then {
        Then::NextStep => "trial-left-next-step",
        Then::UsedUp => "trial-left-used-up",
    };
    let direction = match left.direction {
        Direction::Total => "direction-total",
        Direction::Download => "down",
        Direction::Upload => "up",
    };
    shell.language.text(id, &[("octets", Said::from(shell.octets(left.octets))), ("direction", Said::from(shell.t(direction)))])
}

fn usual_service(customer: &Customer) -> Service {
    match customer.connection_type {
        ConnectionType::Pppoe | ConnectionType::Static | ConnectionType::Other => Service::Pppoe,
        ConnectionType::Hotspot => Service::Hotspot,
        ConnectionType::Dhcp => Service::Dhcp,
        ConnectionType::Vpn => Service::Vpn,
    }
}

/// Services as a form offers them.
pub(in crate::panel::customers) fn services(shell: &Shell) -> Vec<(String, String)> {
    Service::ALL.into_iter().map(|service| (service.as_str().to_owned(), shell.t(service_text(service)))).collect()
}

fn service_text(service: Service) -> &'static str {
    match service {
        Service::Pppoe => "value-connection-pppoe",
        Service::Hotspot => "value-connection-hotspot",
        Service::Dhcp => "value-connection-dhcp",
        Service::Wireless => "trial-wireless",
        Service::Vpn => "value-connection-vpn",
    }
}
