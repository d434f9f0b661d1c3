//! Style sheets, scripts and icons, inside the program. Their addresses hold a digest of what they contain, so browsers keep them for good and never show an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::Problem;
use crate::units::hex;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// The order of cascade layers; a file is one layer.
const STYLES: [&str; 6] = ["tokens", "base", "layout", "table", "form", "components"];

/// The order of scripts, of which the first ones serve the others; together they are one module.
const SCRIPTS: [&str; 8] = ["parts", "menus", "palette", "rows", "objects", "keys", "taken", "progress"];

struct Asset {
    path: String,
    kind: &'static str,
    body: String,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, body: String) -> Asset {
        let digest = hex(&Sha256::digest(body.as_bytes())[..6]);
        Asset { path: format!("/static/{name}-{digest}.{ending}"), kind, body }
    }
}

static CSS: LazyLock<Asset> = LazyLock::new(|| {
    let mut body = format!("@layer {};\n", STYLES.join(", "));
    for name in STYLES {
        body.push_str(&format!("@layer {name} {{\n{}}}\n", file(&format!("css/{name}.css"))));
    }
    Asset::new("panel", "css", "text/css; charset=utf-8", body)
});

static JS: LazyLock<Asset> = LazyLock::new(|| {
    let body = SCRIPTS.map(|name| file(&format!("js/{name}.js"))).join("\n");
    Asset::new("panel", "js", "text/javascript; charset=utf-8", body)
});

/// All icons in one file, each a symbol by its name.
static ICONS: LazyLock<Asset> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().filter(|path| path.starts_with("icons/") && path.ends_with(".svg")).collect();
    names.sort_unstable();
    let symbols = names.iter().map(|path| symbol(path, &file(path))).collect::<String>();
    Asset::new("icons", "svg", "image/svg+xml", format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{symbols}</svg>"))
});

static MARK: LazyLock<Asset> = LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", file("mark.svg")));

fn file(path: &str) -> String {
    Files::get(path).map(|f| String::from_utf8_lossy(&f.data).into_owned()).unwrap_or_default()
}

/// An icon's drawing without the picture around it.
fn symbol(path: &str, svg: &str) -> String {
    let name = path.trim_start_matches("icons/").trim_end_matches(".svg");
    let inside = svg.find("<svg").and_then(|at| svg[at..].find('>').map(|end| &svg[at + end + 1..])).unwrap_or_default();
    let inside = inside.rsplit_once("</svg>").map_or("", |(inside, _)| inside);
    let drawn = "fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\" stroke-linecap=\"round\" stroke-linejoin=\"round\"";
    format!("<symbol id=\"{name}\" viewBox=\"0 0 24 24\" {drawn}>{}</symbol>", inside.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where the style sheet is.
pub fn css_path() -> &'static str {
    &CSS.path
}

/// Where the script is.
pub fn js_path() -> &'static str {
    &JS.path
}

/// Where the icons are; `#name` follows.
pub fn icons_path() -> &'static str {
    &ICONS.path
}

/// Where the mark of the browser's tab is.
pub fn mark_path() -> &'static str {
    &MARK.path
}

/// `GET /static/{file}`.
pub async fn serve_asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let asset =
        [&CSS, &JS, &ICONS, &MARK].into_iter().find(|asset| asset.path.strip_prefix("/static/") == Some(&name)).ok_or(Problem::NotFound)?;
    Ok(([(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")], asset.body.as_str()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_is_there_and_in_order() {
        for name in STYLES {
            assert!(!file(&format!("css/{name}.css")).is_empty(), "{name}.css");
        }
        assert!(CSS.body.starts_with("@layer tokens, base,"));
        assert_eq!(CSS.path.len(), "/static/panel-".len() + 12 + 4);
    }

    #[test]
    fn every_script_is_there() {
        for name in SCRIPTS {
            assert!(!file(&format!("js/{name}.js")).is_empty(), "{name}.js");
        }
        assert_eq!(Files::iter().filter(|path| path.ends_with(".js")).count(), SCRIPTS.len(), "a script is not sent");
        assert_eq!(JS.path.len(), "/static/panel-".len() + 12 + 3);
    }

    #[test]
    fn an_icon_is_a_symbol() {
        let svg = "<!-- licence --><svg class=\"x\"\n width=\"24\"><path d=\"M0 0\" />\n</svg>\n";
        let made = symbol("icons/users.svg", svg);
        assert!(
            made.starts_with("<symbol id=\"users\" viewBox=\"0 0 24 24\"") && made.ends_with("><path d=\"M0 0\" /></symbol>"),
            "{made}"
        );
    }
}
