//! Installing against a scripted server on loopback: every fault has a test that states what
//! comes of it.
#![cfg(unix)]

mod body;
mod chaos;
mod checksum;
mod concurrency;
#[cfg(target_os = "linux")]
mod file_systems;
mod housekeeping;
mod killed;
mod locate;
mod npm;
mod offline;
mod platform;
mod proxies;
mod redirects;
mod resume;
mod signature;
mod sources;
mod storage;
mod support;
mod trust;
mod version;
mod version_file;
