//! Texts in people's languages: Fluent files of `locales/`, one folder a language, inside the program. English has every text, and tests hold
//! that every other language has them too, with the same values; what one lacks all the same is shown in English. To add a language: a folder and a line of
//! [`LANGUAGES`], and how it writes numbers in `numbers`.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rust_embed::RustEmbed;

use super::numbers;

#[derive(RustEmbed)]
#[folder = "locales/"]
struct Files;

/// A language that pages can be had in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language(u8);

/// Code, own name, direction of writing. The first is complete.
pub const LANGUAGES: &[(&str, &str, &str)] = &[("en", "English", "ltr"), ("bn", "বাংলা", "ltr")];

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| LANGUAGES.iter().map(|(code, _, _)| bundle(code)).collect());

fn bundle(code: &str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![code.parse().expect("a language code of the table")]);
    // marks around values would be copied along with names and addresses
    bundle.set_use_isolating(false);
    // a formatter is a plain function, which holds no language: one for each way of writing numbers
    match code {
        "bn" => bundle.set_formatter(Some(|value, _| numbers::said(Language::of("bn")?, value))),
        _ => bundle.set_formatter(Some(|value, _| numbers::said(Language::FIRST, value))),
    }
    for path in Files::iter().filter(|path| path.starts_with(&format!("{code}/")) && path.ends_with(".ftl")) {
        let file = Files::get(&path).expect("listed");
        let text = String::from_utf8_lossy(&file.data).into_owned();
        // tests hold that files read; a damaged text must not keep the server from starting
        let resource = FluentResource::try_new(text).unwrap_or_else(|(resource, errors)| {
            tracing::error!(%path, ?errors, "a locale file does not read");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(%path, ?errors, "a locale file says something twice");
        }
    }
    bundle
}

/// A value in a text.
pub type Said<'a> = FluentValue<'a>;

impl Language {
    /// English.
    pub const FIRST: Language = Language(0);

    /// By its code.
    pub fn of(code: &str) -> Option<Language> {
        LANGUAGES.iter().position(|(known, _, _)| known.eq_ignore_ascii_case(code)).map(|i| Language(i as u8))
    }

    /// The one that a browser's Accept-Language asks for first among those there are.
    pub fn preferred(accepted: &str) -> Language {
        let mut wanted: Vec<(f32, &str)> = accepted
            .split(',')
            .filter_map(|part| {
                let (code, rest) = part.split_once(';').unwrap_or((part, ""));
                let weight = rest.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
                Some((weight, code.trim()))
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let known = |code: &str| Language::of(code).or_else(|| Language::of(code.split('-').next().unwrap_or_default()));
        wanted.into_iter().find_map(|(_, code)| known(code)).unwrap_or(Language::FIRST)
    }

    /// Its code, as in `lang="..."`.
    pub fn code(self) -> &'static str {
        LANGUAGES[usize::from(self.0)].0
    }

    /// `ltr` or `rtl`.
    pub fn direction(self) -> &'static str {
        LANGUAGES[usize::from(self.0)].2
    }

    /// A text; its id if there is none (a test forbids that).
    pub fn text(self, id: &str, values: &[(&str, Said<'_>)]) -> String {
        self.find(id, values).or_else(|| Language::FIRST.find(id, values)).unwrap_or_else(|| id.to_owned())
    }

    /// A text, if this language has it.
    pub fn find(self, id: &str, values: &[(&str, Said<'_>)]) -> Option<String> {
        let bundle = &BUNDLES[usize::from(self.0)];
        let pattern = bundle.get_message(id)?.value()?;
        let args: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        Some(bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::accounts::capability::Capability;

    fn bengali() -> Language {
        Language::of("bn").expect("Bengali")
    }

    #[test]
    fn browsers_get_what_they_prefer_among_what_there_is() {
        for accepted in ["", "fr", "en", "en-GB,fr;q=0.9", "xx;q=0.9,en;q=0.5", "en;q=nonsense", "*", "bn;q=0", "en,bn;q=0.9"] {
            assert_eq!(Language::preferred(accepted), Language::FIRST, "{accepted}");
        }
        for accepted in ["bn", "bn-BD,bn;q=0.9,en;q=0.8", "fr,bn;q=0.7", "en;q=0.4,bn-IN;q=0.5"] {
            assert_eq!(Language::preferred(accepted), bengali(), "{accepted}");
        }
        assert_eq!(Language::of("EN").map(Language::code), Some("en"));
        assert_eq!(Language::of("tlh"), None);
    }

    #[test]
    fn every_file_reads_and_belongs_to_a_language() {
        for path in Files::iter().filter(|path| path.ends_with(".ftl")) {
            let text = String::from_utf8(Files::get(&path).expect("listed").data.into_owned()).expect("UTF-8");
            let resource = FluentResource::try_new(text).map_err(|(_, errors)| errors).expect("reads");
            let mut bundle = FluentBundle::new_concurrent(vec!["en".parse().expect("a code")]);
            assert!(bundle.add_resource(resource).is_ok(), "{path} says something twice");
            assert!(path.split_once('/').is_some_and(|(code, _)| Language::of(code).is_some()), "{path}");
        }
    }

    /// The texts of a language: their ids, and the values that each names.
    fn texts(code: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in Files::iter().filter(|path| path.starts_with(&format!("{code}/")) && path.ends_with(".ftl")) {
            let text = String::from_utf8(Files::get(&path).expect("listed").data.into_owned()).expect("UTF-8");
            let mut id = String::new();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                    line.split(" =").next().expect("an id").clone_into(&mut id);
                    assert!(found.insert(id.clone(), BTreeSet::new()).is_none(), "{path}: {id} stands twice");
                }
                let values = line.split("{ $").skip(1).map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
                found.entry(id.clone()).or_default().extend(values);
            }
        }
        found.remove("");
        found
    }

    #[test]
    fn every_language_has_every_text_with_the_same_values() {
        let english = texts("en");
        let catalogue: BTreeSet<String> = Capability::ALL.iter().map(|c| format!("capability-{}", c.as_str().replace('.', "-"))).collect();
        for (code, _, _) in &LANGUAGES[1..] {
            // what English says of capabilities stands in the catalogue itself
            let (capabilities, own): (BTreeMap<_, _>, BTreeMap<_, _>) =
                texts(code).into_iter().partition(|(id, _)| id.starts_with("capability-"));
            let ids = |texts: &BTreeMap<String, BTreeSet<String>>| texts.keys().cloned().collect::<BTreeSet<String>>();
            let apart: Vec<_> = ids(&own).symmetric_difference(&ids(&english)).cloned().collect();
            assert!(apart.is_empty(), "{code} and English do not both have {apart:?}");
            assert_eq!(ids(&capabilities), catalogue, "{code}");
            let others: Vec<_> = own.iter().filter(|(id, values)| english[*id] != **values).collect();
            assert!(others.is_empty(), "{code} names other values than English: {others:?}");
        }
    }

    #[test]
    fn every_text_takes_its_values_whatever_the_count() {
        for (at, (code, _, _)) in LANGUAGES.iter().enumerate() {
            for (id, values) in texts(code) {
                for count in [0, 1, 2, 5] {
                    let value = |name: &String| if name == "count" { Said::from(count) } else { Said::from("x") };
                    let args: FluentArgs<'_> = values.iter().map(|name| (name.as_str(), value(name))).collect();
                    let pattern = BUNDLES[at].get_message(&id).and_then(|message| message.value()).expect("a text");
                    let mut errors = Vec::new();
                    let said = BUNDLES[at].format_pattern(pattern, Some(&args), &mut errors).into_owned();
                    assert!(errors.is_empty() && !said.is_empty(), "{code} {id}: {errors:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_in_texts_stand_in_the_digits_of_the_language() {
        let left = |language: Language, count: i64| language.text("recovery-codes-left", &[("count", Said::from(count))]);
        assert_eq!(left(Language::FIRST, 1), "One recovery code is left.");
        assert_eq!(left(Language::FIRST, 12_345), "12,345 recovery codes are left.");
        assert_eq!(left(bengali(), 0), "আর ০টি রিকভারি কোড আছে।");
        assert_eq!(left(bengali(), 1), "আর ১টি রিকভারি কোড আছে।");
        assert_eq!(left(bengali(), 1_234_567), "আর ১২,৩৪,৫৬৭টি রিকভারি কোড আছে।");
    }
}
