//! What a filter means in SQL. The statement that a condition is added to has the customers as `c`, the tenant as `$1` and the scope's owners as `$2` and `$3`.

use super::Meaning;
use super::sql::Whose;
use super::words::{self, has_index};
use crate::customers::CustomerError;
use crate::customers::contact::phone_key;
use crate::lists::{Condition, Filter, Test, escaped};
use crate::store::Statement;
use crate::units::{Mac, local_midnight, lower_case, next_local_midnight};

/// A part of a condition that is known before anything is asked.
enum Part {
    Sql(&'static str),
    /// That he has an open session.
    Open,
    Number(i64),
    Text(String),
    Texts(Vec<String>),
}

/// A filter as parts of SQL.
pub(super) struct Compiled {
    parts: Vec<Part>,
    /// Words that are looked for in names and what else people say, each in lower case; the only one of a search may be anything of that, several are a name.
    words: Vec<String>,
    /// By which index SQLite, which does not know how many a condition finds, shall look for few.
    pub look: Look,
}

/// See [`Compiled::look`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One that a condition has beside the tenant, or none: never one that begins with the tenant, which all rows have alike.
    Own,
    /// That of who is online, customer by customer: SQLite only.
    Online,
    /// One that begins with the tenant and goes on with what a condition says.
    Tenant,
    /// The one that holds all that words are looked for in.
    Words,
    /// None helps: the one that holds what is asked for most.
    Any,
}

impl Compiled {
    /// Says what a value is that cannot be, such as a MAC address that is none.
    pub fn new(filter: &Filter, meaning: &Meaning<'_>) -> Result<Compiled, CustomerError> {
        let is_by_tenant = |c: &Condition| match c.field.name {
            "expires" | "registered" => !matches!(c.test, Test::None),
            "phone" | "code" => matches!(c.test, Test::OneOf(_)),
            "status" => matches!(&c.test, Test::OneOf(states) if states == &["expires-today"] || states == &["grace"]),
            _ => false,
        };
        let is_by_own = |c: &Condition| match c.field.name {
            "zone" | "package" | "operator" | "tag" | "mac" | "router" | "parent" => matches!(c.test, Test::OneOf(_)),
            "status" => {
                matches!(&c.test, Test::OneOf(states) if states.iter().all(|s| matches!(s.as_str(), "suspended" | "disabled" | "closed")))
            }
            _ => false,
        };
        let has = |which: &dyn Fn(&Condition) -> bool| filter.conditions.iter().any(|c| !c.negated && which(c));
        let words: Vec<String> = filter.words.split_whitespace().map(lower_case).collect();
        let is_online = |c: &Condition| c.field.name == "online" && matches!(&c.test, Test::OneOf(said) if said == &["yes"]);
        let look = if words.iter().any(|word| has_index(word)) {
            Look::Own
        } else if has(&is_by_tenant) {
            Look::Tenant
        } else if has(&is_by_own) {
            Look::Own
        } else if !words.is_empty() {
            Look::Words
        } else if has(&is_online) {
            Look::Online
        } else {
            Look::Any
        };
        let mut compiled = Compiled { parts: Vec::new(), words, look };
        for condition in &filter.conditions {
            // a condition that is meant as it stands is left bare, so that its index can be used
            compiled.sql(if condition.negated { " AND NOT COALESCE((" } else { " AND (" });
            compiled.condition(condition, meaning)?;
            compiled.sql(if condition.negated { "), FALSE)" } else { ")" });
        }
        Ok(compiled)
    }

    /// Whether a word has an index that finds everyone whom it could mean.
    pub fn has_indexed_word(&self) -> bool {
        self.words.iter().any(|word| has_index(word))
    }

    /// Adds it to a statement that gathers everyone: words are looked for by indexes, but in the rows of few.
    pub fn push_to_gather(&self, to: &mut Statement, whose: &Whose) {
        let is_lite = whose.is_lite;
        if whose.is_few {
            return self.push_to_walk(to);
        }
        self.push_parts(to, false);
        match &self.words[..] {
            [word] if has_index(word) => {
                to.push(" AND c.id IN (");
                words::anything_of(to, word, is_lite);
                to.push(")");
            }
            [word] => words::anything_in_row(to, word),
            several => words::name_by_index(to, several, is_lite),
        }
    }

    /// Adds it to a statement that walks an order until enough fit: words are looked for in each row.
    pub fn push_to_walk(&self, to: &mut Statement) {
        self.push_parts(to, true);
        match &self.words[..] {
            [word] => words::anything_in_row(to, word),
            several => several.iter().for_each(|word| words::name_in_row(to, word)),
        }
    }

    fn push_parts(&self, to: &mut Statement, one_by_one: bool) {
        for part in &self.parts {
            match part {
                Part::Sql(text) => to.push(text),
                // PostgreSQL makes of the former a join with all sessions, for however few customers
                Part::Open if one_by_one => to.push(OPEN_LOOKED_UP),
                Part::Open => to.push(OPEN),
                Part::Number(value) => to.number(*value),
                Part::Text(value) => to.text(value),
                Part::Texts(values) => to.texts(values.iter().map(String::as_str)),
            };
        }
    }

    fn sql(&mut self, text: &'static str) -> &mut Compiled {
        self.parts.push(Part::Sql(text));
        self
    }

    fn number(&mut self, value: i64) -> &mut Compiled {
        self.parts.push(Part::Number(value));
        self
    }

    fn text(&mut self, value: impl Into<String>) -> &mut Compiled {
        self.parts.push(Part::Text(value.into()));
        self
    }

    fn texts(&mut self, values: Vec<String>) -> &mut Compiled {
        self.parts.push(Part::Texts(values));
        self
    }

    fn condition(&mut self, condition: &Condition, meaning: &Meaning<'_>) -> Result<(), CustomerError> {
        match (condition.field.name, &condition.test) {
            ("status", Test::OneOf(states)) => self.states(states, meaning),
            ("expires", Test::None) => {
                self.sql("c.expires_at IS NULL");
            }
            // in the words of the index, which has those who never expire last
            ("expires", test) => self.span("COALESCE(c.expires_at, 9223372036854775807)", test, meaning, 1),
            ("registered", test) => self.span("c.registered_at", test, meaning, 0),
            ("seen", test) => self.seen(test, meaning),
            (name, Test::None) => self.none(name),
            (name, Test::OneOf(values)) => return self.one_of(name, values),
            (_, _) => {
                self.sql("FALSE");
            }
        }
        Ok(())
    }

    fn one_of(&mut self, name: &str, values: &[String]) -> Result<(), CustomerError> {
        let all = values.to_vec();
        let is_yes = values.first().is_some_and(|value| value == "yes");
        match name {
            "online" => {
                self.sql(if is_yes { "" } else { "NOT " });
                self.parts.push(Part::Open);
            }
            "package" => {
                self.sql("c.package_id IN (SELECT id FROM packages WHERE tenant_id = $1 AND name IN (").texts(all).sql("))");
            }
            "zone" => {
                self.sql("c.zone_id IN (SELECT id FROM zones WHERE tenant_id = $1 AND name IN (").texts(all).sql("))");
            }
            "operator" => {
                self.sql("c.owner_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND name IN (").texts(all).sql("))");
            }
            "router" => {
                self.sql("c.id IN (SELECT s.customer_id FROM sessions s WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND s.customer_id IS NOT NULL \
                     AND s.router_id IN (SELECT id FROM routers WHERE tenant_id = $1 AND name IN (")
                    .texts(all)
                    .sql(")))");
            }
            "tag" => {
                let tags = values.iter().map(|tag| tag.to_lowercase()).collect();
                self.sql("c.id IN (SELECT customer_id FROM customer_tags WHERE tenant_id = $1 AND tag IN (").texts(tags).sql("))");
            }
            "mac" => {
                let wrong = |text: &String| CustomerError::BadField(format!("{text:?} is not a MAC address"));
                let macs = values.iter().map(|text| Mac::parse(text.as_bytes()).map(|mac| mac.to_string()).ok_or_else(|| wrong(text)));
                let macs = macs.collect::<Result<Vec<_>, _>>()?;
                self.sql("c.id IN (SELECT customer_id FROM customer_macs WHERE tenant_id = $1 AND mac IN (").texts(macs).sql("))");
            }
            "randommac" => {
                self.sql(if is_yes { "" } else { "NOT " })
                    .sql("EXISTS (SELECT 1 FROM customer_macs m WHERE m.customer_id = c.id AND m.is_random)");
            }
            "static" => {
                self.sql(if is_yes { "c.static_ipv4 IS NOT NULL" } else { "c.static_ipv4 IS NULL" });
            }
            "ip" => {
                self.sql("c.static_ipv4 IN (").texts(all.clone());
                self.sql(
                    ") OR c.id IN (SELECT s.customer_id FROM sessions s WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND s.customer_id IS NOT NULL \
                     AND s.framed_ip IN (",
                );
                self.texts(all).sql("))");
            }
            "code" => {
                self.sql("c.code IN (").texts(all).sql(")");
            }
            "parent" => {
                self.sql("c.parent_id IN (SELECT p.id FROM customers p WHERE p.tenant_id = $1 AND p.code IN (").texts(all).sql("))");
            }
            "connection" => {
                self.sql("c.connection_type IN (").texts(all).sql(")");
            }
            "billing" => {
                self.sql("c.billing_type IN (").texts(all).sql(")");
            }
            "phone" => self.any(values, Compiled::phone_ends),
            "name" => self.any(values, |c, value| c.holds("c.name_key", value)),
            "username" => self.any(values, |c, value| c.holds("c.username_key", value)),
            "device" => self.any(values, |c, value| c.holds("LOWER(c.device_type)", value)),
            "email" => self.any(values, |c, value| c.holds("LOWER(c.email)", value)),
            "note" => self.any(values, |c, value| c.holds("LOWER(c.note)", value)),
            "address" => self.any(values, |c, value| {
                c.holds("LOWER(c.address || ' ' || c.city || ' ' || c.region || ' ' || c.postal_code || ' ' || c.country)", value);
            }),
            _ => {
                self.sql("FALSE");
            }
        }
        Ok(())
    }

    fn none(&mut self, name: &str) {
        self.sql(match name {
            "zone" => "c.zone_id IS NULL",
            "parent" => "c.parent_id IS NULL",
            "tag" => "NOT EXISTS (SELECT 1 FROM customer_tags t WHERE t.customer_id = c.id)",
            "mac" => "NOT EXISTS (SELECT 1 FROM customer_macs m WHERE m.customer_id = c.id)",
            "device" => "c.device_type = ''",
            "phone" => "c.phone_key = ''",
            "name" => "c.name_key = ''",
            "email" => "c.email = ''",
            "address" => "c.address = '' AND c.city = ''",
            "note" => "c.note = ''",
            _ => "FALSE",
        });
    }

    fn any(&mut self, values: &[String], mut one: impl FnMut(&mut Compiled, &str)) {
        for (at, value) in values.iter().enumerate() {
            self.sql(if at == 0 { "(" } else { " OR (" });
            one(self, value);
            self.sql(")");
        }
    }

    /// `column` is in lower case.
    fn holds(&mut self, column: &'static str, value: &str) {
        self.sql(column).sql(" LIKE ").text(format!("%{}%", escaped(&lower_case(value)))).sql(" ESCAPE '\\'");
    }

    /// By the index of phones backwards.
    fn phone_ends(&mut self, value: &str) {
        let key = phone_key(value);
        match key.is_empty() {
            true => {
                self.sql("FALSE");
            }
            false => {
                self.sql("c.phone_key >= ").text(key.clone()).sql(" AND c.phone_key < ").text(format!("{key}:"));
            }
        }
    }

    /// The same rule as `state`, in SQL; a test compares them.
    fn states(&mut self, states: &[String], meaning: &Meaning<'_>) {
        let late = meaning.now - i64::from(meaning.rules.grace_secs) * 1000;
        for (at, state) in states.iter().enumerate() {
            self.sql(if at == 0 { "(" } else { " OR (" });
            match state.as_str() {
                "closed" => {
                    self.sql("c.closed_at IS NOT NULL");
                }
                "disabled" => {
                    self.sql("c.closed_at IS NULL AND c.hold <> 'none' AND c.hold = 'disabled'");
                }
                "suspended" => {
                    self.sql("c.closed_at IS NULL AND c.hold <> 'none' AND c.hold = 'suspended'");
                }
                "expired" => {
                    self.sql("c.closed_at IS NULL AND c.hold = 'none' AND COALESCE(c.expires_at, 9223372036854775807) <= ").number(late);
                }
                "pending" => {
                    self.sql(SERVED).number(late).sql(" AND c.first_login_secs IS NOT NULL AND c.activated_at IS NULL");
                }
                "active" => {
                    self.sql(SERVED).number(late).sql(BEGUN);
                }
                "grace" => {
                    self.sql(SERVED)
                        .number(late)
                        .sql(BEGUN)
                        .sql(" AND COALESCE(c.expires_at, 9223372036854775807) <= ")
                        .number(meaning.now);
                }
                "expires-today" => {
                    let midnight = next_local_midnight(meaning.now, &meaning.zone);
                    self.sql(SERVED).number(meaning.now.max(late)).sql(BEGUN);
                    self.sql(" AND COALESCE(c.expires_at, 9223372036854775807) <= ").number(midnight);
                }
                _ => {
                    self.sql("FALSE");
                }
            }
            self.sql(")");
        }
    }

    /// `later_ms` is 1 for the end of a time: whoever is served to a day's last instant has the midnight after it, and is of that day.
    fn span(&mut self, column: &'static str, test: &Test, meaning: &Meaning<'_>, later_ms: i64) {
        let (from, to) = test.bounds(meaning.now, &meaning.zone);
        let (from, to) = (from.map(|at| at.saturating_add(later_ms)), to.map(|at| at.saturating_add(later_ms)));
        self.sql("TRUE");
        if let Some(from) = from {
            self.sql(" AND ").sql(column).sql(" >= ").number(from);
        }
        if let Some(to) = to {
            self.sql(" AND ").sql(column).sql(" < ").number(to);
        }
    }

    /// By what is charged: a bucket is a local day or begins with a period, so days are compared.
    fn seen(&mut self, test: &Test, meaning: &Meaning<'_>) {
        const SINCE: &str = "EXISTS (SELECT 1 FROM usage u WHERE u.tenant_id = $1 AND u.customer_id = c.id AND u.bucket_at >= ";
        let (from, to) = test.bounds(meaning.now, &meaning.zone);
        if matches!(test, Test::None) {
            self.sql("NOT ");
        }
        self.sql(SINCE).number(from.map_or(0, |at| local_midnight(at, &meaning.zone))).sql(")");
        if let Some(to) = to {
            self.sql(" AND NOT ").sql(SINCE).number(next_local_midnight(to - 1, &meaning.zone)).sql(")");
        }
    }
}

const OPEN: &str = "EXISTS (SELECT 1 FROM sessions s WHERE s.tenant_id = $1 AND s.customer_id = c.id AND s.ended_at IS NULL)";
const OPEN_LOOKED_UP: &str =
    "((SELECT s.customer_id FROM sessions s WHERE s.tenant_id = $1 AND s.customer_id = c.id AND s.ended_at IS NULL LIMIT 1) IS NOT NULL)";
const SERVED: &str = "c.closed_at IS NULL AND c.hold = 'none' AND COALESCE(c.expires_at, 9223372036854775807) > ";
pub(super) const BEGUN: &str = " AND (c.first_login_secs IS NULL OR c.activated_at IS NOT NULL)";
