//! A worker for authentication: Access-Request and Status-Server.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;

use super::batch::{Datagram, SendBatch};
use super::counters::{DropReason, ListenCounters, Tick};
use super::duplicates::{Duplicates, Ready};
use super::responder::PendingReply;
use super::sender::{self, Sender};
use super::workers::{Clock, ListenParts, Worker, answer_again, answer_status};
use crate::aaa::access::{AccessRequest, Answer};
use crate::aaa::decision_log::Decision;
use crate::journal::LogBatch;
use crate::radius::dictionary::numbers::{EAP_MESSAGE, NAS_IDENTIFIER, USER_NAME};
use crate::radius::{HEADER_OCTETS, PacketView, code};
use crate::sessions::{Record, RouterLearned};

/// Attributes of a reply begin after the header and Message-Authenticator.
const REPLY_ATTRIBUTES: usize = HEADER_OCTETS + 18;
/// A batch of decision records is handed on when it is this large, or this old.
const LOG_BATCH_OCTETS: usize = 64 * 1024;
const LOG_BATCH_MS: i64 = 200;

pub(super) struct AuthWorker {
    parts: Arc<ListenParts>,
    socket: Arc<UdpSocket>,
    duplicates: Duplicates,
    decision_log: SyncSender<LogBatch>,
    log: LogBatch,
    log_since: i64,
    record: Vec<u8>,
}

impl AuthWorker {
    pub fn new(parts: Arc<ListenParts>, socket: Arc<UdpSocket>, decision_log: SyncSender<LogBatch>) -> AuthWorker {
        let duplicates = Duplicates::new(parts.options.duplicates_ms, parts.options.duplicates_octets);
        AuthWorker { parts, socket, duplicates, decision_log, log: LogBatch::new(), log_since: 0, record: Vec::new() }
    }

    /// Finds the sender, answers, and keeps the answer for repetitions.
    fn answer(
        &mut self,
        view: &PacketView<'_>,
        datagram: &Datagram<'_>,
        clock: Clock,
        tick: &mut Tick,
        send: &mut SendBatch,
    ) -> Result<(), DropReason> {
        let now = clock.ms();
        let routers = self.parts.access.directory.routers.load();
        let source = datagram.peer.ip();
        let is_status = view.code() == code::STATUS_SERVER;
        let sender = sender::of_access(routers.candidates(source), view, source, is_status)?;
        if is_status {
            return answer_status(code::ACCESS_ACCEPT, view, &sender.secrets[0], datagram, tick, send);
        }
        self.learn(&sender, view, datagram, now);
        let counters = &sender.nas.counters;
        counters.access_requests.fetch_add(1, Ordering::Relaxed);
        counters.last_access_at.store(now, Ordering::Relaxed);
        let nonce = self.parts.nonce.fetch_add(1, Ordering::Relaxed);
        let request = AccessRequest { view, nas: sender.nas, secrets: sender.secrets, now, nonce };
        let answer = self.parts.access.answer(&request, send.buffer()).map_err(|_| DropReason::ReplyTooLong)?;
        let took_us =
            if datagram.arrived_us == 0 { 0 } else { (Clock::read().us - datagram.arrived_us).clamp(0, i64::from(u32::MAX)) as u32 };
        tick.took(took_us);
        let attributes = &send.buffer()[REPLY_ATTRIBUTES..answer.loggable.max(REPLY_ATTRIBUTES)];
        let decision = Decision {
            at: now,
            tenant_id: sender.nas.fields.tenant_id,
            router_id: sender.nas.fields.id,
            customer_id: answer.customer_id,
            username: view.get(USER_NAME).unwrap_or_default(),
            mac: answer.mac,
            reject: answer.reject,
            walled: answer.walled,
            blind_since: if answer.customer_id == 0 { None } else { self.parts.access.usage.blind_since(now) },
            method: answer.method,
            took_us,
            attributes,
        };
        self.record.clear();
        decision.write(&mut self.record);
        let keys = decision.keys();
        if !self.log.push(now, keys, &self.record) {
            tick.log_overflow += 1;
        }
        (self.parts.on_decision)(&decision, keys[0]);
        self.dispatch(&answer, sender.nas.fields.tenant_id, view, datagram, now, tick, send)
    }

    /// Sends an accept at once, or when what it takes is durable, and a reject after the delay; all are kept.
    #[expect(clippy::too_many_arguments, reason = "an answer, where it goes, and what is kept of it")]
    fn dispatch(
        &mut self,
        answer: &Answer,
        tenant_id: i64,
        view: &PacketView<'_>,
        datagram: &Datagram<'_>,
        now: i64,
        tick: &mut Tick,
        send: &mut SendBatch,
    ) -> Result<(), DropReason> {
        let mut ready = Ready::Now;
        let reply = &send.buffer()[..answer.octets];
        match answer.reject {
            None => {
                if let Some(seq) = self.journalise(answer, tenant_id, datagram, now, reply)? {
                    ready = Ready::Durable(seq);
                }
                tick.accepts += 1;
            }
            Some(reason) => {
                tick.rejects[reason as usize] += 1;
                if self.parts.delayed.hold(&self.socket, datagram.peer, datagram.local, reply) {
                    ready = Ready::At(now + self.parts.delayed.delay_ms());
                }
            }
        }
        if ready == Ready::Now {
            let reply = send.commit(answer.octets, datagram.peer, datagram.local);
            self.duplicates.keep(datagram.peer, view.id(), view.authenticator(), reply, ready, now);
        } else {
            let reply = &send.buffer()[..answer.octets];
            self.duplicates.keep(datagram.peer, view.id(), view.authenticator(), reply, ready, now);
        }
        Ok(())
    }

    /// Puts what an Accept takes for good into the journal: the begin of a validity, a device's binding, a new owner of an address. The reply goes with the last
    /// record and leaves when that is durable; `None` if there is nothing to wait for.
    fn journalise(
        &self,
        answer: &Answer,
        tenant_id: i64,
        datagram: &Datagram<'_>,
        now: i64,
        reply: &[u8],
    ) -> Result<Option<u64>, DropReason> {
        let (journal, access) = (&self.parts.journal, &self.parts.access);
        let leased = answer.leased.filter(|(_, seq)| *seq > journal.durable_seq()).map(|(leased, _)| leased);
        let mut waiting = usize::from(answer.is_first_login) + usize::from(answer.bound.is_some()) + usize::from(leased.is_some());
        let mut ack = (waiting > 0).then(|| PendingReply::new(&self.socket, datagram.peer, datagram.local, reply));
        let mut append = |record: Record<'_>| {
            waiting -= 1;
            let ack = if waiting == 0 { ack.take() } else { None };
            journal.append(record.kind(), |out| record.write(out), ack).map_err(DropReason::from)
        };
        let mut last = None;
        if answer.is_first_login {
            let customer_id = answer.customer_id;
            last = Some(append(Record::FirstLogin { tenant_id, customer_id, at: now }).inspect_err(|_| {
                // Not answered, so it counts when it can be kept.
                access.directory.terms.forget_first_login(customer_id);
            })?);
        }
        if let Some(bound) = answer.bound {
            let seq = append(Record::MacBound(bound)).inspect_err(|_| access.identity.devices.undo(bound.customer_id, bound.mac))?;
            access.identity.devices.note(bound.customer_id, bound.mac, seq);
            last = Some(seq);
        }
        if let Some(leased) = leased {
            let seq = append(Record::Leased(leased))?;
            access.directory.pools.note_recorded(&leased, seq);
            last = Some(seq);
        }
        Ok(last)
    }

    /// What `auto` learns: only verified requests without EAP prove anything, unsigned ones disprove it.
    fn learn(&self, sender: &Sender<'_>, view: &PacketView<'_>, datagram: &Datagram<'_>, now: i64) {
        let address = datagram.peer.ip();
        if !sender.is_signed {
            sender.nas.counters.unsigned_requests.fetch_add(1, Ordering::Relaxed);
            sender.nas.learn_unsigned(address);
        } else if !view.has(EAP_MESSAGE) && sender.nas.learn_signed(address) {
            let fields = &sender.nas.fields;
            tracing::info!(router = &*fields.name, %address, "signs all its requests: unsigned ones are dropped from now on");
            let record = Record::RouterLearned(RouterLearned { tenant_id: fields.tenant_id, router_id: fields.id, address, at: now });
            if self.parts.journal.append(record.kind(), |out| record.write(out), None).is_err() {
                tracing::warn!(router = &*fields.name, "what was learned could not be kept and is learned again after a restart");
            }
        }
    }
}

impl Worker for AuthWorker {
    fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    fn counters(&self) -> &ListenCounters {
        &self.parts.auth_counters
    }

    fn holds(&self) -> bool {
        self.parts.hold_logins.load(Ordering::Acquire)
    }

    fn handle(&mut self, datagram: &Datagram<'_>, clock: Clock, tick: &mut Tick, send: &mut SendBatch) {
        let now = clock.ms();
        // The router has given this one up; work on those it still waits for.
        if datagram.arrived_us != 0 && clock.us - datagram.arrived_us > self.parts.options.patience_ms * 1000 {
            return tick.dropped(DropReason::Stale);
        }
        let Ok(view) = PacketView::parse(datagram.octets) else { return tick.dropped(DropReason::Malformed) };
        if !matches!(view.code(), code::ACCESS_REQUEST | code::STATUS_SERVER) {
            return tick.dropped(DropReason::WrongCode);
        }
        let durable_seq = || self.parts.journal.durable_seq();
        let is_coming = |ready| match ready {
            Ready::Now => false,
            Ready::At(instant) => now < instant,
            Ready::Durable(seq) => durable_seq() < seq,
        };
        if answer_again(&mut self.duplicates, &view, datagram, now, is_coming, tick, send) {
            return sender::note_repeated(self.parts.access.directory.routers.load().candidates(datagram.peer.ip()), &view, |c| {
                &c.repeated_access
            });
        }
        if let Err(reason) = self.answer(&view, datagram, clock, tick, send) {
            tick.dropped(reason);
            if reason == DropReason::UnknownSource {
                (self.parts.on_unknown)(datagram.peer.ip(), view.get(NAS_IDENTIFIER).unwrap_or_default(), now);
            }
        }
    }

    fn between_batches(&mut self, now_ms: i64, tick: &mut Tick) {
        if self.log.is_empty() {
            self.log_since = now_ms;
        } else if self.log.octets() >= LOG_BATCH_OCTETS || now_ms - self.log_since >= LOG_BATCH_MS {
            let full = std::mem::replace(&mut self.log, self.parts.log_pool.take());
            let count = full.len();
            if self.decision_log.try_send(full).is_err() {
                tick.log_overflow += count;
            }
            self.log_since = now_ms;
        }
    }
}

impl Drop for AuthWorker {
    /// The last decisions are logged too; the log's thread still runs then.
    fn drop(&mut self) {
        if !self.log.is_empty() && self.decision_log.send(std::mem::take(&mut self.log)).is_err() {
            tracing::warn!("the last decisions could not be logged");
        }
    }
}
