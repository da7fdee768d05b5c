//! Who goes in, in which order, and what the others are told.

use std::collections::BTreeSet;

use proptest::prelude::*;
use switchboard_domain::RateLimitStatus;

use super::*;
use crate::engine::admission::room::AGENT_BYTES_DEFAULT;

fn session(number: u32) -> SessionId {
    SessionId::new(uuid::Uuid::from_u128(number.into()))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0).after(Duration::from_secs(seconds))
}

fn slots(agents_max: usize) -> Slots {
    Slots { agents_max: NonZeroUsize::new(agents_max).expect("some"), ..Slots::default() }
}

fn ticket(number: u32, account: &str) -> Ticket {
    Ticket { session: session(number), account: account.into(), needs_process: true }
}

/// Sessions 1 to `count` in line for `account`.
fn line(slots: Slots, count: u32, account: &str) -> Admission {
    let mut admission = Admission::new(slots);
    (1..=count).for_each(|number| admission.join(ticket(number, account), at(0)));
    admission
}

fn numbers(sessions: &[SessionId]) -> Vec<u128> {
    sessions.iter().map(|session| session.uuid().as_u128()).collect()
}

fn exhausted(resets_at: u64) -> RateLimit {
    RateLimit { status: RateLimitStatus::Rejected, resets_at: Some(at(resets_at)), kind: None }
}

#[test]
fn first_come_first_served_as_slots_become_free() {
    let mut admission = line(slots(2), 5, "a");
    assert_eq!(numbers(&admission.admit(at(0))), [1, 2]);
    assert_eq!(admission.admit(at(0)), []);
    admission.leave(session(2), at(1));
    admission.join(ticket(2, "a"), at(1));
    assert_eq!(numbers(&admission.admit(at(1))), [3], "whoever had a turn goes to the end");
    admission.leave(session(4), at(1));
    admission.leave(session(1), at(1));
    assert_eq!(numbers(&admission.admit(at(1))), [5], "whoever left the line is not called");
    let told: Vec<_> = admission.news(at(1)).into_iter().map(|(session, waiting)| (session, waiting.reason)).collect();
    assert_eq!(told, [(session(2), WaitingReason::Slot)]);
    assert_eq!(admission.news(at(2)), [], "the same again is no news");
}

#[test]
fn an_exhausted_account_lets_others_pass_and_keeps_its_place() {
    let mut admission = line(slots(1), 1, "a");
    admission.admit(at(0));
    assert_eq!(admission.hear(session(1), "a", &exhausted(100), at(0)), Some(at(100)));
    admission.leave(session(1), at(1));
    for (number, account) in [(2, "a"), (3, "b"), (4, "a"), (5, "b")] {
        admission.join(ticket(number, account), at(1));
    }
    assert_eq!(numbers(&admission.admit(at(1))), [3]);
    assert_eq!(admission.next_look(), Some(at(100)));
    let reasons: Vec<_> = admission.news(at(1)).into_iter().map(|(_, waiting)| waiting.reason).collect();
    let shut = WaitingReason::RateLimit { account: "a".into(), until: at(100) };
    assert_eq!(reasons, [shut.clone(), shut, WaitingReason::Slot]);

    admission.leave(session(3), at(100));
    assert_eq!(numbers(&admission.admit(at(100))), [2], "it came before 5");
    admission.leave(session(2), at(101));
    assert_eq!(numbers(&admission.admit(at(101))), [4], "the first one showed nothing, so another tries");
}

#[test]
fn at_most_one_turn_finds_out_whether_an_account_works_again() {
    let mut admission = line(slots(9), 1, "a");
    admission.admit(at(0));
    admission.hear(session(1), "a", &exhausted(100), at(0));
    (2..=5).for_each(|number| admission.join(ticket(number, "a"), at(1)));
    assert_eq!(admission.admit(at(99)), []);
    assert_eq!(numbers(&admission.admit(at(100))), [2]);
    let reasons: BTreeSet<String> = admission.news(at(100)).iter().map(|(_, it)| it.reason.to_string()).collect();
    assert_eq!(reasons.len(), 1);
    assert!(reasons.first().is_some_and(|told| told.contains("being tried")), "{reasons:?}");

    admission.hear(session(2), "a", &exhausted(500), at(101));
    admission.leave(session(2), at(102));
    assert_eq!(admission.admit(at(499)), [], "it was doomed, and the only one");
    assert_eq!(numbers(&admission.admit(at(500))), [3]);
    admission.answered(session(3));
    assert_eq!(numbers(&admission.admit(at(501))), [4, 5]);
}

#[test]
fn whoever_needs_memory_first_gets_it_first_and_what_is_there_already_goes_on() {
    let mut admission = line(Slots { memory_max: Some(2 * AGENT_BYTES_DEFAULT), ..slots(9) }, 3, "a");
    admission.join(Ticket { needs_process: false, ..ticket(4, "a") }, at(0));
    assert_eq!(numbers(&admission.admit(at(0))), [1, 2, 4]);
    assert_eq!(admission.news(at(0))[0].1.reason, WaitingReason::Memory);
    let idle = Process { pid: None, is_resumable: true, works: false };
    admission.set_process(session(1), Some(idle), at(1));
    admission.leave(session(1), at(1));
    assert_eq!(admission.admit(at(1)), []);
    assert_eq!(admission.choose_to_end(at(1)), [session(1)], "an idle one makes room");
    admission.set_process(session(1), None, at(2));
    assert_eq!(numbers(&admission.admit(at(2))), [3]);
}

#[test]
fn turns_that_nobody_asked_for_take_up_slots_too() {
    let mut admission = Admission::new(slots(1));
    admission.begin_unasked(session(1), "a");
    admission.join(ticket(2, "a"), at(0));
    assert_eq!(admission.admit(at(0)), []);
}

proptest! {
    #[test]
    fn never_too_many_and_nobody_waits_while_there_is_room(
        agents_max in 1_usize..4,
        steps in proptest::collection::vec((0_u32..3, 1_u32..12, 0_usize..2), 1..200),
    ) {
        let mut admission = Admission::new(slots(agents_max));
        let (mut waiting, mut working) = (Vec::new(), BTreeSet::new());
        for (now, (step, number, account)) in steps.into_iter().enumerate() {
            let (now, id, account) = (at(now as u64), session(number), ["a", "b"][account]);
            match step {
                0 if !waiting.contains(&id) && !working.contains(&id) => {
                    waiting.push(id);
                    admission.join(ticket(number, account), now);
                }
                1 => {
                    waiting.retain(|it| *it != id);
                    working.remove(&id);
                    admission.leave(id, now);
                }
                _ => {}
            }
            for admitted in admission.admit(now) {
                prop_assert_eq!(waiting.first(), Some(&admitted), "in order");
                waiting.remove(0);
                working.insert(admitted);
            }
            prop_assert!(working.len() <= agents_max);
            prop_assert!(waiting.is_empty() || working.len() == agents_max, "a free slot is used");
        }
    }
}
