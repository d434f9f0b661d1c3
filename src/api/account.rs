//! `/api/v1/account`: whose key this is and what it may do now; the first call of a program that wants to know whether it is let in.

use axum::Json;
use serde_json::{Value, json};

use crate::web::{Guard, KeyCaller, Routes};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/api/v1/account", Guard::Key, show)
}

async fn show(caller: KeyCaller) -> Json<Value> {
    let (scope, key) = (caller.scope(), &caller.holder.key);
    Json(json!({
        "account_id": key.account_id,
        "name": scope.name(),
        "role": scope.role().map(|role| role.as_str()),
        "tenant_id": scope.tenant(),
        "capabilities": scope.held().whole(),
        "key": { "name": key.name, "prefix": key.prefix, "expires_at": key.expires_at, "hourly_limit": key.hourly_limit },
    }))
}
