use std::time::Duration;

use super::*;
use crate::backend::now;

const HERE: &str = "http://here";
const THERE: &str = "http://there";

fn rules(limits: Limits) -> Assignment<u32, u32> {
    Assignment::new(limits)
}

fn poll(rules: &mut Assignment<u32, u32>, ticket: &Ticket) -> Option<Granted<u32, u32>> {
    rules.poll(ticket, Waker::noop())
}

#[test]
fn the_newest_idle_connection_serves_its_origin() {
    let mut rules = rules(Limits::default());
    assert_eq!(
        (rules.request(HERE, false), rules.request(HERE, false)),
        (Some(Granted::Connect), Some(Granted::Connect))
    );
    rules.put_back(HERE.into(), 1, now());
    rules.put_back(HERE.into(), 2, now());
    assert_eq!(rules.request(THERE, false), Some(Granted::Connect));
    assert_eq!(rules.request(HERE, false), Some(Granted::Reuse(HERE.into(), 2)));
    assert_eq!(rules.counts(), (1, 3, 0));
}

#[test]
fn room_is_made_by_closing_the_oldest_idle_connection() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!(rules.request(HERE, false), Some(Granted::Connect));
    rules.put_back(HERE.into(), 1, now());
    assert_eq!(rules.request(THERE, false), Some(Granted::Connect));
    assert_eq!(rules.counts(), (0, 1, 0));
}

#[test]
fn who_waits_is_served_in_turn() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!(rules.request(HERE, false), Some(Granted::Connect));
    let (first, second) = (rules.wait(HERE, false), rules.wait(HERE, false));
    assert_eq!((poll(&mut rules, &second), poll(&mut rules, &first)), (None, None));
    rules.put_back(HERE.into(), 1, now());
    // Whoever comes now stands behind.
    assert_eq!(rules.request(HERE, false), None);
    assert_eq!(poll(&mut rules, &second), None);
    assert_eq!(poll(&mut rules, &first), Some(Granted::Reuse(HERE.into(), 1)));
    rules.closed(HERE);
    assert_eq!(poll(&mut rules, &second), Some(Granted::Connect));
    assert_eq!(rules.counts(), (0, 1, 0));
}

// N10: a request that is cancelled while it waits must not take its turn with it.
#[test]
fn who_leaves_passes_its_turn_on() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!(rules.request(HERE, false), Some(Granted::Connect));
    let (first, second, third) = (rules.wait(HERE, false), rules.wait(HERE, false), rules.wait(THERE, false));
    rules.put_back(HERE.into(), 1, now());
    rules.leave(&first, now());
    assert_eq!(poll(&mut rules, &second), Some(Granted::Reuse(HERE.into(), 1)));
    rules.closed(HERE);
    rules.leave(&third, now());
    assert_eq!(rules.counts(), (0, 0, 0));
    assert_eq!(rules.request(HERE, false), Some(Granted::Connect));
}

// N10: what becomes free between asking and standing in line is not left lying beside who waits.
#[test]
fn who_joins_the_line_is_served_at_once_if_something_is_free() {
    let mut rules = rules(Limits::default().max_connections(1));
    assert_eq!((rules.request(HERE, false), rules.request(HERE, false)), (Some(Granted::Connect), None));
    rules.put_back(HERE.into(), 1, now());
    let ticket = rules.wait(HERE, false);
    assert_eq!(poll(&mut rules, &ticket), Some(Granted::Reuse(HERE.into(), 1)));
}

#[test]
fn idle_connections_expire_and_are_limited() {
    let limits = Limits::default().max_keepalive_connections(1).keepalive_expiry(Duration::from_secs(5));
    let (mut rules, start) = (rules(limits), now());
    for connection in 1..=2 {
        assert_eq!(rules.request(HERE, false), Some(Granted::Connect));
        assert_eq!(connection, rules.counts().1 as u32);
    }
    rules.put_back(HERE.into(), 1, start);
    rules.put_back(HERE.into(), 2, start);
    assert_eq!(rules.expire(start), [Dropped::Exclusive(1)]);
    assert!(rules.expire(start + Duration::from_millis(4_999)).is_empty());
    assert_eq!(rules.expire(start + Duration::from_secs(5)), [Dropped::Exclusive(2)]);
    assert_eq!(rules.counts(), (0, 0, 0));
}

#[test]
fn expiry_makes_room_for_who_waits() {
    let mut rules = rules(Limits::default().max_connections(1).max_keepalive_connections(0));
    assert_eq!(rules.request(HERE, false), Some(Granted::Connect));
    let waiting = rules.wait(THERE, false);
    rules.put_back(HERE.into(), 1, now());
    // The idle connection elsewhere gave its room already.
    assert_eq!(poll(&mut rules, &waiting), Some(Granted::Connect));
    assert_eq!((rules.expire(now()), rules.counts()), (vec![], (0, 1, 0)));
}

// N12: the room of one host is not the pool's, and who waits for it is in nobody's way.
#[test]
fn a_host_has_its_own_limit() {
    let mut rules = rules(Limits::default().max_connections(3).max_connections_per_host(1));
    assert_eq!((rules.request(HERE, false), rules.request(HERE, false)), (Some(Granted::Connect), None));
    let (first, second) = (rules.wait(HERE, false), rules.wait(HERE, false));
    assert_eq!(rules.request(THERE, false), Some(Granted::Connect));
    rules.put_back(THERE.into(), 7, now());
    assert_eq!((poll(&mut rules, &first), rules.request(THERE, false)), (None, Some(Granted::Reuse(THERE.into(), 7))));
    rules.put_back(HERE.into(), 1, now());
    assert_eq!(poll(&mut rules, &second), None);
    assert_eq!(poll(&mut rules, &first), Some(Granted::Reuse(HERE.into(), 1)));
    rules.closed(HERE);
    assert_eq!(poll(&mut rules, &second), Some(Granted::Connect));
    assert_eq!(rules.counts(), (0, 2, 0));
}

// N12: among those who could go on the order is that of coming, whatever their hosts.
#[test]
fn a_full_host_lets_others_pass_and_keeps_its_turn() {
    let mut rules = rules(Limits::default().max_connections(2).max_connections_per_host(1));
    assert_eq!(
        (rules.request(HERE, false), rules.request(THERE, false)),
        (Some(Granted::Connect), Some(Granted::Connect))
    );
    let line = [rules.wait(HERE, false), rules.wait("http://third", false), rules.wait(THERE, false)];
    // The room is the second's, for the first one's host is full; what the third waits for is not there yet.
    rules.closed(THERE);
    assert_eq!(line.each_ref().map(|ticket| poll(&mut rules, ticket)), [None, Some(Granted::Connect), None]);
    rules.closed(HERE);
    assert_eq!(poll(&mut rules, &line[0]), Some(Granted::Connect));
    rules.closed("http://third");
    assert_eq!(poll(&mut rules, &line[2]), Some(Granted::Connect));
}

#[test]
fn nothing_is_kept_of_origins_without_connections() {
    let mut rules = rules(Limits::default().max_connections(None).max_keepalive_connections(None));
    let name = |number: u32| format!("http://{number}");
    for number in 0..1_000 {
        assert_eq!(rules.request(&name(number), false), Some(Granted::Connect));
        rules.put_back(name(number).as_str().into(), number, now());
    }
    for number in (0..1_000).rev() {
        assert_eq!(rules.request(&name(number), false), Some(Granted::Reuse(name(number).as_str().into(), number)));
        rules.closed(&name(number));
    }
    assert_eq!((rules.counts(), rules.origins.len()), ((0, 0, 0), 0));
}

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }
}

/// Requests to a few hosts, at all stages.
struct Crowd {
    rules: Assignment<u32, u32>,
    limits: Limits,
    /// With their hosts, in the order of their coming.
    waiting: Vec<(usize, Ticket)>,
    /// Hosts of connections that are in use or being made.
    used: Vec<usize>,
    start: Instant,
    time: Duration,
}

const HOSTS: [&str; 4] = ["http://a", "http://b", "http://c", "http://d"];

impl Crowd {
    fn new(limits: Limits) -> Self {
        let (start, time) = (now(), Duration::ZERO);
        Self { rules: rules(limits), limits, waiting: Vec::new(), used: Vec::new(), start, time }
    }

    fn step(&mut self, random: &mut Random) {
        self.time += Duration::from_millis(random.below(100) as u64);
        let now = self.start + self.time;
        match random.below(8) {
            0..=2 => self.ask(random.below(HOSTS.len())),
            3 if !self.waiting.is_empty() => {
                // Perhaps one that was granted it just now.
                if let Some(host) = self.used.pop() {
                    self.rules.put_back(HOSTS[host].into(), 0, now);
                }
                let (_, ticket) = self.waiting.remove(random.below(self.waiting.len()));
                self.rules.leave(&ticket, now);
            }
            4 if !self.used.is_empty() => {
                let host = self.used.swap_remove(random.below(self.used.len()));
                self.rules.closed(HOSTS[host]);
            }
            5 | 6 if !self.used.is_empty() => {
                let host = self.used.swap_remove(random.below(self.used.len()));
                self.rules.put_back(HOSTS[host].into(), 0, now);
                self.rules.expire(now);
            }
            _ => drop(self.rules.expire(now)),
        }
        self.collect();
        self.check();
    }

    fn ask(&mut self, host: usize) {
        match self.rules.request(HOSTS[host], false) {
            Some(_) => self.used.push(host),
            None => self.waiting.push((host, self.rules.wait(HOSTS[host], false))),
        }
    }

    /// Whoever was granted something goes on, at once.
    fn collect(&mut self) {
        let Self { rules, waiting, used, .. } = self;
        waiting.retain(|(host, ticket)| {
            let granted = poll(rules, ticket);
            used.extend(granted.is_some().then_some(*host));
            granted.is_none()
        });
    }

    fn check(&mut self) {
        let (idle, open, waiting) = self.rules.counts();
        assert_eq!((open, waiting), (idle + self.used.len(), self.waiting.len()));
        assert!(self.limits.max_connections.is_none_or(|most| open <= most), "{open} open");
        let has_room = self.limits.max_connections.is_none_or(|most| open < most) || idle > 0;
        for (host, name) in HOSTS.iter().enumerate() {
            let idle = self.rules.origins.find(name).map_or(0, |at| self.rules.origins[at].idle.len());
            let open = self.used.iter().filter(|used| **used == host).count() + idle;
            let is_full = self.limits.max_connections_per_host.is_some_and(|most| open >= most);
            assert!(self.limits.max_connections_per_host.is_none_or(|most| open <= most), "{open} to {name}");
            // No wake-up is lost: who waits could not go on.
            let waits = self.waiting.iter().any(|(waiting, _)| *waiting == host);
            assert!(!waits || idle == 0 && (is_full || !has_room), "{name} waits for what is there");
        }
    }
}

// N10, N12: whatever comes in whatever order, limits hold, nobody waits for what is there, and in the end nothing is left.
#[test]
fn no_order_of_events_breaks_the_rules() {
    for seed in 1..=200 {
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ seed);
        let limits = Limits::default()
            .max_connections((random.below(4) > 0).then(|| 1 + random.below(6)))
            .max_connections_per_host((random.below(3) > 0).then(|| 1 + random.below(3)))
            .max_keepalive_connections(random.below(5))
            .keepalive_expiry(Duration::from_millis(500));
        let mut crowd = Crowd::new(limits);
        for _ in 0..500 {
            crowd.step(&mut random);
        }
        while let Some(host) = crowd.used.pop() {
            crowd.rules.closed(HOSTS[host]);
            crowd.collect();
            crowd.check();
        }
        drop(crowd.rules.close());
        assert_eq!((crowd.rules.counts(), crowd.rules.origins.len()), ((0, 0, 0), 0), "seed {seed}: {limits:?}");
    }
}
