//! A login that nobody sent: the production code decides a real request, on a directory read from the store. Nothing is sent and nothing is written; a server's own live
//! state is not touched, so no place, no address and no validity is taken.

mod report;
mod request;

use std::sync::Arc;

use super::access::{Access, AccessRequest, Identity};
use super::directory::{Directory, Loader, Nas};
use super::explain::ExplainError;
use super::list_usage_days;
use super::policy::StoredUsage;
use super::throttle::{Throttle, ThrottleLimits};
use crate::accounts::{Scope, Tenant};
use crate::customers::Customer;
use crate::radius::dictionary::Dictionary;
use crate::radius::{MAX_PACKET_OCTETS, PacketView};
use crate::sessions::{LiveSessions, TokenKey, list_open_sessions_of};
use crate::store::{Db, Sealer};
use crate::units::{Mac, UnixMs};

pub use report::{Left, Next, Report, Then, What};
pub use request::Service;

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Login {
    /// Who logs in; his password is taken to be right.
    pub username: String,
    /// By which service.
    pub service: Service,
    /// His device.
    pub mac: Option<Mac>,
    /// When.
    pub at: UnixMs,
}

/// What books a login is judged by.
pub struct Books<'b> {
    /// The store.
    pub db: &'b Db,
    /// Opens its secrets.
    pub sealer: &'b Sealer,
    /// Names of attributes.
    pub dictionary: &'b Arc<Dictionary>,
    /// Whose rows are read.
    pub scope: &'b Scope,
    /// The tenant.
    pub tenant: &'b Tenant,
    /// When this is asked.
    pub now: UnixMs,
}

impl Books<'_> {
    /// The directory with this one customer, his open sessions and what he used: what a login's decision at an instant would look at.
    pub async fn open(&self, customer: Option<&Customer>, at: UnixMs) -> Result<Access, ExplainError> {
        let loader = Loader { sealer: self.sealer.clone(), dictionary: self.dictionary.clone() };
        let directory = Arc::new(Directory::empty());
        loader.load_small_tables(self.db, &directory).await?;
        let live = LiveSessions::new(TokenKey::new(&rand::random()));
        let mut usage = StoredUsage::default();
        if let Some(customer) = customer {
            let mut conn = self.db.read().await?;
            loader.load_settled_customer(&mut conn, &directory, customer.id.0, at).await?;
            list_open_sessions_of(&mut conn, self.scope, customer.id).await?.into_iter().for_each(|session| live.restore(session));
            live.listen_anew(at);
            let days = list_usage_days(&mut conn, self.scope, customer.id, 0).await?;
            let (period, package) = (customer.period_started_at.unwrap_or(0), customer.package_since_at.unwrap_or(0));
            usage = StoredUsage::of_days(customer.id.0, &days, self.now, &self.tenant.zone(), period, package);
        }
        Ok(Access {
            directory,
            live: Arc::new(live),
            throttle: Throttle::new(ThrottleLimits::default()),
            usage: Arc::new(usage),
            identity: Identity::default(),
        })
    }

    /// Decides a login at a router with books that were opened for it.
    pub fn decide(&self, access: &Access, customer: Option<&Customer>, nas: &Nas, login: &Login) -> Result<Report, ExplainError> {
        let request = request::make(login, access, customer, nas)?;
        let view =
            PacketView::parse(&request.bytes).map_err(|e| ExplainError::Request(format!("the request would be malformed: {e:?}")))?;
        let mut buffer = [0; MAX_PACKET_OCTETS];
        // Before the decision: afterwards this very login has begun a validity that waited for it.
        let standing = customer.and_then(|c| report::standing(access, c.id.0, self.tenant, login.at));
        let asked = AccessRequest { view: &view, nas, secrets: &nas.fields.secrets[..1], now: login.at, nonce: 0 };
        let answer = access.answer(&asked, &mut buffer).map_err(|_| ExplainError::ReplyTooLong)?;
        Ok(Report::new(login, nas, self.tenant, self.dictionary, &answer, &buffer, standing))
    }
}

/// The tenant's router of a name; without a name the first that was added.
pub fn find_nas(access: &Access, tenant: &Tenant, name: Option<&str>) -> Option<Arc<Nas>> {
    let routers = access.directory.routers.load();
    let mut own = routers.all().iter().filter(|nas| nas.fields.tenant_id == tenant.id.0);
    match name {
        Some(name) => own.find(|nas| *nas.fields.name == *name).cloned(),
        None => own.min_by_key(|nas| nas.fields.id).cloned(),
    }
}
