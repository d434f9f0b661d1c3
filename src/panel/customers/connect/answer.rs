//! The first line: why he is offline, or that he is not.

use super::Names;
use crate::aaa::explain::{Run, Said};
use crate::accounts::Scope;
use crate::customers::Customer;
use crate::panel::online::Online;
use crate::sessions::{NEWEST, SessionError, list_newest_sessions};
use crate::store::Conn;
use crate::units::UnixMs;
use crate::web::{Said as Value, Shell};

/// A session that is told of by its router later than its login was let in begins within this time.
const BEGINS_WITHIN_MS: i64 = 120_000;

/// When his newest session began, and when it ended.
pub(super) async fn last_session(conn: &mut Conn, scope: &Scope, customer: &Customer) -> Result<Option<(UnixMs, UnixMs)>, SessionError> {
    let newest = list_newest_sessions(conn, scope, false, &customer.username, &NEWEST, 1).await?;
    Ok(newest.first().and_then(|session| Some((session.started_at, session.ended_at?))))
}

/// Class and sentence. `ended` is his newest session, if it is over.
pub(super) fn answer(
    shell: &Shell,
    online: Option<&Online>,
    runs: &[Run],
    ended: Option<(UnixMs, UnixMs)>,
    names: &Names,
) -> (&'static str, String) {
    let say = |id: &str, values: &[(&str, Value<'_>)]| shell.language.text(id, values);
    if let Some(online) = online {
        let (since, router) = (Value::from(shell.when(online.since)), Value::from(online.router.as_str()));
        return ("ok", say("connect-online", &[("since", since), ("router", router)]));
    }
    let Some(newest) = runs.first() else { return ("bad", shell.t("connect-never")) };
    let (when, router) = (Value::from(shell.ago(newest.last_at)), Value::from(names.of(shell, newest.router_id)));
    match newest.said {
        Said::Rejected(reason) => {
            let times: i64 = runs.iter().take_while(|run| run.said == newest.said).map(|run| run.times).sum();
            let reason = Value::from(shell.t2("reason", reason.code()));
            ("bad", say("connect-rejected", &[("count", Value::from(times)), ("reason", reason), ("when", when)]))
        }
        Said::WalledGarden(reason) => (
            "warn",
            say("connect-walled", &[("reason", Value::from(shell.t2("reason", reason.code()))), ("when", when), ("router", router)]),
        ),
        Said::Accepted => match ended.filter(|(began, _)| *began >= newest.first_at - BEGINS_WITHIN_MS) {
            Some((_, at)) => ("", say("connect-ended", &[("when", Value::from(shell.when(at)))])),
            None => ("warn", say("connect-no-session", &[("when", when), ("router", router)])),
        },
    }
}
