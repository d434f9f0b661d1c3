//! `tollgate migrate`: makes or upgrades the store.

use clap::Args;

use super::context::{block_on, now, open_db, read_config, with_ids};
use super::{Failure, Globals, output};
use crate::accounts::{ensure_default_tenant, fold_full_names};
use crate::config::Config;
use crate::customers::fold_customers;
use crate::sessions::date_usage;
use crate::store::{Db, StoreIdentity, StoreUrl, create_private_folder, ensure_store_identity, migrate, schema_version};

/// No options of its own.
#[derive(Debug, Args)]
pub struct MigrateArgs {}

/// Runs it.
pub fn run(globals: &Globals, _: MigrateArgs) -> Result<(), Failure> {
    block_on(async {
        let config = read_config(globals)?;
        let tenant = globals.tenant.as_deref().unwrap_or(&config.tenant.name).to_owned();
        let (db, identity) = prepare_store(&config, &tenant).await?;
        db.close().await;
        let version = schema_version();
        if globals.json {
            let id = crate::units::hex(&identity.store_id);
            return output::json(&serde_json::json!({ "schema_version": version, "store_id": id, "tenant": tenant }));
        }
        output::line(format!("The store is at schema version {version}; its tenant {tenant:?} is ready."))
    })
}

/// Makes folders, schema, identity, key file, and a tenant with its owner account; whatever is there already stays.
pub async fn prepare_store(config: &Config, tenant: &str) -> Result<(Db, StoreIdentity), Failure> {
    let make = |folder: &std::path::Path| {
        create_private_folder(folder).map_err(|e| Failure::config(format!("the folder {} cannot be made: {e}", folder.display())))
    };
    make(&config.data.folder)?;
    if let StoreUrl::Sqlite(path) = &config.store.url
        && let Some(folder) = path.parent()
    {
        make(folder)?;
    }
    let db = open_db(config).await?;
    migrate(&db).await?;
    date_usage(&db, now()).await?;
    fold_full_names(&db, now()).await?;
    fold_customers(&db, now()).await?;
    let (identity, _) = ensure_store_identity(&db, &config.data.key_file, now()).await?;
    with_ids(&db, async |ids| Ok(ensure_default_tenant(&db, ids, tenant, now()).await?)).await?;
    Ok((db, identity))
}
