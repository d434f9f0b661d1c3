//! An action as the store keeps it.

use super::action::{Action, ActionKind, ActionState};
use super::change::Change;
use super::reason::Reason;
use crate::sessions::{Granted, SessionName};
use crate::units::{OctetReader, UnixMs, printable};

/// An action's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// Number in the process that works on it.
    pub serial: u64,
    /// Its id, if it has one yet.
    pub id: Option<i64>,
    /// Whose session.
    pub tenant_id: i64,
    /// By which router entry.
    pub router_id: i64,
    /// By which box.
    pub nas_instance: i64,
    /// Which session.
    pub session_key: [u8; 16],
    /// Whose; 0 = not known.
    pub customer_id: i64,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// User-Name.
    pub username: String,
    /// How.
    pub kind: ActionKind,
    /// Code of the reason.
    pub reason: &'static str,
    /// What to change, for people.
    pub wanted: String,
    /// What the router was told in all, as octets; empty unless it acknowledged a change.
    pub granted: Vec<u8>,
    /// How far it is.
    pub state: ActionState,
    /// Why, in words.
    pub note: String,
    /// Requests so far.
    pub tries: u32,
    /// The router's last Error-Cause.
    pub error_cause: Option<u32>,
    /// When something must happen next; `UnixMs::MAX` = never.
    pub next_try_at: UnixMs,
    /// When the books first wanted it.
    pub created_at: UnixMs,
    /// When it last changed.
    pub updated_at: UnixMs,
}

impl ActionRow {
    /// The row of an action; `granted` is what its session's router was told.
    pub fn of(action: &Action, granted: Option<Granted>) -> ActionRow {
        let mut octets = Vec::new();
        if let Some(granted) = granted.filter(|_| action.kind == ActionKind::Coa && action.acked_at != 0) {
            granted.write(&mut octets);
        }
        ActionRow {
            serial: action.serial,
            id: action.stored_id,
            tenant_id: action.tenant_id,
            router_id: action.router_id,
            nas_instance: action.session.nas_instance,
            session_key: action.session.session_key,
            customer_id: action.customer_id,
            acct_session_id: printable(&action.session.acct_session_id).into_owned(),
            username: printable(&action.username).into_owned(),
            kind: action.kind,
            reason: action.reason.code(),
            wanted: action.change.to_string(),
            granted: octets,
            state: action.state,
            note: action.note.clone(),
            tries: action.tries,
            error_cause: action.error_cause,
            next_try_at: action.next_at,
            created_at: action.created_at,
            updated_at: action.updated_at,
        }
    }
}

/// An unfinished action as the store gives it.
#[derive(Debug, Clone)]
pub struct StoredAction {
    /// Its id.
    pub id: i64,
    /// Whose session.
    pub tenant_id: i64,
    /// By which router entry.
    pub router_id: i64,
    /// By which box.
    pub nas_instance: i64,
    /// Which session.
    pub session_key: [u8; 16],
    /// Whose; 0 = not known.
    pub customer_id: i64,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// User-Name.
    pub username: String,
    /// How, a word of [`ActionKind`].
    pub kind: String,
    /// Code of the reason.
    pub reason: String,
    /// How far it is, a word of [`ActionState`].
    pub state: String,
    /// Why, in words.
    pub note: String,
    /// Requests so far.
    pub tries: u32,
    /// When something must happen next.
    pub next_try_at: UnixMs,
    /// When the books first wanted it.
    pub created_at: UnixMs,
    /// When it last changed.
    pub updated_at: UnixMs,
}

impl StoredAction {
    /// The action; `None` if its words are not known to this program. What it is to change is worked out anew before it is sent.
    pub fn into_action(self) -> Option<Action> {
        let (kind, state): (ActionKind, ActionState) = (self.kind.parse().ok()?, self.state.parse().ok()?);
        Some(Action {
            serial: 0,
            stored_id: Some(self.id),
            tenant_id: self.tenant_id,
            router_id: self.router_id,
            customer_id: self.customer_id,
            session: SessionName {
                nas_instance: self.nas_instance,
                session_key: self.session_key,
                acct_session_id: self.acct_session_id.into_bytes().into(),
            },
            username: self.username.into_bytes().into(),
            kind,
            reason: Reason::from_code(&self.reason)?,
            change: Change::default(),
            state,
            note: self.note,
            tries: self.tries,
            error_cause: None,
            next_at: self.next_try_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            sent_at: 0,
            acked_at: if state == ActionState::Acknowledged { self.updated_at } else { 0 },
            named_by_less: false,
        })
    }
}

/// What a router was told, from the octets of a row.
pub fn read_granted(octets: &[u8]) -> Option<Granted> {
    let mut reader = OctetReader(octets);
    Granted::read(&mut reader).filter(|_| reader.0.is_empty())
}
