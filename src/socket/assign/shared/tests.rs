use std::task::Waker;
use std::time::Duration;

use super::super::*;
use super::*;
use crate::backend::now;
use crate::config::Limits;

const HERE: &str = "https://here";
const THERE: &str = "http://there";

fn rules(limits: Limits) -> Assignment<u32, u32> {
    Assignment::new(limits)
}

fn poll(rules: &mut Assignment<u32, u32>, ticket: &Ticket) -> Option<Granted<u32, u32>> {
    rules.poll(ticket, Waker::noop())
}

/// The first request's connection is shared from now on, and takes so many requests at once.
fn shared(rules: &mut Assignment<u32, u32>, most: usize) -> MemberId {
    assert_eq!(rules.request(HERE, true), Some(Granted::Connect));
    let id = rules.enter(HERE);
    rules.open(HERE, id, 7);
    rules.resize(HERE, id, most);
    id
}

// C11
#[test]
fn a_shared_connection_takes_as_many_as_the_server_allows() {
    let mut rules = rules(Limits::default().max_connections(1));
    let id = shared(&mut rules, 3);
    for _ in 0..2 {
        assert_eq!(rules.request(HERE, true), Some(Granted::Share(id, 7)));
    }
    assert_eq!(rules.request(HERE, true), None);
    let waiting = rules.wait(HERE, true);
    assert_eq!(poll(&mut rules, &waiting), None);
    rules.give_back(HERE, id, now());
    assert_eq!(poll(&mut rules, &waiting), Some(Granted::Share(id, 7)));
    assert_eq!(rules.counts(), (0, 1, 0));
}

#[test]
fn who_may_share_waits_for_the_first_connection() {
    let mut rules = rules(Limits::default());
    assert_eq!((rules.request(HERE, true), rules.request(HERE, true)), (Some(Granted::Connect), None));
    let (first, second) = (rules.wait(HERE, true), rules.wait(HERE, true));
    assert_eq!((poll(&mut rules, &first), rules.is_trying(HERE)), (None, true));
    let id = rules.enter(HERE);
    rules.open(HERE, id, 7);
    assert_eq!(poll(&mut rules, &first), None, "the server has not said yet how many it takes");
    rules.resize(HERE, id, 100);
    assert_eq!(poll(&mut rules, &first), Some(Granted::Share(id, 7)));
    assert_eq!(poll(&mut rules, &second), Some(Granted::Share(id, 7)));
    assert_eq!(rules.counts(), (0, 1, 0));
}

#[test]
fn who_waits_for_a_connection_that_cannot_be_shared_opens_another() {
    let mut rules = rules(Limits::default());
    assert_eq!(rules.request(HERE, true), Some(Granted::Connect));
    let (first, second) = (rules.wait(HERE, true), rules.wait(HERE, true));
    rules.is_exclusive(HERE);
    assert_eq!(poll(&mut rules, &first), Some(Granted::Connect));
    assert_eq!(poll(&mut rules, &second), Some(Granted::Connect));
    assert_eq!(rules.request(HERE, true), Some(Granted::Connect), "that is known now");
}

#[test]
fn when_the_first_connection_fails_the_next_in_line_makes_one() {
    let mut rules = rules(Limits::default());
    assert_eq!(rules.request(HERE, true), Some(Granted::Connect));
    let (first, second) = (rules.wait(HERE, true), rules.wait(HERE, true));
    rules.closed(HERE);
    assert_eq!((poll(&mut rules, &first), poll(&mut rules, &second)), (Some(Granted::Connect), None));
    rules.closed(HERE);
    assert_eq!(poll(&mut rules, &second), Some(Granted::Connect));
}

#[test]
fn a_full_connection_is_helped_out_by_another() {
    let mut rules = rules(Limits::default());
    let id = shared(&mut rules, 1);
    assert_eq!(rules.request(HERE, true), Some(Granted::Connect));
    rules.give_back(HERE, id, now());
    assert_eq!(rules.request(HERE, true), Some(Granted::Share(id, 7)));
}

#[test]
fn what_is_retired_takes_no_more_and_leaves_once() {
    let mut rules = rules(Limits::default().max_connections(1));
    let id = shared(&mut rules, 9);
    let waiting = rules.wait(THERE, true);
    assert_eq!(rules.retire(HERE, id), Some(7));
    assert_eq!(rules.retire(HERE, id), None);
    assert!(!rules.is_deserted(HERE, id), "a request is on it");
    rules.give_back(HERE, id, now());
    assert!(rules.is_deserted(HERE, id));
    assert_eq!(poll(&mut rules, &waiting), None, "it is still open");
    rules.leave_shared(HERE, id);
    rules.leave_shared(HERE, id);
    assert_eq!(poll(&mut rules, &waiting), Some(Granted::Connect));
    assert_eq!(rules.counts(), (0, 1, 0));
}

#[test]
fn an_idle_shared_connection_is_evicted_and_expires_like_any() {
    let (mut rules, start) = (rules(Limits::default().max_connections(1)), now());
    let id = shared(&mut rules, 9);
    rules.give_back(HERE, id, start);
    assert_eq!(rules.counts(), (1, 1, 0));
    assert_eq!(rules.request(THERE, false), Some(Granted::Connect));
    rules.leave_shared(HERE, id);
    assert_eq!(rules.counts(), (0, 1, 0));
    rules.closed(THERE);
    let id = shared(&mut rules, 9);
    rules.give_back(HERE, id, start);
    assert_eq!(rules.expire(start + Duration::from_secs(5)), [Dropped::Shared(7)]);
    assert_eq!(rules.counts(), (0, 0, 0));
}

// N10: whoever needs a connection that the pool has no room for is not in the way of those who share one.
#[test]
fn streams_are_not_kept_waiting_by_who_needs_a_connection() {
    let mut rules = rules(Limits::default().max_connections(1));
    let id = shared(&mut rules, 2);
    let elsewhere = rules.wait(THERE, false);
    assert_eq!(rules.request(HERE, true), Some(Granted::Share(id, 7)));
    let here = rules.wait(HERE, true);
    rules.give_back(HERE, id, now());
    assert_eq!((poll(&mut rules, &elsewhere), poll(&mut rules, &here)), (None, Some(Granted::Share(id, 7))));
    // Who is granted a stream and leaves gives it to the next.
    let (first, second) = (rules.wait(HERE, true), rules.wait(HERE, true));
    rules.give_back(HERE, id, now());
    rules.leave(&first, now());
    assert_eq!(poll(&mut rules, &second), Some(Granted::Share(id, 7)));
}
