//! Feeds any bytes to what reads a journal of a batch.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amp_cli::fuzz_journal(bytes));
