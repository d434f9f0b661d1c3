//! The working set of one batch: stored rows of the sessions its records speak of, changed in memory record by record by the same rules that the live sessions
//! follow, so that each row is written once. Pure but for what it is given.

use std::collections::HashSet;

use hashbrown::HashMap;

use super::sink::{AppliedSink, StoredSession, UsageAdded};
use super::{Aliases, Zones};
use crate::sessions::buckets::{Charging, Part};
use crate::sessions::cause;
use crate::sessions::event::Status;
use crate::sessions::live::matches_boot;
use crate::sessions::record::{Leased, MacBound, Record, RouterLearned, Update};
use crate::sessions::sql::NasInstance;
use crate::sessions::sql::bulk::{NEIGHBOUR_MS, RowKey, SessionRow, UsageRow, Wanted};
use crate::sessions::tally::{Tally, flag};
use crate::units::{UnixMs, printable};

/// What of a row must be written.
#[derive(Debug, Clone, Copy, Default)]
struct Dirty {
    is_new: bool,
    tally: bool,
    /// Of the tally also when or how it ended, which indexes ask for.
    end: bool,
    details: bool,
    /// The customer was found after the row was written.
    customer: bool,
}

/// How memory knows a row.
#[derive(Default)]
struct Told {
    keys: Vec<[u8; 16]>,
    raw_id: Option<Box<[u8]>>,
}

/// See the head of the file. Emptied and used again for each batch.
#[derive(Default)]
pub(super) struct Work {
    rows: Vec<SessionRow>,
    dirty: Vec<Dirty>,
    by_key: HashMap<RowKey, usize>,
    /// By which names the events of a row came, and Acct-Session-Id as sent where the stored text differs.
    told: Vec<Told>,
    /// What splits a row's usage; asked for once.
    charging: Vec<Option<Charging>>,
    usage: Vec<(usize, Part)>,
    /// Keys found to mean another row.
    pub aliases: Vec<(RowKey, RowKey)>,
    /// Routers that were found to sign.
    pub learned: Vec<RouterLearned>,
    /// Devices that logins bound, in their order.
    pub bound: Vec<MacBound>,
    /// Addresses that logins leased, in their order.
    pub leased: Vec<Leased>,
    /// Boxes that were seen.
    pub boxes: Vec<(i64, NasInstance)>,
    /// First logins: tenant, customer, instant.
    pub first_logins: Vec<(i64, i64, UnixMs)>,
}

/// What a batch asks the store for before it is applied.
#[derive(Default)]
pub(super) struct Needs {
    /// Rows by key, in order, each once.
    pub keys: Vec<RowKey>,
    /// Open rows of a box that began before an instant.
    pub restarts: Vec<(i64, UnixMs)>,
}

impl Needs {
    /// What these records need. A box that restarts twice in the batch is asked for once.
    pub fn of<'a>(records: impl Iterator<Item = &'a Record<'a>>, aliases: &Aliases) -> Needs {
        let mut needs = Needs::default();
        for record in records {
            match record {
                Record::Update(u) => {
                    needs.keys.push(aliases.resolve((u.tenant_id, u.session_key)));
                    needs.keys.extend(u.replaces.map(|key| aliases.resolve((u.tenant_id, key))));
                }
                Record::Ended { tenant_id, session_key, .. } => needs.keys.push(aliases.resolve((*tenant_id, *session_key))),
                Record::NasRestarted { nas_instance, at, .. } => needs.restarts.push((*nas_instance, *at)),
                Record::Odd { .. }
                | Record::RouterLearned(_)
                | Record::NasSeen { .. }
                | Record::FirstLogin { .. }
                | Record::MacBound(_)
                | Record::Leased(_) => {}
            }
        }
        needs.keys.sort_unstable();
        needs.keys.dedup();
        needs.restarts.sort_unstable_by_key(|(nas, at)| (*nas, -at));
        needs.restarts.dedup_by_key(|(nas, _)| *nas);
        needs
    }
}

impl Work {
    /// Forgets the last batch.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.dirty.clear();
        self.by_key.clear();
        self.told.clear();
        self.charging.clear();
        self.usage.clear();
        self.aliases.clear();
        self.learned.clear();
        self.bound.clear();
        self.leased.clear();
        self.boxes.clear();
        self.first_logins.clear();
    }

    /// Takes rows of the store in; one that is there already stays.
    pub fn take(&mut self, rows: impl IntoIterator<Item = SessionRow>) {
        for row in rows {
            if let hashbrown::hash_map::Entry::Vacant(entry) = self.by_key.entry(row.key()) {
                entry.insert(self.rows.len());
                self.rows.push(row);
                self.dirty.push(Dirty::default());
                self.told.push(Told::default());
                self.charging.push(None);
            }
        }
    }

    /// For events without a row that may belong to a neighbour's: what that neighbour must be like.
    pub fn wanted<'a>(&self, records: impl Iterator<Item = &'a Record<'a>>, aliases: &Aliases, sink: &dyn AppliedSink) -> Vec<Wanted> {
        let mut decided = HashSet::new();
        let mut wanted = Vec::new();
        for record in records {
            let Record::Update(u) = record else { continue };
            let key = aliases.resolve((u.tenant_id, u.session_key));
            if self.by_key.contains_key(&key) || !decided.insert(key) || !may_be_neighbour(u) {
                continue;
            }
            wanted.push(Wanted {
                tenant_id: u.tenant_id,
                customer_id: customer_of(u, sink),
                nas_instance: u.nas_instance,
                acct_session_id: printable(u.acct_session_id).into_owned(),
                started_at: u.started_at,
            });
        }
        wanted
    }

    /// Applies one record.
    pub fn apply(&mut self, record: &Record<'_>, aliases: &Aliases, sink: &dyn AppliedSink, zones: &mut Zones) {
        match record {
            Record::Update(update) => self.update(update, aliases, sink, zones),
            Record::NasRestarted { nas_instance, at, only } => {
                for (row, dirty) in self.rows.iter_mut().zip(&mut self.dirty) {
                    let concerned = row.nas_instance == *nas_instance && row.tally.is_open() && row.tally.started_at <= *at;
                    if concerned && matches_boot(row.acct_session_id.as_bytes(), *only) {
                        row.tally.infer_end(cause::NAS_REBOOT);
                        (dirty.tally, dirty.end) = (true, true);
                    }
                }
            }
            Record::Ended { tenant_id, session_key, terminate_cause, last_event_at, .. } => {
                let key = aliases.resolve((*tenant_id, *session_key));
                if let Some(index) = self.by_key.get(&key).copied()
                    && self.rows[index].tally.last_event_at <= *last_event_at
                {
                    self.infer_end(index, *terminate_cause);
                }
            }
            Record::Odd { .. } => {}
            Record::FirstLogin { tenant_id, customer_id, at } => self.first_logins.push((*tenant_id, *customer_id, *at)),
            Record::RouterLearned(learned) => self.learned.push(*learned),
            Record::MacBound(bound) => self.bound.push(*bound),
            Record::Leased(leased) => self.leased.push(*leased),
            Record::NasSeen { tenant_id, nas_instance, router_id, at, nas_identifier, nas_address } => {
                let nas = NasInstance {
                    id: *nas_instance,
                    router_id: *router_id,
                    nas_identifier: printable(nas_identifier).into_owned(),
                    nas_address: print_address(nas_address),
                    first_seen_at: *at,
                };
                self.boxes.push((*tenant_id, nas));
            }
        }
    }

    fn infer_end(&mut self, index: usize, terminate_cause: u32) {
        let tally = &mut self.rows[index].tally;
        if tally.is_open() {
            tally.infer_end(terminate_cause);
            let dirty = &mut self.dirty[index];
            (dirty.tally, dirty.end) = (true, true);
        }
    }

    fn update(&mut self, update: &Update<'_>, aliases: &Aliases, sink: &dyn AppliedSink, zones: &mut Zones) {
        if let Some(replaced) = update.replaces
            && let Some(index) = self.by_key.get(&aliases.resolve((update.tenant_id, replaced))).copied()
        {
            self.infer_end(index, cause::LOST_SERVICE);
        }
        let key = aliases.resolve((update.tenant_id, update.session_key));
        let customer_id = customer_of(update, sink);
        let found = self.by_key.get(&key).copied().or_else(|| self.neighbour(update, key, customer_id));
        let index = found.unwrap_or_else(|| self.open(update, key, customer_id));
        let (row, dirty) = (&mut self.rows[index], &mut self.dirty[index]);
        let before = row.tally.clone();
        if update.carried_over && found.is_some() {
            row.tally.apply(&Update { carried_over: false, ..update.clone() });
        } else {
            row.tally.apply(update);
        }
        if update.is_past {
            row.tally.infer_end(cause::LOST_SERVICE);
        }
        dirty.tally |= row.tally != before;
        dirty.end |= row.tally.end() != before.end();
        take_details(row, dirty, update, customer_id);
        let raw_id = (row.acct_session_id.as_bytes() != update.acct_session_id).then(|| update.acct_session_id.into());
        let told = &mut self.told[index];
        told.raw_id = raw_id;
        if !told.keys.contains(&update.session_key) {
            told.keys.push(update.session_key);
        }
        let (was, is) = (before.charged(), row.tally.charged());
        let more = [is.0.saturating_sub(was.0), is.1.saturating_sub(was.1), is.2.saturating_sub(was.2)];
        if more != [0; 3] {
            let (usage, owner) = (&mut self.usage, row.customer_id);
            let charging = self.charging[index].get_or_insert_with(|| owner.map(|id| sink.charging(id)).unwrap_or_default());
            zones.buckets(update.tenant_id).split(before.last_event_at, update.at, more, charging, |part| usage.push((index, part)));
        }
    }

    /// The row of a session whose start a lost packet has blurred; found under the event's own key from now on.
    fn neighbour(&mut self, update: &Update<'_>, key: RowKey, customer_id: Option<i64>) -> Option<usize> {
        if !may_be_neighbour(update) {
            return None;
        }
        let id = printable(update.acct_session_id);
        let username = printable(update.username);
        let distance = |row: &SessionRow| (row.tally.started_at - update.started_at).abs();
        let is_it = |row: &SessionRow| {
            row.nas_instance == update.nas_instance
                && distance(row) <= NEIGHBOUR_MS
                && row.tenant_id == update.tenant_id
                && row.customer_id == customer_id
                && row.acct_session_id == id
                && row.username.eq_ignore_ascii_case(&username)
                // The live sessions knew that one, and that this is another.
                && Some(row.session_key) != update.replaces
        };
        let (index, row) =
            self.rows.iter().enumerate().filter(|(_, row)| is_it(row)).min_by_key(|(_, row)| (distance(row), row.session_key))?;
        self.aliases.push((key, row.key()));
        self.by_key.insert(key, index);
        Some(index)
    }

    fn open(&mut self, update: &Update<'_>, key: RowKey, customer_id: Option<i64>) -> usize {
        let mut tally = Tally::open(update.started_at);
        if update.status != Status::Start {
            tally.flags |= flag::NO_START;
        }
        let index = self.rows.len();
        self.by_key.insert(key, index);
        self.rows.push(SessionRow {
            tenant_id: key.0,
            session_key: key.1,
            nas_instance: update.nas_instance,
            router_id: update.router_id,
            customer_id,
            acct_session_id: printable(update.acct_session_id).into_owned(),
            username: printable(update.username).into_owned(),
            mac: String::new(),
            called_station: printable(update.called_station).into_owned(),
            nas_port_id: printable(update.nas_port_id).into_owned(),
            framed_ip: String::new(),
            tally,
        });
        self.dirty.push(Dirty { is_new: true, ..Dirty::default() });
        self.told.push(Told::default());
        self.charging.push(None);
        index
    }

    fn rows_where(&self, which: impl Fn(&Dirty) -> bool) -> Vec<&SessionRow> {
        self.rows.iter().zip(&self.dirty).filter(|(_, dirty)| which(dirty)).map(|(row, _)| row).collect()
    }

    /// Rows to insert.
    pub fn new_rows(&self) -> Vec<&SessionRow> {
        self.rows_where(|d| d.is_new)
    }

    /// Stored rows whose counters changed, and not their end.
    pub fn counted_rows(&self) -> Vec<&SessionRow> {
        self.rows_where(|d| d.tally && !d.end && !d.is_new)
    }

    /// Stored rows whose end changed.
    pub fn ended_rows(&self) -> Vec<&SessionRow> {
        self.rows_where(|d| d.end && !d.is_new)
    }

    /// All rows as they are after the records.
    pub fn rows(&self) -> &[SessionRow] {
        &self.rows
    }

    /// Stored rows whose customer, device or address changed.
    pub fn detailed_rows(&self) -> Vec<&SessionRow> {
        self.rows_where(|d| d.details && !d.is_new)
    }

    /// Stored rows whose customer became known.
    pub fn found_customers(&self) -> Vec<&SessionRow> {
        self.rows_where(|d| d.customer && !d.is_new)
    }

    /// Rows that anything changed of.
    pub fn touched_rows(&self) -> Vec<&SessionRow> {
        self.rows_where(|d| d.is_new || d.tally || d.details)
    }

    /// What memory is told of the rows that events spoke of.
    pub fn told(&self) -> impl Iterator<Item = StoredSession<'_>> {
        self.rows.iter().zip(&self.told).flat_map(|(row, told)| {
            told.keys.iter().map(|told_key| StoredSession {
                nas_instance: row.nas_instance,
                acct_session_id: told.raw_id.as_deref().unwrap_or(row.acct_session_id.as_bytes()),
                told_key: *told_key,
                customer_id: row.customer_id,
                tally: &row.tally,
            })
        })
    }

    /// What was used more, one row per session, bucket and class.
    pub fn usage_rows(&mut self) -> Vec<UsageRow> {
        self.usage.sort_unstable_by_key(|(index, part)| (*index, part.bucket_at, part.class));
        let mut rows: Vec<UsageRow> = Vec::with_capacity(self.usage.len());
        let mut last = None;
        for (index, part) in &self.usage {
            let amounts = part.counts.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
            match rows.last_mut() {
                Some(row) if last == Some((*index, part.bucket_at, part.class)) => {
                    (0..3).for_each(|i| row.amounts[i] = row.amounts[i].saturating_add(amounts[i]))
                }
                _ => {
                    let session = &self.rows[*index];
                    rows.push(UsageRow {
                        key: session.key(),
                        bucket_at: part.bucket_at,
                        class: part.class,
                        day: part.day,
                        customer_id: session.customer_id,
                        amounts,
                    });
                }
            }
            last = Some((*index, part.bucket_at, part.class));
        }
        rows
    }
}

/// The same for memory.
pub(super) fn usage_added(rows: &[UsageRow]) -> Vec<UsageAdded> {
    let of_row = |row: &UsageRow| UsageAdded {
        customer_id: row.customer_id,
        bucket_at: row.bucket_at,
        class: row.class,
        counts: row.amounts.map(i64::unsigned_abs),
    };
    rows.iter().map(of_row).collect()
}

fn may_be_neighbour(update: &Update<'_>) -> bool {
    update.is_stray || !update.opens
}

fn customer_of(update: &Update<'_>, sink: &dyn AppliedSink) -> Option<i64> {
    if update.customer_id != 0 { Some(update.customer_id) } else { sink.find_customer(update.tenant_id, update.username, update.mac) }
}

/// The first device and customer stay; the address is the newest.
fn take_details(row: &mut SessionRow, dirty: &mut Dirty, update: &Update<'_>, customer_id: Option<i64>) {
    if let Some(mac) = update.mac.filter(|_| row.mac.is_empty()) {
        row.mac = mac.to_string();
        dirty.details = true;
    }
    if let Some(ip) = update.framed_ip {
        let is_known = row.framed_ip.parse() == Ok(ip);
        if !is_known && update.at >= row.tally.last_event_at {
            row.framed_ip = ip.to_string();
            dirty.details = true;
        }
    }
    if row.customer_id.is_none() && customer_id.is_some() {
        row.customer_id = customer_id;
        (dirty.details, dirty.customer) = (true, true);
    }
}

fn print_address(octets: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return std::net::Ipv4Addr::from(v4).to_string();
    }
    <[u8; 16]>::try_from(octets).map_or_else(|_| String::new(), |v6| std::net::Ipv6Addr::from(v6).to_string())
}
