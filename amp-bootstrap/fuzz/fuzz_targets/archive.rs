//! Feeds any bytes to what reads a package of npm.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amp_bootstrap::fuzz_archive(bytes));
