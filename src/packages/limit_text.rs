//! Limits as one writes them on the command line, and back. The parts of a limit are separated by colons:
//!
//! ```text
//! volume    [download:|upload:|total:]AMOUNT/PERIOD[:rollover][:soft]     total:100G/month   upload:5G/day:rollover
//! time      DURATION/PERIOD                                              30h/month
//! validity  DURATION[:from-first-login]                                  30d   7d:from-first-login
//! hours     [DAYS:]HH:MM-HH:MM                                           mon-fri:08:00-18:00   sat,sun:22:00-06:00
//! fair use  after:[DIRECTION:]AMOUNT/PERIOD=RATE   during:HOURS=RATE      after:80G/month=2M/1M   during:00:00-06:00=200%
//! ```
//!
//! PERIOD is day, week, month, validity or once; RATE is DOWNLOAD/UPLOAD, or a percentage of the package's.

use std::fmt;
use std::str::FromStr;

use super::quantity::{parse_octets, parse_secs, print_octets, print_secs};
use super::{
    DevicePolicy, Direction, FairUse, FairUseRate, FairUseWhen, Hours, PerDirection, Period, RateLimit, TimeLimit, Validity, ValidityStart,
    VolumeLimit, WhenFull, WhenUnknown, service,
};
use crate::units::BitRate;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EVERY_DAY: u8 = 127;

/// Gives an enum its words: `FromStr`, whose error lists them, and `Display`.
macro_rules! spelled {
    ($type:ty, $what:literal, $($word:literal = $value:path),+ $(,)?) => {
        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($value),)+
                    _ => Err(format!(concat!("{:?} is not ", $what, ": write ", $($word, " "),+), text).trim_end().to_owned()),
                }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($value => $word),+ })
            }
        }
    };
}
spelled!(
    Period,
    "a period",
    "day" = Period::Day,
    "week" = Period::Week,
    "month" = Period::Month,
    "validity" = Period::Validity,
    "once" = Period::Once
);
spelled!(Direction, "a direction", "download" = Direction::Download, "upload" = Direction::Upload, "total" = Direction::Total);
spelled!(
    WhenFull,
    "what to do when full",
    "refuse-new" = WhenFull::RefuseNew,
    "replace-oldest" = WhenFull::ReplaceOldest,
    "same-mac-replaces" = WhenFull::SameMacReplaces
);
spelled!(WhenUnknown, "a rule", "does-not-count" = WhenUnknown::DoesNotCount, "counts" = WhenUnknown::Counts);

impl FromStr for DevicePolicy {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "listed" => Ok(DevicePolicy::Listed),
            "off" => Ok(DevicePolicy::Off),
            "ask-at-portal" => Ok(DevicePolicy::AskAtPortal),
            "fixed" => Ok(DevicePolicy::Fixed),
            _ => match text.strip_prefix("bind-first:").and_then(|n| n.parse().ok()).filter(|n| (1..=64u8).contains(n)) {
                Some(devices) => Ok(DevicePolicy::BindFirst(devices)),
                None => Err(format!("{text:?} is not a device policy: write listed, off, bind-first:N (1 to 64), ask-at-portal or fixed")),
            },
        }
    }
}

impl fmt::Display for DevicePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DevicePolicy::Listed => f.write_str("listed"),
            DevicePolicy::Off => f.write_str("off"),
            DevicePolicy::BindFirst(devices) => write!(f, "bind-first:{devices}"),
            DevicePolicy::AskAtPortal => f.write_str("ask-at-portal"),
            DevicePolicy::Fixed => f.write_str("fixed"),
        }
    }
}

/// The bit of a service's name (see [`service`]).
pub fn parse_service(text: &str) -> Result<u8, String> {
    let found = service::ALL.iter().find(|(_, name)| *name == text);
    let names = service::ALL.map(|(_, name)| name).join(" ");
    found.map(|(bit, _)| *bit).ok_or_else(|| format!("{text:?} is not a service: write {names}"))
}

fn split_amount(text: &str) -> Result<(&str, Period), String> {
    let (amount, period) = text.split_once('/').ok_or_else(|| format!("{text:?} names no period: write for example 100G/month"))?;
    Ok((amount, period.parse()?))
}

/// `[DIRECTION:]AMOUNT/PERIOD`, and what follows the next colon.
fn split_volume(text: &str) -> Result<(Direction, u64, Period, Option<&str>), String> {
    let (direction, rest) = match text.split_once(':') {
        Some((word, rest)) if !word.contains('/') => (word.parse()?, rest),
        _ => (Direction::Total, text),
    };
    let (amount, options) = rest.split_once(':').map_or((rest, None), |(amount, options)| (amount, Some(options)));
    let (amount, per) = split_amount(amount)?;
    Ok((direction, parse_octets(amount)?, per, options))
}

impl FromStr for VolumeLimit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (direction, octets, per, options) = split_volume(text)?;
        let mut limit = VolumeLimit { direction, octets, per, rollover: false, soft: false };
        for option in options.into_iter().flat_map(|o| o.split(':')) {
            match option {
                "rollover" => limit.rollover = true,
                "soft" => limit.soft = true,
                "hard" => limit.soft = false,
                _ => return Err(format!("{option:?} is no option of a volume limit: write rollover or soft")),
            }
        }
        Ok(limit)
    }
}

impl fmt::Display for VolumeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.direction, print_octets(self.octets), self.per)?;
        f.write_str(if self.rollover { ":rollover" } else { "" })?;
        f.write_str(if self.soft { ":soft" } else { "" })
    }
}

impl FromStr for TimeLimit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (secs, per) = split_amount(text)?;
        Ok(TimeLimit { secs: parse_secs(secs)?, per })
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", print_secs(self.secs), self.per)
    }
}

impl FromStr for Validity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (secs, from) = match text.split_once(':') {
            None => (text, ValidityStart::Purchase),
            Some((secs, "from-first-login")) => (secs, ValidityStart::FirstLogin),
            Some((secs, "from-purchase")) => (secs, ValidityStart::Purchase),
            Some((_, other)) => return Err(format!("{other:?} is no start of a validity: write from-purchase or from-first-login")),
        };
        Ok(Validity { secs: parse_secs(secs)?, from })
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_secs(self.secs))?;
        f.write_str(if self.from == ValidityStart::FirstLogin { ":from-first-login" } else { "" })
    }
}

fn parse_days(text: &str) -> Result<u8, String> {
    let wrong = || format!("{text:?} are no days: write mon-fri, sat,sun or one of {}", DAYS.join(" "));
    let day = |name: &str| DAYS.iter().position(|d| *d == name).ok_or_else(wrong);
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // `fri-mon` runs over the week's end.
        let count = (last + 7 - first) % 7;
        (0..=count).for_each(|n| days |= 1 << ((first + n) % 7));
    }
    Ok(days)
}

fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |t: &str, most: u16| t.parse::<u16>().ok().filter(|n| t.len() == 2 && *n <= most);
    let minutes = two(hour, 24)? * 60 + two(minute, 59)?;
    (minutes <= 1440).then_some(minutes)
}

impl FromStr for Hours {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} are no hours: write 08:00-18:00 or mon-fri:08:00-18:00");
        let (days, clock) = match text.split_once(':') {
            Some((days, clock)) if days.starts_with(|c: char| c.is_ascii_alphabetic()) => (parse_days(days)?, clock),
            _ => (EVERY_DAY, text),
        };
        let (from, until) = clock.split_once('-').ok_or_else(wrong)?;
        let (from_minute, until_minute) = (parse_minute(from).ok_or_else(wrong)?, parse_minute(until).ok_or_else(wrong)?);
        // Midnight as an end is the end of the day.
        let until_minute = if until_minute == 0 { 1440 } else { until_minute };
        let hours = Hours { days, from_minute, until_minute };
        if hours.is_valid() { Ok(hours) } else { Err(wrong()) }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |day: usize| self.days & (1 << day) != 0;
        if self.days != EVERY_DAY {
            let mut parts = Vec::new();
            let mut day = 0;
            while day < 7 {
                let run = (day..7).take_while(|d| has(*d)).count();
                match run {
                    0 => {}
                    1 => parts.push(DAYS[day].to_owned()),
                    2 => parts.push(format!("{},{}", DAYS[day], DAYS[day + 1])),
                    _ => parts.push(format!("{}-{}", DAYS[day], DAYS[day + run - 1])),
                }
                day += run.max(1);
            }
            write!(f, "{}:", parts.join(","))?;
        }
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, "{}-{}", clock(self.from_minute), clock(self.until_minute))
    }
}

/// Reads a rate as DOWNLOAD/UPLOAD; one number counts for both.
pub fn parse_rate(text: &str) -> Result<RateLimit, String> {
    let (download, upload) = text.split_once('/').unwrap_or((text, text));
    let rate = |text: &str| text.parse::<BitRate>().map(Some).map_err(|e| e.to_string());
    let limit = RateLimit { rate: PerDirection { download: rate(download)?, upload: rate(upload)? }, ..RateLimit::default() };
    limit.check().map_err(|e| e.to_string())?;
    Ok(limit)
}

/// Prints the sustained rates as DOWNLOAD/UPLOAD; a burst and the like are not told.
pub fn print_rate(limit: &RateLimit) -> String {
    let rate = |rate: Option<BitRate>| rate.unwrap_or(BitRate(0)).to_string();
    format!("{}/{}", rate(limit.rate.download), rate(limit.rate.upload))
}

impl FromStr for FairUse {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no step of fair use: write after:80G/month=2M/1M or during:00:00-06:00=200%");
        let (when, rate) = text.rsplit_once('=').ok_or_else(wrong)?;
        let (kind, when) = when.split_once(':').ok_or_else(wrong)?;
        let when = match kind {
            "after" => match split_volume(when)? {
                (direction, octets, per, None) => FairUseWhen::After { direction, octets, per },
                _ => return Err(wrong()),
            },
            "during" => FairUseWhen::During(when.parse()?),
            _ => return Err(wrong()),
        };
        let rate = match rate.strip_suffix('%') {
            Some(percent) => {
                let percent = percent.parse().ok().filter(|p| (1..=10_000u16).contains(p));
                FairUseRate::Percent(percent.ok_or_else(|| format!("{rate:?} is not a percentage from 1% to 10000%"))?)
            }
            None => FairUseRate::Fixed(parse_rate(rate)?),
        };
        Ok(FairUse { when, rate })
    }
}

impl fmt::Display for FairUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.when {
            FairUseWhen::After { direction, octets, per } => write!(f, "after:{direction}:{}/{per}=", print_octets(*octets))?,
            FairUseWhen::During(hours) => write!(f, "during:{hours}=")?,
        }
        match &self.rate {
            FairUseRate::Percent(percent) => write!(f, "{percent}%"),
            FairUseRate::Fixed(limit) => f.write_str(&print_rate(limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads<T: FromStr<Err = String> + fmt::Display>(text: &str, printed: &str) {
        let value = text.parse::<T>().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(value.to_string(), printed, "{text}");
        assert_eq!(printed.parse::<T>().map(|v| v.to_string()).as_deref(), Ok(printed));
    }

    #[test]
    fn limits_are_read_and_printed() {
        reads::<VolumeLimit>("100G/month", "total:100G/month");
        reads::<VolumeLimit>("upload:5Gi/day:rollover:soft", "upload:5Gi/day:rollover:soft");
        reads::<VolumeLimit>("download:1500M/validity:soft", "download:1500M/validity:soft");
        reads::<TimeLimit>("30h/month", "30h/month");
        reads::<TimeLimit>("90m/once", "90m/once");
        reads::<Validity>("30d", "30d");
        reads::<Validity>("7d:from-first-login", "1w:from-first-login");
        reads::<Hours>("mon-fri:08:00-18:00", "mon-fri:08:00-18:00");
        reads::<Hours>("fri-mon:22:00-06:00", "mon,fri-sun:22:00-06:00");
        reads::<Hours>("sat,sun:00:00-00:00", "sat,sun:00:00-24:00");
        reads::<Hours>("00:00-06:00", "00:00-06:00");
        reads::<FairUse>("after:80G/month=2M/1M", "after:total:80G/month=2M/1M");
        reads::<FairUse>("after:download:1G/day=50%", "after:download:1G/day=50%");
        reads::<FairUse>("during:mon-fri:00:00-06:00=200%", "during:mon-fri:00:00-06:00=200%");
        reads::<DevicePolicy>("bind-first:2", "bind-first:2");
        reads::<WhenFull>("replace-oldest", "replace-oldest");
        assert_eq!(parse_service("hotspot"), Ok(service::HOTSPOT));
    }

    #[test]
    fn errors_say_what_to_write() {
        fn refused<T: FromStr<Err = String>>(text: &str, wanted: &str) {
            let error = text.parse::<T>().err().unwrap_or_else(|| panic!("{text} was read"));
            assert!(error.contains(wanted), "{text}: {error}");
        }
        refused::<VolumeLimit>("100G", "100G/month");
        refused::<VolumeLimit>("both:100G/month", "download upload total");
        refused::<VolumeLimit>("100G/year", "day week month validity once");
        refused::<VolumeLimit>("0G/month", "not an amount");
        refused::<VolumeLimit>("1G/month:often", "rollover or soft");
        refused::<TimeLimit>("30x/month", "not a length of time");
        refused::<Validity>("30d:later", "from-first-login");
        refused::<Hours>("8:00-18:00", "08:00-18:00");
        refused::<Hours>("mon-fry:08:00-18:00", "mon-fri");
        refused::<Hours>("24:00-06:00", "no hours");
        refused::<FairUse>("80G/month=2M", "after:80G/month");
        refused::<FairUse>("after:80G/month=0%", "percentage");
        refused::<FairUse>("after:80G/month=fast", "not a bit rate");
        refused::<DevicePolicy>("bind-first:0", "bind-first:N");
    }

    proptest! {
        #[test]
        fn hours_read_back_and_no_text_panics(days in 1u8..=127, from_minute in 0u16..1440, until_minute in 1u16..=1440, noise in "\\PC{0,24}") {
            let hours = Hours { days, from_minute, until_minute };
            prop_assert_eq!(hours.to_string().parse(), Ok(hours));
            drop((noise.parse::<VolumeLimit>(), noise.parse::<Hours>(), noise.parse::<FairUse>(), noise.parse::<Validity>()));
        }
    }
}
