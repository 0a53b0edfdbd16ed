//! The key of Amp, which Amp has and the commands that it starts need not have.
//!
//! Builds of May (JavaScript) and September (native) 2026 start commands by `/bin/bash` and
//! `/bin/sh`; with their key in `AMP_API_KEY` they do without the keys that are stored, but end at
//! once when the file cannot be read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use amp_process::sandbox::{Access, Policy};

use crate::environment::{self, Environment};

const VARIABLE: &str = "AMP_API_KEY";
/// The file with stored keys, in Amp's folder of data.
const STORED: &str = "secrets.json";
/// The file of a run that takes its place.
const NONE: &str = "no-secrets.json";

/// Returns where a run has a file in which no keys are stored, and what it holds.
pub(crate) fn no_stored_keys(run_folder: &Path) -> (PathBuf, &'static str) {
    (run_folder.join(NONE), "{}\n")
}

/// Keeps the key of a run from commands, and the keys that are stored in Amp's folder of `data` from
/// everybody where the run has no need of them.
///
/// A run that is only previewed has no folder, and stored keys that are found by a link stay, as
/// nothing can be put in their place.
pub(super) fn withhold(
    policy: Policy,
    environment: &Environment,
    data: Option<&Path>,
    run_folder: &Path,
) -> Policy {
    let policy = policy.with_withheld_variable(VARIABLE);
    let has_key =
        environment::value(environment, VARIABLE).is_some_and(|key| key != OsStr::new(""));
    let stored = data.map(|data| data.join(STORED));
    let stored = stored.filter(|stored| {
        let found = stored.symlink_metadata();
        found.is_ok_and(|found| found.is_file())
    });
    let none = run_folder.join(NONE);
    match stored {
        Some(stored) if has_key && none.is_file() => policy
            .with_files(&stored, Access::Hidden)
            .with_substitute(stored, none),
        _ => policy,
    }
}
