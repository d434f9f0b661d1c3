//! The loop that sends, receives and times: closed (a window of outstanding requests) or open (a fixed rate).
//!
//! One thread. Between rounds it sleeps for `pause`, so that requests and replies move in batches and the generator
//! leaves the processors to the server; every latency is therefore up to one pause too long, never too short.

use crate::batch::{BATCH, Batch, Poller, precise_sleeps, set_buffers};
use crate::cpu::Meter;
use crate::report::Outcome;
use crate::wire::{Check, Secret};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;
use std::time::{Duration, Instant};

const IDENTIFIERS: usize = 256;
/// Requests that leave one port in one open-loop burst.
const BURST: usize = 32;

/// Whether the server said what it should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Access-Accept or Accounting-Response.
    Accept,
    /// Access-Reject.
    Reject,
    /// Anything else.
    Bad,
}

/// One kind of load: makes requests and takes in answers.
pub trait Requests {
    /// Writes the next request for this slot into `out`; returns its octets and a number to know it by. None: nothing to send now.
    fn write(&mut self, slot: &Slot, out: &mut [u8]) -> Option<(usize, u32)>;
    /// Takes in the reply to request `item`. `closely`: this reply is one of those whose content is checked in depth.
    fn answered(&mut self, item: u32, reply: &[u8], closely: bool) -> Verdict;
    /// Request `item` was not answered in time.
    fn lost(&mut self, item: u32);
    /// Whether the work is finished, for loads that end by themselves.
    fn finished(&self) -> bool {
        false
    }
}

/// One identifier of one source port.
#[derive(Clone)]
pub struct Slot {
    /// Index of the source port.
    pub port: usize,
    /// The RADIUS identifier.
    pub identifier: u8,
    /// How often this slot was used before.
    pub uses: u32,
    item: u32,
    busy: bool,
    measured: bool,
    sent_nanos: u64,
    authenticator: [u8; 16],
    /// Authenticator of the request before, if that one was lost: its reply may still come and must not count for this one.
    lost_authenticator: Option<[u8; 16]>,
}

/// How requests are paced.
#[derive(Clone, Copy)]
pub enum Pace {
    /// So many outstanding over all ports.
    Closed { window: usize },
    /// So many per second, answered or not.
    Open { per_second: f64 },
}

/// One run.
pub struct Plan {
    /// Pacing.
    pub pace: Pace,
    /// Not measured.
    pub warmup: Duration,
    /// Measured; None: until the load says that it is finished, all of it measured.
    pub measured: Option<Duration>,
    /// Every n-th reply has its authenticators checked; 0: none.
    pub verify_every: u32,
    /// A reply without Message-Authenticator is bad.
    pub require_mac: bool,
    /// Sleep between rounds.
    pub pause: Duration,
    /// A request unanswered for this long is lost.
    pub patience: Duration,
}

/// The sockets to one server and what is outstanding on them.
pub struct Engine {
    secret: Rc<Secret>,
    sockets: Vec<UdpSocket>,
    poller: Poller,
    slots: Vec<Slot>,
    cursors: Vec<usize>,
    outstanding: Vec<usize>,
    burst_port: usize,
    incoming: Batch,
    outgoing: Batch,
    ready: Vec<usize>,
    origin: Instant,
    replies_seen: u32,
}

impl Engine {
    /// Opens `ports` sockets to `server`.
    pub fn new(server: SocketAddr, ports: usize, secret: Rc<Secret>) -> io::Result<Self> {
        let sockets = (0..ports)
            .map(|_| {
                let socket = UdpSocket::bind(if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
                socket.connect(server)?;
                set_buffers(&socket, 1 << 20);
                Ok(socket)
            })
            .collect::<io::Result<Vec<_>>>()?;
        let slots = (0..ports * IDENTIFIERS)
            .map(|index| Slot {
                port: index / IDENTIFIERS,
                identifier: (index % IDENTIFIERS) as u8,
                uses: 0,
                item: 0,
                busy: false,
                measured: false,
                sent_nanos: 0,
                authenticator: [0; 16],
                lost_authenticator: None,
            })
            .collect();
        precise_sleeps();
        Ok(Engine {
            secret,
            poller: Poller::new(&sockets)?,
            slots,
            cursors: vec![0; ports],
            outstanding: vec![0; ports],
            burst_port: 0,
            sockets,
            incoming: Batch::for_receiving(),
            outgoing: Batch::for_sending(),
            ready: Vec::new(),
            origin: Instant::now(),
            replies_seen: 0,
        })
    }

    fn nanos(&self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }

    /// Runs the plan; returns what was measured.
    pub fn run(&mut self, plan: &Plan, load: &mut dyn Requests, meter: &mut Meter) -> Outcome {
        let mut outcome = Outcome::default();
        let begin = self.nanos();
        let mut window_begin = None;
        let mut window_end = None;
        let mut paced = begin;
        let mut next_expiry = begin;
        let longest_wait = plan.patience.as_nanos() as u64 + 100_000_000;
        // A look at every slot is cheap for a few thousand, not for the hundreds of thousands of an open loop.
        let expiry_interval_nanos = if self.slots.len() <= 8192 { 20_000_000 } else { 200_000_000 };
        loop {
            let now = self.nanos();
            if window_begin.is_none() && now - begin >= plan.warmup.as_nanos() as u64 {
                window_begin = Some(now);
                outcome = Outcome::default();
                meter.start();
            }
            let measuring = window_begin.is_some() && window_end.is_none();
            let over = match (window_begin, plan.measured) {
                (Some(start), Some(measured)) => now - start >= measured.as_nanos() as u64,
                _ => load.finished(),
            };
            if over && measuring {
                window_end = Some(now);
                meter.stop();
                outcome.replies_in_window = outcome.replies_until_now;
            }
            self.receive_all(plan, load, &mut outcome);
            let now = self.nanos();
            if now >= next_expiry {
                self.expire(now, plan.patience, load, &mut outcome);
                next_expiry = now + expiry_interval_nanos;
            }
            match window_end {
                Some(end) if self.outstanding.iter().all(|count| *count == 0) || now > end + longest_wait => break,
                Some(_) => {}
                None => self.send_due(plan, load, &mut outcome, window_begin.is_some(), &mut paced),
            }
            std::thread::sleep(plan.pause);
        }
        self.expire(u64::MAX, plan.patience, load, &mut outcome);
        let seconds = (window_end.unwrap_or(begin) - window_begin.unwrap_or(begin)) as f64 / 1e9;
        outcome.finish(seconds, meter);
        outcome
    }

    fn send_due(&mut self, plan: &Plan, load: &mut dyn Requests, outcome: &mut Outcome, measured: bool, paced: &mut u64) {
        match plan.pace {
            Pace::Closed { window } => {
                let ports = self.sockets.len();
                for port in 0..ports {
                    let share = (window + port) / ports;
                    while self.outstanding[port] < share {
                        let want = (share - self.outstanding[port]).min(BATCH);
                        if self.send_burst(port, want, load, outcome, measured) < want {
                            break;
                        }
                    }
                }
            }
            Pace::Open { per_second } => {
                let now = self.nanos();
                let mut due = ((now - *paced) as f64 * per_second / 1e9) as usize;
                *paced += (due as f64 * 1e9 / per_second) as u64;
                while due > 0 {
                    let want = due.min(BURST);
                    let sent = self.send_burst(self.burst_port, want, load, outcome, measured);
                    outcome.slots_missing += (want - sent) as u64;
                    self.burst_port = (self.burst_port + 1) % self.sockets.len();
                    due -= want;
                }
            }
        }
    }

    /// Sends up to `want` requests from one port; returns how many were made.
    fn send_burst(&mut self, port: usize, want: usize, load: &mut dyn Requests, outcome: &mut Outcome, measured: bool) -> usize {
        let mut made = 0;
        let sent_nanos = self.nanos();
        let mut tries = 0;
        while made < want && tries < IDENTIFIERS {
            tries += 1;
            let cursor = self.cursors[port];
            self.cursors[port] = (cursor + 1) % IDENTIFIERS;
            let slot = &mut self.slots[port * IDENTIFIERS + cursor];
            if slot.busy {
                continue;
            }
            let room = self.outgoing.room(made);
            let Some((octets, item)) = load.write(slot, room) else { break };
            slot.authenticator.copy_from_slice(&room[4..20]);
            self.outgoing.set_length(made, octets);
            outcome.request_octets = octets;
            slot.uses = slot.uses.wrapping_add(1);
            slot.item = item;
            slot.busy = true;
            slot.measured = measured;
            slot.sent_nanos = sent_nanos;
            made += 1;
        }
        self.outstanding[port] += made;
        if measured {
            outcome.sent += made as u64;
        }
        // What the kernel does not take counts as sent and will be lost: to a router that is the same.
        let taken = if made > 0 { self.outgoing.send(&self.sockets[port], made, false) } else { 0 };
        outcome.send_blocked += (made - taken) as u64;
        made
    }

    fn receive_all(&mut self, plan: &Plan, load: &mut dyn Requests, outcome: &mut Outcome) {
        let mut ready = std::mem::take(&mut self.ready);
        self.poller.ready(&mut ready);
        for &port in &ready {
            loop {
                let got = self.incoming.receive(&self.sockets[port], false, false);
                let now = self.nanos();
                for index in 0..got {
                    self.take_in(port, index, now, plan, load, outcome);
                }
                if got < BATCH {
                    break;
                }
            }
        }
        self.ready = ready;
    }

    fn take_in(&mut self, port: usize, index: usize, now: u64, plan: &Plan, load: &mut dyn Requests, outcome: &mut Outcome) {
        let reply = self.incoming.datagram(index);
        if reply.len() < 20 {
            outcome.bad += 1;
            return;
        }
        let slot = &mut self.slots[port * IDENTIFIERS + usize::from(reply[1])];
        if !slot.busy {
            outcome.late += 1;
            return;
        }
        if now.saturating_sub(slot.sent_nanos) > plan.patience.as_nanos() as u64 {
            outcome.late += 1;
            give_up(slot, &mut self.outstanding, load, outcome);
            return;
        }
        self.replies_seen = self.replies_seen.wrapping_add(1);
        let doubtful = slot.lost_authenticator.is_some();
        let closely = doubtful || (plan.verify_every > 0 && self.replies_seen.is_multiple_of(plan.verify_every));
        let mut good = true;
        if closely {
            match self.secret.check_reply(reply, &slot.authenticator) {
                Check::Good { message_authenticator } => {
                    outcome.verified += 1;
                    outcome.with_mac += u64::from(message_authenticator);
                    good = message_authenticator || !plan.require_mac;
                }
                Check::Bad => {
                    if let Some(before) = slot.lost_authenticator.take()
                        && self.secret.check_reply(reply, &before) != Check::Bad
                    {
                        outcome.late += 1;
                        return;
                    }
                    outcome.verified += 1;
                    good = false;
                }
            }
        }
        slot.busy = false;
        slot.lost_authenticator = None;
        self.outstanding[port] -= 1;
        outcome.replies_until_now += 1;
        outcome.reply_octets = reply.len();
        let verdict = load.answered(slot.item, reply, closely);
        if slot.measured {
            outcome.count(if good { verdict } else { Verdict::Bad });
            outcome.latency.add(now.saturating_sub(slot.sent_nanos) / 1000);
        }
    }

    fn expire(&mut self, now: u64, patience: Duration, load: &mut dyn Requests, outcome: &mut Outcome) {
        for slot in &mut self.slots {
            if slot.busy && now.saturating_sub(slot.sent_nanos) > patience.as_nanos() as u64 {
                give_up(slot, &mut self.outstanding, load, outcome);
            }
        }
    }
}

/// The request of this slot is lost; its reply may still come.
fn give_up(slot: &mut Slot, outstanding: &mut [usize], load: &mut dyn Requests, outcome: &mut Outcome) {
    slot.busy = false;
    slot.lost_authenticator = Some(slot.authenticator);
    outstanding[slot.port] -= 1;
    outcome.lost += u64::from(slot.measured);
    load.lost(slot.item);
}

/// Source ports that a rate needs so that no slot is wanted again while its request may still be answered.
pub fn ports_for(per_second: f64, patience: Duration) -> usize {
    ((per_second * patience.as_secs_f64() * 1.25 / IDENTIFIERS as f64).ceil() as usize).max(16)
}
