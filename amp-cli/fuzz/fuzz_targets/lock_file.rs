//! Feeds any bytes to what reads a lock file.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amp_cli::fuzz_lock_file(bytes));
