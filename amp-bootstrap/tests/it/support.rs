//! What the tests share: a scripted server, proxies, certificates, and a world to install in.

pub(crate) mod certificates;
#[cfg_attr(windows, path = "support/permissions_windows.rs")]
pub(crate) mod permissions;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod release;
pub(crate) mod server;
#[cfg(target_os = "linux")]
pub(crate) mod surroundings;
pub(crate) mod world;
