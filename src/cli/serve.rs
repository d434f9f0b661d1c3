//! `tollgate serve`: runs the server until it is told to stop.

use std::io::IsTerminal;

use clap::Args;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};

use super::context::read_config;
use super::{Failure, Globals, output};
use crate::app::{self, StartError, give_way};
use crate::config::{Config, LogFormat};
use crate::listen::forbid_core_dumps;

/// Runs the server.
#[derive(Debug, Args)]
pub struct ServeArgs {}

/// Runs the server until SIGTERM or SIGINT.
pub fn run(globals: &Globals, _args: &ServeArgs) -> Result<(), Failure> {
    let config = read_config(globals)?;
    start_log(&config)?;
    // Customers' passwords are in memory from here on.
    forbid_core_dumps();
    let metrics = start_metrics()?;
    runtime()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut running = app::start(&config, metrics).await?;
        let mut is_offered = false;
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                Ok(link) = &mut running.setup_link, if !is_offered => {
                    is_offered = true;
                    output::line(format!("Nobody can sign in to the panel yet. Set up the first account (within a day): {link}"))?;
                }
            }
        }
        tracing::info!("stopping");
        let twice = || Failure::new("told twice to stop: ended at once; what was acknowledged is in the journal");
        tokio::select! {
            () = running.stop() => Ok(()),
            _ = terminate.recv() => Err(twice()),
            _ = interrupt.recv() => Err(twice()),
        }
    })
}

/// The runtime of everything but the data plane, which has threads of its own: its threads, and those of SQLite that they start, give way to these.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).on_thread_start(give_way).enable_all().build()
}

/// The recorder that /metrics renders.
pub fn start_metrics() -> Result<PrometheusHandle, Failure> {
    PrometheusBuilder::new().install_recorder().map_err(|e| Failure::new(format!("metrics: {e}")))
}

fn start_log(config: &Config) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(format!("sqlx=error,{}", config.log.level))
        .map_err(|e| Failure::config(format!("log.level: {e}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    // With -v a log is running already; that one stays.
    let _ = match config.log.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    Ok(())
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        match error.exit_code() {
            3 => Failure::config(error.to_string()),
            4 => Failure::unreachable(error.to_string()),
            _ => Failure::new(error.to_string()),
        }
    }
}
