//! The journal thread: takes a batch, writes it, syncs it, publishes it, hands out its acknowledgements.
//!
//! One batch is in flight at a time, so after a failure exactly this batch is unacknowledged: its segment is poisoned (never
//! written or synced again) and a new segment takes the batch over.

use super::disk::AppendFile;
use super::durable::{Batch, Core, Filling, OnDurable, Queue, now_unix_ms};
use super::frame::{HEADER_BYTES, SegmentHeader};
use super::segment::{Segment, file_name};
use super::spare::Spare;
use parking_lot::MutexGuard;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Attempts after [`super::Journal::close`] before pending records are given up.
const CLOSING_ATTEMPTS: u32 = 5;
/// A buffer that grew beyond this in a stall is given back.
const KEPT_BUFFER_BYTES: usize = 8 << 20;
/// A sync costs the processor as much for one record as for fifty, so on a quick disk a batch of at least so many records is followed by the next one no sooner than
/// [`LEAST_CYCLE`] after it was begun. A disk that needs longer than that anyway, and a journal that has little to write, are never waited for.
const DENSE_RECORDS: usize = 4;
/// See [`DENSE_RECORDS`].
const LEAST_CYCLE: Duration = Duration::from_millis(1);

pub(crate) struct Writer<A> {
    core: Arc<Core>,
    queue: Arc<Queue<A>>,
    on_durable: OnDurable<A>,
    batch: Batch<A>,
    active: Option<Active>,
    spare: Spare,
    next_number: u64,
    /// Before this instant the next batch is not begun.
    gather_until: Option<Instant>,
}

/// The segment being written.
struct Active {
    file: Box<dyn AppendFile>,
    segment: Segment,
    /// It holds a durable batch and is in the table.
    in_use: bool,
    /// Its file was reserved.
    is_reserved: bool,
}

enum Problem {
    /// Trying again at once, in a new segment, may help.
    Poisoned(io::Error),
    Create(io::Error),
    Budget {
        bytes: u64,
    },
}

impl<A> Writer<A> {
    /// `batch` may hold records of an earlier process that are to be written again.
    pub fn new(core: Arc<Core>, queue: Arc<Queue<A>>, on_durable: OnDurable<A>, batch: Batch<A>, next_number: u64) -> Self {
        let spare = Spare::new(core.clone());
        Writer { core, queue, on_durable, batch, active: None, spare, next_number, gather_until: None }
    }

    pub fn run(mut self) {
        let _closed_at_the_end = CloseAtEnd { core: self.core.clone(), queue: self.queue.clone() };
        while !self.batch.bytes.is_empty() || self.take_batch() {
            if !self.persist_until_done() {
                tracing::error!(records = self.batch.acks.len(), "journal: closed with records that never reached the disk");
                return;
            }
            self.core.publish_durable(self.batch.last_seq);
            self.hand_out_acks();
            self.clear_batch();
            self.core.tidy();
        }
    }

    /// Swaps buffers with the workers; false when the journal is closing and nothing is left.
    fn take_batch(&mut self) -> bool {
        let mut filling = self.queue.filling.lock();
        filling.in_flight_bytes = 0;
        if let Some(until) = self.gather_until.take() {
            // Nobody wakes this thread meanwhile but who closes the journal.
            while !filling.closing && !self.queue.wake.wait_until(&mut filling, until).timed_out() {}
        }
        while filling.batch.bytes.is_empty() {
            if filling.closing {
                return false;
            }
            filling.sleeping = true;
            self.queue.wake.wait(&mut filling);
            filling.sleeping = false;
        }
        std::mem::swap(&mut filling.batch, &mut self.batch);
        self.gather_until = (self.batch.acks.len() >= DENSE_RECORDS).then(|| Instant::now() + LEAST_CYCLE);
        filling.in_flight_bytes = self.batch.bytes.len();
        true
    }

    fn clear_batch(&mut self) {
        self.batch.bytes.clear();
        self.batch.acks.clear();
        if self.batch.bytes.capacity() > KEPT_BUFFER_BYTES {
            self.batch.bytes = Vec::new();
        }
    }

    fn hand_out_acks(&mut self) {
        if self.batch.acks.is_empty() {
            return;
        }
        let Writer { on_durable, batch, .. } = self;
        // The records are durable; a fault in sending must not end the journal.
        if catch_unwind(AssertUnwindSafe(|| on_durable(&mut batch.acks))).is_err() {
            tracing::error!("journal: handing out acknowledgements panicked");
        }
    }

    /// False when closing and the disk keeps refusing.
    fn persist_until_done(&mut self) -> bool {
        let mut pause = Duration::from_millis(self.core.options.retry_ms);
        let longest = pause * 10;
        let mut failures = 0;
        let mut closing_failures = 0;
        loop {
            let problem = match self.persist() {
                Ok(()) => {
                    self.core.recovered();
                    return true;
                }
                Err(problem) => problem,
            };
            failures += 1;
            if failures == 1 && matches!(problem, Problem::Poisoned(_)) {
                continue;
            }
            self.core.stalled(problem.to_string());
            let mut filling = self.queue.filling.lock();
            if filling.closing {
                closing_failures += 1;
                if closing_failures >= CLOSING_ATTEMPTS {
                    return false;
                }
            }
            pause_for(&mut filling, &self.queue, pause);
            pause = (pause * 2).min(longest);
        }
    }

    /// Writes and syncs the batch, in a new segment if need be.
    fn persist(&mut self) -> Result<(), Problem> {
        let batch_bytes = self.batch.bytes.len() as u64;
        let segment_bytes = self.core.options.segment_bytes;
        let is_over =
            |active: &Active| active.segment.bytes + batch_bytes > segment_bytes || (!active.is_reserved && self.spare.is_ready());
        if self.active.as_ref().is_some_and(is_over) {
            self.active = None;
        }
        self.make_room(batch_bytes)?;
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.create_segment().map_err(Problem::Create)?,
        };
        let started = Instant::now();
        let written = active.file.append(&self.batch.bytes).and_then(|()| active.file.sync());
        if let Err(error) = written {
            self.poison(active, &error);
            return Err(Problem::Poisoned(error));
        }
        self.core.sync_times.add(started.elapsed());
        active.segment.bytes += batch_bytes;
        self.record_in_table(&mut active, batch_bytes);
        self.spare.prepare(active.segment.bytes, active.is_reserved);
        self.active = Some(active);
        Ok(())
    }

    /// Keeps the folder within its budget without touching what is not applied.
    fn make_room(&mut self, batch_bytes: u64) -> Result<(), Problem> {
        let budget = self.core.options.budget_bytes;
        let over = |core: &Core| core.table.lock().bytes + batch_bytes > budget;
        if !over(&self.core) {
            return Ok(());
        }
        self.core.prune(now_unix_ms());
        if !over(&self.core) {
            return Ok(());
        }
        // All is applied, but the newest segment cannot go before there is a newer one.
        if self.core.applied_seq.load(Ordering::Acquire) >= self.core.durable() && self.core.table.lock().segments.len() <= 1 {
            self.active = None;
            return Ok(());
        }
        Err(Problem::Budget { bytes: self.core.table.lock().bytes })
    }

    /// Creates a segment for the batch; its header and its name are durable before any record follows.
    fn create_segment(&mut self) -> io::Result<Active> {
        let number = self.next_number;
        let name = file_name(number);
        let reserved = self.spare.take(&name);
        let is_reserved = reserved.is_some();
        let mut file = match reserved {
            Some(file) => file,
            None => self.core.disk.create(&name)?,
        };
        self.next_number += 1;
        let created_unix_ms = now_unix_ms();
        let header = SegmentHeader {
            identity: self.core.identity,
            number,
            first_seq: self.batch.first_seq,
            first_batch_last_seq: self.batch.last_seq,
            first_batch_bytes: self.batch.bytes.len() as u64,
            created_unix_ms,
        };
        let made = file.append(&header.encode()).and_then(|()| file.sync()).and_then(|()| self.core.disk.sync_folder());
        if let Err(error) = made {
            self.discard(name);
            return Err(error);
        }
        let segment = Segment { number, first_seq: self.batch.first_seq, created_unix_ms, bytes: HEADER_BYTES as u64 };
        Ok(Active { file, segment, in_use: false, is_reserved })
    }

    fn poison(&mut self, active: Active, error: &io::Error) {
        self.core.poisoned.fetch_add(1, Ordering::Relaxed);
        let name = active.segment.name();
        tracing::warn!(file = name, %error, "journal: segment poisoned; a new one takes over what is not acknowledged");
        drop(active.file);
        if active.in_use {
            // The octets of the failed write may be there and count against the budget.
            let mut table = self.core.table.lock();
            let batch_bytes = self.batch.bytes.len() as u64;
            table.bytes += batch_bytes;
            if let Some(last) = table.segments.last_mut() {
                last.bytes += batch_bytes;
            }
        } else {
            self.discard(name);
        }
    }

    /// Removes a file that holds nothing acknowledged; keeps it in mind if that fails.
    fn discard(&mut self, name: String) {
        if self.core.disk.remove(&name).is_err() {
            self.core.table.lock().useless.push(name);
        }
    }

    fn record_in_table(&mut self, active: &mut Active, batch_bytes: u64) {
        let mut table = self.core.table.lock();
        if active.in_use {
            table.bytes += batch_bytes;
            if let Some(last) = table.segments.last_mut() {
                last.bytes = active.segment.bytes;
            }
            return;
        }
        while let Some(last) = table.segments.pop_if(|last| last.first_seq >= active.segment.first_seq) {
            table.bytes -= last.bytes;
            table.useless.push(last.name());
        }
        table.bytes += active.segment.bytes;
        table.segments.push(active.segment.clone());
        table.proven = true;
        active.in_use = true;
    }
}

/// Appends do not shorten the pause; closing and pruning do.
fn pause_for<A>(filling: &mut MutexGuard<'_, Filling<A>>, queue: &Queue<A>, pause: Duration) {
    let _ = queue.wake.wait_for(filling, pause);
}

/// However the thread ends, nobody may go on appending to it or waiting for it.
struct CloseAtEnd<A> {
    core: Arc<Core>,
    queue: Arc<Queue<A>>,
}

impl<A> Drop for CloseAtEnd<A> {
    fn drop(&mut self) {
        self.queue.filling.lock().closing = true;
        if std::thread::panicking() {
            self.core.stalled("the journal thread has panicked".into());
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Problem::Poisoned(error) => write!(out, "writing the journal failed: {error}"),
            Problem::Create(error) => write!(out, "creating a journal segment failed: {error}"),
            Problem::Budget { bytes } => write!(out, "the journal holds {bytes} octets of unapplied records, its budget is exhausted"),
        }
    }
}
