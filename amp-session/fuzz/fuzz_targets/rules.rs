//! Feeds any bytes to everything that reads permission rules.

#![no_main]

#[path = "../promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| promises::check(bytes));
