//! Python libraries, each in an environment of its own.
//!
//! Which registry answers is the Python client's own configuration; no host is written here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};

use crate::{command, machine};

/// Time for an installation.
const INSTALL_LIMIT: Duration = Duration::from_secs(300);

/// Returns a Python that has a library, in the environment at `place`, which is made unless it is
/// whole. No other may make it meanwhile.
///
/// `requirement` names the library and its version as the registry does.
///
/// # Errors
/// When there is no Python on the path, or the installation fails.
pub(crate) async fn with(requirement: &str, place: &Path) -> Result<PathBuf> {
    let python = place.join("bin/python");
    let is_whole = place.join("is-whole");
    if !is_whole.exists() {
        let program = machine::find_program("python3").context("no python3 on the path")?;
        let run = async |program: PathBuf, arguments: &[&str]| {
            let spec = ProcessSpec::new(program)
                .with_arguments(arguments)
                .with_environment(machine::environment());
            command::output(spec, INSTALL_LIMIT).await
        };
        let place = place.to_str().context("a path that is no text")?;
        run(program, &["-m", "venv", "--clear", place]).await?;
        let install = ["-m", "pip", "install", "--quiet", requirement];
        run(python.clone(), &install).await?;
        std::fs::write(is_whole, "")?;
    }
    Ok(python)
}
