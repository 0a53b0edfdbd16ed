//! Feeds any bytes to what reads documents of a registry.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amp_bootstrap::fuzz_documents(bytes));
