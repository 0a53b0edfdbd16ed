//! Installing against a scripted server on loopback: every fault has a test that states what
//! comes of it. `faults.md` lists them.

#[cfg(unix)]
mod access;
mod archives;
mod body;
mod chaos;
mod checksum;
mod concurrency;
#[cfg(unix)]
mod copies;
mod demands;
mod faults;
#[cfg(target_os = "linux")]
mod file_systems;
#[cfg(unix)]
mod front_page;
mod housekeeping;
mod killed;
#[cfg(unix)]
mod locate;
#[cfg(windows)]
mod locate_windows;
mod mirror;
mod newest;
mod npm;
mod npm_program;
mod offline;
mod platform;
mod provenance;
mod proxies;
mod question;
mod redirects;
mod registry_signature;
mod resume;
#[cfg(any(windows, target_os = "linux"))]
mod running;
mod signature;
mod sources;
mod store_folder;
mod support;
mod tampering;
mod trust;
mod version;
mod version_file;
