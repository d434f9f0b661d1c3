//! The text of a filter, read into conditions and printed again. Pure: whether a zone of that name exists is found out where rows are.

use std::fmt;

use jiff::tz::TimeZone;

use super::{Field, Kind, Moment};
use crate::units::UnixMs;

/// Most conditions of a filter, and values of one.
const MOST_CONDITIONS: usize = 40;
const MOST_VALUES: usize = 50;
/// Most words that are searched for.
const MOST_WORDS: usize = 20;
/// Longest text, in octets.
const MOST_OCTETS: usize = 4_000;
/// The value of a field that a row lacks.
const NONE: &str = "none";

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is one of these; text holds one of them.
    OneOf(Vec<String>),
    /// There is none.
    None,
    /// At or after the begin of this.
    From(Moment),
    /// After the end of this.
    After(Moment),
    /// Before the end of this: a day is included.
    Until(Moment),
    /// Before the begin of this.
    Before(Moment),
    /// From the begin of one until the end of another.
    Between(Moment, Moment),
}

impl Test {
    /// From the first instant, up to but not including the second; neither where it is not about instants.
    pub fn bounds(&self, now: UnixMs, zone: &TimeZone) -> (Option<UnixMs>, Option<UnixMs>) {
        let begin = |moment: &Moment| moment.span(now, zone).0;
        // an instant that has no length is itself within its bounds
        let end = |moment: &Moment| {
            let (begin, end) = moment.span(now, zone);
            if begin == end { end + 1 } else { end }
        };
        match self {
            Test::From(at) => (Some(begin(at)), None),
            Test::After(at) => (Some(end(at)), None),
            Test::Until(at) => (None, Some(end(at))),
            Test::Before(at) => (None, Some(begin(at))),
            Test::Between(from, to) => (Some(begin(from)), Some(end(to))),
            Test::None | Test::OneOf(_) => (None, None),
        }
    }
}

/// One chip: a field, what is asked of it, and whether the opposite is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Which field.
    pub field: &'static Field,
    /// Whether rows for which the test holds are left out.
    pub negated: bool,
    /// What is asked.
    pub test: Test,
}

/// The operators that a form offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// It is one of the values.
    Is,
    /// It is none of them.
    IsNot,
    /// From one instant on.
    From,
    /// Until one instant.
    Until,
    /// Between two.
    Between,
    /// Between now and so long from now.
    Within,
    /// There is none.
    None,
    /// There is one.
    Any,
}
crate::units::words!(
    Operator,
    "an operator",
    "is" = Is,
    "is-not" = IsNot,
    "from" = From,
    "until" = Until,
    "between" = Between,
    "within" = Within,
    "none" = None,
    "any" = Any
);

impl Operator {
    /// Those that a field has, in the order in which a form offers them.
    pub fn of(field: &Field) -> Vec<Operator> {
        let mut all = match field.kind {
            Kind::Choice(_) | Kind::Name | Kind::Text | Kind::Exact => vec![Operator::Is, Operator::IsNot],
            Kind::Moment => vec![Operator::Within, Operator::From, Operator::Until, Operator::Between],
            Kind::YesNo => vec![Operator::Is],
        };
        if field.may_lack {
            all.extend([Operator::None, Operator::Any]);
        }
        all
    }
}

impl Condition {
    /// As a form says it: an operator and values.
    pub fn of_form(field: &'static Field, operator: Operator, values: &[&str]) -> Result<Condition, String> {
        let values: Vec<&str> = values.iter().map(|v| v.trim()).filter(|v| !v.is_empty()).collect();
        let one = || values.first().copied().ok_or_else(|| format!("say a value for {}", field.name));
        let two = || values.get(1).copied().ok_or_else(|| format!("say both ends for {}", field.name));
        let (negated, test) = match operator {
            Operator::Is | Operator::IsNot => {
                one()?;
                (operator == Operator::IsNot, Test::OneOf(values.iter().map(|v| (*v).to_owned()).collect()))
            }
            Operator::None => (false, Test::None),
            Operator::Any => (true, Test::None),
            Operator::From => (false, Test::From(one()?.parse()?)),
            Operator::Until => (false, Test::Until(one()?.parse()?)),
            Operator::Between => (false, Test::Between(one()?.parse()?, two()?.parse()?)),
            Operator::Within => (false, within(one()?.parse()?)),
        };
        Condition { field, negated, test }.checked()
    }

    /// The operator under which a form shows it, and its values there.
    pub fn as_form(&self) -> (Operator, Vec<String>) {
        match (&self.test, self.negated) {
            (Test::OneOf(values), negated) => (if negated { Operator::IsNot } else { Operator::Is }, values.clone()),
            (Test::None, negated) => (if negated { Operator::Any } else { Operator::None }, Vec::new()),
            (Test::Between(Moment::Now, end @ Moment::Away { count: 0.., .. }), _) => (Operator::Within, vec![end.to_string()]),
            (Test::Between(begin @ Moment::Away { count: ..0, .. }, Moment::Now), _) => (Operator::Within, vec![begin.to_string()]),
            (Test::Between(a, b), _) => (Operator::Between, vec![a.to_string(), b.to_string()]),
            (Test::From(at) | Test::After(at), _) => (Operator::From, vec![at.to_string()]),
            (Test::Until(at) | Test::Before(at), _) => (Operator::Until, vec![at.to_string()]),
        }
    }

    /// Whether the field has such a test and such values.
    fn checked(self) -> Result<Condition, String> {
        let field = self.field;
        match (&self.test, field.kind) {
            (Test::OneOf(values), Kind::Choice(words)) => {
                if let Some(wrong) = values.iter().find(|value| !words.contains(&value.as_str())) {
                    return Err(format!("{} is one of {}, not {wrong:?}", field.name, words.join(", ")));
                }
            }
            (Test::OneOf(values), Kind::YesNo) => {
                if values.len() != 1 || !matches!(values[0].as_str(), "yes" | "no") {
                    return Err(format!("{} is yes or no", field.name));
                }
            }
            (Test::OneOf(_), Kind::Moment) => return Err(format!("{0} is an instant: write {0}>=2026-12-31 or {0}:today..3d", field.name)),
            (Test::OneOf(_), _) => {}
            (Test::None, _) if !field.may_lack => return Err(format!("every row has {}", field.name)),
            (Test::None, _) => {}
            (_, Kind::Moment) => {}
            _ => return Err(format!("{} has no order", field.name)),
        }
        Ok(self)
    }
}

/// From now on for so long, or for so long until now.
fn within(away: Moment) -> Test {
    match away {
        Moment::Away { count: ..0, .. } => Test::Between(away, Moment::Now),
        _ => Test::Between(Moment::Now, away),
    }
}

/// A value as the text has it.
pub fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty() && value != NONE && !value.contains([' ', '"', ',', '\t']) && !value.contains("..");
    if is_plain { value.to_owned() } else { format!("\"{}\"", value.replace('"', "")) }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "-" } else { "" }, self.field.name)?;
        match &self.test {
            Test::OneOf(values) => write!(f, ":{}", values.iter().map(|v| quoted(v)).collect::<Vec<_>>().join(",")),
            Test::None => f.write_str(":none"),
            Test::From(at) => write!(f, ">={at}"),
            Test::After(at) => write!(f, ">{at}"),
            Test::Until(at) => write!(f, "<={at}"),
            Test::Before(at) => write!(f, "<{at}"),
            Test::Between(from, to) => write!(f, ":{from}..{to}"),
        }
    }
}

/// A whole filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// What else was written: searched for by name, number or address. Lower case is not made here.
    pub words: String,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.conditions.iter().map(ToString::to_string).collect();
        parts.extend(Some(self.words.clone()).filter(|words| !words.is_empty()));
        f.write_str(&parts.join(" "))
    }
}

impl Filter {
    /// Reads a text; what does not read is told, and the rest is read all the same.
    pub fn read(text: &str, fields: &'static [Field]) -> (Filter, Vec<String>) {
        let (mut filter, mut wrong, mut words) = (Filter::default(), Vec::new(), Vec::new());
        if text.len() > MOST_OCTETS {
            return (filter, vec![format!("a filter has at most {MOST_OCTETS} octets")]);
        }
        for token in tokens(text) {
            match condition(&token, fields) {
                Ok(Some(_)) if filter.conditions.len() == MOST_CONDITIONS => {
                    wrong.push(format!("a filter has at most {MOST_CONDITIONS} conditions"));
                    break;
                }
                Ok(Some(condition)) => filter.conditions.push(condition),
                Ok(None) => words.push(token.replace('"', "")),
                Err(why) => wrong.push(why),
            }
        }
        if words.len() > MOST_WORDS {
            wrong.push(format!("a filter has at most {MOST_WORDS} words"));
            words.clear();
        }
        filter.words = words.join(" ").trim().to_owned();
        (filter, wrong)
    }

    /// Without the condition at a place.
    #[must_use]
    pub fn without(&self, at: usize) -> Filter {
        let kept = self.conditions.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c.clone());
        Filter { conditions: kept.collect(), words: self.words.clone() }
    }

    /// With one more condition, or another in the place of one.
    #[must_use]
    pub fn with(&self, condition: Condition, at: Option<usize>) -> Filter {
        let mut filter = self.clone();
        match at.and_then(|at| filter.conditions.get_mut(at)) {
            Some(place) => *place = condition,
            None => filter.conditions.push(condition),
        }
        filter
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.words.is_empty()
    }
}

/// Splits at spaces outside quotes.
fn tokens(text: &str) -> Vec<String> {
    let (mut all, mut token, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                token.push(c);
            }
            c if c.is_whitespace() && !is_quoted => all.extend(Some(std::mem::take(&mut token)).filter(|t| !t.is_empty())),
            c => token.push(c),
        }
    }
    all.extend(Some(token).filter(|t| !t.is_empty()));
    all
}

/// The values of a condition, split at commas outside quotes.
fn values(text: &str) -> Vec<String> {
    let (mut all, mut value, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => all.push(std::mem::take(&mut value)),
            c => value.push(c),
        }
    }
    all.push(value);
    all.into_iter().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect()
}

/// Reads one token; `None` if it is no condition but a word to search for, such as a MAC address with its colons.
fn condition(token: &str, fields: &'static [Field]) -> Result<Option<Condition>, String> {
    let (negated, rest) = token.strip_prefix('-').map_or((false, token), |rest| (true, rest));
    let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let operator = [">=", "<=", ">", "<", ":", "="].into_iter().find(|operator| rest.starts_with(operator));
    let Some(operator) = operator.filter(|_| !name.is_empty()) else { return Ok(None) };
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        if name.len() <= 2 || crate::units::Mac::parse(token.as_bytes()).is_some() {
            return Ok(None);
        }
        let known: Vec<&str> = fields.iter().map(|f| f.name).collect();
        return Err(format!("there is no filter {name:?}; there are {}", known.join(", ")));
    };
    let text = &rest[operator.len()..];
    let test = match operator {
        ">=" => Test::From(text.parse()?),
        ">" => Test::After(text.parse()?),
        "<=" => Test::Until(text.parse()?),
        "<" => Test::Before(text.parse()?),
        _ if text == NONE => Test::None,
        _ => match text.split_once("..").filter(|_| field.kind == Kind::Moment) {
            Some((from, to)) => Test::Between(from.parse()?, to.parse()?),
            None if field.kind == Kind::Moment && !text.is_empty() => {
                let moment: Moment = text.parse()?;
                Test::Between(moment.clone(), moment)
            }
            None => Test::OneOf(values(text)),
        },
    };
    match &test {
        Test::OneOf(values) if values.is_empty() => return Err(format!("say a value for {name}")),
        Test::OneOf(values) if values.len() > MOST_VALUES => return Err(format!("{name} takes at most {MOST_VALUES} values")),
        _ => {}
    }
    Condition { field, negated, test }.checked().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field::new("status", Kind::Choice(&["active", "expired"])),
        Field::lacking("zone", Kind::Name),
        Field::lacking("expires", Kind::Moment),
        Field::new("online", Kind::YesNo),
        Field::new("mac", Kind::Exact),
    ];

    #[test]
    fn a_filter_reads_and_prints_back() {
        for text in [
            "status:active,expired -zone:\"Mirpur 10\",\"x,y\" expires:now..3d online:no rahim 017",
            "expires>=2026-12-31 expires<today expires<=-7d expires>2026-01-01T10:00",
            "-zone:none expires:none",
            "zone:\"none\"",
            "expires:today..today",
            "mac:aa:bb:cc:dd:ee:ff",
            "aa:bb:cc:dd:ee:ff",
            "a:b",
        ] {
            let (filter, wrong) = Filter::read(text, FIELDS);
            assert_eq!((filter.to_string().as_str(), wrong), (text, Vec::new()), "{filter:?}");
        }
        let (filter, _) = Filter::read("  online=yes   -  \"two words\" ", FIELDS);
        assert_eq!(filter.to_string(), "online:yes - two words");
    }

    #[test]
    fn what_does_not_read_is_told_and_the_rest_stays() {
        for (text, wanted) in [
            ("status:gone", "status is one of active, expired"),
            ("stauts:active", "there is no filter \"stauts\""),
            ("online:maybe", "online is yes or no"),
            ("status:none", "every row has status"),
            ("status>=active", "is not an instant"),
            ("zone>=today", "zone has no order"),
            ("expires:x..y", "is not an instant"),
            ("zone:", "say a value for zone"),
        ] {
            let (filter, wrong) = Filter::read(&format!("online:yes {text} bob"), FIELDS);
            assert_eq!(filter.to_string(), "online:yes bob", "{text}");
            assert!(wrong.len() == 1 && wrong[0].contains(wanted), "{text}: {wrong:?}");
        }
        assert_eq!(Filter::read(&"online:yes ".repeat(60), FIELDS).1.len(), 1);
        assert_eq!(Filter::read(&"x".repeat(5_000), FIELDS).1.len(), 1);
    }

    #[test]
    fn forms_and_texts_mean_the_same() {
        let field = |name: &str| FIELDS.iter().find(|f| f.name == name).expect("a field");
        for (name, operator, values, text) in [
            ("status", Operator::Is, vec!["active", "expired"], "status:active,expired"),
            ("zone", Operator::IsNot, vec!["Mirpur 10"], "-zone:\"Mirpur 10\""),
            ("zone", Operator::None, vec![], "zone:none"),
            ("zone", Operator::Any, vec![], "-zone:none"),
            ("expires", Operator::Within, vec!["3d"], "expires:now..3d"),
            ("expires", Operator::Within, vec!["-3d"], "expires:-3d..now"),
            ("expires", Operator::Between, vec!["2026-01-01", "2026-02-01"], "expires:2026-01-01..2026-02-01"),
            ("expires", Operator::Until, vec!["today"], "expires<=today"),
        ] {
            let condition = Condition::of_form(field(name), operator, &values).expect(text);
            assert_eq!(condition.to_string(), text);
            assert_eq!(condition.as_form(), (operator, values.iter().map(|v| (*v).to_owned()).collect()), "{text}");
            assert!(Operator::of(field(name)).contains(&operator));
        }
        assert!(Condition::of_form(field("status"), Operator::Is, &["", " "]).is_err());
        assert!(Condition::of_form(field("expires"), Operator::Between, &["today"]).is_err());
        let (filter, _) = Filter::read("status:active online:yes", FIELDS);
        assert_eq!(filter.without(0).to_string(), "online:yes");
        let expired = Condition::of_form(field("status"), Operator::Is, &["expired"]).expect("reads");
        assert_eq!(filter.with(expired.clone(), Some(0)).to_string(), "status:expired online:yes");
        assert_eq!(filter.with(expired, None).conditions.len(), 3);
    }
}
