//! `tollgate simulate login USERNAME`: the production code decides a real request, on a directory read from the store. Nothing is sent and nothing is written.

mod report;

use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};

use super::context::with_context;
use super::dictionary::load_dictionary;
use super::{Context, Failure, Globals, output};
use crate::aaa::access::{Access, AccessRequest, Identity};
use crate::aaa::directory::{Directory, Loader, Nas};
use crate::aaa::list_usage_days;
use crate::aaa::policy::StoredUsage;
use crate::aaa::throttle::{Throttle, ThrottleLimits};
use crate::accounts::{Scope, Tenant};
use crate::customers::{Customer, find_customer, lookup_key};
use crate::radius::client::{Code, Request, RequestBuilder};
use crate::radius::dictionary::numbers::{CALLING_STATION_ID, FRAMED_PROTOCOL, NAS_IDENTIFIER, NAS_PORT_TYPE, SERVICE_TYPE, USER_NAME};
use crate::radius::{MAX_PACKET_OCTETS, PacketView};
use crate::sessions::{LiveSessions, TokenKey, list_open_sessions_of};
use crate::units::{Mac, UnixMs, parse_instant};
use report::Report;

/// What to simulate.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// A login: the checks in their order, the reply's attributes, and what happens next
    Login(LoginArgs),
}

#[derive(Debug, Args)]
struct LoginArgs {
    /// Who logs in; his password is taken to be right
    username: String,
    /// His device
    #[arg(long, value_name = "MAC")]
    mac: Option<Mac>,
    /// On which router [default: the first one]
    #[arg(long, value_name = "NAME")]
    router: Option<String>,
    /// By which service
    #[arg(long, value_enum, default_value_t = Service::Pppoe)]
    service: Service,
    /// When, like --expires-at of `customer add`; usage is as it is now [default: now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
}

/// As RouterOS's requests tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    Pppoe,
    Hotspot,
    Dhcp,
    Wireless,
    Vpn,
}

impl Service {
    /// Service-Type, Framed-Protocol and NAS-Port-Type of its Access-Requests; 0 = not sent.
    fn numbers(self) -> [u32; 3] {
        match self {
            Service::Pppoe => [2, 1, 15],
            Service::Hotspot => [1, 0, 19],
            Service::Dhcp => [0, 0, 15],
            Service::Wireless => [0, 0, 19],
            Service::Vpn => [2, 1, 5],
        }
    }
}

/// Runs it.
pub fn run(globals: &Globals, args: SimulateArgs) -> Result<(), Failure> {
    let Action::Login(args) = args.action;
    with_context(globals, async |ctx| {
        let (tenant, scope) = ctx.tenant_and_scope().await?;
        let now = match &args.at {
            Some(text) => parse_instant(text, &tenant.zone()).map_err(Failure::usage)?,
            None => ctx.now,
        };
        let key = lookup_key(&args.username, tenant.case_sensitive_usernames);
        let customer = find_customer(&mut ctx.db.read().await?, &scope, &key).await?;
        let access = load(ctx, &scope, &tenant, customer.as_ref(), now).await?;
        let nas = find_router(&access, &tenant, args.router.as_deref())?;
        let request = request(&args, &access, customer.as_ref(), &nas)?;
        let report = decide(&args, &access, &tenant, customer.as_ref(), &nas, &request, now)?;
        if globals.json { output::json(&report) } else { output::raw(&report.in_words()) }
    })
}

/// The directory with this one customer, his open sessions and what he used: what a login's decision would look at.
pub(super) async fn load(
    ctx: &Context,
    scope: &Scope,
    tenant: &Tenant,
    customer: Option<&Customer>,
    now: UnixMs,
) -> Result<Access, Failure> {
    let failed = |e: crate::aaa::directory::LoadError| Failure::new(e.to_string());
    let dictionary = Arc::new(load_dictionary(ctx.config.radius.dictionaries.as_deref())?);
    let loader = Loader { sealer: ctx.sealer.clone(), dictionary };
    let directory = Arc::new(Directory::empty());
    loader.load_small_tables(&ctx.db, &directory).await.map_err(failed)?;
    let live = LiveSessions::new(TokenKey::new(&rand::random()));
    let mut usage = StoredUsage::default();
    if let Some(customer) = customer {
        let mut conn = ctx.db.read().await?;
        loader.load_settled_customer(&mut conn, &directory, customer.id.0, now).await.map_err(failed)?;
        list_open_sessions_of(&mut conn, scope, customer.id).await?.into_iter().for_each(|session| live.restore(session));
        live.listen_anew(now);
        let days = list_usage_days(&mut conn, scope, customer.id, 0).await?;
        let (period, package) = (customer.period_started_at.unwrap_or(0), customer.package_since_at.unwrap_or(0));
        usage = StoredUsage::of_days(customer.id.0, &days, ctx.now, &tenant.zone(), period, package);
    }
    Ok(Access {
        directory,
        live: Arc::new(live),
        throttle: Throttle::new(ThrottleLimits::default()),
        usage: Arc::new(usage),
        identity: Identity::default(),
    })
}

fn find_router(access: &Access, tenant: &Tenant, name: Option<&str>) -> Result<Arc<Nas>, Failure> {
    let routers = access.directory.routers.load();
    let mut own: Vec<&Arc<Nas>> = routers.all().iter().filter(|nas| nas.fields.tenant_id == tenant.id.0).collect();
    own.sort_by_key(|nas| nas.fields.id);
    let found = match name {
        Some(name) => own.into_iter().find(|nas| &*nas.fields.name == name),
        None => own.into_iter().next(),
    };
    let unknown = || match name {
        Some(name) => Failure::coded("router-unknown", format!("there is no router {name:?}; `tollgate router ls` shows those there are")),
        None => Failure::new("there is no router yet: `tollgate router add NAME --address IP --secret SECRET` adds one"),
    };
    found.cloned().ok_or_else(unknown)
}

/// What a router would send for this login: PAP with the password that the customer has.
fn request(args: &LoginArgs, access: &Access, customer: Option<&Customer>, nas: &Nas) -> Result<Request, Failure> {
    let password = customer.and_then(|c| access.directory.customers.with_id(c.id.0, |c| c.password().to_vec())).unwrap_or_default();
    // Who has no password logs in by his device, whose name is the password.
    let password = if password.is_empty() { args.username.clone().into_bytes() } else { password };
    let mut builder = RequestBuilder::new(Code::AccessRequest, 1, rand::random()).text(USER_NAME, &args.username).pap(&password);
    for (kind, number) in [SERVICE_TYPE, FRAMED_PROTOCOL, NAS_PORT_TYPE].into_iter().zip(args.service.numbers()) {
        if number != 0 {
            builder = builder.integer(kind, number);
        }
    }
    if let Some(mac) = args.mac {
        builder = builder.text(CALLING_STATION_ID, &mac.with_colons());
    }
    let secret = nas.fields.secrets.first().map(|s| s.octets()).unwrap_or_default();
    builder.text(NAS_IDENTIFIER, &nas.fields.name).finish(secret).map_err(|e| Failure::usage(e.to_string()))
}

fn decide(
    args: &LoginArgs,
    access: &Access,
    tenant: &Tenant,
    customer: Option<&Customer>,
    nas: &Nas,
    request: &Request,
    now: UnixMs,
) -> Result<Report, Failure> {
    let view = PacketView::parse(&request.bytes).map_err(|e| Failure::usage(format!("the request would be malformed: {e:?}")))?;
    let mut buffer = [0; MAX_PACKET_OCTETS];
    // Before the decision: afterwards this very login has begun a validity that waited for it.
    let standing = customer.and_then(|c| report::standing(access, c.id.0, tenant, now));
    let asked = AccessRequest { view: &view, nas, secrets: &nas.fields.secrets[..1], now, nonce: 0 };
    let answer = access.answer(&asked, &mut buffer).map_err(|_| Failure::new("the reply would be longer than 4096 octets"))?;
    Ok(Report::new(&args.username, nas, tenant, &answer, &buffer, standing, now))
}
