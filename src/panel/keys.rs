//! `/keys`: what each key does. The script shows the same above whatever page is open.

use askama::Template;
use axum::response::Response;

use crate::web::{Guard, Problem, Query, Routes, Shell, Signed, html};

/// Letters that follow `g`, and the pages of the menu that they open; the same stand in `assets/js/keys.js`.
const PAGES: [(&str, &str); 3] = [("c", "/customers"), ("j", "/jobs"), ("a", "/accounts")];

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/keys", Guard::SignedIn, show)
}

#[derive(Template)]
#[template(path = "panel/keys.html")]
struct Page {
    shell: Shell,
    pages: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "panel/keys_part.html")]
struct Part {
    shell: Shell,
    pages: Vec<(&'static str, String)>,
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let shell = who.shell("keys");
    let text = |path: &str| shell.menu.iter().find(|item| item.path == path).map(|item| item.text.clone());
    let pages = PAGES.iter().filter_map(|(key, path)| Some((*key, text(path)?))).collect();
    if query.has("part") { html(&Part { shell, pages }) } else { html(&Page { shell, pages }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_opens_the_pages_that_are_told() {
        let script = include_str!("../../assets/js/keys.js");
        let told = PAGES.map(|(key, path)| format!("{key}: \"{path}\"")).join(", ");
        assert!(script.contains(&format!("const PAGES = {{ {told} }};")), "{told}");
    }
}
