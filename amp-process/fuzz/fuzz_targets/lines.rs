//! Feeds any bytes to what makes lines of a program's output.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amp_process::fuzz_lines(bytes));
