//! `tollgate check-config`: is the configuration right, and can the store be used.

use clap::Args;

use super::context::{block_on, open_db, read_config};
use super::dictionary::load_dictionary;
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
        if let Err(failure) = load_dictionary(config.radius.dictionaries.as_deref()) {
            errors.push(failure.to_string());
        }
        match check_store(&config).await {
            Ok(()) => {}
            // A store that is yet to be made is no mistake in the configuration.
            Err(CheckError::NotYetMade(text)) => warnings.push(text),
            Err(CheckError::Failure(failure)) if failure.exit() == 4 && errors.is_empty() => return Err(failure),
            Err(CheckError::Failure(failure)) => errors.push(failure.to_string()),
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

enum CheckError {
    NotYetMade(String),
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for CheckError {
    fn from(error: E) -> CheckError {
        CheckError::Failure(error.into())
    }
}

async fn check_store(config: &Config) -> Result<(), CheckError> {
    if let StoreUrl::Sqlite(path) = &config.store.url
        && !path.exists()
    {
        return Err(CheckError::NotYetMade(crate::store::SchemaError::Absent.to_string()));
    }
    let db = open_db(config).await?;
    let checked = async {
        match check_schema(&db).await {
            Err(absent @ crate::store::SchemaError::Absent) => return Err(CheckError::NotYetMade(absent.to_string())),
            checked => checked?,
        }
        check_store_identity(&db, &config.data.key_file).await?;
        Ok(())
    };
    let result = checked.await;
    db.close().await;
    result
}
