//! Feeds any bytes to what reads a file of tasks.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amp_cli::fuzz_tasks(bytes));
