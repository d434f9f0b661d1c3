//! Joins the panel into the server: what its pages need, and the link with which the very first account is set up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::Router;
use tokio::sync::{oneshot, watch};

use super::now_ms;
use crate::aaa::access::Access;
use crate::aaa::explain::DECISIONS_FOLDER;
use crate::accounts::{PasswordHasher, SignInDesk, SignInRules, first_setup_link};
use crate::config::HttpConfig;
use crate::radius::dictionary::Dictionary;
use crate::store::{Db, IdMaker, KeyFile};
use crate::web::{Site, SiteOptions, with_layers};
use crate::{api, panel};

/// How often it is looked whether the store has given this process ids.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the pages need.
pub fn site(
    db: &Db,
    key: &KeyFile,
    ids: Arc<ArcSwapOption<IdMaker>>,
    http: &HttpConfig,
    data_folder: &Path,
    access: Arc<Access>,
    dictionary: Arc<Dictionary>,
) -> Arc<Site> {
    let options = SiteOptions {
        trusted_proxies: http.trusted_proxies.clone(),
        is_insecure: http.insecure,
        // a browser that was told so would never again let anybody pass by a certificate that it does not trust
        hsts: http.certificate.is_some() || http.acme.is_some(),
        public_url: http.public_url.clone(),
        decisions: data_folder.join(DECISIONS_FOLDER),
    };
    let hasher = PasswordHasher::for_this_machine();
    let desk = SignInDesk::new(db.clone(), key.sealer(), hasher.clone(), SignInRules::default());
    Arc::new(Site::new(db.clone(), desk, hasher, key, ids, options, access, dictionary, panel::MENU))
}

/// The pages with everything around them.
pub fn pages(site: &Arc<Site>) -> Router {
    with_layers(panel::routes().and(api::routes()).into_router(site.clone()), site.clone())
}

/// As long as nobody in the tenant can sign in: a link for its Super Admin, made once the store answers. Links of earlier starts are void then.
pub async fn offer_setup(site: Arc<Site>, tenant: String, base: String, found: oneshot::Sender<String>, mut stop: watch::Receiver<bool>) {
    let ids = loop {
        if let Some(ids) = site.ids.load_full() {
            break ids;
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    };
    match first_setup_link(&site.db, &ids, &tenant, now_ms()).await {
        Ok(Some(token)) => {
            // whoever started the server may have gone; the next start makes another
            let _ = found.send(format!("{base}/setup/{}", token.expose()));
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "no set-up link could be made: use `tollgate account setup-link super-admin`"),
    }
}
