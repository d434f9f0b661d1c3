//! A worker for accounting: Accounting-Request and Status-Server. Its answers leave from the journal's thread, when their records are on disk.

use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::batch::{Datagram, SendBatch};
use super::counters::{DropReason, ListenCounters, Tick};
use super::duplicates::{Duplicates, Ready};
use super::responder::PendingReply;
use super::sender::{self, Sender};
use super::workers::{Clock, ListenParts, Worker, answer_again, answer_status};
use crate::aaa::directory::NasCounters;
use crate::aaa::enforcement::Way;
use crate::journal::AppendError;
use crate::radius::dictionary::numbers::{EVENT_TIMESTAMP, NAS_IDENTIFIER, NAS_IP_ADDRESS, NAS_IPV6_ADDRESS};
use crate::radius::{MAX_PACKET_OCTETS, PacketView, ReplyWriter, code};
use crate::sessions::{AccountingEvent, NasContext, Record, Status};

pub(super) struct AcctWorker {
    parts: Arc<ListenParts>,
    socket: Arc<UdpSocket>,
    duplicates: Duplicates,
    buffer: Box<[u8; MAX_PACKET_OCTETS]>,
    /// Boxes that this worker has reported to the store since start.
    seen: hashbrown::HashSet<i64>,
    /// How many of these are behind each router entry.
    boxes: hashbrown::HashMap<i64, usize>,
    /// Where each of them was last seen.
    ways: hashbrown::HashMap<i64, Way>,
    /// The address that the socket is bound to, if it is one.
    bound: Option<IpAddr>,
}

/// More boxes than this behind one router entry are a fault or an attack with its secret, not a network.
const MOST_BOXES: usize = 10_000;
/// More open sessions than this no router holds.
const MOST_OPEN: i64 = 250_000;

/// A session that ends sooner never worked: its pool or profile is missing on the router, or the device hangs up and redials.
const EARLY_SECS: u32 = 10;

impl AcctWorker {
    pub fn new(parts: Arc<ListenParts>, socket: Arc<UdpSocket>) -> AcctWorker {
        let bound = socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified());
        let duplicates = Duplicates::new(parts.options.duplicates_ms, parts.options.duplicates_octets);
        AcctWorker {
            parts,
            socket,
            duplicates,
            buffer: Box::new([0; MAX_PACKET_OCTETS]),
            seen: hashbrown::HashSet::new(),
            boxes: hashbrown::HashMap::new(),
            ways: hashbrown::HashMap::new(),
            bound,
        }
    }

    fn take(
        &mut self,
        view: &PacketView<'_>,
        datagram: &Datagram<'_>,
        now: i64,
        tick: &mut Tick,
        send: &mut SendBatch,
    ) -> Result<(), DropReason> {
        let routers = self.parts.access.directory.routers.load();
        let candidates = routers.candidates(datagram.peer.ip());
        if view.code() == code::STATUS_SERVER {
            let sender = sender::of_access(candidates, view, datagram.peer.ip(), true)?;
            return answer_status(code::ACCOUNTING_RESPONSE, view, &sender.secrets[0], datagram, tick, send);
        }
        let sender = sender::of_accounting(candidates, view, datagram.peer.ip())?;
        let counters = &sender.nas.counters;
        counters.accounting_requests.fetch_add(1, Ordering::Relaxed);
        counters.last_accounting_at.store(now, Ordering::Relaxed);
        if let Some(timestamp) = view.get_u32(EVENT_TIMESTAMP) {
            sender.nas.note_skew(i64::from(timestamp) * 1000 - now);
        }
        let mut reply = ReplyWriter::new(&mut self.buffer, code::ACCOUNTING_RESPONSE, view);
        reply.proxy_state(view);
        let octets = reply.finish(&sender.secrets[0]).map_err(|_| DropReason::ReplyTooLong)?;
        let seq = self.journalise(view, &sender, datagram, octets, now)?;
        self.duplicates.keep(datagram.peer, view.id(), view.authenticator(), &self.buffer[..octets], Ready::Durable(seq), now);
        tick.accounted += 1;
        if datagram.arrived_us != 0 {
            tick.took((Clock::read().us - datagram.arrived_us).clamp(0, i64::from(u32::MAX)) as u32);
        }
        Ok(())
    }

    /// Puts the event into the journal with its answer attached to the record that completes it.
    fn journalise(
        &mut self,
        view: &PacketView<'_>,
        sender: &Sender<'_>,
        datagram: &Datagram<'_>,
        octets: usize,
        now: i64,
    ) -> Result<u64, DropReason> {
        let fields = &sender.nas.fields;
        let (journal, live) = (&self.parts.journal, &self.parts.access.live);
        let mut ack = Some(PendingReply::new(&self.socket, datagram.peer, datagram.local, &self.buffer[..octets]));
        let event = match AccountingEvent::read(view, now, fields.swap_octets, fields.tenant_id, live.tokens()) {
            Ok(event) => event,
            Err(_) => {
                let record = Record::Odd { at: now, router_id: fields.id, packet: view.bytes() };
                return journal.append(record.kind(), |out| record.write(out), ack).map_err(DropReason::from);
            }
        };
        let nas_identifier = view.get(NAS_IDENTIFIER).unwrap_or_default();
        let nas_address = view.get(NAS_IP_ADDRESS).or(view.get(NAS_IPV6_ADDRESS)).unwrap_or_default();
        let nas_instance = live.tokens().nas_instance(fields.id, nas_identifier, nas_address);
        if live.open_count() >= MOST_OPEN && live.open_at(nas_instance) >= MOST_OPEN {
            return Err(DropReason::Absurd);
        }
        if !self.seen.contains(&nas_instance) {
            let boxes = self.boxes.entry(fields.id).or_insert(0);
            if *boxes >= MOST_BOXES {
                return Err(DropReason::Absurd);
            }
            let record =
                Record::NasSeen { tenant_id: fields.tenant_id, nas_instance, router_id: fields.id, at: now, nas_identifier, nas_address };
            journal.append(record.kind(), |out| record.write(out), None)?;
            *boxes += 1;
            self.seen.insert(nas_instance);
        }
        let way = Way { peer: datagram.peer.ip(), local: datagram.local.or(self.bound) };
        if self.ways.insert(nas_instance, way) != Some(way) {
            self.parts.ways.note(nas_instance, way);
        }
        let nas = NasContext {
            tenant_id: fields.tenant_id,
            router_id: fields.id,
            nas_instance,
            added_at: fields.added_at,
            adopt_all: fields.adopt_all,
        };
        let counters = &sender.nas.counters;
        note_gigawords(&event, counters);
        let customer = || self.parts.access.customer_of(fields.tenant_id, event.username, event.mac);
        let append = |record: &Record<'_>| {
            // A restart that an event reveals goes before it; the answer belongs to the event.
            let completes = !matches!(record, Record::NasRestarted { only: Some(_), .. });
            note_session(record, counters);
            journal.append(record.kind(), |out| record.write(out), if completes { ack.take() } else { None })
        };
        let recorded = live.record(&event, &nas, customer, append)?;
        if let Some(sighting) = recorded.session {
            self.parts.enforcer.accounted(event.status, sighting);
            // Any report may be the one that uses a volume up, or brings the next step of fair use.
            if sighting.is_open && self.parts.access.usage.counts(sighting.customer_id) {
                self.parts.enforcer.recheck(sighting.customer_id);
            }
        }
        if let (Status::Start, Some(token)) = (event.status, event.token) {
            self.parts.access.session_began(token.customer_id, token.issued_at);
        }
        Ok(recorded.seq)
    }
}

/// Whether the router sends the high words of its counters: without them 4 GiB look like nothing.
fn note_gigawords(event: &AccountingEvent<'_>, counters: &NasCounters) {
    if event.octets_in.is_some() || event.octets_out.is_some() {
        let counter = if event.has_gigawords { &counters.with_gigawords } else { &counters.without_gigawords };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Ids used again while their sessions were open, and sessions that ended as soon as they began.
fn note_session(record: &Record<'_>, counters: &NasCounters) {
    let Record::Update(update) = record else { return };
    if update.replaces.is_some() {
        counters.reused_session_ids.fetch_add(1, Ordering::Relaxed);
    }
    if update.status == Status::Stop {
        counters.sessions_ended.fetch_add(1, Ordering::Relaxed);
        if update.session_secs.is_some_and(|secs| secs < EARLY_SECS) {
            counters.sessions_ended_early.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl From<AppendError> for DropReason {
    fn from(_: AppendError) -> DropReason {
        DropReason::JournalFull
    }
}

impl Worker for AcctWorker {
    fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    fn counters(&self) -> &ListenCounters {
        &self.parts.acct_counters
    }

    fn handle(&mut self, datagram: &Datagram<'_>, clock: Clock, tick: &mut Tick, send: &mut SendBatch) {
        let now = clock.ms();
        let Ok(view) = PacketView::parse(datagram.octets) else { return tick.dropped(DropReason::Malformed) };
        if !matches!(view.code(), code::ACCOUNTING_REQUEST | code::STATUS_SERVER) {
            return tick.dropped(DropReason::WrongCode);
        }
        // Its answer goes to the same place as soon as the record is durable.
        let is_coming = |ready| matches!(ready, Ready::Durable(seq) if self.parts.journal.durable_seq() < seq);
        if answer_again(&mut self.duplicates, &view, datagram, now, is_coming, tick, send) {
            let routers = self.parts.access.directory.routers.load();
            return sender::note_repeated(routers.candidates(datagram.peer.ip()), &view, |c| &c.repeated_accounting);
        }
        if let Err(reason) = self.take(&view, datagram, now, tick, send) {
            tick.dropped(reason);
            if reason == DropReason::UnknownSource {
                (self.parts.on_unknown)(datagram.peer.ip(), view.get(NAS_IDENTIFIER).unwrap_or_default(), now);
            }
        }
    }

    fn between_batches(&mut self, _now_ms: i64, _tick: &mut Tick) {}
}
