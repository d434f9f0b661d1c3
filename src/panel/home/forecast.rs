//! Whose time runs out: today by package and by zone, and day by day for a week, each with what would be lost.

use crate::customers::finding::{AtRisk, FORECAST, forecast};
use crate::lists::quoted;
use crate::panel::customers;
use crate::units::{UnixMs, print_minor};
use crate::web::{Freshness, Problem, Shell, Signed, url_with};

/// domain: widgets are at most so old.
const KEPT_MS: i64 = 200_000;
/// Lines by package or by zone; what is less is in the list behind the heading.
const MOST_LINES: usize = 8;

/// A line of a table: what, where its customers are, how many, how much, and its share of the largest in percent.
pub(super) struct Line {
    pub text: String,
    pub link: String,
    pub customers: String,
    pub amount: String,
    pub share: i64,
}

/// The same for people.
pub(super) struct ForecastView {
    pub today: Line,
    pub currency: String,
    pub days: Vec<Line>,
    pub packages: Vec<Line>,
    pub zones: Vec<Line>,
    /// Today's customers whose package has no price.
    pub without_price: Option<String>,
    pub is_empty: bool,
    pub age: String,
}

pub(super) async fn view(who: &Signed, shell: &Shell, anew: bool) -> Result<ForecastView, Problem> {
    let (site, now) = (&who.site, who.now());
    let meaning = customers::meaning(who);
    let read = async { Ok::<_, Problem>(forecast(&mut site.db.read().await?, who.scope(), &meaning).await?) };
    let widget = site.widgets.get(FORECAST, who.scope(), Freshness { now, most_ms: KEPT_MS, anew }, read).await?;
    let (forecast, currency) = (&*widget.value, &who.tenant.currency);
    let line = |text: String, filter: &str, risk: &AtRisk, most: i64| Line {
        text,
        link: url_with("/customers", [("q", filter)]),
        customers: shell.number(risk.customers),
        amount: shell.money(&print_minor(risk.amount_minor, currency)),
        share: risk.customers * 100 / most.max(1),
    };
    let today = forecast.today();
    let most = forecast.days.iter().map(|(_, risk)| risk.customers).max().unwrap_or(0);
    let day = |at: usize, end: UnixMs, risk: &AtRisk| match at {
        0 => line(shell.t("forecast-today"), "status:expires-today", risk, most),
        _ => {
            let day = shell.plain_instant(end - 1).split(' ').next().unwrap_or_default().to_owned();
            line(shell.until_day(end), &format!("status:active expires:{day}"), risk, most)
        }
    };
    let of_today = |part: &str, name: &str| format!("status:expires-today {part}:{}", quoted(name));
    let package = |(name, risk): &(String, AtRisk)| line(name.clone(), &of_today("package", name), risk, today.customers);
    let zone = |(name, risk): &(Option<String>, AtRisk)| match name {
        Some(name) => line(name.clone(), &of_today("zone", name), risk, today.customers),
        None => line(shell.t("forecast-no-zone"), "status:expires-today zone:none", risk, today.customers),
    };
    Ok(ForecastView {
        today: line(String::new(), "status:expires-today", &today, 0),
        currency: currency.clone(),
        days: forecast.days.iter().enumerate().map(|(at, (end, risk))| day(at, *end, risk)).collect(),
        packages: forecast.today_by_package.iter().take(MOST_LINES).map(package).collect(),
        zones: forecast.today_by_zone.iter().take(MOST_LINES).map(zone).collect(),
        without_price: (today.without_price > 0).then(|| shell.t_count("forecast-without-price", today.without_price)),
        is_empty: forecast.is_empty(),
        age: shell.ago(widget.at),
    })
}
