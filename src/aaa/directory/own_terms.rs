//! Reading a customer's own terms from the store's joined column, and what customers bought on top.

use std::collections::HashMap;
use std::sync::Arc;

use super::terms::{Own, OwnTerms, Terms};
use crate::aaa::policy::TopUp;
use crate::customers::{self, list_all_top_ups, list_top_ups_of};
use crate::store::{Conn, StoreError};
use crate::units::{CustomerId, UnixMs};

/// What customers bought on top, by customer.
#[derive(Debug, Default)]
pub(super) struct TopUps(HashMap<i64, Vec<TopUp>>);

impl TopUps {
    /// Those of customers with `first <= id <= last`.
    pub async fn load(conn: &mut Conn, first: i64, last: i64) -> Result<TopUps, StoreError> {
        Ok(TopUps::of_all(list_all_top_ups(conn, first, last).await?))
    }

    /// Those of these customers.
    pub async fn load_of(conn: &mut Conn, ids: &[i64]) -> Result<TopUps, StoreError> {
        Ok(TopUps::of_all(list_top_ups_of(conn, ids).await?))
    }

    fn of_all(all: Vec<(CustomerId, customers::TopUp)>) -> TopUps {
        let mut by_customer: HashMap<i64, Vec<TopUp>> = HashMap::new();
        for (customer, top_up) in all {
            by_customer.entry(customer.0).or_default().push(TopUp {
                id: top_up.id,
                direction: top_up.bought.direction,
                octets_left: top_up.bought.octets,
                expires_at: top_up.bought.expires_at.unwrap_or(UnixMs::MAX),
            });
        }
        by_customer.values_mut().for_each(|all| all.sort_by_key(|t| (t.expires_at, t.id)));
        TopUps(by_customer)
    }

    /// A customer's, the first to expire first.
    pub fn of(&self, customer_id: i64) -> &[TopUp] {
        self.0.get(&customer_id).map_or(&[], Vec::as_slice)
    }
}

/// What the column says.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// `None` = none of his own.
    pub terms: Option<Terms>,
    pub is_closed: bool,
}

/// Reads the column: numbers separated by spaces (closed, activated, seconds from first login, period, package, own rate until; empty = none), then own rate and
/// limits as JSON, each on a line.
pub(super) fn read_terms(column: Option<&str>, top_ups: &[TopUp]) -> Result<Read, String> {
    let column = match column {
        None if top_ups.is_empty() => return Ok(Read::default()),
        column => column.unwrap_or_default(),
    };
    let mut lines = column.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (numbers, rate, limits) = (line(), line(), line());
    let mut numbers = numbers.split(' ');
    let mut number = || match numbers.next().unwrap_or_default() {
        "" => Ok(None),
        text => text.parse::<i64>().map(Some).map_err(|e| format!("terms: {e}")),
    };
    let (closed, activated, first_login_secs) = (number()?, number()?, number()?);
    let (period, package, rate_until) = (number()?, number()?, number()?);
    let json = |e: serde_json::Error| format!("terms: {e}");
    let own = OwnTerms {
        limits: if limits.is_empty() { Default::default() } else { serde_json::from_str(limits).map_err(json)? },
        rate: match rate {
            "" => None,
            text => Some((serde_json::from_str(text).map_err(json)?, rate_until.unwrap_or(UnixMs::MAX))),
        },
        top_ups: top_ups.to_vec(),
        expired: Vec::new(),
    };
    let terms = Terms {
        period_started_at: period.unwrap_or(0),
        package_since_at: package.unwrap_or(0),
        first_login_secs: if activated.is_some() { 0 } else { first_login_secs.and_then(|n| u64::try_from(n).ok()).unwrap_or(0) },
        own: (own != OwnTerms::default()).then(|| Arc::new(Own::new(own))),
    };
    let has_any = terms.own.is_some() || terms.first_login_secs > 0 || period.is_some() || package.is_some();
    Ok(Read { terms: has_any.then_some(terms), is_closed: closed.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::Direction;

    #[test]
    fn the_column_reads_as_it_was_joined() {
        let top_up = TopUp { id: 1, direction: Direction::Total, octets_left: 9, expires_at: UnixMs::MAX };
        let read = |column: &str, top_ups: &[TopUp]| read_terms(Some(column), top_ups).expect(column);
        let closed = read("5     \n\n", &[]);
        assert!(closed.is_closed && closed.terms.is_none());
        let all = read("  600 7 8 9\n{\"rate\":{\"download\":1000,\"upload\":null}}\n{\"hours\":[]}", &[top_up]).terms.expect("terms");
        assert_eq!((all.first_login_secs, all.period_started_at, all.package_since_at), (600, 7, 8));
        let own = &all.own.expect("his own").terms;
        assert_eq!((own.rate.expect("a rate").1, own.limits.hours.clone(), own.top_ups.clone()), (9, Some(Vec::new()), vec![top_up]));
        assert_eq!(read(" 4 600 7  \n\n", &[]).terms.expect("terms").first_login_secs, 0, "it has been");
        assert!(read_terms(None, &[]).expect("nothing").terms.is_none() && read_terms(None, &[top_up]).expect("one").terms.is_some());
        assert!(read_terms(Some("x     \n\n"), &[]).is_err() && read_terms(Some("     \n{\n"), &[]).is_err());
    }
}
