//! What a customer used, day by day, and his sessions' buckets behind it.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;

use super::{Frame, tab};
use crate::sessions::list_charged_buckets;
use crate::units::{DAY_MS, local_midnight};
use crate::web::object::Object;
use crate::web::{Id, Problem, Query, Shell, Signed, html};

/// Spans that can be chosen, in days.
const SPANS: [i64; 3] = [7, 30, 90];

struct Day {
    day: String,
    down: String,
    up: String,
    time: String,
    /// Of the day with most, in percent.
    share: u64,
}

#[derive(Template)]
#[template(path = "panel/customers/usage.html")]
struct Page {
    shell: Shell,
    object: Object,
    id: i64,
    days: Vec<Day>,
    spans: Vec<(i64, bool)>,
    total: [String; 3],
}

pub(super) async fn show(who: Signed, Id(id): Id, query: Query) -> Result<Response, Problem> {
    let (customer, shell, Frame { object, .. }) = tab(&who, id).await?;
    let span = query.parse::<i64>("days").filter(|days| SPANS.contains(days)).unwrap_or(SPANS[1]);
    let zone = who.tenant.zone();
    let since = local_midnight(who.now() - (span - 1) * DAY_MS, &zone);
    let buckets = list_charged_buckets(&mut who.site.db.read().await?, who.scope(), customer.id, since).await?;
    let mut by_day: BTreeMap<i64, [u64; 3]> = BTreeMap::new();
    for bucket in &buckets {
        let sums = by_day.entry(local_midnight(bucket.bucket_at, &zone)).or_default();
        for (sum, more) in sums.iter_mut().zip([bucket.octets_out, bucket.octets_in, bucket.secs]) {
            *sum += more.max(0) as u64;
        }
    }
    let most = by_day.values().map(|[down, up, _]| down + up).max().unwrap_or(0).max(1);
    let mut total = [0_u64; 3];
    by_day.values().for_each(|sums| total.iter_mut().zip(sums).for_each(|(t, s)| *t += s));
    let days = by_day.iter().rev().map(|(at, [down, up, secs])| Day {
        day: shell.day(at),
        down: shell.octets(*down),
        up: shell.octets(*up),
        time: shell.span(*secs as i64),
        share: (down + up) * 100 / most,
    });
    let total = [shell.octets(total[0]), shell.octets(total[1]), shell.span(total[2] as i64)];
    html(&Page { id, days: days.collect(), spans: SPANS.iter().map(|n| (*n, *n == span)).collect(), total, object, shell })
}
