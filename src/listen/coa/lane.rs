//! The requests to one address: waiting, on their way, repeated as RFC 5080 section 2.2.1 says, answered. No socket; time is an argument.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::aaa::enforcement::{Order, Outcome};
use crate::radius::{DynamicOptions, DynamicReply, dynamic_request, read_dynamic_reply};

/// First repetition after this, give or take a tenth; then twice as long each time.
const FIRST_REPEAT: Duration = Duration::from_secs(2);
const LONGEST_REPEAT: Duration = Duration::from_secs(16);
/// Sent at most so often ...
const MOST_TRIES: u32 = 5;
/// ... and for at most so long.
const GIVE_UP: Duration = Duration::from_secs(30);
/// So many requests given up in a row, with nothing answered between them: the router is silent.
const SILENT_AFTER: u32 = 3;

/// How fast a lane may go.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Requests per second, repetitions not counted.
    pub per_second: f64,
    /// Requests that may be unanswered.
    pub window: usize,
    /// Our fixed address, which the socket is bound to.
    pub source: Option<IpAddr>,
}

/// A datagram to send.
#[derive(Debug)]
pub struct Outgoing {
    pub octets: Vec<u8>,
    pub to: SocketAddr,
    pub from: Option<IpAddr>,
}

struct Flight {
    order: Order,
    octets: Vec<u8>,
    from: Option<IpAddr>,
    began: Instant,
    repeat_at: Instant,
    pause: Duration,
    tries: u32,
}

/// What is to be done when a request's time has come.
pub enum Repeat {
    /// It was answered meanwhile.
    Nothing,
    /// It is sent again; the instant is that of the next repetition.
    Again(Outgoing, Instant),
    /// It is given up.
    GivenUp(u64),
}

/// See the head of this file.
#[derive(Default)]
pub struct Lane {
    queue: VecDeque<Order>,
    flights: HashMap<u8, Flight>,
    next_id: u8,
    /// Requests that may be sent now, a fraction included.
    credit: f64,
    credited_at: Option<Instant>,
    given_up: u32,
}

impl Lane {
    /// A lane whose first identifier cannot be foreseen, so that a request after a restart is not the same datagram as one before it.
    pub fn at_random() -> Lane {
        Lane { next_id: rand::random(), ..Lane::default() }
    }

    /// Queues an order; its serial comes back if the router is silent and is being asked already.
    pub fn put(&mut self, order: Order) -> Option<u64> {
        if self.is_silent() && self.flights.len() + self.queue.len() > 0 {
            return Some(order.serial);
        }
        self.queue.push_back(order);
        None
    }

    fn is_silent(&self) -> bool {
        self.given_up >= SILENT_AFTER
    }

    /// Once the router is silent, nothing waits behind the one request that asks.
    pub fn bounce(&mut self) -> impl Iterator<Item = u64> + '_ {
        let count = if self.is_silent() { self.queue.len() } else { 0 };
        self.queue.drain(..count).map(|order| order.serial)
    }

    fn window(&self, pace: &Pace) -> usize {
        if self.is_silent() { 1 } else { pace.window }
    }

    /// The next request to send, if there is one and window and rate allow it: identifier, datagram and when to repeat it. An error is the serial of an order that
    /// cannot be sent.
    pub fn next(&mut self, now: Instant, pace: &Pace) -> Option<Result<(u8, Outgoing, Instant), u64>> {
        if self.queue.is_empty() || self.flights.len() >= self.window(pace) {
            return None;
        }
        self.fill(now, pace);
        if self.credit < 1.0 {
            return None;
        }
        self.credit -= 1.0;
        let order = self.queue.pop_front()?;
        let id = self.free_id();
        let nas = &order.nas.fields;
        let stamp = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as u32);
        let options =
            DynamicOptions { message_authenticator: nas.coa_message_authenticator, event_timestamp: nas.coa_event_timestamp.then(stamp) };
        let request = nas.secrets.get(order.secret).and_then(|secret| dynamic_request(order.code, id, &order.attributes, options, secret));
        let Some(octets) = request else { return Some(Err(order.serial)) };
        // A socket bound to one address sends from it without being told.
        let from = if pace.source.is_some() { None } else { order.from };
        let pause = FIRST_REPEAT.mul_f64(rand::random_range(0.9..1.1));
        let datagram = Outgoing { octets: octets.clone(), to: order.to, from };
        let repeat_at = now + pause;
        self.flights.insert(id, Flight { order, octets, from, began: now, repeat_at, pause, tries: 1 });
        Some(Ok((id, datagram, repeat_at)))
    }

    fn fill(&mut self, now: Instant, pace: &Pace) {
        // What an idle lane may send at once: a tenth of a second's worth, at least one.
        let most = (pace.per_second / 10.0).max(1.0);
        let elapsed = self.credited_at.map_or(1.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.credit = (self.credit + elapsed * pace.per_second).min(most);
        self.credited_at = Some(now);
    }

    /// The windows are at most 200, so that an identifier is always free; the next one in turn is the one that was used longest ago.
    fn free_id(&mut self) -> u8 {
        loop {
            self.next_id = self.next_id.wrapping_add(1);
            if !self.flights.contains_key(&self.next_id) {
                return self.next_id;
            }
        }
    }

    /// When the lane may send its next request; `None` = not before something is answered, given up or queued.
    pub fn waits_until(&self, now: Instant, pace: &Pace) -> Option<Instant> {
        if self.queue.is_empty() || self.flights.len() >= self.window(pace) {
            return None;
        }
        Some(now + Duration::from_secs_f64(((1.0 - self.credit) / pace.per_second).max(0.001)))
    }

    /// The time to repeat a request has come, if it is still the one that was to be repeated at `at`.
    pub fn repeat(&mut self, id: u8, at: Instant, now: Instant) -> Repeat {
        let Some(flight) = self.flights.get_mut(&id).filter(|flight| flight.repeat_at == at) else { return Repeat::Nothing };
        let age = now.saturating_duration_since(flight.began);
        if flight.tries >= MOST_TRIES || age >= GIVE_UP {
            let flight = self.flights.remove(&id);
            self.given_up = self.given_up.saturating_add(1);
            return flight.map_or(Repeat::Nothing, |flight| Repeat::GivenUp(flight.order.serial));
        }
        flight.tries += 1;
        flight.pause = (flight.pause * 2).min(LONGEST_REPEAT);
        flight.repeat_at = (now + flight.pause).min(flight.began + GIVE_UP);
        Repeat::Again(Outgoing { octets: flight.octets.clone(), to: flight.order.to, from: flight.from }, flight.repeat_at)
    }

    /// What a datagram from the address answers, if it is signed rightly: serial and outcome.
    pub fn take(&mut self, datagram: &[u8]) -> Option<(u64, Outcome)> {
        let id = *datagram.get(1)?;
        let flight = self.flights.get(&id)?;
        let secret = flight.order.nas.fields.secrets.get(flight.order.secret)?;
        let reply = read_dynamic_reply(&flight.octets, datagram, secret)?;
        flight.order.nas.note_secret(flight.order.secret);
        let serial = flight.order.serial;
        self.flights.remove(&id);
        self.given_up = 0;
        Some((
            serial,
            match reply {
                DynamicReply::Ack => Outcome::Ack,
                DynamicReply::Nak(cause) => Outcome::Nak(cause),
            },
        ))
    }
}
