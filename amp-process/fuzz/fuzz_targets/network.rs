//! Feeds any bytes to what reads the first words of a client in a sandbox.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amp_process::sandbox::fuzz_parsers(bytes));
