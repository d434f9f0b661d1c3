//! The suspension forecast: whose time runs out today and in the next seven days unless they pay, and what they pay for a period, by package and by zone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Meaning, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::customers::CustomerError;
use crate::store::Conn;
use crate::units::{UnixMs, next_local_midnight};

/// The widget's name.
pub const FORECAST: &str = "suspension-forecast";
/// Today and seven days more.
const DAYS: usize = 8;

/// Some customers, and what is lost if none of them pays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AtRisk {
    /// How many.
    pub customers: i64,
    /// What their packages cost together, in the smallest unit of the tenant's currency.
    pub amount_minor: i64,
    /// How many of them have a package without a price.
    pub without_price: i64,
}

impl AtRisk {
    fn add(&mut self, customers: i64, price_minor: Option<i64>) {
        self.customers += customers;
        self.amount_minor = self.amount_minor.saturating_add(price_minor.unwrap_or(0).saturating_mul(customers));
        self.without_price += if price_minor.is_none() { customers } else { 0 };
    }
}

/// See the head of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The rest of today, then each of the next seven days: when it ends, and who.
    pub days: Vec<(UnixMs, AtRisk)>,
    /// Today's by package, the most first.
    pub today_by_package: Vec<(String, AtRisk)>,
    /// Today's by zone, the most first; `None` = in no zone.
    pub today_by_zone: Vec<(Option<String>, AtRisk)>,
}

impl Forecast {
    /// Who expires today.
    pub fn today(&self) -> AtRisk {
        self.days.first().map(|(_, risk)| *risk).unwrap_or_default()
    }

    /// Whether nobody's time runs out in all these days.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(|(_, risk)| risk.customers == 0)
    }
}

/// Reads it. A customer who is held, closed, or whose time has not begun is in none of it.
pub async fn forecast(conn: &mut Conn, scope: &Scope, meaning: &Meaning<'_>) -> Result<Forecast, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    let mut ends = Vec::with_capacity(DAYS);
    for _ in 0..DAYS {
        ends.push(next_local_midnight(ends.last().copied().unwrap_or(meaning.now), &meaning.zone));
    }
    let rows = sql::list_expiries(conn, scope, meaning.now, &ends).await?;
    let mut days: Vec<(UnixMs, AtRisk)> = ends.into_iter().map(|end| (end, AtRisk::default())).collect();
    let (mut by_package, mut by_zone) = (BTreeMap::<String, AtRisk>::new(), BTreeMap::<Option<String>, AtRisk>::new());
    for row in rows {
        if let Some((_, risk)) = usize::try_from(row.day).ok().and_then(|day| days.get_mut(day)) {
            risk.add(row.customers, row.price_minor);
        }
        if row.day == 0 {
            by_package.entry(row.package).or_default().add(row.customers, row.price_minor);
            by_zone.entry(row.zone).or_default().add(row.customers, row.price_minor);
        }
    }
    Ok(Forecast { days, today_by_package: most_first(by_package), today_by_zone: most_first(by_zone) })
}

fn most_first<K: Ord>(all: BTreeMap<K, AtRisk>) -> Vec<(K, AtRisk)> {
    let mut all: Vec<(K, AtRisk)> = all.into_iter().collect();
    all.sort_by_key(|(_, risk)| (-risk.amount_minor, -risk.customers));
    all
}
