//! The durable journal as its users see it: append, wait, read, prune, health, close.
//!
//! Two buffers: workers fill one under a short mutex while the journal thread (`writer`) writes and syncs the other.

use super::disk::{Disk, DiskEntry};
use super::frame::{BATCH_START, FRAME_BYTES, Identity, MAX_PAYLOAD_BYTES, seal_frame};
use super::health::{JournalHealth, JournalState, SyncTimes};
use super::reader::{ReadError, Reader};
use super::segment::{self, OpenError, Segment};
use super::spare;
use super::writer::Writer;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// Sizes and times of a journal.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// A segment is closed when it would grow beyond this, in octets.
    pub segment_bytes: u64,
    /// Most octets on disk, unapplied and retained together; beyond it the journal stalls rather than lose anything.
    pub budget_bytes: u64,
    /// Most octets appended and not yet durable, in memory.
    pub pending_bytes: usize,
    /// Applied segments are kept this long as evidence, if the budget allows.
    pub retain_secs: u64,
    /// First pause after a failed attempt to write, in milliseconds; doubles up to ten times this.
    pub retry_ms: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        JournalOptions { segment_bytes: 64 << 20, budget_bytes: 4 << 30, pending_bytes: 64 << 20, retain_secs: 7 * 86_400, retry_ms: 100 }
    }
}

/// What opening found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Sequence of the last record; 0 in an empty journal.
    pub last_seq: u64,
    /// Sequence of the oldest record still there; `last_seq + 1` in an empty journal.
    pub oldest_seq: u64,
    /// Records of the last batch, which are being written again because only a sync that this process saw counts.
    pub rewritten: u64,
    /// A torn tail that was cut off.
    pub cut: Option<TornTail>,
}

/// Octets behind the last whole record; none of them was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub file: String,
    /// Where the tail began, in octets.
    pub offset: u64,
    /// How long it was, in octets.
    pub bytes: u64,
}

/// Why a record was not taken. The caller leaves the request unanswered, so that the router sends it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AppendError {
    /// `pending_bytes` are waiting for the disk.
    #[error("the journal is overfull")]
    Overfull,
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// The payload exceeds [`MAX_PAYLOAD_BYTES`].
    #[error("the record is too large for the journal")]
    TooLarge,
}

/// Takes the acknowledgements of a batch that became durable; called on the journal thread.
pub type OnDurable<A> = Box<dyn FnMut(&mut Vec<A>) + Send>;

/// An append-only sequence of records; each is acknowledged, by handing `A` to `on_durable`, once it is on disk.
pub struct Journal<A: Send + 'static> {
    core: Arc<Core>,
    queue: Arc<Queue<A>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What readers and the journal thread share, whatever the acknowledgements are.
pub(crate) struct Core {
    pub disk: Arc<dyn Disk>,
    pub identity: Identity,
    pub options: JournalOptions,
    /// Last sequence known to be on disk. Published after `table` knows its segment.
    pub durable_seq: AtomicU64,
    pub applied_seq: AtomicU64,
    pub table: Mutex<Table>,
    pub state: Mutex<JournalState>,
    pub poisoned: AtomicU64,
    pub overfull: AtomicU64,
    pub sync_times: SyncTimes,
    /// Orders "durable or stalled" against those who wait for it.
    changed_lock: Mutex<()>,
    changed: Condvar,
    /// One removal at a time, so that segments vanish oldest first.
    prune_lock: Mutex<()>,
}

/// Segments that count, oldest first.
#[derive(Default)]
pub(crate) struct Table {
    pub segments: Vec<Segment>,
    pub bytes: u64,
    /// This process has synced the newest segment. Before, segments were only read, perhaps from the page cache, and
    /// removing an older one could leave nothing after a power cut.
    pub proven: bool,
    /// Files that hold nothing of their own: torn creations, and segments whose records a newer one took over.
    pub useless: Vec<String>,
}

pub(crate) struct Queue<A> {
    pub filling: Mutex<Filling<A>>,
    pub wake: Condvar,
}

pub(crate) struct Filling<A> {
    pub batch: Batch<A>,
    pub next_seq: u64,
    pub in_flight_bytes: usize,
    /// The journal thread waits for records; otherwise nobody needs to wake it.
    pub sleeping: bool,
    pub closing: bool,
}

/// Records that are written and synced together.
pub(crate) struct Batch<A> {
    pub bytes: Vec<u8>,
    pub acks: Vec<A>,
    pub first_seq: u64,
    pub last_seq: u64,
}

impl<A> Batch<A> {
    pub fn new() -> Self {
        Batch { bytes: Vec::new(), acks: Vec::new(), first_seq: 0, last_seq: 0 }
    }
}

impl<A: Send + 'static> Journal<A> {
    /// Opens or creates the journal in `disk` and starts its thread. `on_durable` gets the acknowledgements of each
    /// batch, in order of sequence, on the journal thread, and should take them out; what it leaves is dropped.
    ///
    /// The last batch found is written again before anything counts as durable: a process that died may have written it
    /// without a successful sync, and after a failed sync a page cache shows octets that are on no disk. When the disk
    /// refuses, the journal is open and stalled, and goes on by itself. The caller compares `last_seq` with the position
    /// its store has applied; a journal that ends before it has been lost or exchanged.
    pub fn open(
        disk: Arc<dyn Disk>,
        identity: Identity,
        options: JournalOptions,
        on_durable: OnDurable<A>,
    ) -> Result<(Arc<Self>, OpenReport), OpenError> {
        let mut loaded = segment::load(&*disk, Some(identity))?;
        let mut report = OpenReport { oldest_seq: 1, ..OpenReport::default() };
        let mut batch = Batch::new();
        if let Some(last) = loaded.segments.last_mut() {
            let tail = segment::read_tail(&*disk, last)?;
            report.last_seq = tail.last_seq;
            report.cut = cut_torn_tail(&*disk, last, tail.good_bytes);
            release_reserve(&*disk, last, tail.good_bytes);
            report.rewritten = tail.last_seq + 1 - tail.doubtful_first_seq;
            batch = Batch { bytes: tail.doubtful_frames, acks: Vec::new(), first_seq: tail.doubtful_first_seq, last_seq: tail.last_seq };
        }
        if let Some(first) = loaded.segments.first() {
            report.oldest_seq = first.first_seq;
        }
        let core = Arc::new(Core::new(disk, identity, options, report.last_seq - report.rewritten, loaded.segments));
        core.table.lock().useless = loaded.useless;
        let filling = Filling {
            batch: Batch::new(),
            next_seq: report.last_seq + 1,
            in_flight_bytes: batch.bytes.len(),
            sleeping: false,
            closing: false,
        };
        let queue = Arc::new(Queue { filling: Mutex::new(filling), wake: Condvar::new() });
        let writer = Writer::new(core.clone(), queue.clone(), on_durable, batch, loaded.highest_number + 1);
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || writer.run())?;
        core.wait_until(None, |core| core.durable() >= report.last_seq || core.is_stalled());
        Ok((Arc::new(Journal { core, queue, thread: Mutex::new(Some(thread)) }), report))
    }

    /// Appends a record and returns its sequence; sequences are gapless from 1. Made to be called under a session's
    /// lock: one mutex, one copy, one checksum. `write_payload` only appends to the buffer it is given. `kind` is below 128.
    pub fn append(&self, kind: u8, write_payload: impl FnOnce(&mut Vec<u8>), ack: Option<A>) -> Result<u64, AppendError> {
        debug_assert!(kind < BATCH_START, "the top bit of kind is taken");
        let mut filling = self.queue.filling.lock();
        if filling.closing {
            return Err(AppendError::Closed);
        }
        if filling.batch.bytes.len() + filling.in_flight_bytes >= self.core.options.pending_bytes {
            self.core.overfull.fetch_add(1, Ordering::Relaxed);
            return Err(AppendError::Overfull);
        }
        let seq = filling.next_seq;
        let batch = &mut filling.batch;
        let start = batch.bytes.len();
        let mut unfinished = Unfinished { bytes: &mut batch.bytes, start, finished: false };
        unfinished.bytes.resize(start + FRAME_BYTES, 0);
        write_payload(unfinished.bytes);
        assert!(unfinished.bytes.len() >= start + FRAME_BYTES, "a payload writer only appends");
        if unfinished.bytes.len() - start - FRAME_BYTES > MAX_PAYLOAD_BYTES {
            return Err(AppendError::TooLarge);
        }
        let mark = if start == 0 { BATCH_START } else { 0 };
        seal_frame(unfinished.bytes, start, seq, (kind & !BATCH_START) | mark);
        unfinished.finished = true;
        drop(unfinished);
        if start == 0 {
            batch.first_seq = seq;
        }
        batch.last_seq = seq;
        batch.acks.extend(ack);
        filling.next_seq += 1;
        let wake = std::mem::take(&mut filling.sleeping);
        drop(filling);
        if wake {
            self.queue.wake.notify_one();
        }
        Ok(seq)
    }

    /// The last sequence that is on disk.
    pub fn durable_seq(&self) -> u64 {
        self.core.durable()
    }

    /// The last sequence given out.
    pub fn last_seq(&self) -> u64 {
        self.queue.filling.lock().next_seq - 1
    }

    /// Waits until `seq` is on disk; false when `timeout` passed before.
    pub fn wait_durable(&self, seq: u64, timeout: Duration) -> bool {
        self.core.wait_until(Some(timeout), |core| core.durable() >= seq);
        self.core.durable() >= seq
    }

    /// Reads durable records after `after_seq`, in order, while the journal is written.
    pub fn reader(&self, after_seq: u64) -> Result<Reader, ReadError> {
        Reader::of_open_journal(self.core.clone(), after_seq)
    }

    /// Says that records up to `applied_seq` are applied, and removes whole segments of such records that are older than
    /// `retain_secs`, or earlier if the budget needs it.
    pub fn prune(&self, applied_seq: u64, now_unix_ms: i64) {
        self.core.applied_seq.fetch_max(applied_seq, Ordering::AcqRel);
        self.core.prune(now_unix_ms);
        if self.core.is_stalled() {
            self.queue.wake.notify_all();
        }
    }

    /// How the journal is doing.
    pub fn health(&self) -> JournalHealth {
        let (sync_p50, sync_p99, sync_max, syncs) = self.core.sync_times.summary();
        let (bytes_on_disk, segments) = {
            let table = self.core.table.lock();
            (table.bytes, table.segments.len())
        };
        let pending_bytes = {
            let filling = self.queue.filling.lock();
            filling.batch.bytes.len() + filling.in_flight_bytes
        };
        JournalHealth {
            state: self.core.state.lock().clone(),
            bytes_on_disk,
            segments,
            pending_bytes,
            poisoned: self.core.poisoned.load(Ordering::Relaxed),
            overfull: self.core.overfull.load(Ordering::Relaxed),
            sync_p50,
            sync_p99,
            sync_max,
            syncs,
        }
    }

    /// Takes no more records, writes and syncs what is pending, hands out its acknowledgements, and ends the thread. On a
    /// disk that keeps refusing, pending records are given up unacknowledged after a few attempts.
    pub fn close(&self) {
        self.queue.filling.lock().closing = true;
        self.queue.wake.notify_all();
        let Some(thread) = self.thread.lock().take() else { return };
        // The last owner may be a closure of the journal thread itself, which cannot wait for its own end.
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("the journal thread had panicked");
        }
    }
}

impl<A: Send + 'static> Drop for Journal<A> {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes a record back out of the buffer when its payload writer panics or writes too much.
struct Unfinished<'a> {
    bytes: &'a mut Vec<u8>,
    start: usize,
    finished: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.bytes.truncate(self.start);
        }
    }
}

/// Cutting is tidiness: the records before are written again into a new segment, and the tail is ignored either way.
fn cut_torn_tail(disk: &dyn Disk, segment: &mut Segment, good_bytes: u64) -> Option<TornTail> {
    let bytes = segment.bytes.checked_sub(good_bytes).filter(|bytes| *bytes > 0)?;
    let file = segment.name();
    tracing::warn!(file, offset = good_bytes, bytes, "journal: cut a torn tail; nothing in it was acknowledged");
    match disk.truncate(&file, good_bytes) {
        Ok(()) => segment.bytes = good_bytes,
        Err(error) => tracing::warn!(file, %error, "journal: the torn tail could not be cut and is ignored"),
    }
    Some(TornTail { file, offset: good_bytes, bytes })
}

/// Gives back what an earlier process had reserved: nothing is written into its segments again.
fn release_reserve(disk: &dyn Disk, segment: &Segment, good_bytes: u64) {
    let _ = disk.remove(spare::NAME);
    let file = segment.name();
    let is_longer = |entry: &DiskEntry| entry.name == file && entry.bytes > good_bytes;
    if disk.list().is_ok_and(|entries| entries.iter().any(is_longer))
        && let Err(error) = disk.truncate(&file, good_bytes)
    {
        tracing::warn!(file, %error, "journal: what was reserved could not be given back");
    }
}

pub(crate) fn now_unix_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Core {
    fn new(disk: Arc<dyn Disk>, identity: Identity, mut options: JournalOptions, durable_seq: u64, segments: Vec<Segment>) -> Self {
        // Room is made by whole segments, so there must be several.
        options.segment_bytes = options.segment_bytes.clamp(1, (options.budget_bytes / 4).max(1));
        let bytes = segments.iter().map(|segment| segment.bytes).sum();
        Core {
            disk,
            identity,
            options,
            durable_seq: AtomicU64::new(durable_seq),
            applied_seq: AtomicU64::new(0),
            table: Mutex::new(Table { segments, bytes, proven: false, useless: Vec::new() }),
            state: Mutex::new(JournalState::Ok),
            poisoned: AtomicU64::new(0),
            overfull: AtomicU64::new(0),
            sync_times: SyncTimes::default(),
            changed_lock: Mutex::new(()),
            changed: Condvar::new(),
            prune_lock: Mutex::new(()),
        }
    }

    pub fn durable(&self) -> u64 {
        self.durable_seq.load(Ordering::Acquire)
    }

    pub fn is_stalled(&self) -> bool {
        *self.state.lock() != JournalState::Ok
    }

    pub fn publish_durable(&self, seq: u64) {
        self.durable_seq.store(seq, Ordering::Release);
        self.announce();
    }

    /// Wakes those who wait for "durable" or "stalled".
    pub fn announce(&self) {
        drop(self.changed_lock.lock());
        self.changed.notify_all();
    }

    pub fn stalled(&self, reason: String) {
        {
            let mut state = self.state.lock();
            let since_unix_ms = match &*state {
                JournalState::Ok => {
                    tracing::error!(reason, "journal: stalled; nothing is acknowledged until this is gone");
                    now_unix_ms()
                }
                JournalState::Stalled { since_unix_ms, .. } => *since_unix_ms,
            };
            *state = JournalState::Stalled { reason, since_unix_ms };
        }
        self.announce();
    }

    pub fn recovered(&self) {
        let mut state = self.state.lock();
        if let JournalState::Stalled { since_unix_ms, .. } = &*state {
            tracing::info!(stalled_ms = now_unix_ms() - since_unix_ms, "journal: recovered");
            *state = JournalState::Ok;
        }
    }

    fn wait_until(&self, timeout: Option<Duration>, condition: impl Fn(&Core) -> bool) {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut guard = self.changed_lock.lock();
        while !condition(self) {
            match deadline {
                None => self.changed.wait(&mut guard),
                Some(deadline) if self.changed.wait_until(&mut guard, deadline).timed_out() => return,
                Some(_) => {}
            }
        }
    }

    /// Removes useless files unless a removal is under way, which does it anyway; the journal thread does not wait for that.
    pub fn tidy(&self) {
        if let Some(_one_at_a_time) = self.prune_lock.try_lock() {
            self.remove_useless();
        }
    }

    /// Removes useless files, once a segment of this process is durable; false when some are still there.
    fn remove_useless(&self) -> bool {
        let useless = {
            let mut table = self.table.lock();
            if table.proven { std::mem::take(&mut table.useless) } else { return table.useless.is_empty() }
        };
        let gone = |name: &String| match self.disk.remove(name) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        let left: Vec<String> = useless.into_iter().filter(|name| !gone(name)).collect();
        let none_left = left.is_empty();
        self.table.lock().useless.extend(left);
        none_left
    }

    /// Removes what may go. Each removal is made durable before the next, so that no gap can appear; useless files go
    /// first, for without the segment that took them over they would count again.
    pub fn prune(&self, now_unix_ms: i64) {
        let _one_at_a_time = self.prune_lock.lock();
        if !self.has_prunable(now_unix_ms) || !self.remove_useless() || self.disk.sync_folder().is_err() {
            return;
        }
        while let Some(segment) = self.take_prunable(now_unix_ms) {
            let name = segment.name();
            let removed = match self.disk.remove(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
            if let Err(error) = &removed {
                tracing::warn!(file = name, %error, "journal: an applied segment could not be removed");
                let mut table = self.table.lock();
                table.bytes += segment.bytes;
                table.segments.insert(0, segment);
            }
            if removed.and_then(|()| self.disk.sync_folder()).is_err() {
                return;
            }
        }
    }

    fn has_prunable(&self, now_unix_ms: i64) -> bool {
        self.is_prunable(&self.table.lock(), now_unix_ms)
    }

    fn take_prunable(&self, now_unix_ms: i64) -> Option<Segment> {
        let mut table = self.table.lock();
        if !self.is_prunable(&table, now_unix_ms) {
            return None;
        }
        let segment = table.segments.remove(0);
        table.bytes -= segment.bytes;
        Some(segment)
    }

    /// Whether the oldest segment may go. The newest always stays: the sequence continues from it.
    fn is_prunable(&self, table: &Table, now_unix_ms: i64) -> bool {
        let Some(next) = table.segments.get(1) else { return false };
        let applied = self.applied_seq.load(Ordering::Acquire).min(self.durable());
        let aged_ms = now_unix_ms.saturating_sub(next.created_unix_ms);
        let aged = aged_ms >= 0 && aged_ms as u64 >= self.options.retain_secs.saturating_mul(1000);
        let needed = table.bytes + self.options.segment_bytes > self.options.budget_bytes;
        table.proven && next.first_seq - 1 <= applied && (aged || needed)
    }
}
