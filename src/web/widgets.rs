//! Figures that take a while to count, kept for a while: what a home page shows. Each is dropped when something of its tenant is written, and says how old it is; nothing
//! that decides access or money is read from here.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use moka::sync::Cache;

use super::list::Counts;
use crate::accounts::Scope;
use crate::units::{TenantId, UnixMs};

/// domain: widgets are at most so old.
const KEPT_FOR: Duration = Duration::from_secs(200);
const MOST: u64 = 20_000;
/// What routers and first logins write comes by the feed without end; for that nothing is counted more often than this.
const ELSEWHERE_MS: i64 = 5_000;

/// A figure, and when it was counted.
#[derive(Debug, Clone)]
pub struct Widget<T> {
    /// When.
    pub at: UnixMs,
    /// What.
    pub value: Arc<T>,
}

#[derive(Clone)]
struct Kept {
    at: UnixMs,
    written: u64,
    elsewhere: u64,
    value: Arc<dyn Any + Send + Sync>,
}

/// How old a widget may be.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// Now.
    pub now: UnixMs,
    /// At most so old.
    pub most_ms: i64,
    /// Whether it is counted anew whatever is kept.
    pub anew: bool,
}

/// See the head of the file.
pub struct Widgets {
    kept: Cache<String, Kept>,
    of_tenants: DashMap<TenantId, u64>,
    elsewhere: AtomicU64,
}

impl Default for Widgets {
    fn default() -> Widgets {
        let kept = Cache::builder().max_capacity(MOST).time_to_live(KEPT_FOR).build();
        Widgets { kept, of_tenants: DashMap::new(), elsewhere: AtomicU64::new(0) }
    }
}

impl Widgets {
    /// The widget of this name for a scope; counted by `count` if there is none that is fresh enough.
    pub async fn get<T: Any + Send + Sync, E>(
        &self,
        name: &'static str,
        scope: &Scope,
        freshness: Freshness,
        count: impl Future<Output = Result<T, E>>,
    ) -> Result<Widget<T>, E> {
        let key = Counts::key(scope, name, "");
        let written = self.of_tenants.get(&scope.tenant()).map_or(0, |n| *n);
        let elsewhere = self.elsewhere.load(Ordering::Relaxed);
        let is_good = |kept: &Kept| {
            let age = freshness.now - kept.at;
            kept.written == written && age < freshness.most_ms && (kept.elsewhere == elsewhere || age < ELSEWHERE_MS)
        };
        if let Some(kept) = self.kept.get(&key).filter(|kept| !freshness.anew && is_good(kept))
            && let Ok(value) = kept.value.downcast()
        {
            return Ok(Widget { at: kept.at, value });
        }
        let value = Arc::new(count.await?);
        self.kept.insert(key, Kept { at: freshness.now, written, elsewhere, value: value.clone() });
        Ok(Widget { at: freshness.now, value })
    }

    /// Something of a tenant was written through a page or the API.
    pub fn note(&self, tenant: TenantId) {
        *self.of_tenants.entry(tenant).or_default() += 1;
    }

    /// Something was written by somebody else: a job, a command, another node.
    pub fn note_elsewhere(&self) {
        self.elsewhere.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn a_widget_is_kept_until_something_is_written() {
        let (widgets, scope) = (Widgets::default(), Scope::administrator(TenantId(1)));
        let get = |now: UnixMs, anew: bool, value: i64| {
            let (widgets, scope) = (&widgets, &scope);
            async move {
                let freshness = Freshness { now, most_ms: 200_000, anew };
                let got = widgets.get("figures", scope, freshness, async { Ok::<_, Infallible>(value) }).await;
                got.map(|widget| (widget.at, *widget.value)).expect("cannot fail")
            }
        };
        assert_eq!(get(1_000, false, 1).await, (1_000, 1));
        assert_eq!(get(2_000, false, 2).await, (1_000, 1), "kept");
        assert_eq!(get(3_000, true, 3).await, (3_000, 3), "asked for anew");
        widgets.note(TenantId(2));
        assert_eq!(get(4_000, false, 4).await, (3_000, 3), "another tenant's");
        widgets.note(TenantId(1));
        assert_eq!(get(5_000, false, 5).await, (5_000, 5), "written through a page");
        widgets.note_elsewhere();
        assert_eq!(get(9_999, false, 6).await, (5_000, 5), "not more often than every five seconds");
        assert_eq!(get(10_000, false, 7).await, (10_000, 7), "written elsewhere");
        assert_eq!(get(210_000, false, 8).await, (210_000, 8), "too old");
    }
}
