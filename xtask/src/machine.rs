//! What this machine offers: its environment, programs on its path, where installed CLIs are kept,
//! threads.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Returns the environment of this process.
///
/// The one place of this crate that reads it.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "an upkeep command reads its own environment here; everything below takes a map"
)]
pub fn environment() -> BTreeMap<OsString, OsString> {
    std::env::vars_os().collect()
}

/// Returns whether this is CI, where what a check needs may not be missing; its services set `CI`.
#[must_use]
pub fn is_in_ci() -> bool {
    let ci = environment().remove("CI".as_ref() as &std::ffi::OsStr);
    ci.is_some_and(|value| !value.is_empty())
}

/// Returns where this process finds programs.
#[must_use]
pub fn search_path() -> OsString {
    environment()
        .remove("PATH".as_ref() as &std::ffi::OsStr)
        .unwrap_or_default()
}

/// Returns where a program is found on the path.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let file_name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&search_path())
        .map(|folder| folder.join(&file_name))
        .find(|candidate| candidate.is_file())
}

/// Returns the folder below `target/` where installed CLI versions are kept between runs.
#[must_use]
pub fn cli_store() -> PathBuf {
    crate::workspace_root().join(Path::new("target/amp-versions"))
}

/// Returns a runtime for one command.
///
/// # Errors
/// When the operating system gives no threads or descriptors.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("cannot start a runtime")
}

/// Returns how many CLIs to run at once.
#[must_use]
pub fn parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
