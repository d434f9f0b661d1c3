//! `tollgate doctor`: finds out what can be found out without disturbing a running server, and says in plain sentences what is wrong and how to mend it.
//! Exit code 1 if anything is.

mod findings;
mod pool_findings;
mod router_findings;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;

use super::context::{block_on, now, open_db, read_config};
use super::{Failure, Globals, output};
use crate::aaa::enforcement::list_coa_silence;
use crate::aaa::{count_packages_and_customers, list_journal_positions};
use crate::accounts::{Scope, Tenant, list_tenants};
use crate::config::Config;
use crate::journal::{self, RealDisk};
use crate::routers::pools::list_pool_summaries;
use crate::routers::{find_router_with_secrets, list_router_summaries, list_unknown_sources};
use crate::store::{Conn, Sealer, StoreUrl, check_schema, check_store_identity};
use crate::units::TenantId;
use findings::{Facts, Finding, RouterFacts, Trouble, findings};

const PAGE: i64 = 1_000;
const PROBE_NAME: &str = "doctor.probe";
const PROBE_WRITES: usize = 100;
const PROBE_OCTETS: usize = 4_096;
/// A disk that is very slow is found out without waiting for all writes.
const PROBE_LASTS: Duration = Duration::from_secs(3);
const JOURNAL_FOLDER: &str = "journal";

/// No arguments of its own.
#[derive(Debug, Args)]
pub struct DoctorArgs {}

/// Runs the command.
pub fn run(globals: &Globals, _: DoctorArgs) -> Result<(), Failure> {
    let config = read_config(globals)?;
    let mut facts = Facts { now: now(), folder: config.data.folder.display().to_string(), ..Facts::default() };
    block_on(async {
        ask_store(&config, &mut facts).await;
        Ok(())
    })?;
    // A data folder that is not there yet is made together with the store.
    if facts.store_trouble != Some(Trouble::Absent) || config.data.folder.is_dir() {
        look_at_folder(&config.data.folder, &mut facts);
    }
    let wanted = u64::from(config.radius.receive_buffer_kib) * 1024;
    facts.receive_buffer = read_number("/proc/sys/net/core/rmem_max").map(|allowed| (wanted, allowed));
    let found = findings(&facts);
    print(globals, &found)?;
    match found.len() {
        0 => Ok(()),
        1 => Err(Failure::new("one thing needs attention")),
        n => Err(Failure::new(format!("{n} things need attention"))),
    }
}

fn print(globals: &Globals, found: &[Finding]) -> Result<(), Failure> {
    if globals.json {
        return output::json(&found);
    }
    if found.is_empty() {
        return output::line("nothing is wrong");
    }
    for finding in found {
        output::raw(&format!("{}: {}\n    -> {}\n", finding.code, finding.problem, finding.remedy))?;
    }
    Ok(())
}

/// Fills in what the store knows; the first thing that keeps it from answering is noted.
async fn ask_store(config: &Config, facts: &mut Facts) {
    if let Err(trouble) = try_store(config, facts).await {
        facts.store_trouble = Some(trouble);
    }
}

async fn try_store(config: &Config, facts: &mut Facts) -> Result<(), Trouble> {
    if let StoreUrl::Sqlite(path) = &config.store.url
        && !path.exists()
    {
        return Err(Trouble::Absent);
    }
    let unreachable = |why: String| Trouble::Unreachable(why);
    let db = open_db(config).await.map_err(|e| unreachable(e.to_string()))?;
    check_schema(&db).await.map_err(|e| match e {
        crate::store::SchemaError::Store(e) => Trouble::Unreachable(e.to_string()),
        crate::store::SchemaError::Absent => Trouble::Absent,
        e => Trouble::Schema(e.to_string()),
    })?;
    let key = check_store_identity(&db, &config.data.key_file).await;
    let sealer = key.as_ref().ok().map(|(_, key)| key.sealer());
    let asked = ask(&mut db.read().await.map_err(|e| unreachable(e.to_string()))?, config, sealer.as_ref(), facts).await;
    db.close().await;
    asked.map_err(|e| unreachable(e.to_string()))?;
    key.map(|_| ()).map_err(|e| match e {
        crate::store::IdentityError::Absent => Trouble::Absent,
        crate::store::IdentityError::Store(e) => Trouble::Unreachable(e.to_string()),
        e => Trouble::Key(e.to_string()),
    })
}

async fn ask(conn: &mut Conn, config: &Config, sealer: Option<&Sealer>, facts: &mut Facts) -> Result<(), Failure> {
    for tenant in list_tenants(conn).await? {
        let scope = Scope::administrator(tenant.id);
        ask_about_tenant(conn, &scope, &tenant, config, sealer, facts).await?;
        facts.coa_silent.extend(list_coa_silence(conn, &scope).await?);
    }
    // They are of no tenant.
    facts.unknown = list_unknown_sources(conn, &Scope::administrator(TenantId(0)), PAGE).await?;
    facts.packages_and_customers = Some(count_packages_and_customers(conn).await?);
    let positions = list_journal_positions(conn).await?;
    facts.journal = own_journal(&config.data.folder.join(JOURNAL_FOLDER), &positions);
    Ok(())
}

async fn ask_about_tenant(
    conn: &mut Conn,
    scope: &Scope,
    tenant: &Tenant,
    config: &Config,
    sealer: Option<&Sealer>,
    facts: &mut Facts,
) -> Result<(), Failure> {
    let tenant_option = if tenant.name == config.tenant.name { String::new() } else { format!(" --tenant '{}'", tenant.name) };
    let pools = list_pool_summaries(conn, scope, facts.now).await?;
    facts.pools.extend(pools.into_iter().map(|pool| (pool, tenant_option.clone())));
    let mut after = String::new();
    loop {
        let page = list_router_summaries(conn, scope, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.router.name);
        for summary in page {
            let opened = match sealer {
                // One that does not open is not weak; the server says at start what is wrong with it.
                Some(sealer) => find_router_with_secrets(conn, sealer, summary.router.id).await.ok().flatten(),
                None => None,
            };
            facts.routers.push(RouterFacts {
                name: summary.router.name,
                tenant_option: tenant_option.clone(),
                mode: summary.router.message_authenticator,
                limit_proxy_state: summary.router.limit_proxy_state,
                learned_addresses: summary.learned_addresses,
                secret_octets: opened.map(|o| o.secret.octets().len()),
                counters: summary.counters.unwrap_or_default(),
            });
        }
    }
}

/// The newest record of the journal in this folder and how far the store is; `None` if there is no journal here, or the store does not know it.
fn own_journal(folder: &Path, positions: &[crate::aaa::JournalPosition]) -> Option<(u64, i64, i64)> {
    if !folder.is_dir() {
        return None;
    }
    let disk = RealDisk::open(folder).ok()?;
    let last = journal::last_seq(&disk, None).ok()?;
    // One node is the rule; with several, the folder does not say which journal is its own, so only a single one is judged.
    match positions {
        [only] => Some((last, only.applied_seq, only.updated_at)),
        _ => None,
    }
}

fn look_at_folder(folder: &Path, facts: &mut Facts) {
    match probe(folder) {
        Ok(p99) => facts.fsync_p99_us = Some(p99),
        Err(error) => facts.folder_trouble = Some(error.to_string()),
    }
    facts.disk = free_and_total(folder);
}

/// Writes small blocks durably, as the journal does; the 99th percentile in microseconds.
fn probe(folder: &Path) -> std::io::Result<u64> {
    let path = folder.join(PROBE_NAME);
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    let written = (|| {
        let (begin, mut times) = (Instant::now(), Vec::new());
        while times.len() < PROBE_WRITES && begin.elapsed() < PROBE_LASTS {
            let start = Instant::now();
            file.write_all(&[0; PROBE_OCTETS])?;
            file.sync_data()?;
            times.push(start.elapsed());
        }
        Ok(percentile_99(times))
    })();
    std::fs::remove_file(&path)?;
    written
}

fn percentile_99(mut times: Vec<Duration>) -> u64 {
    times.sort_unstable();
    let index = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(index).map_or(0, |t| t.as_micros() as u64)
}

/// Free and total octets of a folder's disk, from `df` (POSIX output): std has no call for it. `None` where there is no `df`.
fn free_and_total(folder: &Path) -> Option<(u64, u64)> {
    let output = std::process::Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    parse_df(&String::from_utf8_lossy(&output.stdout))
}

fn parse_df(text: &str) -> Option<(u64, u64)> {
    // File system, total, used, available, percent, mount point; the first column may hold spaces, so count from the percent sign.
    let line = text.lines().nth(1)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent = words.iter().position(|w| w.ends_with('%'))?;
    let kib = |back: usize| words.get(percent.checked_sub(back)?)?.parse::<u64>().ok();
    Some((kib(1)? * 1024, kib(3)? * 1024))
}

fn read_number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn df_is_read_as_posix_prints_it() {
        let text = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n/dev/a b         1000 400 600      40% /a b\n";
        assert_eq!(parse_df(text), Some((600 * 1024, 1000 * 1024)));
        assert_eq!(parse_df("df: no such file\n"), None);
    }

    #[test]
    fn the_probe_measures_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        probe(folder.path()).expect("measured");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
        assert!(probe(&folder.path().join("absent")).is_err());
        let times = (1..=100).map(Duration::from_micros).collect();
        assert_eq!(percentile_99(times), 99);
        assert_eq!(percentile_99(Vec::new()), 0);
    }
}
