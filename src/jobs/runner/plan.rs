//! Schedules: noted when a node starts, moved on when they are due. The store decides which node queues the job; what was missed while no server ran is due at once.

use jiff::tz::TimeZone;

use super::Runner;
use crate::jobs::sql::{self, NewJob};
use crate::jobs::{Kind, Place, Schedule};
use crate::store::{IdMaker, StoreError};
use crate::units::{TenantId, UnixMs};

/// Tenant 0 stands for the server.
const SERVER: i64 = 0;
/// What jiff calls the zone of a machine that has none; it is UTC in all but name.
const UNKNOWN_ZONE: &str = "Etc/Unknown";

impl Runner {
    /// Notes when each kind runs by itself. A rule that is as before keeps the instant at which it is due, however long ago that was.
    pub(in crate::jobs) async fn note_schedules(&self, now: UnixMs) -> Result<(), StoreError> {
        for kind in &self.kinds {
            if kind.schedule == Schedule::None {
                let mut tx = self.db.begin().await?;
                sql::delete_schedules(&mut tx, kind.terms.name).await?;
                tx.commit(now).await?;
            }
            for (tenant, zone) in self.places(kind).await? {
                self.note(kind, tenant, &zone, now).await?;
            }
        }
        Ok(())
    }

    async fn note(&self, kind: &Kind, tenant: i64, zone: &TimeZone, now: UnixMs) -> Result<(), StoreError> {
        let Some(next) = kind.schedule.next(now, zone) else { return Ok(()) };
        let rule = rule(kind, zone);
        let known = sql::find_schedule(&mut self.db.read().await?, kind.terms.name, tenant).await?;
        if known.is_some_and(|(known, _)| known == rule) {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        sql::upsert_schedule(&mut tx, (kind.terms.name, tenant), &rule, kind.schedule.interval_ms() / 1000, next, now).await?;
        tx.commit(now).await
    }

    /// Queues what is due, once on all nodes together.
    pub(in crate::jobs) async fn plan(&self, ids: &IdMaker, now: UnixMs) -> Result<(), StoreError> {
        for kind in self.kinds.iter().filter(|kind| kind.schedule != Schedule::None) {
            for (tenant, zone) in self.places(kind).await? {
                let known = sql::find_schedule(&mut self.db.read().await?, kind.terms.name, tenant).await?;
                match known {
                    // a tenant that was just added, or a node without this schedule has started meanwhile
                    None => self.note(kind, tenant, &zone, now).await?,
                    Some((_, due)) if due <= now => self.queue(ids, kind, tenant, &zone, due, now).await?,
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    async fn queue(&self, ids: &IdMaker, kind: &Kind, tenant: i64, zone: &TimeZone, due: UnixMs, now: UnixMs) -> Result<(), StoreError> {
        let Some(next) = kind.schedule.next(now, zone) else { return Ok(()) };
        let terms = kind.terms;
        let mut tx = self.db.begin().await?;
        if !sql::update_next_run(&mut tx, (terms.name, tenant), due, next).await? {
            return Ok(());
        }
        let whose = (tenant != SERVER).then_some(TenantId(tenant));
        let lane = terms.lane(whose);
        let is_busy = match &lane {
            Some(lane) => sql::find_busy_lane(&mut tx, lane).await?,
            None => false,
        };
        // one that was asked for, or the one before, is still on its way: that will do
        if !is_busy {
            let (id, arguments) = (ids.next(now), serde_json::json!({}));
            let job =
                NewJob { id, tenant: whose, owner: None, asked_by: "", kind: terms.name, needs: terms.needs, lane, arguments: &arguments };
            sql::insert_job(&mut tx, &job, now).await?;
        }
        tx.commit(now).await
    }

    /// The server with its own zone, or each tenant with its.
    async fn places(&self, kind: &Kind) -> Result<Vec<(i64, TimeZone)>, StoreError> {
        if kind.schedule == Schedule::None {
            return Ok(Vec::new());
        }
        if kind.terms.place == Place::Server {
            return Ok(vec![(SERVER, TimeZone::system())]);
        }
        let tenants = sql::list_places(&mut self.db.read().await?).await?;
        Ok(tenants.into_iter().map(|(id, zone)| (id, TimeZone::get(&zone).unwrap_or(TimeZone::UTC))).collect())
    }
}

/// The rule in words; a daily one means something else in another zone.
fn rule(kind: &Kind, zone: &TimeZone) -> String {
    match kind.schedule {
        Schedule::Daily { .. } => format!("{} {}", kind.schedule, zone.iana_name().filter(|name| *name != UNKNOWN_ZONE).unwrap_or("UTC")),
        _ => kind.schedule.to_string(),
    }
}
