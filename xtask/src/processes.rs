//! The processes of a run, found by the home folder in their environment.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// Returns the numbers of the processes that have this home in their environment.
///
/// # Errors
/// When there is no list of processes.
pub(crate) fn of_home(home: &Path) -> Result<Vec<i32>> {
    let wanted = format!("HOME={}", home.display());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let number: Option<i32> = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        // A process may end while it is looked at; others are no processes.
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        if variables.any(|variable| variable == wanted.as_bytes()) {
            found.extend(number);
        }
    }
    Ok(found)
}
