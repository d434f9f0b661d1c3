//! `tollgate demo`: the main job on one machine — a demo provider, the real server, and simulated MikroTik routers that send it real RADIUS.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::context::{now, with_ids};
use super::migrate::prepare_store;
use super::serve::{runtime, start_metrics};
use super::{Failure, Globals, output};
use crate::accounts::{Scope, find_tenant};
use crate::app::{self, Running};
use crate::config::{Config, default_config};
use crate::demo::accounts;
use crate::demo::provider::{self, CUSTOMERS, DemoError, ROUTERS, SECRET};
use crate::demo::router::{self, Counters, CountersSnapshot, Faults, Incoming, Personality, SimulationOptions};
use crate::store::KeyFile;

/// Where the demo keeps its store and how long it runs.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the demo's store in this folder and use it again next time [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Stop after so many seconds [default: at Ctrl-C]
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Logins per second of all routers together
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    logins_per_sec: f64,
}

/// Runs the demo.
pub fn run(globals: &Globals, args: &DemoArgs) -> Result<(), Failure> {
    let temporary = match &args.folder {
        Some(_) => None,
        None => Some(std::env::temp_dir().join(format!("tollgate-demo-{}", std::process::id()))),
    };
    let folder = args.folder.clone().or_else(|| temporary.clone()).unwrap_or_default();
    let result = runtime()?.block_on(demo(args, &folder));
    if let Some(folder) = temporary
        && let Err(error) = std::fs::remove_dir_all(&folder)
    {
        output::note(globals, format!("the temporary folder {} stays: {error}", folder.display()));
    }
    result
}

async fn demo(args: &DemoArgs, folder: &std::path::Path) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let config = demo_config(folder)?;
    let (db, _) = prepare_store(&config, &config.tenant.name).await?;
    let sealer = KeyFile::read(&config.data.key_file).map_err(|e| Failure::config(e.to_string()))?.sealer();
    let tenant = find_tenant(&mut db.read().await?, &config.tenant.name).await?;
    let tenant = tenant.ok_or_else(|| Failure::new("the demo's tenant is not there"))?;
    let (is_new, links) = with_ids(&db, async |ids| {
        let is_new = provider::ensure_provider(&db, ids, &sealer, &tenant, now()).await?;
        Ok((is_new, accounts::sign_in_links(&db, ids, &Scope::administrator(tenant.id), now()).await?))
    })
    .await?;
    let coa_ports = provider::choose_coa_ports(&db, &sealer, &tenant, now()).await?;
    db.close().await;

    let running = app::start(&config, start_metrics()?).await?;
    let addresses = &running.addresses;
    output::line(format!(
        "Demo provider {}: {CUSTOMERS} customers, {} routers, store in {}",
        if is_new { "created" } else { "found" },
        ROUTERS.len(),
        folder.display()
    ))?;
    output::line(format!(
        "RADIUS authentication on {}, accounting on {}, metrics on http://{}/metrics",
        addresses.auth[0], addresses.acct[0], addresses.http[0]
    ))?;
    output::line("The panel, as each role sees it (each link signs in once):")?;
    for (role, name, token) in links {
        output::line(format!("  {:<18} {:<14} http://{}/sign-in/link/{token}", role.as_str(), name, addresses.http[0]))?;
    }
    output::line("Simulated MikroTik routers log customers in by PPPoE and hotspot; Ctrl-C ends.\n")?;

    let stop = Arc::new(AtomicBool::new(false));
    let counters = Arc::new(Counters::default());
    let routers: Vec<_> = (0..ROUTERS.len())
        .map(|i| tokio::spawn(router::run(simulation(args, &running, i, coa_ports[i]), stop.clone(), counters.clone())))
        .collect();
    let mut view = View::new();
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.tick().await;
    let ends = args.seconds.map(|s| Instant::now() + Duration::from_secs(s));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = timer.tick() => view.show(&counters.snapshot(), &running)?,
        }
        if ends.is_some_and(|at| Instant::now() >= at) {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for router in routers {
        router.await.map_err(|e| Failure::new(format!("a simulated router failed: {e}")))??;
    }
    let totals = counters.snapshot();
    running.stop().await;
    output::line(format!(
        "\n{} logins: {} accepted, {} rejected. {} of {} accounting packets acknowledged. {} replies that a router would not believe.",
        totals.logins, totals.accepts, totals.rejects, totals.accounting_responses, totals.accounting_requests, totals.bad_replies
    ))
}

/// The defaults, but in the demo's folder and on ports that the system chooses.
fn demo_config(folder: &std::path::Path) -> Result<Config, Failure> {
    let mut config = default_config(&std::path::absolute(folder)?)?;
    let any_port = |ip: [u8; 4]| vec![SocketAddr::from((ip, 0))];
    (config.radius.auth, config.radius.acct, config.http.listen) =
        (any_port([127, 0, 0, 1]), any_port([127, 0, 0, 1]), any_port([127, 0, 0, 1]));
    Ok(config)
}

fn simulation(args: &DemoArgs, running: &Running, index: usize, coa_port: u16) -> SimulationOptions {
    let router = &ROUTERS[index];
    SimulationOptions {
        auth: running.addresses.auth[0],
        acct: running.addresses.acct[0],
        source: Some(IpAddr::V4(router.address)),
        secret: SECRET.as_bytes().to_vec(),
        identity: router.name.to_owned(),
        nas_address: router.address,
        personality: Personality::V7,
        users: provider::customers_of(index),
        logins_per_sec: args.logins_per_sec / ROUTERS.len() as f64,
        wrong_password_share: 0.04,
        stay_secs: (20, 180),
        reboot_every_secs: None,
        timeout_ms: 1100,
        faults: Faults::default(),
        incoming: Incoming::Obey,
        coa_port: Some(coa_port),
        seed: 7 + index as u64,
    }
}

/// The live summary: one line a second, a heading now and then.
struct View {
    lines: u32,
    before: CountersSnapshot,
}

impl View {
    fn new() -> View {
        View { lines: 0, before: CountersSnapshot::default() }
    }

    fn show(&mut self, counters: &CountersSnapshot, running: &Running) -> Result<(), Failure> {
        const HEADING_EVERY: u32 = 20;
        if self.lines.is_multiple_of(HEADING_EVERY) {
            output::line("logins/s  accepted  rejected  online  uploaded   downloaded  rejects by reason")?;
        }
        self.lines += 1;
        let reasons: Vec<String> = counters.rejects_by_text.iter().map(|(text, n)| format!("{n} {}", text.to_lowercase())).collect();
        let online = running.parts.access.live.open_count();
        output::line(format!(
            "{:>8}  {:>8}  {:>8}  {:>6}  {:>9}  {:>10}  {}",
            counters.logins - self.before.logins,
            counters.accepts,
            counters.rejects,
            online,
            octets(counters.octets_in),
            octets(counters.octets_out),
            reasons.join(", ")
        ))?;
        self.before = counters.clone();
        Ok(())
    }
}

/// Octets for people: three digits and a unit.
fn octets(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{n} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Failure {
        Failure::new(format!("the demo provider cannot be made: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{demo_config, octets};
    use crate::store::StoreUrl;

    #[test]
    fn all_that_it_writes_is_in_its_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = demo_config(folder.path()).expect("a configuration");
        assert_eq!(config.data.folder, folder.path());
        assert_eq!(config.backup.folder, folder.path().join("backups"), "an import makes a backup there");
        assert_eq!(config.data.key_file, folder.path().join("key"));
        assert_eq!(config.store.url, StoreUrl::Sqlite(folder.path().join("tollgate.db")));
    }

    #[test]
    fn octets_are_printed_for_people() {
        assert_eq!([0, 999, 1000, 1_500_000, 2_000_000_000_000].map(octets), ["0 B", "999 B", "1.0 kB", "1.5 MB", "2.0 TB"]);
    }
}
