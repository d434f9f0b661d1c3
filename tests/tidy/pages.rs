//! Rules of pages: templates, texts and colours. They read the files as they stand; nothing is rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every file below a folder with this ending: its path from the root, and its text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), ending, &mut found);
    found.sort_unstable();
    assert!(!found.is_empty(), "{folder} holds no .{ending}");
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("UTF-8");
    found.iter().map(|path| (path.strip_prefix(root()).expect("below").display().to_string(), read(path))).collect()
}

fn templates() -> Vec<(String, String)> {
    files("templates", "html")
}

/// The tags of a template: from `<` to `>`, outside of `{{ }}` and `{% %}`, which may hold both signs.
fn tags(text: &str) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(begin) = text[at..].find('<').map(|i| at + i) {
        let mut end = begin + 1;
        while end < text.len() && !text[end..].starts_with('>') {
            let skip = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].iter().find(|(open, _)| text[end..].starts_with(open));
            end = match skip.and_then(|(_, close)| text[end..].find(close).map(|i| end + i + 2)) {
                Some(after) => after,
                None => end + text[end..].chars().next().map_or(1, char::len_utf8),
            };
        }
        found.push(text[begin..end.min(text.len())].to_owned());
        at = end.min(text.len());
    }
    found
}

/// The one script that a page may have.
const SCRIPT: &str = "<script type=\"module\" src=\"{{ shell.js() }}\"";

/// Findings of one template: what the content security policy would refuse, what no form may lack, and what whoever hears a page or uses no mouse would miss.
fn faults(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let all = tags(text);
    for (at, tag) in all.iter().enumerate() {
        let lower = tag.to_lowercase();
        let has =
            |name: &str| lower.split(|c: char| c.is_whitespace() || c == '"').any(|word| word.starts_with(name) && word.contains('='));
        if lower.starts_with("<script") && tag != SCRIPT || lower.starts_with("<style") || lower.starts_with("<iframe") {
            found.push(format!("{tag} is refused by the content security policy"));
        }
        if has("style=") || has("on") && lower.split_whitespace().any(|w| w.starts_with("on") && w.contains('=')) {
            found.push(format!("{tag}: no styles or scripts in attributes"));
        }
        if lower.contains("=\"http:") || lower.contains("=\"https:") || lower.contains("=\"//") || lower.contains("javascript:") {
            found.push(format!("{tag} leads to another host"));
        }
        if lower.starts_with("<form") && lower.contains("method=\"post\"") {
            let form = text.find(tag.as_str()).map(|begin| &text[begin..]).unwrap_or_default();
            // the same tag may stand more than once: take the one at hand
            let nth = all[..at].iter().filter(|other| *other == tag).count();
            let form = if nth == 0 { form } else { text.match_indices(tag.as_str()).nth(nth).map_or(form, |(begin, _)| &text[begin..]) };
            let body = &form[..form.find("</form>").unwrap_or(form.len())];
            if !body.contains("fields::token(shell)") && !body.contains("name=\"form_token\"") {
                found.push(format!("{tag} lacks the token"));
            }
        }
        if lower.contains("class=\"scroll\"") && !(lower.contains("tabindex=\"0\"") && lower.contains("role=\"region\"")) {
            found.push(format!("{tag} is reached by no key"));
        }
    }
    for table in text.split("<table").skip(1).filter_map(|table| table.split("</table>").next()) {
        let heads = tags(table).into_iter().filter(|tag| tag == "<th>" || tag.starts_with("<th "));
        let mute = heads.filter(|tag| !tag.contains(" scope=\"col\"") && !tag.contains(" scope=\"row\""));
        found.extend(mute.map(|tag| format!("{tag} does not say what it heads")));
        if !table.contains("<th scope=\"col\"") || !table.contains("<th scope=\"row\"") {
            found.push("a table without heads of columns and of rows".to_owned());
        }
    }
    found
}

#[test]
fn templates_hold_nothing_that_the_policy_refuses_and_nothing_that_they_must_not_lack() {
    for (sample, is_bad) in [
        ("<p style=\"color:red\">", true),
        ("<a href=\"/x\" onclick=\"f()\">", true),
        ("<script>", true),
        ("<script type=\"module\" src=\"{{ shell.js() }}\"></script>", false),
        ("<a href=\"https://evil.example\">", true),
        ("<form method=\"post\" action=\"/x\"><button>b</button></form>", true),
        ("<form method=\"post\"><b></b></form><form method=\"post\">{% call fields::token(shell) %}{% endcall %}</form>", true),
        ("<form method=\"post\">{% call fields::token(shell) %}{% endcall %}</form>", false),
        ("<form method=\"get\" action=\"/x\"></form>", false),
        ("<div class=\"scroll\">", true),
        ("<div class=\"scroll\" tabindex=\"0\" role=\"region\">", false),
        ("<table><tr><th scope=\"col\">a</th></tr><tr><th>b</th></tr></table>", true),
        ("<table><tr><th scope=\"col\">a</th></tr><tr><td>b</td></tr></table>", true),
        ("<table><thead><tr><th scope=\"col\" class=\"number\">a</th></tr></thead><tr><th scope=\"row\">b</th></tr></table>", false),
        ("<p class=\"x\">one{% if a < b %}on=1{% endif %}</p>", false),
    ] {
        assert_eq!(!faults(sample).is_empty(), is_bad, "{sample}: {:?}", faults(sample));
    }
    let mut forms = 0;
    for (path, text) in templates() {
        let found = faults(&text);
        assert!(found.is_empty(), "{path}: {found:#?}");
        forms += text.matches("method=\"post\"").count();
    }
    assert!(forms > 20, "{forms} forms");
}

/// Words that say nothing, or sound as no person would.
const BANNED: [&str; 14] = [
    "oops",
    "invalid input",
    "no items found",
    "submit",
    "successfully",
    "click here",
    "please",
    "sorry",
    "whoops",
    "an error occurred",
    "something went wrong.",
    "are you sure",
    "!",
    "subscriber",
];

/// The same in Bengali: "inactive" for states, which says not why; "subscriber", "submit", "please", "sorry", "successfully"; and the familiar forms of address.
const BANNED_IN_BENGALI: [&str; 9] = ["!", "নিষ্ক্রিয়", "সাবস্ক্রাইবার", "সাবমিট", "অনুগ্রহ", "দয়া করে", "দুঃখিত", "সফলভাবে", "তোমার"];

#[test]
fn texts_are_plain() {
    for (language, words) in [("en", &BANNED[..]), ("bn", &BANNED_IN_BENGALI[..])] {
        for (path, text) in files(&format!("locales/{language}"), "ftl") {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let said = line.split_once(" = ").map_or(line, |(_, said)| said).to_lowercase();
                let banned = words.iter().find(|word| said.contains(**word));
                assert!(banned.is_none(), "{path}: {banned:?} in {line}");
            }
        }
    }
}

/// Ids of texts that are put together while a page is made: beginning, and why.
const MADE: [(&str, &str); 31] = [
    ("field-", "a field of a list's filter"),
    ("op-", "an operator of a filter"),
    ("value-", "a word of a filter"),
    ("column-", "a column of a list"),
    ("moment-", "an instant of a filter"),
    ("customers-", "what the list of customers says of itself"),
    ("accounts-", "what the list of accounts says of itself"),
    ("audit-", "what the audit log says of itself"),
    ("jobs-", "what the list of jobs says of itself"),
    ("bulk-do-", "something that is done to several customers"),
    ("bulk-value-", "what is asked for it"),
    ("bulk-skip-", "why one is left out"),
    ("taken-", "a field that one customer has"),
    ("device-event-", "what happened to a device"),
    ("devices-", "which devices a customer may use"),
    ("denial-", "a rule that refuses"),
    ("problem-", "the kind of a problem"),
    ("said-", "named by the redirect after a change"),
    ("theme-", "a theme"),
    ("menu-group-", "a group of the menu"),
    ("capability-", "a capability"),
    ("verb-", "what the audit log says was done"),
    ("job-kind-", "a kind of job"),
    ("job-state-", "how far a job is"),
    ("job-outcome-", "what became of an object of a job"),
    ("job-result-", "a field of a job's result"),
    ("attention-", "something that somebody should look at"),
    ("rules-verdict-", "what happens to a login"),
    ("reason-", "why a login is rejected"),
    ("remedy-", "what helps then"),
    ("check-", "what a login is asked"),
];

fn english() -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for (path, text) in files("locales/en", "ftl") {
        for line in text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            let id = line.split(" =").next().expect("a line").to_owned();
            assert!(ids.insert(id.clone(), path.clone()).is_none(), "{path}: {id} stands twice");
        }
    }
    ids
}

/// Every quoted text of templates and of the code of pages.
fn quoted() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code = ["src/panel", "src/web"].into_iter().flat_map(|folder| files(folder, "rs"));
    for (_, text) in templates().into_iter().chain(code) {
        let text = text.split("#[cfg(test)]\nmod tests").next().expect("the file").to_owned();
        found.extend(text.split('"').map(str::to_owned));
    }
    found
}

#[test]
fn every_text_that_a_page_names_is_there_and_every_text_is_named() {
    let (ids, quoted) = (english(), quoted());
    let is_made = |id: &str| MADE.iter().any(|(beginning, _)| id.starts_with(beginning));
    let unused: Vec<_> = ids.keys().filter(|id| !is_made(id) && !quoted.contains(*id)).collect();
    assert!(unused.is_empty(), "texts that no page names: {unused:?}");
    // what templates and code ask for by its whole id
    let mut asked = BTreeSet::new();
    for (path, text) in templates().into_iter().chain(files("src/panel", "rs")).chain(files("src/web", "rs")) {
        for call in
            ["shell.t(\"", "shell.t_with(\"", "shell.t_count(\"", ".shell(\"", ".t(\"", "text_id: \"", "Shell::guest(&site, &visit, \""]
        {
            asked.extend(
                text.match_indices(call)
                    .map(|(at, _)| (text[at + call.len()..].split('"').next().expect("a text").to_owned(), path.clone())),
            );
        }
        // label and hint of a field
        for call in text.split("{% call fields::").skip(1).filter_map(|call| call.split("%}").next()) {
            let words: Vec<&str> = call.split('"').skip(1).step_by(2).collect();
            if let [_, label, hint, ..] = words.as_slice() {
                asked.extend([label, hint].map(|id| ((*id).to_owned(), path.clone())));
            }
        }
        // redirects after a change
        for (at, _) in text.match_indices("said=") {
            let said: String = text[at + 5..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            if !said.is_empty() {
                asked.insert((format!("said-{said}"), path.clone()));
            }
        }
        for (at, _) in text.match_indices("back(id, \"") {
            asked.insert((format!("said-{}", text[at + 10..].split('"').next().expect("a text")), path.clone()));
        }
    }
    assert!(asked.len() > 60, "{} texts are asked for", asked.len());
    let missing: Vec<_> = asked.iter().filter(|(id, _)| !ids.contains_key(id) && !id.is_empty()).collect();
    assert!(missing.is_empty(), "texts that are not there: {missing:?}");
    let named: BTreeSet<&String> = asked.iter().map(|(id, _)| id).collect();
    let silent: Vec<_> = ids.keys().filter(|id| id.starts_with("said-") && !named.contains(id) && !quoted.contains(&id[5..])).collect();
    assert!(silent.is_empty(), "nothing says: {silent:?}");
}

/// Both values of a token: light, dark; linear red, green, blue.
type Colour = [f64; 3];

fn colours(css: &str) -> BTreeMap<String, [Colour; 2]> {
    let mut found = BTreeMap::new();
    for line in css.lines().filter_map(|line| line.trim().strip_prefix("--")) {
        let Some((name, value)) = line.split_once(": light-dark(") else { continue };
        let both: Vec<Colour> = value.trim_end_matches(");").split(", ").filter_map(hexadecimal).collect();
        if let Ok(both) = <[Colour; 2]>::try_from(both) {
            found.insert(name.to_owned(), both);
        }
    }
    found
}

fn hexadecimal(text: &str) -> Option<Colour> {
    let digits = text.strip_prefix('#').filter(|d| d.len() == 6)?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok().map(|v| f64::from(v) / 255.0);
    // WCAG 2.2, relative luminance
    let linear = |v: f64| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    Some([linear(part(0)?), linear(part(2)?), linear(part(4)?)])
}

/// WCAG 2.2, contrast ratio.
fn contrast(a: Colour, b: Colour) -> f64 {
    let light = |c: Colour| 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn colours_can_be_told_apart() {
    let css = std::fs::read_to_string(root().join("assets/css/tokens.css")).expect("the tokens");
    let colours = colours(&css);
    assert!((contrast(hexadecimal("#000000").expect("black"), hexadecimal("#ffffff").expect("white")) - 21.0).abs() < 0.001);
    let pages = ["bg", "surface", "sunken"];
    let mut pairs: Vec<(&str, &str, f64)> = Vec::new();
    for text in ["ink", "ink-2", "ink-3", "accent", "ok", "warn", "bad", "info"] {
        pairs.extend(pages.iter().map(|page| (text, *page, 4.5)));
    }
    // a row under the pointer, a chosen segment, notices and pills
    pairs.extend(["ink", "ink-2", "ink-3", "accent", "bad", "warn", "ok"].map(|text| (text, "accent-soft", 4.5)));
    pairs.extend(["ok", "warn", "bad", "info"].map(|text| (text, soft(text), 4.5)));
    pairs.extend(["ok-soft", "warn-soft", "bad-soft", "info-soft"].map(|page| ("ink", page, 4.5)));
    pairs.extend(["ok-soft", "warn-soft", "bad-soft", "info-soft"].map(|page| ("accent", page, 4.5)));
    pairs.push(("accent-ink", "accent", 4.5));
    // borders of what can be operated, and the ring of the focus
    pairs.extend(
        ["bg", "surface", "sunken", "accent-soft", "bad-soft", "warn-soft", "info-soft", "ok-soft"].map(|page| ("line-strong", page, 3.0)),
    );
    pairs.extend(["bg", "surface", "sunken", "accent-soft"].map(|page| ("accent", page, 3.0)));
    for (text, page, wanted) in &pairs {
        let of = |name: &str| colours.get(name).unwrap_or_else(|| panic!("--{name} is no colour of tokens.css"));
        for (at, theme) in ["light", "dark"].into_iter().enumerate() {
            let found = contrast(of(text)[at], of(page)[at]);
            assert!(found >= *wanted, "{text} on {page} in the {theme} theme: {found:.2}, at least {wanted} is needed");
        }
    }
    assert!(pairs.len() > 50);
}

fn soft(text: &str) -> &'static str {
    match text {
        "ok" => "ok-soft",
        "warn" => "warn-soft",
        "bad" => "bad-soft",
        _ => "info-soft",
    }
}

/// Octets that the style sheet and the script may have on their way to the browser.
const MOST_CSS: usize = 12 * 1024;
const MOST_JS: usize = 25 * 1024;

#[test]
fn styles_and_scripts_are_light() {
    use std::io::Write;
    for (ending, most) in [("css", MOST_CSS), ("js", MOST_JS)] {
        let text: String = files(&format!("assets/{ending}"), ending).into_iter().map(|(_, text)| text).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text.as_bytes()).expect("memory takes it");
        let octets = packed.finish().expect("memory takes it").len();
        assert!((1024..=most).contains(&octets), "{ending}: {octets} octets of {} with gzip", text.len());
    }
}

/// What the policy refuses, what would ask another host, and what a shared computer should not keep.
const NOT_IN_SCRIPTS: [&str; 9] =
    ["eval(", "new Function", "import(", "http://", "https://", "localStorage", "document.cookie", "document.write", ".style."];

#[test]
fn scripts_hold_nothing_that_the_policy_refuses_and_no_words_for_people() {
    for (path, text) in files("assets/js", "js") {
        assert!(text.starts_with("// "), "{path} does not begin with its purpose");
        let found: Vec<_> = NOT_IN_SCRIPTS.iter().filter(|word| text.contains(**word)).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
        // what people read comes with the page, in their language
        let shown = text.lines().filter(|line| line.contains("textContent = \"") || line.contains("aria-label\", \""));
        assert_eq!(shown.collect::<Vec<_>>(), Vec::<&str>::new(), "{path}");
    }
}

#[test]
fn styles_use_tokens_and_directions_of_writing() {
    for (path, css) in files("assets/css", "css").into_iter().filter(|(path, _)| !path.ends_with("tokens.css")) {
        for (number, line) in css.lines().enumerate() {
            let at = format!("{path}:{}: {line}", number + 1);
            for word in [
                "margin-left",
                "margin-right",
                "padding-left",
                "padding-right",
                "text-align: left",
                "text-align: right",
                "float:",
                "!important",
            ] {
                assert!(!line.contains(word), "{at}: write it for both directions of writing");
            }
            assert!(!line.contains("url(") && !line.contains("@import"), "{at}: one file, nothing from elsewhere");
        }
    }
}

/// Every text in quotes of the program, places for values as `{}`.
fn quoted_texts() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, text) in files("src", "rs") {
        // a quotation mark as a character begins no text
        let text = text.replace("'\"'", "").replace("'\\\"'", "");
        let mut rest = text.as_str();
        while let Some(begin) = rest.find('"') {
            let body = &rest[begin + 1..];
            let own = until_quote(body);
            found.insert(with_places(own));
            rest = body.get(own.len() + 1..).unwrap_or_default();
        }
    }
    found
}

/// What stands before the quotation mark that ends a text.
fn until_quote(body: &str) -> &str {
    let mut end = 0;
    while end < body.len() && !body[end..].starts_with('"') {
        end += if body[end..].starts_with('\\') { 2 } else { body[end..].chars().next().map_or(1, char::len_utf8) };
    }
    &body[..end.min(body.len())]
}

/// As it is said: lines that go on joined, what is filled in as `{}`.
fn with_places(text: &str) -> String {
    let mut joined = String::new();
    for (at, part) in text.split("\\\n").enumerate() {
        joined.push_str(if at == 0 { part } else { part.trim_start() });
    }
    let joined = joined.replace("\\\"", "\"");
    let (mut said, mut rest) = (String::new(), joined.as_str());
    while let Some((before, after)) = rest.split_once('{') {
        said = said + before + "{}";
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    said + rest
}

#[test]
fn errors_in_other_languages_are_errors_of_the_program_and_none_of_forms_lacks() {
    let quoted = quoted_texts();
    let list = std::fs::read_to_string(root().join("locales/bn/errors.txt")).expect("UTF-8");
    let lines: Vec<&str> = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(lines.len().is_multiple_of(2) && lines.len() > 200);
    let english: BTreeSet<String> = lines.iter().step_by(2).map(|line| (*line).to_owned()).collect();
    let gone: Vec<_> = english.difference(&quoted).collect();
    assert!(gone.is_empty(), "the program does not say these: {gone:#?}");
    let bengali = |text: &str| text.chars().any(|c| ('\u{0980}'..='\u{09FF}').contains(&c));
    assert!(
        lines.iter().enumerate().all(|(at, line)| bengali(line) == (at % 2 == 1) || line.starts_with("{1}: {2}")),
        "pairs are out of step"
    );
    // what people are told of their own words, in the rooms whose forms the panel has
    let mut lacking = Vec::new();
    for (path, text) in ["customers", "accounts", "lists"].iter().flat_map(|room| files(&format!("src/{room}"), "rs")) {
        for call in ["BadField(format!(\n", "BadField(format!(\"", "BadField(\"", "BadPassword(\""] {
            for (at, _) in text.match_indices(call) {
                let Some(body) = text[at..].split_once('"').map(|(_, body)| body) else { continue };
                let said = with_places(until_quote(body));
                if !said.is_empty() && said != "{}" && !english.contains(&said) {
                    lacking.push(format!("{path}: {said}"));
                }
            }
        }
    }
    assert!(lacking.is_empty(), "not in locales/bn/errors.txt: {lacking:#?}");
}
