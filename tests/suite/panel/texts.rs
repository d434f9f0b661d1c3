//! What can be read off the sources of pages: each text that they name is there, forms carry a token, nothing is inline.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Path below the root and text of all files of these endings.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn read(folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, ending, found);
            } else if path.extension().is_some_and(|ext| ext == ending) {
                let name = path.strip_prefix(root()).expect("below the root").display().to_string();
                found.push((name, std::fs::read_to_string(&path).expect("UTF-8")));
            }
        }
    }
    let mut found = Vec::new();
    read(&root().join(folder), ending, &mut found);
    assert!(!found.is_empty(), "{folder} was not read");
    found
}

fn texts() -> BTreeSet<String> {
    let lines: Vec<String> =
        files("locales/en", "ftl").into_iter().flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let ids = lines.iter().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())).filter_map(|line| line.split_once(" ="));
    ids.map(|(id, _)| id.to_owned()).collect()
}

/// All that stands in quotes right after one of these.
fn quoted_after<'a>(text: &'a str, begins: &[&'a str]) -> Vec<&'a str> {
    let found = begins.iter().flat_map(|begin| text.match_indices(begin).map(move |(at, _)| &text[at + begin.len()..]));
    found.filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_text_that_a_page_names_is_there() {
    let texts = texts();
    let is_there = |file: &str, id: &str| assert!(id.is_empty() || texts.contains(id), "{file} names {id:?}, which English lacks");
    for (file, text) in files("templates", "html") {
        for id in quoted_after(&text, &["shell.t(\"", "shell.t_with(\"", "shell.t_count(\""]) {
            is_there(&file, id);
        }
        for call in text.split("{% call fields::").skip(1).filter_map(|call| call.split("%}").next()) {
            let words: Vec<&str> = call.split('"').skip(1).step_by(2).collect();
            // the name of the field, its label, its hint
            if let [_, label, hint, ..] = words.as_slice() {
                is_there(&file, label);
                is_there(&file, hint);
            }
        }
    }
    for (file, text) in files("src/panel", "rs").into_iter().chain(files("src/web", "rs")) {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for id in quoted_after(text, &[".shell(\"", "shell.t(\"", ".t_with(\"", "Shell::guest(&site, &visit, \"", "text_id: \""]) {
            is_there(&file, id);
        }
        for said in quoted_after(text, &["?said=", "(\"said\", \""]).into_iter().filter(|said| !said.starts_with('{')) {
            let said = said.split(['&', '`']).next().unwrap_or_default();
            is_there(&file, &format!("said-{said}"));
        }
    }
}

#[test]
fn forms_carry_a_token_and_nothing_is_inline() {
    for (file, text) in files("templates", "html") {
        for form in text.split("<form").skip(1).filter(|form| form.split('>').next().is_some_and(|tag| tag.contains("method=\"post\""))) {
            let form = form.split("</form>").next().unwrap_or_default();
            assert!(form.contains("fields::token(shell)") || form.contains("name=\"form_token\""), "{file}: a form without a token");
        }
        let small = text.to_lowercase();
        for inline in ["<script", "<style", " style=", " onclick=", " onchange=", " onsubmit=", "javascript:"] {
            assert!(!small.contains(inline), "{file}: {inline}");
        }
        for table in text.split("<table>").skip(1).filter_map(|table| table.split("</table>").next()) {
            assert!(
                table.contains("<th scope=\"col\"") && table.contains("<th scope=\"row\""),
                "{file}: a table whose heads have no scope"
            );
        }
        for scroll in text.split("class=\"scroll\"").skip(1).filter_map(|rest| rest.split('>').next()) {
            assert!(
                scroll.contains("tabindex=\"0\"") && scroll.contains("role=\"region\""),
                "{file}: a scroll container that no key reaches"
            );
        }
    }
}
