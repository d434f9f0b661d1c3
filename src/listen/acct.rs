//! A worker for accounting: Accounting-Request and Status-Server. Its answers leave from the journal's thread, when their records are on disk.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::batch::{Datagram, SendBatch};
use super::counters::{DropReason, ListenCounters, Tick};
use super::duplicates::{Duplicates, Lookup, Ready};
use super::responder::PendingReply;
use super::sender::{self, Sender};
use super::workers::{Clock, ListenParts, Worker, answer_status};
use crate::journal::AppendError;
use crate::radius::{MAX_PACKET_OCTETS, PacketView, ReplyWriter, code};
use crate::sessions::{AccountingEvent, NasContext, Record};

const NAS_IP_ADDRESS: u8 = 4;
const NAS_IDENTIFIER: u8 = 32;
const EVENT_TIMESTAMP: u8 = 55;
const NAS_IPV6_ADDRESS: u8 = 95;

pub(super) struct AcctWorker {
    parts: Arc<ListenParts>,
    socket: Arc<UdpSocket>,
    duplicates: Duplicates,
    buffer: Box<[u8; MAX_PACKET_OCTETS]>,
    /// Boxes that this worker has reported to the store since start.
    seen: hashbrown::HashSet<i64>,
}

impl AcctWorker {
    pub fn new(parts: Arc<ListenParts>, socket: Arc<UdpSocket>) -> AcctWorker {
        let duplicates = Duplicates::new(parts.options.duplicates_ms, parts.options.duplicates_octets);
        AcctWorker { parts, socket, duplicates, buffer: Box::new([0; MAX_PACKET_OCTETS]), seen: hashbrown::HashSet::new() }
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
        let seq = self.journalise(view, &sender, datagram, octets, now).map_err(|_| DropReason::JournalFull)?;
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
    ) -> Result<u64, AppendError> {
        let fields = &sender.nas.fields;
        let (journal, live) = (&self.parts.journal, &self.parts.access.live);
        let mut ack = Some(PendingReply::new(&self.socket, datagram.peer, datagram.local, &self.buffer[..octets]));
        let event = match AccountingEvent::read(view, now, fields.swap_octets, live.tokens()) {
            Ok(event) => event,
            Err(_) => {
                let record = Record::Odd { at: now, router_id: fields.id, packet: view.bytes() };
                return journal.append(record.kind(), |out| record.write(out), ack);
            }
        };
        let nas_identifier = view.get(NAS_IDENTIFIER).unwrap_or_default();
        let nas_address = view.get(NAS_IP_ADDRESS).or(view.get(NAS_IPV6_ADDRESS)).unwrap_or_default();
        let nas_instance = live.tokens().nas_instance(fields.id, nas_identifier, nas_address);
        if self.seen.insert(nas_instance) {
            let record =
                Record::NasSeen { tenant_id: fields.tenant_id, nas_instance, router_id: fields.id, at: now, nas_identifier, nas_address };
            if let Err(error) = journal.append(record.kind(), |out| record.write(out), None) {
                self.seen.remove(&nas_instance);
                return Err(error);
            }
        }
        let nas = NasContext {
            tenant_id: fields.tenant_id,
            router_id: fields.id,
            nas_instance,
            added_at: fields.added_at,
            adopt_all: fields.adopt_all,
        };
        let customer = || self.parts.access.customer_of(fields.tenant_id, event.username, event.mac);
        let append = |record: &Record<'_>| {
            // A restart that an event reveals goes before it; the answer belongs to the event.
            let completes = !matches!(record, Record::NasRestarted { only: Some(_), .. });
            journal.append(record.kind(), |out| record.write(out), if completes { ack.take() } else { None })
        };
        live.record(&event, &nas, customer, append).map(|recorded| recorded.seq)
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
        if let Lookup::Known { reply, ready } = self.duplicates.find(datagram.peer, view.id(), view.authenticator(), now) {
            match ready {
                // Its answer goes to the same place as soon as the record is durable.
                Ready::Durable(seq) if self.parts.journal.durable_seq() < seq => tick.dropped(DropReason::Repeated),
                _ => {
                    send.push(reply, datagram.peer, datagram.local);
                    tick.answered_again += 1;
                }
            }
            return;
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
