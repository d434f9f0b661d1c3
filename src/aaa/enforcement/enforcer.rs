//! The desk's thread, and the inbox through which everyone else speaks to it. Nobody waits for it: posting takes a short lock, and what is posted twice for one
//! customer is looked at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::{Condvar, Mutex};

use super::action::{ActionState, Outcome};
use super::desk::{Desk, World};
use super::reason::Reason;
use super::row::{ActionRow, StoredAction};
use super::status::Status;
use super::timers::HORIZON_MS;
use crate::sessions::{SessionName, Sighting, Status as AccountingStatus};
use crate::units::UnixMs;

/// With nothing due, the clock is looked at this often (it may be set).
const LONGEST_WAIT_MS: i64 = 1_000;
/// Everyone online is looked at this often, in case that something was missed.
const SWEEP_EVERY_MS: i64 = 120_000;
// Sweeps bring instants that come near, also when one is missed.
const _: () = assert!(HORIZON_MS >= 3 * SWEEP_EVERY_MS);
/// More customers than this at once are a sweep.
const MOST_CUSTOMERS: usize = 100_000;
/// Finished actions that wait for a store which is away; beyond this they are forgotten unsaved.
const MOST_ROWS: usize = 200_000;

#[derive(Default)]
struct Inbox {
    stored: Vec<StoredAction>,
    answers: Vec<(u64, Outcome)>,
    /// Session, whose, whether it is open, and whether its customer is to be looked at.
    sightings: Vec<(Sighting, bool)>,
    disconnects: Vec<(SessionName, Reason)>,
    /// Whether those of whom it is not known what their router was told are told everything.
    customers: HashMap<i64, bool>,
    sweep: Option<bool>,
    /// Whether the desk may begin.
    begin: bool,
    stopping: bool,
}

/// The way to the desk.
pub struct Enforcer {
    inbox: Mutex<Inbox>,
    wake: Condvar,
    status: Arc<Status>,
    rows: Mutex<HashMap<u64, ActionRow>>,
    to_read: Mutex<Vec<i64>>,
    foreign: ArcSwap<HashSet<i64>>,
}

/// The running desk.
pub struct EnforcerThread {
    enforcer: Arc<Enforcer>,
    thread: JoinHandle<()>,
}

impl Enforcer {
    /// An inbox that nobody empties yet.
    pub fn new() -> Arc<Enforcer> {
        Arc::new(Enforcer {
            inbox: Mutex::default(),
            wake: Condvar::new(),
            status: Arc::default(),
            rows: Mutex::default(),
            to_read: Mutex::default(),
            foreign: ArcSwap::default(),
        })
    }

    /// Counters and gauges.
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// Starts the desk; it begins when the [`Keeper`](super::Keeper) has read the store, or found it away. Everyone online is looked at first, which also sets their instants. `clock` gives unix ms; `prepare` is called on the
    /// new thread first.
    pub fn start(self: &Arc<Enforcer>, world: World, clock: fn() -> UnixMs, prepare: fn()) -> std::io::Result<EnforcerThread> {
        let enforcer = self.clone();
        let desk = Desk::new(world, self.status.clone());
        let thread = std::thread::Builder::new().name("enforcer".into()).spawn(move || {
            prepare();
            run(&enforcer, desk, clock);
        })?;
        Ok(EnforcerThread { enforcer: self.clone(), thread })
    }

    fn post(&self, put: impl FnOnce(&mut Inbox)) {
        put(&mut self.inbox.lock());
        self.wake.notify_one();
    }

    /// A customer's use crossed something, or may have: look at him.
    pub fn recheck(&self, customer_id: i64) {
        self.look_at(customer_id, false);
    }

    /// A customer's books changed: look at him, and tell his routers everything if it is not known what they were told.
    pub fn books_changed(&self, customer_id: i64) {
        self.look_at(customer_id, true);
    }

    fn look_at(&self, customer_id: i64, tell_unknown: bool) {
        self.post(|inbox| {
            if inbox.customers.len() >= MOST_CUSTOMERS {
                inbox.customers.clear();
                inbox.sweep = Some(true);
            } else {
                *inbox.customers.entry(customer_id).or_default() |= tell_unknown;
            }
        });
    }

    /// The books of many changed: look at everyone.
    pub fn everything_changed(&self) {
        self.post(|inbox| inbox.sweep = Some(true));
    }

    /// Accounting about a session was taken. Cheap when nothing depends on it.
    pub fn accounted(&self, status: AccountingStatus, sighting: Sighting) {
        let is_first_or_last = !matches!(status, AccountingStatus::Interim);
        if is_first_or_last || self.status.watched.contains(&sighting.session_key) {
            self.post(|inbox| inbox.sightings.push((sighting, is_first_or_last)));
        }
    }

    /// A request was answered, or given up.
    pub fn answered(&self, serial: u64, outcome: Outcome) {
        self.post(|inbox| inbox.answers.push((serial, outcome)));
    }

    /// End this session, whatever the books say.
    pub fn disconnect(&self, session: SessionName, reason: Reason) {
        self.post(|inbox| inbox.disconnects.push((session, reason)));
    }

    /// Actions from the store to go on with.
    pub(super) fn take_up(&self, stored: Vec<StoredAction>) {
        self.post(|inbox| inbox.stored.extend(stored));
    }

    /// The store was read, or cannot be: the desk begins.
    pub(super) fn begin(&self) {
        self.post(|inbox| inbox.begin = true);
    }

    /// A command wrote an action; the keeper reads it.
    pub fn action_written(&self, id: i64) {
        self.to_read.lock().push(id);
    }

    pub(super) fn take_written(&self) -> Vec<i64> {
        std::mem::take(&mut self.to_read.lock())
    }

    /// Rows to write, the newest of each action.
    pub(super) fn take_rows(&self) -> Vec<ActionRow> {
        std::mem::take(&mut *self.rows.lock()).into_values().collect()
    }

    /// Rows that could not be written; newer ones of the same actions stay.
    pub(super) fn put_back(&self, rows: Vec<ActionRow>) {
        let mut kept = self.rows.lock();
        for row in rows {
            kept.entry(row.serial).or_insert(row);
        }
        self.status.unsaved.store(kept.len() as i64, std::sync::atomic::Ordering::Relaxed);
    }

    /// Rows to write.
    pub(super) fn keep_rows(&self, rows: Vec<ActionRow>) {
        if rows.is_empty() {
            return;
        }
        let mut kept = self.rows.lock();
        for row in rows {
            let is_over = matches!(row.state, ActionState::Proven | ActionState::Gone | ActionState::GivenUp);
            if !is_over || kept.len() < MOST_ROWS || kept.contains_key(&row.serial) {
                kept.insert(row.serial, row);
            }
        }
        self.status.unsaved.store(kept.len() as i64, std::sync::atomic::Ordering::Relaxed);
    }

    /// Routers on which another node enforces.
    pub(super) fn set_foreign(&self, routers: HashSet<i64>) {
        if **self.foreign.load() != routers {
            self.foreign.store(Arc::new(routers));
            self.post(|inbox| inbox.sweep = Some(inbox.sweep.unwrap_or(false)));
        }
    }

    /// Whether another node enforces on a router.
    pub fn is_foreign(&self, router_id: i64) -> bool {
        self.foreign.load().contains(&router_id)
    }
}

impl EnforcerThread {
    /// Ends the thread. What is under way is in the store, or will be when the keeper has written it.
    pub fn stop(self) {
        self.enforcer.post(|inbox| inbox.stopping = true);
        if self.thread.join().is_err() {
            tracing::error!("the enforcer had panicked");
        }
    }
}

fn run(enforcer: &Enforcer, mut desk: Desk, clock: fn() -> UnixMs) {
    let (mut swept_at, mut swept_for) = (clock(), Duration::ZERO);
    desk.begin_sweep(false);
    // What was under way before this start is taken up first, so that nothing is asked for twice.
    let mut has_begun = false;
    loop {
        let inbox = {
            let mut inbox = enforcer.inbox.lock();
            while !has_begun && !inbox.begin && !inbox.stopping {
                enforcer.wake.wait(&mut inbox);
            }
            has_begun = true;
            let wait_ms = if desk.is_sweeping() { 0 } else { (desk.next_at() - clock()).clamp(0, LONGEST_WAIT_MS) };
            if is_empty(&inbox) && wait_ms > 0 {
                enforcer.wake.wait_for(&mut inbox, Duration::from_millis(wait_ms as u64));
            }
            std::mem::take(&mut *inbox)
        };
        if inbox.stopping {
            return;
        }
        let now = clock();
        if now - swept_at >= SWEEP_EVERY_MS || now < swept_at {
            swept_at = now;
            desk.begin_sweep(false);
        }
        desk.set_foreign(enforcer.foreign.load_full());
        work(&mut desk, inbox, now);
        let (was_sweeping, began) = (desk.is_sweeping(), Instant::now());
        desk.step(now);
        if was_sweeping {
            swept_for += began.elapsed();
            if !desk.is_sweeping() {
                let took = std::mem::take(&mut swept_for);
                enforcer.status.sweep_us.store(took.as_micros() as u64, std::sync::atomic::Ordering::Relaxed);
            }
        }
        enforcer.keep_rows(desk.take_changed());
        enforcer.status.timers.store(desk.timers() as i64, std::sync::atomic::Ordering::Relaxed);
    }
}

fn is_empty(inbox: &Inbox) -> bool {
    let lists = inbox.stored.is_empty() && inbox.answers.is_empty() && inbox.sightings.is_empty() && inbox.disconnects.is_empty();
    lists && inbox.customers.is_empty() && inbox.sweep.is_none() && !inbox.stopping
}

/// What was known before comes first: stored actions, answers, sessions that ended; then what may begin something new.
fn work(desk: &mut Desk, inbox: Inbox, now: UnixMs) {
    for action in inbox.stored.into_iter().filter_map(StoredAction::into_action) {
        desk.take_up(action, now);
    }
    for (serial, outcome) in inbox.answers {
        desk.answered(serial, outcome, now);
    }
    for (sighting, recheck) in inbox.sightings {
        desk.accounted(sighting.session_key, sighting.customer_id, sighting.is_open, recheck, now);
    }
    for (session, reason) in inbox.disconnects {
        desk.disconnect(&session, reason, now);
    }
    for (customer_id, tell_unknown) in inbox.customers {
        desk.recheck(customer_id, tell_unknown, now);
    }
    if let Some(tell_unknown) = inbox.sweep {
        desk.begin_sweep(tell_unknown);
    }
}
