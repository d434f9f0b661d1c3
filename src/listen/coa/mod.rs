//! The client side of CoA and Disconnect (RFC 5176): one thread sends and repeats, one per socket listens. Implements [`CoaSender`] of `aaa/enforcement`.
//!
//! Every address has a lane of its own with a window, a rate and identifiers; a router that does not answer fills its own lane only, and once it is known to be
//! silent a single request at a time finds out when it is back.

mod lane;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::batch::{self, ReceiveBatch, SendBatch};
use crate::aaa::enforcement::{CoaSender, Order, Outcome};
use lane::{Lane, Outgoing, Pace};

/// How long a listening thread waits before it looks whether it must end.
const IDLE: Duration = Duration::from_millis(100);
/// The sending thread looks around this often at least.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// Settings.
#[derive(Debug, Clone, Copy)]
pub struct CoaOptions {
    /// Our address in requests; `None` = the one that each router's own packets came to.
    pub source: Option<IpAddr>,
    /// Requests per second to one router's address.
    pub per_second: u32,
    /// Requests to one router's address that may be unanswered.
    pub window: usize,
}

/// What became of requests, as the sender sees it.
#[derive(Debug, Default)]
pub struct CoaCounters {
    /// Datagrams sent, repetitions included.
    pub datagrams: AtomicU64,
    /// Of these, repetitions.
    pub repeated: AtomicU64,
    /// Datagrams that answer nothing we asked, or are not signed with the router's secret.
    pub foreign: AtomicU64,
    /// Requests handed over and not answered or given up yet.
    pub queued: AtomicU64,
}

/// Is told what came of each order.
pub type OnAnswer = Box<dyn Fn(u64, Outcome) + Send + Sync>;

#[derive(Default)]
struct Lanes {
    lanes: HashMap<SocketAddr, Lane>,
    /// Lanes that have something to send, as far as their window and rate allow.
    active: BTreeSet<SocketAddr>,
    /// When to repeat: address and identifier.
    repeats: BTreeMap<(Instant, SocketAddr), Vec<u8>>,
    stopping: bool,
}

struct Shared {
    state: Mutex<Lanes>,
    wake: Condvar,
    pace: Pace,
    counters: Arc<CoaCounters>,
    on_answer: OnAnswer,
    v4: UdpSocket,
    v6: Option<UdpSocket>,
    stopping: AtomicBool,
}

/// The running sender.
pub struct CoaClient {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl CoaClient {
    /// Binds its sockets and starts its threads.
    pub fn start(options: CoaOptions, on_answer: OnAnswer) -> io::Result<CoaClient> {
        let (v4, v6) = match options.source {
            None => (bind(Ipv4Addr::UNSPECIFIED.into())?, bind(Ipv6Addr::UNSPECIFIED.into()).ok()),
            Some(IpAddr::V4(address)) => (bind(address.into())?, bind(Ipv6Addr::UNSPECIFIED.into()).ok()),
            Some(IpAddr::V6(address)) => (bind(Ipv4Addr::UNSPECIFIED.into())?, Some(bind(address.into())?)),
        };
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            pace: Pace { per_second: f64::from(options.per_second), window: options.window.clamp(1, 200), source: options.source },
            counters: Arc::default(),
            on_answer,
            v4,
            v6,
            stopping: AtomicBool::new(false),
        });
        let spawn = |name: &str, body: fn(&Shared)| {
            let shared = shared.clone();
            std::thread::Builder::new().name(name.into()).spawn(move || body(&shared))
        };
        let mut threads = vec![spawn("coa-send", send_all)?, spawn("coa-4", |s| listen(s, &s.v4))?];
        if shared.v6.is_some() {
            threads.push(spawn("coa-6", |s| s.v6.as_ref().map_or((), |socket| listen(s, socket)))?);
        }
        Ok(CoaClient { shared, threads: Mutex::new(threads) })
    }

    /// Counters.
    pub fn counters(&self) -> Arc<CoaCounters> {
        self.shared.counters.clone()
    }

    /// Ends the threads. What is unanswered stays so; whoever asked takes it up again after the next start.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.state.lock().stopping = true;
        self.shared.wake.notify_one();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the CoA client had panicked");
            }
        }
    }
}

impl CoaSender for CoaClient {
    fn send(&self, order: Order) {
        self.shared.counters.queued.fetch_add(1, Ordering::Relaxed);
        let bounced = {
            let mut state = self.shared.state.lock();
            let to = order.to;
            let lane = state.lanes.entry(to).or_insert_with(Lane::at_random);
            let bounced = lane.put(order);
            if bounced.is_none() {
                state.active.insert(to);
            }
            bounced
        };
        match bounced {
            None => {
                self.shared.wake.notify_one();
            }
            Some(serial) => self.shared.tell(serial, Outcome::Silent),
        }
    }
}

impl Shared {
    fn tell(&self, serial: u64, outcome: Outcome) {
        self.counters.queued.fetch_sub(1, Ordering::Relaxed);
        (self.on_answer)(serial, outcome);
    }
}

fn bind(address: IpAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::new(address, 0))?;
    batch::ask_for_details(&socket, IDLE)?;
    Ok(socket)
}

/// The sending thread.
fn send_all(shared: &Shared) {
    let (mut batch, mut out, mut over) = (SendBatch::new(), Vec::new(), Vec::new());
    loop {
        {
            let mut state = shared.state.lock();
            let now = Instant::now();
            state.repeat(now, &shared.counters, &mut out, &mut over);
            let next = state.pump(now, &shared.pace, &mut out, &mut over);
            if out.is_empty() && over.is_empty() {
                if state.stopping {
                    return;
                }
                let wait = next.map_or(LONGEST_WAIT, |at| at.saturating_duration_since(now)).clamp(Duration::from_millis(1), LONGEST_WAIT);
                shared.wake.wait_for(&mut state, wait);
                continue;
            }
        }
        shared.counters.datagrams.fetch_add(out.len() as u64, Ordering::Relaxed);
        // Each kind of address has its own socket.
        for is_v6 in [false, true] {
            let Some(socket) = (if is_v6 { shared.v6.as_ref() } else { Some(&shared.v4) }) else { continue };
            for datagram in out.iter().filter(|d| d.to.is_ipv6() == is_v6) {
                if !batch.has_room() {
                    batch.flush(socket);
                }
                batch.push(&datagram.octets, datagram.to, datagram.from);
            }
            batch.flush(socket);
        }
        out.clear();
        for (serial, outcome) in over.drain(..) {
            shared.tell(serial, outcome);
        }
    }
}

impl Lanes {
    /// Repeats what is due, gives up what was repeated often enough.
    fn repeat(&mut self, now: Instant, counters: &CoaCounters, out: &mut Vec<Outgoing>, over: &mut Vec<(u64, Outcome)>) {
        while let Some(entry) = self.repeats.first_entry() {
            let (at, to) = *entry.key();
            if at > now {
                return;
            }
            let ids = entry.remove();
            let Some(lane) = self.lanes.get_mut(&to) else { continue };
            for id in ids {
                match lane.repeat(id, at, now) {
                    lane::Repeat::Nothing => {}
                    lane::Repeat::Again(datagram, next) => {
                        counters.repeated.fetch_add(1, Ordering::Relaxed);
                        out.push(datagram);
                        self.repeats.entry((next, to)).or_default().push(id);
                    }
                    lane::Repeat::GivenUp(serial) => {
                        over.push((serial, Outcome::Timeout));
                        over.extend(lane.bounce().map(|serial| (serial, Outcome::Silent)));
                        self.active.insert(to);
                    }
                }
            }
        }
    }

    /// Sends what windows and rates allow; returns when to look again.
    fn pump(&mut self, now: Instant, pace: &Pace, out: &mut Vec<Outgoing>, over: &mut Vec<(u64, Outcome)>) -> Option<Instant> {
        let mut next = self.repeats.first_key_value().map(|((at, _), _)| *at);
        let active: Vec<SocketAddr> = self.active.iter().copied().collect();
        for to in active {
            let Some(lane) = self.lanes.get_mut(&to) else { continue };
            while let Some(sent) = lane.next(now, pace) {
                match sent {
                    Ok((id, datagram, repeat_at)) => {
                        out.push(datagram);
                        self.repeats.entry((repeat_at, to)).or_default().push(id);
                        next = Some(next.map_or(repeat_at, |at| at.min(repeat_at)));
                    }
                    Err(serial) => over.push((serial, Outcome::Unsendable)),
                }
            }
            match lane.waits_until(now, pace) {
                Some(at) => next = Some(next.map_or(at, |n| n.min(at))),
                None => {
                    self.active.remove(&to);
                }
            }
        }
        next
    }
}

/// A listening thread.
fn listen(shared: &Shared, socket: &UdpSocket) {
    let mut batch = ReceiveBatch::new();
    while !shared.stopping.load(Ordering::Acquire) {
        let Ok(count) = batch.receive(socket) else {
            // A refused port shows here as an error of the next call; for RADIUS that is silence.
            continue;
        };
        let mut answers = Vec::new();
        {
            let mut state = shared.state.lock();
            for index in 0..count {
                let Some(datagram) = batch.get(index) else { continue };
                let taken = state.lanes.get_mut(&datagram.peer).and_then(|lane| lane.take(datagram.octets));
                match taken {
                    Some(answer) => {
                        answers.push(answer);
                        state.active.insert(datagram.peer);
                    }
                    None => {
                        shared.counters.foreign.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        if !answers.is_empty() {
            shared.wake.notify_one();
        }
        for (serial, outcome) in answers {
            shared.tell(serial, outcome);
        }
    }
}

#[cfg(test)]
mod tests;
