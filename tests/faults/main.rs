//! Everything that can go wrong with a connection, at every byte, operation and poll: over memory and with time that stands still,
//! so that tens of thousands of cases take seconds. After each case: nobody hangs (I1) or panics (I2), what came is right or an
//! error (I3), the pool and the connections are as they should be (I4, I5), the next request succeeds (I7), no POST was sent twice
//! (I8), and no secret is where it does not belong (I9). Over all cases of a family, no memory is left behind (I6).
//!
//! A case that fails says what runs it alone: `FAULT='…' cargo test --test faults`.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::disallowed_methods, reason = "this is native, where there are a clock and an environment")]

mod bodies;
mod case;
mod exchange;
mod fault;
mod odd;
mod peer;
mod plan;
mod shared;
mod site;
mod wire;

use std::io::Write as _;
use std::time::Instant;

use allocation_counter::measure;

use self::case::Case;
use self::fault::Dropped;

/// The families of faults: each is a test, and all of them together are counted.
macro_rules! families {
    ($($(#[$doc:meta])* fn $name:ident() { $plan:expr })*) => {
        $($(#[$doc])* #[test] fn $name() { check(stringify!($name), $plan); })*

        const FAMILIES: &[fn() -> Vec<Case>] = &[$(|| $plan),*];
    };
}

// G10 (I9) is checked in all of them.
families! {
    // N3, B9, B11, D8: faults 2, 5 and 6.
    fn responses_that_are_cut() { plan::cut_responses() }
    fn responses_of_half_closed_connections() { plan::half_closed() }
    // N3, B9, N8: fault 1.
    fn responses_that_are_reset() { plan::reset_responses() }
    // D8, O5: fault 3.
    fn responses_that_stall() { plan::stalled_responses() }
    // H10: fault 4.
    fn requests_that_are_cut_or_reset() { plan::broken_requests() }
    fn requests_that_stall() { plan::stalled_requests() }
    // A3, O7: faults 7 and 8.
    fn bytes_that_come_and_go_slowly() { plan::slow() }
    // Fault 9.
    fn operations_that_fail() { plan::operations() }
    fn streams_that_fail() { bodies::streams_that_fail() }
    fn files_that_change() { bodies::files_that_change() }
    // N3, N11: fault 10.
    fn futures_that_are_dropped() { plan::drops(Dropped::Future, 2) }
    fn clients_that_are_dropped() { plan::drops(Dropped::Client, 9) }
    fn clients_that_are_closed() { plan::drops(Dropped::Closed, 9) }
    fn runtimes_that_end() { plan::drops(Dropped::Runtime, 9) }
    // N10: fault 11.
    fn turns_that_are_given_up() { odd::turns_given_up() }
    // N4: fault 17.
    fn answers_before_the_end_of_the_upload() { odd::early_answers() }
    // O5: fault 18.
    fn uploads_that_stand_still() { odd::uploads_that_stand_still() }
    // O1, O3: faults 19 and 22.
    fn everything_drips() { odd::everything_drips() }
    // N5: fault 20.
    fn expectations() { odd::expectations() }
    // A14, A15: fault 21.
    fn interim_responses() { odd::interim_responses() }
    // A1: fault 22.
    fn responses_without_end() { odd::endless_responses() }
    // K3: fault 23.
    fn bombs_on_every_way() { odd::bombs() }
    // D8, D9: fault 24.
    fn forged_records() { odd::forged_records() }
    // C13: fault 25.
    fn farewells() { shared::played(25) }
    // C14: fault 26.
    fn refusals() { shared::played(26) }
    // C11: fault 27.
    fn settings_that_change() { shared::played(27) }
    // C9: fault 28.
    fn frames_between_frames() { shared::played(28) }
    fn responses_in_two_pieces() { shared::in_two_pieces() }
    // C17: fault 29.
    fn pings_that_nobody_answers() { shared::played(29) }
    // C10: fault 30.
    fn windows_that_hardly_open() { shared::played(30) }
    // C13, C14: fault 31.
    fn connections_that_end_with_many_requests() { shared::played(31) }
}

/// Fewer would mean that some exchange or fault was lost on the way.
#[test]
fn the_cases_are_more_than_twenty_thousand() {
    let cases: Vec<Case> = FAMILIES.iter().flat_map(|plan| plan()).collect();
    say(&format!("{} cases in all", cases.len()));
    assert!(cases.len() > 20_000);
    if let Ok(name) = std::env::var("FAULT") {
        assert!(cases.iter().any(|case| case.name() == name), "there is no case '{name}'");
    }
}

/// Runs the cases of a family, or the one that `FAULT` names.
fn check(family: &str, mut cases: Vec<Case>) {
    if let Ok(name) = std::env::var("FAULT") {
        cases.retain(|case| case.name() == name);
    }
    let (start, mut failed, mut held) = (Instant::now(), 0, 0);
    for case in &cases {
        let mut result = Ok(());
        // All of a case happens on its thread, but for what is read from files.
        held += measure(|| result = case.run().map(drop)).bytes_current;
        if let Err(complaint) = result {
            failed += 1;
            if failed <= MAX_SHOWN {
                say(&format!("FAULT='{}': {complaint}", case.name()));
            }
        }
    }
    say(&format!("{family}: {} cases in {:.1?}, {held} bytes held", cases.len(), start.elapsed()));
    assert_eq!(failed, 0, "of {} cases", cases.len());
    assert!(held < MOST_HELD, "I6: {held} bytes after {} cases", cases.len());
}

/// Most families leave none at all. The cases share a TLS server, which remembers sessions, and tables that are made when needed.
const MOST_HELD: i64 = 64 * 1024;

/// Failures that are shown of each family: one mistake makes many.
const MAX_SHOWN: usize = 20;

/// Where the test's own output would be swallowed as long as it succeeds.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("somebody listens");
}
