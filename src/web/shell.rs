//! What every page shows around its content, and how a template says and prints things.

use std::borrow::Borrow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::denial::capability_words;
use super::error_texts::error_in;
use super::guard::{Guard, Signed};
use super::locale::{Language, Said};
use super::numbers::{self, Whole};
use super::visit::Theme;
use super::within::{Within, narrows, with_part};
use super::{Site, Undo, Visit, assets, form_token, spans};
use crate::accounts::capability::Capability;
use crate::units::UnixMs;

/// A page that may stand in the menu; it does for whom its guard lets in.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its address.
    pub path: &'static str,
    /// The id of its name's text.
    pub text_id: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// For whom.
    pub guard: Guard,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    /// Where it leads.
    pub path: &'static str,
    /// What it says.
    pub text: String,
    /// The icon's name.
    pub icon: &'static str,
    /// Whether it is the page at hand, or above it.
    pub is_current: bool,
    /// Whether it shows less where a part is looked at.
    pub narrows: bool,
}

/// A line above the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What was done.
    pub text: String,
    /// How it is taken back.
    pub undo: Option<Undo>,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Who {
    /// His name.
    pub name: String,
    /// What his role is called in this tenant.
    pub role: String,
    /// The tenant's name.
    pub tenant: String,
    /// Whether that is another than his own.
    pub is_abroad: bool,
}

/// Through whose eyes he looks.
#[derive(Debug, Clone)]
pub struct ViewAs {
    /// Whose.
    pub name: String,
    /// Until when.
    pub until: UnixMs,
}

/// See the head of the file.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The page's heading and the title of its tab.
    pub title: String,
    /// The language of its texts.
    pub language: Language,
    /// Light or dark.
    pub theme: Theme,
    /// Whether keys of one letter do something.
    pub has_keys: bool,
    /// Plain http from anywhere: every page says so.
    pub is_insecure: bool,
    /// For whom the pages are that he may open.
    pub menu: Vec<MenuItem>,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Through whose eyes.
    pub view_as: Option<ViewAs>,
    /// The part that he looks at; `Some(None)` = all that he sees, and he could look at a part.
    pub within: Option<Option<String>>,
    part: Option<Within>,
    /// What was done.
    pub notice: Option<Notice>,
    /// When the request came.
    pub now: UnixMs,
    /// Path and query of the page, to come back to it.
    pub here: String,
    zone: TimeZone,
    form_key: [u8; 32],
    bound_to: String,
}

impl Shell {
    /// Of a page for guests.
    pub fn guest(site: &Arc<Site>, visit: &Visit, title_id: &str) -> Shell {
        let language = visit.language;
        Shell {
            title: language.text(title_id, &[]),
            language,
            theme: visit.theme,
            has_keys: visit.has_keys,
            is_insecure: site.options.is_insecure && !visit.is_https,
            menu: Vec::new(),
            who: None,
            view_as: None,
            within: None,
            part: None,
            notice: notice(visit, language).map(|(text, _)| Notice { text, undo: None }),
            now: visit.now,
            here: visit.target.clone(),
            zone: TimeZone::UTC,
            form_key: site.form_key,
            bound_to: visit.bound_to().to_owned(),
        }
    }

    pub(super) fn signed(signed: &Signed, title_id: &str) -> Shell {
        let (language, path) = (signed.language(), signed.visit.path());
        let leads_here = |to: &str| path == to || (to != "/" && path.strip_prefix(to).is_some_and(|rest| rest.starts_with('/')));
        let entries = signed.site.menu.iter().filter(|e| e.guard.lets(signed.scope()));
        let principal = &signed.principal;
        let role = principal.scope.role().map(|role| signed.book().terms(role).label).unwrap_or_default();
        Shell {
            title: language.text(title_id, &[]),
            language,
            menu: entries
                .map(|e| MenuItem {
                    path: e.path,
                    text: language.text(e.text_id, &[]),
                    icon: e.icon,
                    is_current: leads_here(e.path),
                    narrows: narrows(e.path),
                })
                .collect(),
            who: Some(Who {
                name: principal.account_name.clone(),
                role,
                tenant: signed.tenant.name.clone(),
                is_abroad: principal.home != signed.tenant.id,
            }),
            view_as: principal.impersonation.as_ref().map(|i| ViewAs { name: i.name.clone(), until: i.until }),
            within: narrows(path).then(|| signed.within.as_ref().map(|(_, name)| name.clone())),
            part: signed.within.as_ref().map(|(part, _)| *part),
            notice: notice(&signed.visit, language)
                .map(|(text, said)| Notice { text, undo: signed.scope().acting().and_then(|by| signed.site.undos.get(by, path, &said)) }),
            zone: signed.tenant.zone(),
            bound_to: signed.bound_to(),
            ..Shell::guest(&signed.site, &signed.visit, title_id)
        }
    }

    /// With another title, such as the name of what the page is about.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Shell {
        self.title = title.into();
        self
    }

    /// A text.
    pub fn t(&self, id: impl AsRef<str>) -> String {
        self.language.text(id.as_ref(), &[])
    }

    /// An error, which rooms say in English.
    pub fn said(&self, error: &str) -> String {
        error_in(self.language, error)
    }

    /// A text by two parts of its id.
    pub fn t2(&self, stem: &str, end: impl AsRef<str>) -> String {
        self.t(format!("{stem}-{}", end.as_ref()))
    }

    /// A text with one value.
    pub fn t_with(&self, id: &str, name: &str, value: impl AsRef<str>) -> String {
        self.language.text(id, &[(name, Said::from(value.as_ref()))])
    }

    /// A text with a number, for plural rules.
    pub fn t_count(&self, id: &str, count: impl Borrow<i64>) -> String {
        self.language.text(id, &[("count", Said::from(*count.borrow()))])
    }

    /// What a capability is called.
    pub fn capability(&self, capability: &Capability) -> String {
        capability_words(self.language, *capability)
    }

    /// An address in the part that this page shows, whatever is chosen elsewhere meanwhile.
    pub fn in_this_part(&self, path: &str) -> String {
        with_part(path, self.part)
    }

    /// The part that this page shows, for forms that mean all of a list; empty for all that he sees.
    pub fn part(&self) -> String {
        self.part.map(|part| part.to_string()).unwrap_or_default()
    }

    /// Where a part to look at is chosen, coming back here.
    pub fn within_url(&self) -> String {
        super::url_with("/within", [("here", self.here.as_str())])
    }

    /// The token for a form.
    pub fn form_token(&self) -> String {
        form_token::make(&self.form_key, &self.bound_to)
    }

    /// An instant in the tenant's zone: `2026-12-01 14:05`, in the language's digits.
    pub fn when(&self, at: impl Borrow<UnixMs>) -> String {
        self.printed(*at.borrow(), "%Y-%m-%d %H:%M")
    }

    /// The day of an instant: `2026-12-01`.
    pub fn day(&self, at: impl Borrow<UnixMs>) -> String {
        self.printed(*at.borrow(), "%Y-%m-%d")
    }

    /// The same with seconds.
    pub fn when_exactly(&self, at: impl Borrow<UnixMs>) -> String {
        self.printed(*at.borrow(), "%Y-%m-%d %H:%M:%S")
    }

    /// An instant that there may not be.
    pub fn when_if(&self, at: impl Borrow<Option<UnixMs>>) -> String {
        at.borrow().as_ref().map(|at| self.when(at)).unwrap_or_default()
    }

    /// The end of a time of service: a day that is served to its end is named itself, not the midnight after it.
    pub fn until(&self, at: impl Borrow<UnixMs>) -> String {
        let at = *at.borrow();
        if self.is_midnight(at) { self.day(at - 1) } else { self.when(at) }
    }

    /// The last day of a time of service.
    pub fn until_day(&self, at: UnixMs) -> String {
        self.day(at - 1)
    }

    /// The end of a time of service as a form has it; a bare day means its end.
    pub fn plain_until(&self, at: UnixMs) -> String {
        if self.is_midnight(at) {
            self.plain_instant(at - 1).split(' ').next().unwrap_or_default().to_owned()
        } else {
            self.plain_instant(at)
        }
    }

    fn is_midnight(&self, at: UnixMs) -> bool {
        at % 1_000 == 0 && self.plain_instant(at).ends_with("00:00:00")
    }

    /// An instant as a form has it, in ASCII digits: `2026-12-01 14:05:00`.
    pub fn plain_instant(&self, at: UnixMs) -> String {
        let local = Timestamp::from_millisecond(at).map(|t| t.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string());
        local.unwrap_or_default()
    }

    fn printed(&self, at: UnixMs, format: &str) -> String {
        let local = Timestamp::from_millisecond(at).map(|t| t.to_zoned(self.zone.clone()).strftime(format).to_string());
        numbers::digits(self.language, &local.unwrap_or_default())
    }

    /// A whole number for people: `1,234,567`. What is typed again, such as an id, is printed as it is.
    pub fn number(&self, number: impl Whole) -> String {
        numbers::integer(self.language, number)
    }

    /// An amount of money as [`print_minor`](crate::units::print_minor) wrote it, in groups: `1,234.50`.
    pub fn money(&self, plain: &str) -> String {
        numbers::grouped(self.language, plain)
    }

    /// An amount of data: `3.4 GiB`.
    pub fn octets(&self, octets: impl Whole) -> String {
        numbers::octets(self.language, unsigned(&octets))
    }

    /// Bits per second: `20 Mb/s`.
    pub fn rate(&self, bits: impl Whole) -> String {
        numbers::rate(self.language, unsigned(&bits))
    }

    /// A span of time in seconds: `3 d 4 h`.
    pub fn span(&self, secs: impl Whole) -> String {
        spans::span(self.language, unsigned(&secs))
    }

    /// An instant by its distance from the request: `2 days ago`, `in 3 h`.
    pub fn ago(&self, at: impl Borrow<UnixMs>) -> String {
        spans::ago(self.language, *at.borrow(), self.now)
    }

    /// The style sheet.
    pub fn css(&self) -> &'static str {
        assets::css_path()
    }

    /// The script.
    pub fn js(&self) -> &'static str {
        assets::js_path()
    }

    /// The icons.
    pub fn icons(&self) -> &'static str {
        assets::icons_path()
    }

    /// The mark of the browser's tab.
    pub fn mark(&self) -> &'static str {
        assets::mark_path()
    }
}

/// Rows keep amounts as signed numbers; there is nothing below none.
fn unsigned(amount: &impl Whole) -> u64 {
    u64::try_from(amount.whole().max(0)).unwrap_or(u64::MAX)
}

/// `?said=account-suspended`, as redirects after a change have it: only texts that exist can be said. The text, and the word.
fn notice(visit: &Visit, language: Language) -> Option<(String, String)> {
    let query = visit.target.split_once('?').map(|(_, query)| super::Query::read(query))?;
    let said = query.get("said");
    let is_plain = !said.is_empty() && said.len() < 64 && said.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let id = format!("said-{said}");
    let text = is_plain.then(|| language.find(&id, &[]).or_else(|| Language::FIRST.find(&id, &[]))).flatten()?;
    Some((text, said.to_owned()))
}
