//! The command line: one subcommand per file.
//!
//! Exit codes: 0 done, 1 failure, 2 usage, 3 configuration or store not usable as it is, 4 store unreachable.

mod account;
mod actions;
mod api_key;
mod audit;
mod backup;
mod catch_up;
mod check_config;
mod config;
mod context;
mod customer;
mod decode;
mod demo;
mod device;
mod dictionary;
mod doctor;
mod explain;
mod export;
mod failure;
mod import;
mod job;
mod journal;
mod limit_args;
mod migrate;
mod output;
mod package;
mod passphrase;
mod pool;
mod radtest;
mod restore;
mod role;
mod router;
mod secret_text;
mod serve;
mod session;
mod sessions;
mod simulate;
mod tenant;
mod tenant_rules;
mod trace;
mod values;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, Parser, Subcommand};

pub use context::Context;
pub use failure::Failure;

/// RADIUS, metering and enforcement for internet providers that run MikroTik routers.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, propagate_version = true, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Globals {
    /// Configuration file [default: ./tollgate.toml, then /etc/tollgate/tollgate.toml, then none]
    #[arg(long, global = true, value_name = "FILE", env = "TOLLGATE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Tenant to work in [default: tenant.name of the configuration]
    #[arg(long, global = true, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more on standard error (-vv: still more)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Print results only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the store's schema up to date; makes a new store, its key file, the default tenant and its owner account
    Migrate(migrate::MigrateArgs),
    /// Add, list and change tenants
    Tenant(tenant::TenantArgs),
    /// Add, list, change, suspend and move accounts, their permissions and ways to sign in
    Account(account::AccountArgs),
    /// List and change roles
    Role(role::RoleArgs),
    /// Add, list and revoke API keys
    ApiKey(api_key::ApiKeyArgs),
    /// Show who changed what
    Audit(audit::AuditArgs),
    /// Add, list, change and remove routers
    Router(router::RouterArgs),
    /// Add, list, change and remove packages
    Package(package::PackageArgs),
    /// Add, list, change and remove customers
    Customer(customer::CustomerArgs),
    /// Add, list, change and remove address pools of the server's own
    Pool(pool::PoolArgs),
    /// Run a demo provider with simulated MikroTik routers on this machine
    Demo(demo::DemoArgs),
    /// Run the server
    Serve(serve::ServeArgs),
    /// Send one request and show the decoded reply
    Radtest(radtest::RadtestArgs),
    /// Import from files
    Import(import::ImportArgs),
    /// End sessions
    Session(session::SessionArgs),
    /// Show what routers were told about sessions, and whether it is proven
    Actions(actions::ActionsArgs),
    /// List sessions
    Sessions(sessions::SessionsArgs),
    /// Check that the totals of all sessions agree with their usage and with the events they were made of
    Verify(verify::VerifyArgs),
    /// Explain a decision or a number by the facts behind it
    Explain(explain::ExplainArgs),
    /// Work on the accounting journal of a node that no longer runs
    Journal(journal::JournalArgs),
    /// Export as files for other programs
    Export(export::ExportArgs),
    /// Print a RADIUS packet, given in hexadecimal, as JSON
    Decode(decode::DecodeArgs),
    /// Show what was decided about a username or device, and why
    Trace(trace::TraceArgs),
    /// Say what would be decided, without asking a router or writing anything
    Simulate(simulate::SimulateArgs),
    /// Look for what is wrong and say how to mend it; exit code 1 if anything is
    Doctor(doctor::DoctorArgs),
    /// Check the configuration and whether the store can be used
    CheckConfig(check_config::CheckConfigArgs),
    /// Write the whole store and its key into one file under a passphrase, also while serving
    Backup(backup::BackupArgs),
    /// Put a backup into an empty database and data folder
    Restore(restore::RestoreArgs),
    /// List, run, retry and cancel jobs, such as the nightly backup
    Job(job::JobArgs),
    /// Print configuration
    Config(config::ConfigArgs),
}

/// Reads the command line and runs the command.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // help and version are no errors; clap prints either to its own stream
            let code = if e.use_stderr() { 2 } else { 0 };
            // whoever closed the pipe does not want to read it
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    // database, journal, key and backup are for their owner only, wherever they lie
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    start_log(&cli.globals);
    let globals = &cli.globals;
    let done = |result: Result<(), Failure>| result.map(|()| ExitCode::SUCCESS);
    let result = match cli.command {
        Command::Migrate(args) => done(migrate::run(globals, args)),
        Command::Demo(args) => done(demo::run(globals, &args)),
        Command::Serve(args) => done(serve::run(globals, &args)),
        Command::Tenant(args) => done(tenant::run(globals, args)),
        Command::Account(args) => done(account::run(globals, args)),
        Command::Role(args) => done(role::run(globals, args)),
        Command::ApiKey(args) => done(api_key::run(globals, args)),
        Command::Audit(args) => done(audit::run(globals, args)),
        Command::Router(args) => done(router::run(globals, args)),
        Command::Package(args) => done(package::run(globals, args)),
        Command::Customer(args) => done(customer::run(globals, args)),
        Command::Pool(args) => done(pool::run(globals, args)),
        Command::Import(args) => done(import::run(globals, args)),
        Command::Session(args) => done(session::run(globals, args)),
        Command::Actions(args) => done(actions::run(globals, args)),
        Command::Sessions(args) => done(sessions::run(globals, args)),
        Command::Verify(args) => done(verify::run(globals, args)),
        Command::Explain(args) => done(explain::run(globals, args)),
        Command::Journal(args) => done(journal::run(globals, args)),
        Command::Export(args) => done(export::run(globals, args)),
        Command::Backup(args) => done(backup::run(globals, args)),
        Command::Restore(args) => done(restore::run(globals, args)),
        Command::Job(args) => done(job::run(globals, args)),
        Command::Decode(args) => done(decode::run(globals, args)),
        Command::CheckConfig(args) => done(check_config::run(globals, args)),
        Command::Config(args) => done(config::run(globals, args)),
        Command::Radtest(args) => {
            let dictionary = args.dictionary.clone().or_else(|| context::read_config(globals).ok()?.radius.dictionaries);
            radtest::run(radtest::RadtestArgs { json: globals.json, dictionary, ..args }).map_err(Failure::from)
        }
        Command::Trace(args) => done(trace::run(globals, args)),
        Command::Simulate(args) => done(simulate::run(globals, args)),
        Command::Doctor(args) => done(doctor::run(globals, args)),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// `-v` shows the library's log on standard error; without it a command is silent but for its result.
fn start_log(globals: &Globals) {
    let level = match globals.verbose {
        0 => return,
        1 => "info",
        _ => "debug",
    };
    // a second subscriber (a command that starts its own log) is not an error worth stopping for
    let _ = tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_stable_forms_parse() {
        for line in [
            "tollgate migrate --config t.toml",
            "tollgate router add core --address 192.0.2.1 --secret testing123",
            "tollgate router add core --address 192.0.2.0/24 --secret-file - --message-authenticator require --json",
            "tollgate router set core --next-secret x --adopt all",
            "tollgate package add home --download 20M --upload 10M",
            "tollgate customer add bob --password secret --package home",
            "tollgate customer set bob --status suspended --reason unpaid",
            "tollgate customer passwd bob --password-file f",
            "tollgate customer device add bob AA:BB:CC:00:00:01 --note phone",
            "tollgate customer device rm bob aabbcc000001",
            "tollgate customer device ls bob --history --json",
            "tollgate account add dhaka --role operator --parent owner --email a@example.org",
            "tollgate account ls --role operator --below owner --json",
            "tollgate account show dhaka",
            "tollgate account set dhaka --email none --disable-menu customers --enable-menu recharge_cards",
            "tollgate account passwd dhaka --password-file -",
            "tollgate account reset-2fa dhaka",
            "tollgate account setup-link dhaka --valid 2h",
            "tollgate account sign-ins dhaka --end",
            "tollgate account suspend dhaka --reason unpaid",
            "tollgate account restore dhaka",
            "tollgate account transfer dhaka --to owner",
            "tollgate account permit dhaka customers.view --resource zone:5 --until 2026-12-31",
            "tollgate account revoke dhaka customers.view --resource zone:5",
            "tollgate role ls --capabilities",
            "tollgate role set operator --add cards.create --withhold bills.view --level none",
            "tollgate role label operator Partner",
            "tollgate api-key add dhaka --name billing --capability customers.view --from 192.0.2.0/24 --hourly-limit 60 --expires 2026-12-31",
            "tollgate api-key ls dhaka --json",
            "tollgate api-key revoke dhaka tgk_12345678",
            "tollgate audit ls --verb customer. --actor cli:root --since 2026-12-31 --limit 5",
            "tollgate tenant set default --host-name panel.example.org",
            "tollgate pool add p1 --range 10.0.0.0/24 --range 10.0.1.5-10.0.1.9 --router core --grace 60",
            "tollgate pool set p1 --add-range 10.0.2.0/24 --router none",
            "tollgate pool leases p1 --held",
            "tollgate explain verdict bob --limit 3",
            "tollgate import customers f.csv --dry-run --skip-bad",
            "tollgate tenant set default --time-zone Asia/Dhaka --case-sensitive-usernames true",
            "tollgate --tenant other customer ls",
            "tollgate actions ls --drift --username bob --json",
            "tollgate session disconnect bob",
            "tollgate sessions ls --online --json",
            "tollgate verify",
            "tollgate verify usage --json",
            "tollgate explain usage bob --period week",
            "tollgate explain session 81000001 --json",
            "tollgate journal apply /var/lib/old-node",
            "tollgate sessions ls --username bob --limit 5",
            "tollgate export sessions --format csv",
            "tollgate export sessions --since 2026-12-31",
            "tollgate export usage",
            "tollgate config default",
            "tollgate check-config",
            "tollgate backup f --passphrase-file - --force --json",
            "tollgate restore f --passphrase-file p",
            "tollgate restore f --key-file k",
            "tollgate job ls --kind backup --state failed --limit 5 --json",
            "tollgate job show 7 --csv",
            "tollgate job run backup",
            "tollgate job retry 7",
            "tollgate job cancel 7",
            "tollgate job dismiss 7",
            "tollgate trace bob",
            "tollgate trace AA:BB:CC:DD:EE:FF --follow --limit 5 --json",
            "tollgate doctor --json",
            "tollgate package add home --volume total:100G/month --volume upload:1G/day:rollover --time 30h/month --hours mon-fri:08:00-18:00",
            "tollgate package set home --volume none --fair-use after:80G/month=2M/1M --fair-use during:00:00-06:00=200% --no-limits",
            "tollgate package add card --validity 7d:from-first-login --sessions 2 --when-full replace-oldest --devices bind-first:1",
            "tollgate customer set bob --rate 50M/20M --rate-until 2026-12-31 --volume none",
            "tollgate customer top-up bob --volume 10G --expires 2026-12-31",
            "tollgate customer close bob",
            "tollgate customer reopen bob",
            "tollgate tenant set default --when-expired walled-garden --grace 1d --walled-rate 1M/512k",
            "tollgate simulate login bob --mac AA:BB:CC:DD:EE:FF --router core --service pppoe --at 2026-12-31T12:00:00Z --json",
            "tollgate decode 0100 --secret s --request-authenticator 00",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in [
            "tollgate router add core --address 10.0.0.1/24 --secret x",
            "tollgate router add core --secret x",
            "tollgate router add core --address 10.0.0.1",
            "tollgate package add home --download fast",
            "tollgate customer add bob --package home",
            "tollgate package add home --volume 100G",
            "tollgate customer set bob --rate fast",
            "tollgate account passwd dhaka --password secret",
            "tollgate account add x --role customer",
            "tollgate account permit x customers.fly",
            "tollgate restore f --key-file k --passphrase-file p",
            "tollgate job run nonsense",
            "tollgate job ls --state odd",
            "tollgate nonsense",
        ] {
            assert_eq!(Cli::try_parse_from(line.split(' ')).expect_err(line).exit_code(), 2, "{line}");
        }
    }
}
