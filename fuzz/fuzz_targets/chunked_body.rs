//! See the function of that name.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| whimbrel_fuzz::chunked_body(bytes));
