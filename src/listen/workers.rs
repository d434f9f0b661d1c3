//! Starting and stopping the workers, and the loop that each of them runs.

use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use super::acct::AcctWorker;
use super::auth::AuthWorker;
use super::batch::{Datagram, ReceiveBatch, SendBatch};
use super::counters::{DropReason, ListenCounters, Tick};
use super::delay::DelayedReplies;
use super::duplicates::{Duplicates, Lookup, Ready};
use super::responder::PendingReply;
use super::socket::BoundAddress;
use crate::aaa::access::Access;
use crate::aaa::decision_log::Decision;
use crate::aaa::enforcement::{Enforcer, Ways};
use crate::journal::{Journal, LogBatch};
use crate::radius::{PacketView, ReplyWriter, Secret};
use crate::units::UnixMs;

/// Emptied batches of decision records, to be filled again: their memory is neither given back nor asked for anew.
#[derive(Default)]
pub struct LogPool(Mutex<Vec<LogBatch>>);

/// Batches kept for reuse.
const POOLED: usize = 64;

impl LogPool {
    /// An empty batch.
    pub fn take(&self) -> LogBatch {
        self.0.lock().pop().unwrap_or_default()
    }

    /// Takes a batch back when its records are written.
    pub fn put(&self, mut batch: LogBatch) {
        batch.clear();
        let mut pool = self.0.lock();
        if pool.len() < POOLED {
            pool.push(batch);
        }
    }
}

/// Settings of the listeners.
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions {
    /// Access-Requests that waited longer in the socket are dropped, since their router has given up, milliseconds.
    pub patience_ms: i64,
    /// How long replies are kept for repetitions, milliseconds.
    pub duplicates_ms: i64,
    /// Memory for that, octets per worker.
    pub duplicates_octets: usize,
}

/// What is told of a datagram from an unknown address: the address, and NAS-Identifier if the packet is readable.
pub type OnUnknown = Box<dyn Fn(IpAddr, &[u8], i64) + Send + Sync>;
/// Is told of each decision and the key of its name; passes on those that the store keeps.
pub type OnDecision = Box<dyn Fn(&Decision<'_>, u64) + Send + Sync>;

/// Everything the workers share.
pub struct ListenParts {
    /// Decides.
    pub access: Arc<Access>,
    /// Takes accounting.
    pub journal: Arc<Journal<PendingReply>>,
    /// Holds rejects back.
    pub delayed: Arc<DelayedReplies>,
    /// Where emptied batches of decision records wait.
    pub log_pool: Arc<LogPool>,
    /// Is told of every decision.
    pub on_decision: OnDecision,
    /// Is told of datagrams from nowhere.
    pub on_unknown: OnUnknown,
    /// Is told of sessions that began, ended, or have an action under way.
    pub enforcer: Arc<Enforcer>,
    /// Where boxes are, for requests to them.
    pub ways: Arc<Ways>,
    /// Authentication's counters.
    pub auth_counters: Arc<ListenCounters>,
    /// Accounting's counters.
    pub acct_counters: Arc<ListenCounters>,
    /// Settings.
    pub options: ListenOptions,
    /// Numbers logins.
    pub nonce: AtomicU32,
    /// Set until logins can be decided: before the directory is loaded, a name would be unknown that is not.
    pub hold_logins: AtomicBool,
}

/// Running workers.
pub struct Listeners {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Listeners {
    /// Stops reading and waits for the workers to finish what they have.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker had panicked");
            }
        }
    }
}

/// Starts a worker for each socket. `decision_log` takes full batches of decision records; when the last worker ends, so does the channel.
pub fn start(
    parts: &Arc<ListenParts>,
    auth: Vec<BoundAddress>,
    acct: Vec<BoundAddress>,
    decision_log: SyncSender<LogBatch>,
) -> std::io::Result<Listeners> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = Vec::new();
    for socket in auth.into_iter().flat_map(|a| a.sockets) {
        let (socket, parts, stop) = (Arc::new(socket), parts.clone(), stop.clone());
        let decision_log = decision_log.clone();
        threads.push(spawn("auth", move || run(AuthWorker::new(parts, socket, decision_log), &stop))?);
    }
    for socket in acct.into_iter().flat_map(|a| a.sockets) {
        let (socket, parts, stop) = (Arc::new(socket), parts.clone(), stop.clone());
        threads.push(spawn("acct", move || run(AcctWorker::new(parts, socket), &stop))?);
    }
    Ok(Listeners { stop, threads })
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(body)
}

/// What a worker does; the loop around it is the same for both kinds.
pub(super) trait Worker {
    fn socket(&self) -> &UdpSocket;
    fn counters(&self) -> &ListenCounters;
    /// Works on one datagram; replies go into `send`.
    fn handle(&mut self, datagram: &Datagram<'_>, clock: Clock, tick: &mut Tick, send: &mut SendBatch);
    /// After each batch, and several times a second without one.
    fn between_batches(&mut self, now_ms: i64, tick: &mut Tick);
    /// Whether to leave datagrams in the socket for now.
    fn holds(&self) -> bool {
        false
    }
}

/// Answers Status-Server (RFC 5997 section 3) with the code that fits the port.
pub(super) fn answer_status(
    reply_code: u8,
    view: &PacketView<'_>,
    secret: &Secret,
    datagram: &Datagram<'_>,
    tick: &mut Tick,
    send: &mut SendBatch,
) -> Result<(), DropReason> {
    let mut reply = ReplyWriter::new(send.buffer(), reply_code, view);
    reply.proxy_state(view);
    let octets = reply.finish(secret).map_err(|_| DropReason::ReplyTooLong)?;
    send.commit(octets, datagram.peer, datagram.local);
    tick.status += 1;
    Ok(())
}

/// Answers a request that was answered before with the same octets, unless that answer is still on its way (`is_coming`). False if it is a new request.
pub(super) fn answer_again(
    duplicates: &mut Duplicates,
    view: &PacketView<'_>,
    datagram: &Datagram<'_>,
    now: UnixMs,
    is_coming: impl FnOnce(Ready) -> bool,
    tick: &mut Tick,
    send: &mut SendBatch,
) -> bool {
    let Lookup::Known { reply, ready } = duplicates.find(datagram.peer, view.id(), view.authenticator(), now) else { return false };
    if is_coming(ready) {
        tick.dropped(DropReason::Repeated);
    } else {
        send.push(reply, datagram.peer, datagram.local);
        tick.answered_again += 1;
    }
    true
}

/// One reading of the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub us: i64,
}

impl Clock {
    pub fn read() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { us: since.as_micros() as i64 }
    }

    pub fn ms(self) -> i64 {
        self.us / 1000
    }
}

fn run(mut worker: impl Worker, stop: &AtomicBool) {
    let (mut receive, mut send, mut tick) = (ReceiveBatch::new(), SendBatch::new(), Tick::default());
    while !stop.load(Ordering::Acquire) {
        if worker.holds() {
            std::thread::park_timeout(std::time::Duration::from_millis(5));
            continue;
        }
        let count = match receive.receive(worker.socket()) {
            Ok(count) => count,
            Err(error) => {
                tracing::error!(%error, "cannot receive");
                std::thread::park_timeout(std::time::Duration::from_millis(100));
                0
            }
        };
        tick.received += count as u64;
        for i in 0..count {
            if !send.has_room() {
                tick.unsent += send.flush(worker.socket()) as u64;
            }
            if let Some(datagram) = receive.get(i) {
                worker.handle(&datagram, Clock::read(), &mut tick, &mut send);
            }
        }
        tick.unsent += send.flush(worker.socket()) as u64;
        worker.between_batches(Clock::read().ms(), &mut tick);
        tick.publish(worker.counters());
    }
}
