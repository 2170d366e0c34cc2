use std::time::Duration;

use super::*;
use crate::backend::now;

const HERE: &str = "http://here";
const THERE: &str = "http://there";

fn rules(limits: Limits) -> Assignment<u32> {
    Assignment::new(limits)
}

fn poll(rules: &mut Assignment<u32>, ticket: &Ticket) -> Option<Granted<u32>> {
    rules.poll(ticket, Waker::noop())
}

#[test]
fn the_newest_idle_connection_serves_its_origin() {
    let mut rules = rules(Limits::default());
    assert_eq!((rules.request(HERE), rules.request(HERE)), (Some(Granted::Connect), Some(Granted::Connect)));
    rules.put_back(HERE.into(), 1, now());
    rules.put_back(HERE.into(), 2, now());
    assert_eq!(rules.request(THERE), Some(Granted::Connect));
    assert_eq!(rules.request(HERE), Some(Granted::Reuse(HERE.into(), 2)));
    assert_eq!(rules.counts(), (1, 3, 0));
}

#[test]
fn room_is_made_by_closing_the_oldest_idle_connection() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!(rules.request(HERE), Some(Granted::Connect));
    rules.put_back(HERE.into(), 1, now());
    assert_eq!(rules.request(THERE), Some(Granted::Connect));
    assert_eq!(rules.counts(), (0, 1, 0));
}

#[test]
fn who_waits_is_served_in_turn() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!(rules.request(HERE), Some(Granted::Connect));
    let (first, second) = (rules.wait(HERE), rules.wait(HERE));
    assert_eq!((poll(&mut rules, &second), poll(&mut rules, &first)), (None, None));
    rules.put_back(HERE.into(), 1, now());
    // Whoever comes now stands behind.
    assert_eq!(rules.request(HERE), None);
    assert_eq!(poll(&mut rules, &second), None);
    assert_eq!(poll(&mut rules, &first), Some(Granted::Reuse(HERE.into(), 1)));
    rules.closed(HERE);
    assert_eq!(poll(&mut rules, &second), Some(Granted::Connect));
    assert_eq!(rules.counts(), (0, 1, 0));
}

// N4: a request that is cancelled while it waits must not take its turn with it.
#[test]
fn who_leaves_passes_its_turn_on() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!(rules.request(HERE), Some(Granted::Connect));
    let (first, second, third) = (rules.wait(HERE), rules.wait(HERE), rules.wait(THERE));
    rules.put_back(HERE.into(), 1, now());
    rules.leave(&first, now());
    assert_eq!(poll(&mut rules, &second), Some(Granted::Reuse(HERE.into(), 1)));
    rules.closed(HERE);
    rules.leave(&third, now());
    assert_eq!(rules.counts(), (0, 0, 0));
    assert_eq!(rules.request(HERE), Some(Granted::Connect));
}

// N10: what becomes free between asking and standing in line is not left lying beside who waits.
#[test]
fn who_joins_the_line_is_served_at_once_if_something_is_free() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!((rules.request(HERE), rules.request(HERE)), (Some(Granted::Connect), None));
    rules.put_back(HERE.into(), 1, now());
    let ticket = rules.wait(HERE);
    assert_eq!(poll(&mut rules, &ticket), Some(Granted::Reuse(HERE.into(), 1)));
}

#[test]
fn idle_connections_expire_and_are_limited() {
    let limits = Limits::default().max_keepalive_connections(1).keepalive_expiry(Duration::from_secs(5));
    let (mut rules, start) = (rules(limits), now());
    for connection in 1..=2 {
        assert_eq!(rules.request(HERE), Some(Granted::Connect));
        assert_eq!(connection, rules.counts().1 as u32);
    }
    rules.put_back(HERE.into(), 1, start);
    rules.put_back(HERE.into(), 2, start);
    assert_eq!(rules.expire(start), [1]);
    assert!(rules.expire(start + Duration::from_millis(4_999)).is_empty());
    assert_eq!(rules.expire(start + Duration::from_secs(5)), [2]);
    assert_eq!(rules.counts(), (0, 0, 0));
}

#[test]
fn expiry_makes_room_for_who_waits() {
    let mut rules = rules(Limits::default().max_connections(1).max_keepalive_connections(0));
    assert_eq!(rules.request(HERE), Some(Granted::Connect));
    let waiting = rules.wait(THERE);
    rules.put_back(HERE.into(), 1, now());
    // The idle connection elsewhere gave its room already.
    assert_eq!(poll(&mut rules, &waiting), Some(Granted::Connect));
    assert_eq!((rules.expire(now()), rules.counts()), (vec![], (0, 1, 0)));
}
