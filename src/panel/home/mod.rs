//! `/`: what somebody should look at now, what is going on, whose time runs out, and on a new install what is still to be set up. Each part is shown to whom it is for.

mod attention;
mod checklist;
mod figures;
mod forecast;

use askama::Template;
use axum::response::Response;

use self::attention::Item;
use self::checklist::Step;
use self::figures::FiguresView;
use self::forecast::ForecastView;
use crate::accounts::capability::Capability;
use crate::panel::customers;
use crate::web::{Guard, Problem, Query, Routes, Shell, Signed, html};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/", Guard::SignedIn, show)
}

#[derive(Template)]
#[template(path = "panel/home/show.html")]
struct Page {
    shell: Shell,
    items: Vec<Item>,
    /// Whether there is anything that could need attention, for whoever looks.
    may_attend: bool,
    steps: Vec<Step>,
    figures: Option<FiguresView>,
    forecast: Option<ForecastView>,
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let (shell, scope, anew) = (who.shell("home"), who.scope(), query.has("refresh"));
    let items = attention::items(&who, &shell).await?;
    let steps = checklist::steps(&who, &shell).await?;
    // sessions are of no zone
    let sees_sessions = scope.may(Capability::SessionsView) && scope.only_zone().is_none();
    let figures = if sees_sessions { Some(figures::view(&who, &shell, anew).await?) } else { None };
    let forecast = if customers::VIEW.lets(scope) { Some(forecast::view(&who, &shell, anew).await?) } else { None };
    html(&Page { may_attend: attention::is_for(&who), items, steps, figures, forecast, shell })
}
