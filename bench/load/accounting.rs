//! Accounting load: live sessions that start, report and stop, and a ledger of what the server acknowledged.
//!
//! A session has at most one request outstanding, so that its counters reach the server in order and the ledger is exact:
//! the server may know more than the ledger says (its answer was lost), never less.

use crate::engine::{Requests, Slot, Verdict};
use crate::logins::{Login, Router};
use crate::users::{self, Dice, Users};
use crate::wire::{ACCESS_ACCEPT, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE, Layout, Secret, find, set_length};
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Acct-Status-Type (RFC 2866 §5.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 1
    Start,
    /// 3
    Interim,
    /// 2
    Stop,
}

impl Kind {
    fn number(self) -> u32 {
        match self {
            Kind::Start => 1,
            Kind::Stop => 2,
            Kind::Interim => 3,
        }
    }

    fn word(kind: Option<Kind>) -> &'static str {
        match kind {
            None => "none",
            Some(Kind::Start) => "start",
            Some(Kind::Interim) => "interim",
            Some(Kind::Stop) => "stop",
        }
    }
}

/// What a request claimed of a session.
#[derive(Clone, Copy, Default)]
struct Claim {
    octets_in: u64,
    octets_out: u64,
    kind: Option<Kind>,
}

struct Session {
    user: u32,
    id: u32,
    started_at_secs: u32,
    busy: bool,
    /// Its place in `live`, while it lives.
    live_at: u32,
    sent: Claim,
    acknowledged: Claim,
    class: Option<Box<[u8]>>,
}

/// An Accounting-Request of one kind with the offsets of what changes.
struct Template {
    layout: Layout,
    port_at: usize,
    name_at: usize,
    mac_at: usize,
    session_at: usize,
    address_at: usize,
    event_at: usize,
    /// Session time, then octets, gigawords and packets in, then out; a Start has none.
    counters_at: Option<[usize; 7]>,
}

impl Template {
    fn new(kind: Kind, users: &Users, router: &Router, class: &[u8]) -> Self {
        let mut layout = Layout::new(ACCOUNTING_REQUEST);
        layout.push_u32(6, 2);
        layout.push_u32(7, 1);
        let port_at = layout.push_u32(5, 0);
        layout.push_u32(61, router.port_type);
        let name_at = layout.push(1, users.name(1).as_bytes());
        let mac_at = layout.push(31, &users::mac(1));
        layout.push(30, router.called.as_bytes());
        layout.push(87, router.port_id.as_bytes());
        let session_at = layout.push(44, b"81000000");
        let address_at = layout.push(8, &[100, 64, 0, 1]);
        layout.push_u32(45, 1);
        let event_at = layout.push_u32(55, 0);
        let counters_at = (kind != Kind::Start).then(|| [46, 42, 52, 47, 43, 53, 48].map(|kind| layout.push_u32(kind, 0)));
        layout.push_u32(40, kind.number());
        if kind == Kind::Stop {
            layout.push_u32(49, 1);
        }
        layout.push(32, router.identifier.as_bytes());
        layout.push_u32(41, 0);
        layout.push(4, &router.address);
        if !class.is_empty() {
            layout.push(25, class);
        }
        Template { layout, port_at, name_at, mac_at, session_at, address_at, event_at, counters_at }
    }

    fn write(&self, session: &Session, index: u32, now_secs: u32, users: &Users, out: &mut [u8]) -> usize {
        let mut octets = self.layout.octets.len();
        out[..octets].copy_from_slice(&self.layout.octets);
        out[self.port_at..][..4].copy_from_slice(&session.id.to_be_bytes());
        users.write_name(session.user, &mut out[self.name_at..][..users.prefix.len() + users.digits]);
        out[self.mac_at..][..17].copy_from_slice(&users::mac(session.user));
        users::write_session_id(session.id, &mut out[self.session_at..][..8]);
        // 100.64.0.0/10 (RFC 6598): what a provider behind carrier NAT hands out.
        out[self.address_at..][..4].copy_from_slice(&(0x6440_0000 | (index & 0x3F_FFFF)).to_be_bytes());
        out[self.event_at..][..4].copy_from_slice(&now_secs.to_be_bytes());
        if let Some(counters_at) = self.counters_at {
            let Claim { octets_in, octets_out, .. } = session.sent;
            let values = [
                now_secs.saturating_sub(session.started_at_secs),
                octets_in as u32,
                (octets_in >> 32) as u32,
                (octets_in / 700) as u32,
                octets_out as u32,
                (octets_out >> 32) as u32,
                (octets_out / 1100) as u32,
            ];
            for (at, value) in counters_at.into_iter().zip(values) {
                out[at..][..4].copy_from_slice(&value.to_be_bytes());
            }
        }
        if let Some(class) = &session.class {
            out[octets] = 25;
            out[octets + 1] = class.len() as u8 + 2;
            out[octets + 2..][..class.len()].copy_from_slice(class);
            octets += class.len() + 2;
            set_length(&mut out[..octets]);
        }
        octets
    }
}

/// What the load does next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Start prepared sessions until so many live.
    Fill(usize),
    /// Starts, interims and stops by weight, for ever.
    Mix,
    /// Start and soon stop sessions until so many are closed.
    Close(usize),
    /// Stop what lives.
    Drain,
}

/// All sessions of one run.
pub struct Sessions {
    users: Users,
    secret: Rc<Secret>,
    dice: Dice,
    templates: [Template; 3],
    boot_nibble: u8,
    first_counter: u32,
    weights: [u32; 3],
    all: Vec<Session>,
    /// Sessions made but not started, the next one last.
    prepared: Vec<u32>,
    live: Vec<u32>,
    phase: Phase,
    starts_in_flight: usize,
    closed: usize,
}

impl Sessions {
    /// No sessions yet. `weights`: of start, interim, stop. `class`: constant Class of every packet, empty for none.
    pub fn new(users: Users, router: &Router, secret: Rc<Secret>, seed: u64, first_counter: u32, weights: [u32; 3], class: &[u8]) -> Self {
        Sessions {
            templates: [Kind::Start, Kind::Interim, Kind::Stop].map(|kind| Template::new(kind, &users, router, class)),
            users,
            secret,
            dice: Dice(seed),
            boot_nibble: router.boot_nibble,
            first_counter,
            weights,
            all: Vec::new(),
            prepared: Vec::new(),
            live: Vec::new(),
            phase: Phase::Mix,
            starts_in_flight: 0,
            closed: 0,
        }
    }

    /// Makes sessions of random users ready to start.
    pub fn prepare(&mut self, count: usize) {
        for _ in 0..count {
            let index = self.make_session();
            self.prepared.push(index);
        }
        self.prepared.reverse();
    }

    /// Next: start prepared sessions until `count` live; ends by itself.
    pub fn fill_to(&mut self, count: usize) {
        self.phase = Phase::Fill(count);
    }

    /// Next: the mix, without end.
    pub fn mix(&mut self) {
        self.phase = Phase::Mix;
    }

    /// Next: sessions that start and stop at once until `count` are closed; ends by itself.
    pub fn close_count(&mut self, count: usize) {
        self.phase = Phase::Close(count);
    }

    /// Next: stop all that live; ends by itself.
    pub fn drain(&mut self) {
        self.phase = Phase::Drain;
    }

    /// Sessions that have started and not stopped.
    pub fn live_count(&self) -> usize {
        self.live.len()
    }

    /// Writes the ledger: one line per session of which anything was acknowledged. `sent_*`: the last request, answered or not.
    pub fn write_ledger(&self, path: &Path) -> io::Result<()> {
        let mut file = io::BufWriter::new(std::fs::File::create(path)?);
        writeln!(file, "acct_session_id,username,octets_in,octets_out,status,sent_octets_in,sent_octets_out,sent_status")?;
        for session in self.all.iter().filter(|session| session.acknowledged.kind.is_some()) {
            let (known, sent) = (&session.acknowledged, &session.sent);
            writeln!(
                file,
                "{:08x},{},{},{},{},{},{},{}",
                session.id,
                self.users.name(session.user),
                known.octets_in,
                known.octets_out,
                Kind::word(known.kind),
                sent.octets_in,
                sent.octets_out,
                Kind::word(sent.kind),
            )?;
        }
        file.flush()
    }

    fn make_session(&mut self) -> u32 {
        let index = self.all.len() as u32;
        let id = users::session_id(self.boot_nibble, self.first_counter.wrapping_add(index));
        let user = self.users.pick(&mut self.dice);
        self.all.push(Session {
            user,
            id,
            started_at_secs: 0,
            busy: false,
            live_at: 0,
            sent: Claim::default(),
            acknowledged: Claim::default(),
            class: None,
        });
        index
    }

    fn choose(&mut self) -> Option<(u32, Kind)> {
        match self.phase {
            Phase::Fill(count) if self.live.len() + self.starts_in_flight < count => Some((self.next_start(), Kind::Start)),
            Phase::Fill(_) => None,
            Phase::Drain => self.free_live().map(|index| (index, Kind::Stop)),
            Phase::Close(count) => {
                let left = count.saturating_sub(self.closed + self.live.len() + self.starts_in_flight);
                if left > 0 && self.live.len() < 1_000 {
                    return Some((self.next_start(), Kind::Start));
                }
                self.free_live().map(|index| (index, Kind::Stop))
            }
            Phase::Mix => {
                let [start, interim, stop] = self.weights;
                let roll = self.dice.below(start + interim + stop);
                if roll < start || self.live.is_empty() {
                    return Some((self.next_start(), Kind::Start));
                }
                let kind = if roll < start + interim { Kind::Interim } else { Kind::Stop };
                self.free_live().map(|index| (index, kind))
            }
        }
    }

    fn next_start(&mut self) -> u32 {
        self.starts_in_flight += 1;
        match self.prepared.pop() {
            Some(index) => index,
            None => self.make_session(),
        }
    }

    /// A random live session without an outstanding request.
    fn free_live(&mut self) -> Option<u32> {
        if self.live.is_empty() {
            return None;
        }
        (0..64).find_map(|_| {
            let index = self.live[self.dice.below(self.live.len() as u32) as usize];
            (!self.all[index as usize].busy).then_some(index)
        })
    }

    fn grow(&mut self, index: u32, kind: Kind) -> u32 {
        let now_secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as u32);
        let (up, down) = (u64::from(self.dice.below(30_000_000)), u64::from(self.dice.below(300_000_000)));
        let session = &mut self.all[index as usize];
        session.busy = true;
        if kind == Kind::Start {
            session.started_at_secs = now_secs;
            session.sent = Claim { kind: Some(kind), ..Claim::default() };
        } else {
            session.sent = Claim { octets_in: session.sent.octets_in + up, octets_out: session.sent.octets_out + down, kind: Some(kind) };
        }
        now_secs
    }

    fn forget_live(&mut self, index: u32) {
        let at = self.all[index as usize].live_at;
        self.live.swap_remove(at as usize);
        if let Some(moved) = self.live.get(at as usize) {
            self.all[*moved as usize].live_at = at;
        }
    }
}

impl Requests for Sessions {
    fn write(&mut self, slot: &Slot, out: &mut [u8]) -> Option<(usize, u32)> {
        let (index, kind) = self.choose()?;
        let now_secs = self.grow(index, kind);
        let template = match kind {
            Kind::Start => &self.templates[0],
            Kind::Interim => &self.templates[1],
            Kind::Stop => &self.templates[2],
        };
        let octets = template.write(&self.all[index as usize], index, now_secs, &self.users, out);
        out[1] = slot.identifier;
        self.secret.sign_accounting(&mut out[..octets]);
        Some((octets, index))
    }

    fn answered(&mut self, item: u32, reply: &[u8], _closely: bool) -> Verdict {
        let session = &mut self.all[item as usize];
        session.busy = false;
        if reply[0] != ACCOUNTING_RESPONSE {
            return Verdict::Bad;
        }
        session.acknowledged = session.sent;
        match session.sent.kind {
            Some(Kind::Start) => {
                self.starts_in_flight -= 1;
                session.live_at = self.live.len() as u32;
                self.live.push(item);
            }
            Some(Kind::Stop) => {
                self.closed += 1;
                self.forget_live(item);
            }
            _ => {}
        }
        Verdict::Accept
    }

    fn lost(&mut self, item: u32) {
        let session = &mut self.all[item as usize];
        session.busy = false;
        // An unanswered Start is tried again with a new identifier; an unanswered Stop stays live and is stopped some other time.
        if session.sent.kind == Some(Kind::Start) {
            self.starts_in_flight -= 1;
            self.prepared.push(item);
        }
    }

    fn finished(&self) -> bool {
        match self.phase {
            Phase::Fill(count) => self.live.len() >= count,
            Phase::Close(count) => self.closed >= count,
            Phase::Drain => self.live.is_empty(),
            Phase::Mix => false,
        }
    }
}

/// Logs prepared sessions in first, so that their accounting carries the Class of their Access-Accept.
pub struct ClassLogins<'a> {
    sessions: &'a mut Sessions,
    login: &'a Login,
    dice: Dice,
    waiting: Vec<u32>,
    open: usize,
    /// Logins that were refused or brought no Class.
    pub without_class: usize,
}

impl<'a> ClassLogins<'a> {
    /// For all sessions prepared so far.
    pub fn new(sessions: &'a mut Sessions, login: &'a Login, seed: u64) -> Self {
        let waiting = sessions.prepared.clone();
        ClassLogins { open: waiting.len(), sessions, login, dice: Dice(seed), waiting, without_class: 0 }
    }
}

impl Requests for ClassLogins<'_> {
    fn write(&mut self, slot: &Slot, out: &mut [u8]) -> Option<(usize, u32)> {
        let item = self.waiting.pop()?;
        let session = &self.sessions.all[item as usize];
        let octets = self.login.octets();
        self.login.write(session.user, session.id, slot.identifier, &mut self.dice, &mut out[..octets]);
        Some((octets, item))
    }

    fn answered(&mut self, item: u32, reply: &[u8], _closely: bool) -> Verdict {
        self.open -= 1;
        let class = find(reply, 25).map(|(at, length)| reply[at..at + length].into());
        self.without_class += usize::from(class.is_none());
        self.sessions.all[item as usize].class = class;
        if reply[0] == ACCESS_ACCEPT { Verdict::Accept } else { Verdict::Reject }
    }

    fn lost(&mut self, item: u32) {
        self.waiting.push(item);
    }

    fn finished(&self) -> bool {
        self.open == 0
    }
}
