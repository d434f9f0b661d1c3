//! What a server has for its pages: built once in `app/`.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use ipnet::IpNet;

use super::list::Counts;
use super::shell::Entry;
use super::undo::Undos;
use super::{Streams, Widgets};
use crate::aaa::access::Access;
use crate::accounts::{PasswordHasher, SignInDesk};
use crate::radius::attribute_text;
use crate::radius::dictionary::Dictionary;
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
    /// The folder of this server's decision log.
    pub decisions: PathBuf,
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
    /// What decides logins, with who is online.
    pub access: Arc<Access>,
    /// Names and types of attributes.
    pub dictionary: Arc<Dictionary>,
    /// How many rows filters found lately.
    pub counts: Counts,
    /// Figures of home pages.
    pub widgets: Arc<Widgets>,
    /// Pages that may stand in the menu, in its order.
    pub menu: &'static [Entry],
    /// What can still be taken back.
    pub undos: Undos,
    /// Answers that go on.
    pub streams: Arc<Streams>,
    pub(super) form_key: [u8; 32],
}

impl Site {
    /// A site over a store. All nodes of a store share its key file, so a form of one is taken by another.
    #[allow(clippy::too_many_arguments)] // everything that pages reach, named once
    pub fn new(
        db: Db,
        desk: SignInDesk,
        hasher: PasswordHasher,
        key: &KeyFile,
        ids: Arc<ArcSwapOption<IdMaker>>,
        options: SiteOptions,
        access: Arc<Access>,
        dictionary: Arc<Dictionary>,
        menu: &'static [Entry],
    ) -> Site {
        let form_key = key.derive("tokens of forms");
        let (counts, widgets, undos, streams) = (Counts::default(), Arc::default(), Undos::default(), Arc::default());
        Site { db, desk, hasher, sealer: key.sealer(), ids, options, access, dictionary, counts, widgets, undos, menu, streams, form_key }
    }

    /// Says what is wrong with a line of a customer's reply attributes.
    pub fn check_reply(&self, line: &str) -> Result<(), String> {
        attribute_text::parse(&self.dictionary, line).map(|_| ()).map_err(|e| e.reason)
    }
}
