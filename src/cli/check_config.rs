//! `tollgate check-config`: is the configuration right, and can the store be used.

use clap::Args;

use super::context::{block_on, open_db, read_config};
use super::{Failure, Globals, output};
use crate::config::{Config, Finding, check_config};
use crate::store::{StoreUrl, check_schema, check_store_identity};

/// No options of its own.
#[derive(Debug, Args)]
pub struct CheckConfigArgs {}

/// Runs it.
pub fn run(globals: &Globals, _: CheckConfigArgs) -> Result<(), Failure> {
    block_on(async {
        let config = read_config(globals)?;
        let mut errors = Vec::new();
        let mut warnings = Vec::new();
        for finding in check_config(&config) {
            match finding {
                Finding::Error(text) => errors.push(text),
                Finding::Warning(text) => warnings.push(text),
            }
        }
        if let Err(failure) = check_store(&config).await {
            if failure.exit() == 4 && errors.is_empty() {
                return Err(failure);
            }
            errors.push(failure.to_string());
        }
        let file = config.file.as_ref().map_or_else(|| "no file, the defaults".to_owned(), |f| f.display().to_string());
        if globals.json {
            output::json(&serde_json::json!({ "file": file, "errors": errors, "warnings": warnings }))?;
        } else {
            for warning in &warnings {
                output::line(format!("warning: {warning}"))?;
            }
        }
        let mut errors = errors.into_iter();
        match errors.next() {
            Some(first) => Err(Failure::config(first).with_lines(errors.map(|e| format!("error: {e}")))),
            None if globals.json => Ok(()),
            None => output::line(format!("The configuration is good ({file}).")),
        }
    })
}

async fn check_store(config: &Config) -> Result<(), Failure> {
    if let StoreUrl::Sqlite(path) = &config.store.url
        && !path.exists()
    {
        return Err(crate::store::SchemaError::Absent.into());
    }
    let db = open_db(config).await?;
    let checked = async {
        check_schema(&db).await?;
        check_store_identity(&db, &config.data.key_file).await?;
        Ok(())
    };
    let result = checked.await;
    db.close().await;
    result
}
