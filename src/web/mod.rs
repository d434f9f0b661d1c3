//! What surfaces share: the request as a visit, sign-in cookies, guards of routes, forms and their tokens, the shell of pages, texts, styles, errors.
//!
//! Reading order: [`Site`] (what a server has), `layers` (what happens to every request), [`Routes`] (how a page is registered: never without a [`Guard`]),
//! [`Signed`] (who came), [`Form`] (what he sent), [`Version`] (whether it was changed meanwhile), [`Shell`] (what every page shows), [`Problem`] (what he gets
//! instead).
//! Must not know: features. A page belongs to a surface.

mod assets;
mod cookies;
mod csv;
mod denial;
mod error_texts;
mod form;
mod form_token;
mod guard;
mod layers;
pub mod list;
mod locale;
mod markup;
mod numbers;
pub mod object;
mod page;
mod path;
mod peer;
mod problem;
mod query;
mod routes;
mod shell;
mod site;
mod spans;
mod streams;
mod undo;
mod version;
mod visit;
mod widgets;
mod within;

pub use assets::{css_path, icons_path, serve_asset};
pub use cookies::{Cookies, Jar};
pub use csv::{CsvExport, send_csv};
pub use form::{Complaints, Form, Upload};
pub use guard::{Guard, KeyCaller, Signed};
pub use layers::with_layers;
pub use locale::{LANGUAGES, Language, Said};
pub use markup::Markup;
pub use numbers::{Whole, ascii_digits};
pub use page::{CutOff, attachment, attachment_in_pieces, events_in_pieces, go, html, html_with, refill, with_cookie};
pub use path::{Id, Word};
pub use peer::{Peer, client_ip, is_https};
pub use problem::Problem;
pub use query::{Query, url_with};
pub use routes::{Method, Route, Routes};
pub use shell::{Entry, MenuItem, Notice, Shell, ViewAs, Who};
pub use site::{Site, SiteOptions};
pub use streams::{StreamPlace, Streams};
pub use undo::Undo;
pub use version::{Difference, VERSION_FIELD, Version, conflict, differences};
pub use visit::{Theme, Visit};
pub use widgets::{Freshness, Widget, Widgets};
pub use within::{Within, with_part};
