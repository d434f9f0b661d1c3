//! What is going on, for people.

use crate::aaa::explain::{FIGURES, count_figures};
use crate::panel::customers;
use crate::web::{Freshness, Problem, Shell, Signed, url_with};

/// What is live is not kept longer.
const KEPT_MS: i64 = 10_000;
/// Reasons that are shown.
const MOST_REASONS: usize = 6;

/// See the head of the file.
pub(super) struct FiguresView {
    pub online: String,
    pub logins: String,
    pub rejects: String,
    /// What each reason means, and how often.
    pub reasons: Vec<(String, String)>,
    /// Where they are, for whoever sees customers.
    pub online_link: Option<String>,
    pub age: String,
}

pub(super) async fn view(who: &Signed, shell: &Shell, anew: bool) -> Result<FiguresView, Problem> {
    let (site, now) = (&who.site, who.now());
    let count = async { Ok::<_, Problem>(count_figures(&mut site.db.read().await?, who.scope(), now).await?) };
    let widget = site.widgets.get(FIGURES, who.scope(), Freshness { now, most_ms: KEPT_MS, anew }, count).await?;
    let figures = &widget.value;
    Ok(FiguresView {
        online: shell.number(figures.online),
        logins: shell.number(figures.logins_per_minute),
        rejects: shell.number(figures.rejects.iter().map(|of| of.count).sum::<i64>()),
        reasons: figures
            .rejects
            .iter()
            .take(MOST_REASONS)
            .map(|of| (shell.t2("reason", of.reason.code()), shell.number(of.count)))
            .collect(),
        online_link: customers::VIEW.lets(who.scope()).then(|| url_with("/customers", [("q", "online:yes")])),
        age: shell.ago(widget.at),
    })
}
