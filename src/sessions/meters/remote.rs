//! What appliers tell the memory of other nodes: sessions as stored, usage added. Little-endian, as the snapshot's sessions are.

use super::Meters;
use crate::sessions::applier::{StoredSession, UsageAdded};
use crate::sessions::live::LiveSession;
use crate::sessions::sql::bulk::SessionRow;
use crate::sessions::tally::Tally;
use crate::units::{OctetReader, OctetWriter, UnixMs};

/// What a transaction changed.
pub(in crate::sessions) fn encode_batch(sessions: &[&SessionRow], usage: &[UsageAdded]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sessions.len() * 256 + usage.len() * 48 + 8);
    let mut session_octets = Vec::new();
    OctetWriter(&mut out).u32(sessions.len() as u32);
    for row in sessions {
        session_octets.clear();
        LiveSession::of_row(row).write(&mut session_octets);
        OctetWriter(&mut out).long(&session_octets);
    }
    let owned: Vec<_> = usage.iter().filter_map(|u| Some((u.customer_id?, u))).collect();
    OctetWriter(&mut out).u32(owned.len() as u32);
    for (customer_id, usage) in owned {
        OctetWriter(&mut out).i64(customer_id).i64(usage.bucket_at).u8(usage.class);
        for count in usage.counts {
            OctetWriter(&mut out).u64(count);
        }
    }
    out
}

fn decode_batch(octets: &[u8]) -> Option<(Vec<LiveSession>, Vec<UsageAdded>)> {
    let mut r = OctetReader(octets);
    let sessions = (0..r.u32()?).map(|_| LiveSession::read(r.long()?)).collect::<Option<_>>()?;
    let usage = (0..r.u32()?)
        .map(|_| {
            let (customer_id, bucket_at, class) = (Some(r.i64()?), r.i64()?, r.u8()?);
            Some(UsageAdded { customer_id, bucket_at, class, counts: [r.u64()?, r.u64()?, r.u64()?] })
        })
        .collect::<Option<_>>()?;
    r.0.is_empty().then_some((sessions, usage))
}

impl Meters {
    /// Takes in what another node's applier did; false if it does not read.
    pub(super) fn take_remote(&self, payload: &[u8], now: UnixMs) -> bool {
        let Some((sessions, usage)) = decode_batch(payload) else { return false };
        let tallies: Vec<Tally> = sessions.iter().map(LiveSession::tally).collect();
        let stored = sessions.iter().zip(&tallies).map(|(session, tally)| StoredSession {
            nas_instance: session.nas().nas_instance,
            acct_session_id: session.acct_session_id(),
            told_key: session.session_key,
            customer_id: (session.customer_id != 0).then_some(session.customer_id),
            tally,
        });
        self.take_batch(stored, &usage, now);
        let mut concerned: Vec<i64> = usage.iter().filter_map(|u| u.customer_id).collect();
        concerned.sort_unstable();
        concerned.dedup();
        concerned.into_iter().filter(|id| self.table.contains_key(id)).for_each(|id| self.tell_watch(id));
        sessions.into_iter().for_each(|session| self.live.remote().put(session));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_reads_as_it_was_written_and_a_cut_one_not_at_all() {
        let mut tally = Tally::open(5);
        (tally.octets_in, tally.last_event_at) = (9, 7);
        let row = SessionRow {
            tenant_id: 1,
            session_key: [2; 16],
            nas_instance: 3,
            router_id: 4,
            customer_id: Some(5),
            acct_session_id: "81000001".into(),
            username: "bob".into(),
            mac: "020000000001".into(),
            called_station: String::new(),
            nas_port_id: String::new(),
            framed_ip: "10.0.0.9".into(),
            tally,
        };
        let usage = UsageAdded { customer_id: Some(5), bucket_at: -1, class: 1, counts: [1, 2, 3] };
        let nobodys = UsageAdded { customer_id: None, ..usage };
        let octets = encode_batch(&[&row], &[usage, nobodys]);
        let (sessions, read) = decode_batch(&octets).expect("reads");
        assert_eq!((sessions, read), (vec![LiveSession::of_row(&row)], vec![usage]));
        assert!((0..octets.len()).all(|cut| decode_batch(&octets[..cut]).is_none()));
    }
}
