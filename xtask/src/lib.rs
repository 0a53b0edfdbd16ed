//! What the upkeep commands do, as a library so that tests can call it.

#[cfg(target_os = "linux")]
pub mod acp_bench;
#[cfg(target_os = "linux")]
mod acp_editor;
#[cfg(target_os = "linux")]
pub mod acp_soak;
mod agent_script;
#[cfg(unix)]
pub mod batch;
#[cfg(target_os = "linux")]
pub mod batch_bench;
#[cfg(target_os = "linux")]
pub mod bench;
#[cfg(target_os = "linux")]
mod benchmark_rows;
pub mod built_ampctl;
mod callgrind;
pub mod check_circles;
pub mod check_layers;
pub mod command;
pub mod conformance;
pub mod control;
pub mod demo;
pub mod difference;
pub mod drift;
pub mod fingerprint;
pub mod flag_table;
pub mod front_pages;
pub mod hot_functions;
pub mod installed_cli;
pub mod instructions;
pub mod machine;
#[cfg(target_os = "linux")]
mod measured_process;
pub mod mutants;
pub mod newcomer;
pub mod npm;
pub mod oracle;
#[cfg(unix)]
pub mod package;
#[cfg(unix)]
pub mod page;
#[cfg(target_os = "linux")]
mod pairs;
pub mod picture;
mod processes;
mod python;
pub mod record;
#[cfg(unix)]
pub mod release;
pub mod retry;
#[cfg(target_os = "linux")]
pub mod sessions_bench;
pub mod soak;
pub mod tidy;
pub mod trial;
pub mod versions;
#[cfg(target_os = "linux")]
mod wait;
pub mod windows;
mod workspace_cargo;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Returns the folder that holds the workspace's `Cargo.toml`.
pub fn workspace_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Prints one line for the maintainer.
pub fn say(line: impl AsRef<str>) {
    // A maintainer who closed the pipe wants no more lines.
    let _ = writeln!(std::io::stdout().lock(), "{}", line.as_ref());
}

/// Prints one line beside the results, for a maintainer who pipes those elsewhere.
pub fn note(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", line.as_ref());
}

/// Turns the result of a command into an exit code, the error's whole chain printed.
pub fn report(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
