//! What keeps a process tree together, so that all of it can be ended.

#[cfg(unix)]
mod group;
pub(crate) mod guard;
#[cfg(windows)]
pub(crate) mod job;
pub(crate) mod kind;
#[cfg(unix)]
pub(crate) mod launch;
#[cfg(target_os = "linux")]
pub(crate) mod namespace;
#[cfg(target_os = "linux")]
mod readiness;
#[cfg(target_os = "linux")]
pub(crate) mod shim;
pub(crate) mod tree;

#[cfg_attr(target_os = "linux", path = "containment/leader_watch.rs")]
#[cfg_attr(
    not(target_os = "linux"),
    path = "containment/leader_watch_elsewhere.rs"
)]
#[cfg(unix)]
mod leader_watch;
#[cfg_attr(target_os = "linux", path = "containment/process_table.rs")]
#[cfg_attr(
    not(target_os = "linux"),
    path = "containment/process_table_elsewhere.rs"
)]
#[cfg(unix)]
pub(crate) mod process_table;
#[cfg_attr(target_os = "linux", path = "containment/strategy.rs")]
#[cfg_attr(not(target_os = "linux"), path = "containment/strategy_elsewhere.rs")]
#[cfg(unix)]
pub(crate) mod strategy;
