//! What a tenant does with customers who may not come in, as fields of a form and as lines to read.

use crate::accounts::{AccessRules, WhenDenied};
use crate::packages::{parse_secs, print_secs};
use crate::units::BitRate;
use crate::web::{Complaints, Form, Shell};

/// Fields of the verdicts: name in the form, id of the label.
pub const VERDICTS: [(&str, &str); 4] = [
    ("when_suspended", "rules-suspended"),
    ("when_expired", "rules-expired"),
    ("when_volume_used_up", "rules-volume"),
    ("when_time_used_up", "rules-time"),
];
/// The other fields.
pub const QUANTITIES: [(&str, &str); 7] = [
    ("grace_secs", "rules-grace"),
    ("address_list", "rules-address-list"),
    ("pool", "rules-pool"),
    ("download", "rules-download"),
    ("upload", "rules-upload"),
    ("session_secs", "rules-session"),
    ("interim_secs", "rules-interim"),
];

/// Names and values of all fields.
pub fn fields(rules: &AccessRules) -> Vec<(&'static str, String)> {
    let garden = &rules.walled_garden;
    vec![
        ("when_suspended", rules.when_suspended.as_str().to_owned()),
        ("when_expired", rules.when_expired.as_str().to_owned()),
        ("when_volume_used_up", rules.when_volume_used_up.as_str().to_owned()),
        ("when_time_used_up", rules.when_time_used_up.as_str().to_owned()),
        ("grace_secs", secs(rules.grace_secs)),
        ("address_list", garden.address_list.clone()),
        ("pool", garden.pool.clone()),
        ("download", garden.download.to_string()),
        ("upload", garden.upload.to_string()),
        ("session_secs", secs(garden.session_secs)),
        ("interim_secs", secs(garden.interim_secs)),
    ]
}

fn secs(secs: u32) -> String {
    if secs == 0 { "0".to_owned() } else { print_secs(u64::from(secs)) }
}

/// Reads the fields; what does not read is complained of and stays as it was.
pub fn read(form: &Form, before: &AccessRules, complaints: &mut Complaints) -> AccessRules {
    let mut verdict = |name: &'static str, was: WhenDenied| form.parse(name, complaints).unwrap_or(was);
    let mut rules = AccessRules {
        when_suspended: verdict("when_suspended", before.when_suspended),
        when_expired: verdict("when_expired", before.when_expired),
        when_volume_used_up: verdict("when_volume_used_up", before.when_volume_used_up),
        when_time_used_up: verdict("when_time_used_up", before.when_time_used_up),
        ..before.clone()
    };
    let garden = &mut rules.walled_garden;
    garden.address_list = form.text("address_list").to_owned();
    garden.pool = form.text("pool").to_owned();
    garden.download = form.parse::<BitRate>("download", complaints).unwrap_or(garden.download);
    garden.upload = form.parse::<BitRate>("upload", complaints).unwrap_or(garden.upload);
    for (name, to) in
        [("grace_secs", &mut rules.grace_secs), ("session_secs", &mut garden.session_secs), ("interim_secs", &mut garden.interim_secs)]
    {
        match read_secs(&form.ascii(name)) {
            Ok(secs) => *to = secs,
            Err(why) => complaints.add(name, why),
        }
    }
    rules
}

fn read_secs(text: &str) -> Result<u32, String> {
    match text {
        "" | "0" => Ok(0),
        _ => u32::try_from(parse_secs(text)?).map_err(|_| format!("{text:?} is too long")),
    }
}

/// A rule to read.
pub struct RuleLine {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub value: String,
}

/// The rules to read.
pub fn rule_lines(shell: &Shell, rules: &AccessRules) -> Vec<RuleLine> {
    let values = fields(rules);
    let label = |name: &str| VERDICTS.iter().chain(&QUANTITIES).find(|(field, _)| *field == name).map_or("", |(_, label)| label);
    let is_verdict = |name: &str| VERDICTS.iter().any(|(field, _)| *field == name);
    let line = |(name, value): (&'static str, String)| RuleLine {
        name: shell.t(label(name)),
        value: if is_verdict(name) { shell.t2("rules-verdict", &value) } else { value },
    };
    values.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back_from_their_fields() {
        let mut rules = AccessRules { when_expired: WhenDenied::WalledGarden, grace_secs: 93_600, ..AccessRules::default() };
        rules.walled_garden.download = BitRate(1_500_000);
        rules.walled_garden.pool = String::new();
        let values = fields(&rules);
        assert_eq!(values.len(), VERDICTS.len() + QUANTITIES.len());
        let form = Form::of(&values.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>());
        let mut complaints = Complaints::default();
        assert_eq!(read(&form, &AccessRules::default(), &mut complaints), rules);
        assert!(complaints.is_empty(), "{complaints:?}");
    }

    #[test]
    fn what_does_not_read_is_complained_of_at_its_field() {
        let mut pairs: Vec<(&str, String)> = fields(&AccessRules::default());
        for (name, value) in &mut pairs {
            if matches!(*name, "when_expired" | "download" | "grace_secs") {
                *value = "nonsense".into();
            }
        }
        let form = Form::of(&pairs.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>());
        let mut complaints = Complaints::default();
        assert_eq!(read(&form, &AccessRules::default(), &mut complaints), AccessRules::default());
        assert_eq!(complaints.all().map(|(field, _)| field).collect::<Vec<_>>(), ["download", "grace_secs", "when_expired"]);
    }
}
