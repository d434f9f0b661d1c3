//! `/api/v1/widgets/refresh`: counts the figures of home pages anew, all or those that are named, and answers with them.

use axum::Json;
use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::aaa::explain::{FIGURES, count_figures};
use crate::accounts::capability::Capability;
use crate::accounts::{Denial, find_tenant_by_id};
use crate::customers::finding::{FORECAST, Meaning, forecast};
use crate::web::{Freshness, Guard, KeyCaller, Problem, Routes, Widget};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().post("/api/v1/widgets/refresh", Guard::Key, refresh)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Names; all that the key may see if it is not there.
    widgets: Option<Vec<String>>,
}

async fn refresh(caller: KeyCaller, body: Bytes) -> Result<Json<Value>, Problem> {
    let wanted: Wanted = match body.is_empty() {
        true => Wanted::default(),
        false => {
            serde_json::from_slice(&body).map_err(|why| Problem::BadRequest(format!("the body is not {{\"widgets\": [...]}}: {why}")))?
        }
    };
    let scope = caller.scope();
    let mut found = Map::new();
    let names = wanted.widgets.unwrap_or_else(|| {
        let seen = [(FORECAST, scope.may_in_some_zone(Capability::CustomersView)), (FIGURES, scope.may(Capability::SessionsView))];
        seen.into_iter().filter(|(_, may)| *may).map(|(name, _)| name.to_owned()).collect()
    });
    if names.is_empty() {
        return Err(Denial::Lacks(Capability::CustomersView).into());
    }
    for name in names {
        let value = match name.as_str() {
            FORECAST => shown(&count_forecast(&caller).await?),
            FIGURES => shown(&count_live(&caller).await?),
            _ => return Err(Problem::BadRequest(format!("there is no widget {name:?}; there are {FORECAST} and {FIGURES}"))),
        };
        found.insert(name, value);
    }
    Ok(Json(json!({ "widgets": found })))
}

fn shown<T: Serialize>(widget: &Widget<T>) -> Value {
    json!({ "counted_at": crate::units::print_instant(widget.at), "value": &*widget.value })
}

fn anew(caller: &KeyCaller) -> Freshness {
    Freshness { now: caller.visit.now, most_ms: 0, anew: true }
}

async fn count_forecast(caller: &KeyCaller) -> Result<Widget<crate::customers::finding::Forecast>, Problem> {
    let (site, scope) = (&caller.site, caller.scope());
    let count = async {
        let mut conn = site.db.read().await?;
        let tenant = find_tenant_by_id(&mut conn, scope.tenant()).await?.ok_or(Problem::NotFound)?;
        let meaning = Meaning { now: caller.visit.now, zone: tenant.zone(), rules: &tenant.access_rules };
        Ok::<_, Problem>(forecast(&mut conn, scope, &meaning).await?)
    };
    site.widgets.get(FORECAST, scope, anew(caller), count).await
}

async fn count_live(caller: &KeyCaller) -> Result<Widget<crate::aaa::explain::Figures>, Problem> {
    let (site, scope) = (&caller.site, caller.scope());
    let count = async { Ok::<_, Problem>(count_figures(&mut site.db.read().await?, scope, caller.visit.now).await?) };
    site.widgets.get(FIGURES, scope, anew(caller), count).await
}
