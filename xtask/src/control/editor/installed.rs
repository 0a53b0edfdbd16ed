//! The foreign clients, installed below `target/` by the ordinary clients of their registries, whose
//! configuration says where those are.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::sync::Mutex;

use crate::npm::Npm;
use crate::python;

/// The protocol's Python library, which is also the name that its registry has it under.
const PYTHON_LIBRARY: &str = "agent-client-protocol==0.12.1";

const ACPX_VERSION: &str = "0.19.1";

/// Several cases begin at once.
static INSTALLING: Mutex<()> = Mutex::const_new(());

fn folder() -> PathBuf {
    crate::workspace_root().join("target/acp-clients")
}

/// Returns a Python that has the protocol's library.
///
/// # Errors
/// When there is no Python on the path, or the installation fails.
pub(super) async fn python() -> Result<PathBuf> {
    let _installing = INSTALLING.lock().await;
    python::with(PYTHON_LIBRARY, &folder().join("python-0.12.1")).await
}

/// Returns the script of acpx, for the node that is on the path.
///
/// # Errors
/// When there is no npm, or the installation fails.
pub(super) async fn acpx() -> Result<PathBuf> {
    let _installing = INSTALLING.lock().await;
    let place = folder().join(format!("acpx-{ACPX_VERSION}"));
    if !place.exists() {
        let npm = Npm::find().context("no npm and node on the path")?;
        npm.install("acpx", ACPX_VERSION, &place).await?;
    }
    Ok(place.join("node_modules/.bin/acpx"))
}
