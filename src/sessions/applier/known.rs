//! Rows of open sessions as this applier has stored them, so that the embedded database need not be asked for them again at each interim.
//!
//! A row is taken out while a transaction works on it and comes back only when that is committed, so a transaction that fails, or of which nobody knows how it
//! ended, leaves nothing wrong behind. All is dropped as soon as anybody else may have changed a session: another process that wrote anything, or this one over a new
//! connection ([`WrittenMark`]), or another applier over the same connection, which moves the position of its journal. Over that connection nobody but appliers
//! changes open sessions; what ended is not kept here, since the history moves it. On PostgreSQL nothing is kept: other nodes change rows there.

use hashbrown::HashMap;

use crate::sessions::sql::bulk::{RowKey, SessionRow};
use crate::sessions::sql::list_other_positions;
use crate::sessions::tally::Tally;
use crate::store::{Db, StoreError, Tx, WrittenMark};

/// More rows are not kept: about 50 MB.
const MOST_ROWS: usize = 200_000;

/// See the head of the file.
#[derive(Default)]
pub(super) struct KnownRows {
    rows: HashMap<RowKey, Kept>,
    /// What the store was like as far as others change it, at the last transaction; `None` = nothing is kept.
    of: Option<StoreState>,
}

/// See [`KnownRows`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StoreState {
    mark: WrittenMark,
    /// The positions of other journals.
    others: Vec<(i64, i64)>,
}

impl StoreState {
    /// As a transaction finds it that alone may write; `None` on PostgreSQL.
    pub async fn read(db: &Db, tx: &mut Tx, journal_id: i64) -> Result<Option<StoreState>, StoreError> {
        let Some(mark) = db.written_mark(tx).await? else { return Ok(None) };
        let mut others = list_other_positions(tx, journal_id).await?;
        others.sort_unstable();
        Ok(Some(StoreState { mark, others }))
    }
}

/// A row without its key; all its texts in one.
struct Kept {
    nas_instance: i64,
    router_id: i64,
    customer_id: Option<i64>,
    texts: Box<str>,
    /// Where the second, third and fourth text begin.
    begins: [u16; 3],
    tally: Tally,
}

impl Kept {
    /// `None` if a text is absurdly long.
    fn of(row: &SessionRow) -> Option<Kept> {
        let mut texts = String::with_capacity(row.acct_session_id.len() + row.username.len() + row.mac.len() + row.framed_ip.len());
        let mut begins = [0; 3];
        texts.push_str(&row.acct_session_id);
        for (begin, text) in begins.iter_mut().zip([&row.username, &row.mac, &row.framed_ip]) {
            *begin = u16::try_from(texts.len()).ok()?;
            texts.push_str(text);
        }
        let (nas_instance, router_id, customer_id) = (row.nas_instance, row.router_id, row.customer_id);
        Some(Kept { nas_instance, router_id, customer_id, texts: texts.into(), begins, tally: row.tally.clone() })
    }

    fn into_row(self, (tenant_id, session_key): RowKey) -> SessionRow {
        let [username, mac, framed_ip] = self.begins.map(usize::from);
        SessionRow {
            tenant_id,
            session_key,
            nas_instance: self.nas_instance,
            router_id: self.router_id,
            customer_id: self.customer_id,
            acct_session_id: self.texts[..username].to_owned(),
            username: self.texts[username..mac].to_owned(),
            mac: self.texts[mac..framed_ip].to_owned(),
            called_station: String::new(),
            nas_port_id: String::new(),
            framed_ip: self.texts[framed_ip..].to_owned(),
            tally: self.tally,
        }
    }
}

impl KnownRows {
    /// Drops all that is not of this state of the store.
    pub fn hold_while(&mut self, state: Option<StoreState>) {
        if self.of != state || state.is_none() {
            self.rows.clear();
        }
        self.of = state;
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Takes out the rows of these keys; returns the keys of which none is known.
    pub fn take(&mut self, keys: &[RowKey], into: &mut Vec<SessionRow>) -> Vec<RowKey> {
        let mut unknown = Vec::new();
        for key in keys {
            match self.rows.remove(key) {
                Some(kept) => into.push(kept.into_row(*key)),
                None => unknown.push(*key),
            }
        }
        unknown
    }

    /// Takes in rows as a transaction has left them; it is committed.
    pub fn put(&mut self, rows: &[SessionRow]) {
        if self.of.is_none() {
            return;
        }
        for row in rows {
            let key = row.key();
            // It may be known although it was not taken out: a neighbour is read from the store.
            self.rows.remove(&key);
            if row.tally.is_open()
                && self.rows.len() < MOST_ROWS
                && let Some(kept) = Kept::of(row)
            {
                self.rows.insert(key, kept);
            }
        }
    }

    /// How many are known.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}
