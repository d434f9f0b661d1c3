//! The life of an action, event by event.

use super::*;
use crate::aaa::decide::RejectReason;
use crate::aaa::enforcement::cause::CAUSES;

const NOW: UnixMs = 1_800_000_000_000;
const PROOF_MS: i64 = 780_000;

fn action(kind: ActionKind) -> Action {
    Action {
        serial: 1,
        stored_id: None,
        tenant_id: 1,
        router_id: 2,
        customer_id: 3,
        session: SessionName { nas_instance: 4, session_key: [5; 16], acct_session_id: (*b"81000001").into() },
        username: (*b"bob").into(),
        kind,
        reason: if kind == ActionKind::Coa { Reason::Rate } else { Reason::Denied(RejectReason::Expired) },
        change: if kind == ActionKind::Coa { Change { rate: Some("1M/2M".into()), ..Change::default() } } else { Change::default() },
        state: ActionState::Waiting,
        note: String::new(),
        tries: 0,
        error_cause: None,
        next_at: NOW,
        created_at: NOW,
        updated_at: NOW,
        sent_at: 0,
        acked_at: 0,
        named_by_less: false,
    }
}

fn sent(kind: ActionKind) -> Action {
    let mut action = action(kind);
    assert!(action.is_due(NOW));
    action.send(NOW);
    action
}

#[test]
fn a_disconnect_is_proven_by_the_end_and_a_change_by_the_next_report() {
    let mut disconnect = sent(ActionKind::Disconnect);
    assert_eq!(disconnect.answer(Outcome::Ack, PROOF_MS, NOW + 5), Then::Wait);
    assert_eq!((disconnect.state, disconnect.next_at), (ActionState::Acknowledged, NOW + 5 + STOP_GRACE_MS));
    assert!(!disconnect.reported(NOW + 500), "that report was on its way");
    disconnect.ended(NOW + 900);
    assert_eq!((disconnect.state, disconnect.note.as_str()), (ActionState::Proven, ""));
    let mut change = sent(ActionKind::Coa);
    assert_eq!(change.answer(Outcome::Ack, PROOF_MS, NOW + 5), Then::Granted);
    assert_eq!(change.next_at, NOW + 5 + PROOF_MS);
    assert!(change.reported(NOW + 300_000));
    assert_eq!(change.state, ActionState::Proven);
    let mut early = action(ActionKind::Disconnect);
    early.ended(NOW);
    assert_eq!(early.state, ActionState::Gone, "nobody had asked yet");
}

#[test]
fn an_acknowledgement_without_effect_is_tried_again_and_becomes_drift() {
    let mut disconnect = action(ActionKind::Disconnect);
    let mut now = NOW;
    for round in 1..=DRIFT_AFTER {
        assert!(disconnect.is_due(now));
        disconnect.send(now);
        disconnect.answer(Outcome::Ack, PROOF_MS, now + 10);
        assert!(disconnect.reported(now + 2_000), "round {round}");
        assert_eq!(disconnect.state, if round < DRIFT_AFTER { ActionState::Waiting } else { ActionState::Drift });
        assert!(disconnect.next_at > now + 2_000);
        now = disconnect.next_at;
    }
    let words = "books say expired since 2027-01-15T08:00:00Z, router still has him online: it acknowledged and still reports the session";
    assert_eq!(disconnect.note, words);
    assert!(disconnect.is_due(disconnect.next_at), "drift is tried on");
    disconnect.send(now);
    disconnect.ended(now + 5);
    assert_eq!(disconnect.state, ActionState::Proven);
}

#[test]
fn a_stop_that_never_comes_is_asked_for_again() {
    let mut disconnect = sent(ActionKind::Disconnect);
    disconnect.answer(Outcome::Ack, PROOF_MS, NOW);
    assert!(!disconnect.is_due(disconnect.next_at));
    assert_eq!((disconnect.state, disconnect.note.as_str()), (ActionState::Waiting, "it acknowledged, but no Stop came"));
    disconnect.send(disconnect.next_at);
    assert_eq!(disconnect.answer(Outcome::Nak(Some(503)), PROOF_MS, NOW + 70_000), Then::CloseSession);
    assert_eq!(disconnect.state, ActionState::Gone);
}

#[test]
fn every_refusal_leads_where_the_table_says() {
    for cause in CAUSES {
        for (kind, remedy) in [(ActionKind::Coa, cause.of_change), (ActionKind::Disconnect, cause.of_disconnect)] {
            let mut action = sent(kind);
            let then = action.answer(Outcome::Nak(Some(cause.number)), PROOF_MS, NOW);
            let wanted = match remedy {
                Remedy::Removed => (ActionState::Proven, Then::CloseSession),
                Remedy::Gone => (ActionState::Gone, Then::CloseSession),
                Remedy::EndInstead => (ActionState::GivenUp, Then::EndInstead),
                Remedy::Retry | Remedy::NameByLess => (ActionState::Waiting, Then::Wait),
                Remedy::Hopeless => (ActionState::Drift, Then::Wait),
            };
            assert_eq!((action.state, then), wanted, "{} of {kind}", cause.number);
            assert_eq!(action.named_by_less, remedy == Remedy::NameByLess);
            assert_eq!(action.error_cause, Some(cause.number));
            assert!(action.note.contains(cause.words), "{}", action.note);
        }
    }
    let mut stubborn = action(ActionKind::Coa);
    let outcomes: Vec<Then> = (0..3)
        .map(|n| {
            stubborn.send(NOW + n);
            stubborn.answer(Outcome::Nak(Some(506)), PROOF_MS, NOW + n)
        })
        .collect();
    assert_eq!(outcomes, [Then::Wait, Then::Wait, Then::EndInstead], "a change that is refused again and again ends the session");
}

#[test]
fn silence_is_drift_with_the_reason_and_late_answers_change_nothing() {
    let mut silent = action(ActionKind::Disconnect);
    let mut now = NOW;
    for _ in 0..3 {
        silent.send(now);
        silent.answer(Outcome::Timeout, PROOF_MS, now + 30_000);
        assert!(silent.next_at <= now + 30_000 + LONGEST_SILENCE.as_millis() as i64);
        now = silent.next_at;
    }
    assert_eq!(silent.state, ActionState::Drift);
    assert!(silent.note.ends_with("the router does not answer CoA and Disconnect requests"), "{}", silent.note);
    assert_eq!(silent.answer(Outcome::Ack, PROOF_MS, now), Then::Wait);
    assert_eq!(silent.state, ActionState::Drift);
}
