//! What a server has for its pages: built once in `app/`.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use ipnet::IpNet;

use super::Streams;
use super::shell::Entry;
use crate::accounts::{PasswordHasher, SignInDesk};
use crate::store::{Db, IdMaker, KeyFile, Sealer};

/// What the configuration says.
#[derive(Debug, Clone, Default)]
pub struct SiteOptions {
    /// Whose X-Forwarded-For and X-Forwarded-Proto count.
    pub trusted_proxies: Vec<IpNet>,
    /// `http.insecure`: plain http is let in from anywhere, and every page says so.
    pub is_insecure: bool,
    /// Whether browsers are told to come by https only from now on; not with a certificate that they do not trust.
    pub hsts: bool,
    /// How people reach the panel, for links that are printed; without a slash at the end.
    pub public_url: Option<String>,
}

/// See the head of the file.
pub struct Site {
    /// The store; use cases get it in the name of whoever came: [`Signed::db`](super::Signed::db).
    pub db: Db,
    /// The door.
    pub desk: SignInDesk,
    /// Bounded: a storm of sign-ins does not take the processors from RADIUS.
    pub hasher: PasswordHasher,
    /// Seals secrets of rows.
    pub sealer: Sealer,
    /// Ids of this process's slot; empty while the store has not been reached.
    pub ids: Arc<ArcSwapOption<IdMaker>>,
    /// What the configuration says.
    pub options: SiteOptions,
    /// Pages that may stand in the menu, in its order.
    pub menu: &'static [Entry],
    /// Answers that go on.
    pub streams: Arc<Streams>,
    pub(super) form_key: [u8; 32],
}

impl Site {
    /// A site over a store. All nodes of a store share its key file, so a form of one is taken by another.
    pub fn new(
        db: Db,
        desk: SignInDesk,
        hasher: PasswordHasher,
        key: &KeyFile,
        ids: Arc<ArcSwapOption<IdMaker>>,
        options: SiteOptions,
        menu: &'static [Entry],
    ) -> Site {
        let form_key = key.derive("tokens of forms");
        Site { db, desk, hasher, sealer: key.sealer(), ids, options, menu, streams: Arc::default(), form_key }
    }
}
