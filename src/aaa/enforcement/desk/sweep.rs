//! The sweep: everyone online is compared with the books, a part at a time. It only looks: customers are judged many at once, in the order in which memory has them,
//! and whoever is found to differ is then rechecked like one of whom something was heard. So a sweep over those who are as they should be copies no names.

use super::{Books, Desk, SessionFacts, Want, books, facts, look_again_at, wanted};
use crate::aaa::enforcement::standing::Assessed;
use crate::sessions::{LiveSession, LiveSessions, flag};
use crate::units::UnixMs;

/// Sessions looked at before other work has its turn.
const SESSIONS_AT_ONCE: usize = 2_000;

/// How far a sweep is.
#[derive(Debug)]
pub(super) struct Sweep {
    /// Part of the live sessions that comes next.
    part: usize,
    /// Whether those of whom it is not known what their router was told are told everything.
    tells_unknown: bool,
}

/// What a sweep sees of a session.
struct Seen {
    customer_id: i64,
    session_key: [u8; 16],
    router_id: i64,
    is_enforced: bool,
    facts: SessionFacts,
}

impl Seen {
    fn of(session: &LiveSession) -> Seen {
        Seen {
            customer_id: session.customer_id,
            session_key: session.session_key,
            router_id: session.router_id(),
            is_enforced: is_enforced(session),
            facts: facts(session),
        }
    }
}

/// Whether the books matter to a session: it is open, and not one that the router's own list let in; what is done with those is the router's business.
pub(super) fn is_enforced(session: &LiveSession) -> bool {
    session.is_open() && session.flags() & flag::LOCAL == 0
}

impl Desk {
    /// Looks at everyone who is online, a part at each [`Desk::step`].
    pub fn begin_sweep(&mut self, tell_unknown: bool) {
        let tells_unknown = tell_unknown || self.sweep.as_ref().is_some_and(|under_way| under_way.tells_unknown);
        self.sweep = Some(Sweep { part: 0, tells_unknown });
    }

    /// Whether a sweep is under way.
    pub fn is_sweeping(&self) -> bool {
        self.sweep.is_some()
    }

    /// Goes on with the sweep.
    pub(super) fn sweep_on(&mut self, now: UnixMs) {
        let Some(Sweep { mut part, tells_unknown }) = self.sweep.take() else { return };
        let mut seen = Vec::with_capacity(SESSIONS_AT_ONCE);
        while part < LiveSessions::PARTS && seen.len() < SESSIONS_AT_ONCE {
            self.world.access.live.each_of_part(part, |session| seen.push(Seen::of(session)));
            part += 1;
        }
        if part < LiveSessions::PARTS {
            self.sweep = Some(Sweep { part, tells_unknown });
        }
        seen.sort_unstable_by_key(|session| session.customer_id);
        let mut customers: Vec<(&[Seen], u32)> = Vec::with_capacity(seen.len());
        for his in seen.chunk_by(|a, b| a.customer_id == b.customer_id) {
            match his.iter().filter(|s| s.is_enforced).count() {
                0 => self.timers.set(his[0].customer_id, UnixMs::MAX, now),
                open => customers.push((his, open as u32)),
            }
        }
        let (differ, again) = self.compare(&customers, tells_unknown, now);
        again.into_iter().for_each(|(customer_id, at)| self.look_again(customer_id, at, now));
        differ.into_iter().for_each(|customer_id| self.recheck(customer_id, tells_unknown, now));
    }

    /// Customers and how many open sessions each has → who is not as the books say, and when to look at the others again.
    fn compare(&self, customers: &[(&[Seen], u32)], tells_unknown: bool, now: UnixMs) -> (Vec<i64>, Vec<(i64, UnixMs)>) {
        let (mut differ, mut again) = (Vec::new(), Vec::with_capacity(customers.len()));
        let ids: Vec<i64> = customers.iter().map(|(his, _)| his[0].customer_id).collect();
        let access = &self.world.access;
        access.assess_customers(
            &ids,
            |at| customers[at].1,
            now,
            |at, found| {
                let (his, open) = customers[at];
                let again_at = found.and_then(|(customer, gathered, assessment)| {
                    let assessed = Assessed::new(access, customer, gathered, assessment, now);
                    self.look(&books(&assessed, open as usize, tells_unknown), his, now)
                });
                match again_at {
                    Some(again_at) => again.push((ids[at], again_at)),
                    None => differ.push(ids[at]),
                }
            },
        );
        (differ, again)
    }

    /// When to look at a customer's sessions again; `None` = one of them is not as it should be, or something is under way for it.
    fn look(&self, books: &Books<'_>, his: &[Seen], now: UnixMs) -> Option<UnixMs> {
        let mut again_at = UnixMs::MAX;
        for session in his.iter().filter(|s| s.is_enforced) {
            again_at = again_at.min(look_again_at(books, &session.facts, now));
            let is_ours = !self.foreign.contains(&session.router_id);
            if is_ours && (self.actions.contains_key(&session.session_key) || wanted(books, &session.facts, now) != Want::Nothing) {
                return None;
            }
        }
        Some(again_at)
    }
}
