//! Texts in people's languages: Fluent files of `locales/`, one folder a language, inside the program. English has every text; what another language lacks is
//! shown in English. A test holds that pages name no text that English lacks.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "locales/"]
struct Files;

/// A language that pages can be had in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language(u8);

/// Code, own name, direction of writing. The first is complete.
pub const LANGUAGES: &[(&str, &str, &str)] = &[("en", "English", "ltr")];

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| LANGUAGES.iter().map(|(code, _, _)| bundle(code)).collect());

fn bundle(code: &str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![code.parse().expect("a language code of the table")]);
    // marks around values would be copied along with names and addresses
    bundle.set_use_isolating(false);
    for path in Files::iter().filter(|path| path.starts_with(&format!("{code}/"))) {
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
    use super::*;

    #[test]
    fn browsers_get_what_they_prefer_among_what_there_is() {
        for accepted in ["", "fr", "en", "en-GB,fr;q=0.9", "xx;q=0.9,en;q=0.5", "en;q=nonsense", "*"] {
            assert_eq!(Language::preferred(accepted), Language::FIRST, "{accepted}");
        }
        assert_eq!(Language::of("EN").map(Language::code), Some("en"));
        assert_eq!(Language::of("tlh"), None);
    }

    #[test]
    fn every_file_reads_and_says_nothing_twice() {
        for path in Files::iter() {
            let text = String::from_utf8(Files::get(&path).expect("listed").data.into_owned()).expect("UTF-8");
            let resource = FluentResource::try_new(text).map_err(|(_, errors)| errors).expect("reads");
            let mut bundle = FluentBundle::new_concurrent(vec!["en".parse().expect("a code")]);
            assert!(bundle.add_resource(resource).is_ok(), "{path} says something twice");
        }
        for (code, _, _) in LANGUAGES {
            let mut seen = std::collections::HashSet::new();
            for path in Files::iter().filter(|p| p.starts_with(&format!("{code}/"))) {
                let text = String::from_utf8(Files::get(&path).expect("listed").data.into_owned()).expect("UTF-8");
                for id in text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase())).filter_map(|l| l.split(" =").next()) {
                    assert!(seen.insert(id.to_owned()), "{path}: {id} stands twice");
                }
            }
        }
    }
}
