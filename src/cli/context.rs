//! What a command works with: configuration, store, key, ids, the instant at which it began.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::OnceCell;

use super::{Failure, Globals, output};
use crate::accounts::{Scope, Tenant, find_owner, find_tenant};
use crate::config::{Config, load_config};
use crate::store::{
    Db, IdMaker, Origin, SchemaError, Sealer, SlotLease, Source, StoreIdentity, StoreUrl, check_schema, check_store_identity,
};
use crate::units::{AccountId, UnixMs};

/// A lease holds 60 seconds; a long import renews it three times in that time.
const RENEW_EVERY: Duration = Duration::from_secs(20);

/// An opened store whose schema and key fit this program.
pub struct Context {
    /// The merged configuration.
    pub config: Config,
    /// The store.
    pub db: Db,
    /// Its name and age.
    pub identity: StoreIdentity,
    /// Seals and opens.
    pub sealer: Sealer,
    /// When the command began.
    pub now: UnixMs,
    tenant_name: String,
    slot: OnceCell<Slot>,
}

struct Slot {
    ids: Arc<IdMaker>,
    lease: SlotLease,
    owner: String,
    renewal: tokio::task::JoinHandle<()>,
}

/// The clock, read once per command.
pub fn now() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as UnixMs)
}

/// Reads the configuration that the options name.
pub fn read_config(globals: &Globals) -> Result<Config, Failure> {
    // values that are not Unicode cannot be ours
    let environment = std::env::vars_os().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)));
    Ok(load_config(globals.config.as_deref(), environment)?)
}

/// Opens the database in the name of `cli:<unix user>`; exit code 4 if it cannot be reached.
pub async fn open_db(config: &Config) -> Result<Db, Failure> {
    let db = Db::open(&config.store.url).await.map_err(|e| Failure::unreachable(format!("the store cannot be opened: {e}")))?;
    let origin = Origin { actor: format!("cli:{}", unix_user()), source: Source::Cli, ..Origin::default() };
    Ok(db.acting_as(origin))
}

/// Who runs the command, as the system knows him: by the real user id, which no environment variable changes. Behind `sudo` the one who called it.
pub fn unix_user() -> String {
    let own = rustix::process::getuid().as_raw();
    let behind_sudo = std::env::var("SUDO_UID").ok().and_then(|id| id.parse().ok()).filter(|_| own == 0);
    let id: u32 = behind_sudo.unwrap_or(own);
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f.get(2).is_some_and(|u| *u == id.to_string()));
    named.map_or_else(|| id.to_string(), |fields| fields[0].to_owned())
}

/// Runs an asynchronous command to its end.
pub fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// Opens the store, runs the command, gives the process slot back and closes.
pub fn with_context(globals: &Globals, command: impl AsyncFnOnce(&Context) -> Result<(), Failure>) -> Result<(), Failure> {
    block_on(async {
        let context = Context::open(globals).await?;
        let result = command(&context).await;
        context.close(globals).await;
        result
    })
}

impl Context {
    /// Opens configuration, store and key file; refuses a store that was never migrated or is of another version.
    pub async fn open(globals: &Globals) -> Result<Context, Failure> {
        let config = read_config(globals)?;
        if let StoreUrl::Sqlite(path) = &config.store.url
            && !path.exists()
        {
            // opening would make an empty file
            return Err(SchemaError::Absent.into());
        }
        let db = open_db(&config).await?;
        check_schema(&db).await?;
        let (identity, key) = check_store_identity(&db, &config.data.key_file).await?;
        let tenant_name = globals.tenant.clone().unwrap_or_else(|| config.tenant.name.clone());
        Ok(Context { config, db, identity, sealer: key.sealer(), now: now(), tenant_name, slot: OnceCell::new() })
    }

    /// The tenant that the options or the configuration name.
    pub async fn tenant(&self) -> Result<Tenant, Failure> {
        let found = find_tenant(&mut self.db.read().await?, &self.tenant_name).await?;
        Ok(found.ok_or_else(|| crate::accounts::AccountError::UnknownTenant(self.tenant_name.clone()))?)
    }

    /// The tenant, everything in it, and the account that owns what the command line makes.
    pub async fn tenant_and_owner(&self) -> Result<(Tenant, Scope, AccountId), Failure> {
        let (tenant, scope) = self.tenant_and_scope().await?;
        let owner = find_owner(&mut self.db.read().await?, tenant.id).await?;
        let owner = owner.ok_or_else(|| Failure::new(format!("tenant {:?} has no owner account", tenant.name)))?;
        Ok((tenant, scope, owner))
    }

    /// Everything in the tenant, with its rules: what a command works with that names its tenant.
    pub async fn tenant_and_scope(&self) -> Result<(Tenant, Scope), Failure> {
        let tenant = self.tenant().await?;
        let scope = Scope::administrator(tenant.id);
        Ok((tenant, scope))
    }

    /// Everything in the tenant: whoever runs commands on the server.
    pub async fn scope(&self) -> Result<Scope, Failure> {
        Ok(Scope::administrator(self.tenant().await?.id))
    }

    /// Ids of a slot that this process leases, from the first call until the end.
    pub async fn ids(&self) -> Result<&IdMaker, Failure> {
        let slot = self.slot.get_or_try_init(|| Slot::lease(&self.db)).await?;
        Ok(&slot.ids)
    }

    /// The same for what goes on beside the command.
    pub async fn shared_ids(&self) -> Result<Arc<IdMaker>, Failure> {
        let slot = self.slot.get_or_try_init(|| Slot::lease(&self.db)).await?;
        Ok(slot.ids.clone())
    }

    async fn close(self, globals: &Globals) {
        if let Some(slot) = self.slot.get()
            && let Err(e) = slot.release(&self.db).await
        {
            output::note(globals, format!("warning: the process slot runs out by itself: {e}"));
        }
        self.db.close().await;
    }
}

impl Slot {
    async fn lease(db: &Db) -> Result<Slot, Failure> {
        let owner = format!("command line, process {}, {:08x}", std::process::id(), rand::random::<u32>());
        let mut tx = db.begin().await?;
        let lease = SlotLease::take(&mut tx, &owner, now()).await?;
        tx.commit(now()).await?;
        let (db, name) = (db.clone(), Arc::<str>::from(owner.as_str()));
        let renewal = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW_EVERY).await;
                // a failed renewal is tried again in time; on SQLite a long transaction of our own keeps others out anyway
                if let Ok(mut tx) = db.begin().await
                    && lease.renew(&mut tx, &name, now()).await.is_ok()
                {
                    let _ = tx.commit(now()).await;
                }
            }
        });
        Ok(Slot { ids: Arc::new(IdMaker::new(lease)), lease, owner, renewal })
    }

    async fn release(&self, db: &Db) -> Result<(), Failure> {
        self.renewal.abort();
        let mut tx = db.begin().await?;
        self.lease.release(&mut tx, &self.owner, now().max(self.ids.high_water())).await?;
        Ok(tx.commit(now()).await?)
    }
}

/// Leases a slot for one piece of work on a store that is just being made (`migrate`, `demo`).
pub async fn with_ids<T>(db: &Db, work: impl AsyncFnOnce(&IdMaker) -> Result<T, Failure>) -> Result<T, Failure> {
    let slot = Slot::lease(db).await?;
    let result = work(&slot.ids).await;
    slot.release(db).await?;
    result
}
