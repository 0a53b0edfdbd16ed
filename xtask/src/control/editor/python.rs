//! The client of the protocol's Python library, played by `python.py`.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::seen::{Seen, prompts};
use super::{IMAGE, Reply, Try, With, installed};
use crate::control::place::{PROMPT, Place};
use crate::installed_cli::InstalledCli;

const SCRIPT: &str = include_str!("python.py");

/// What the script prints.
#[derive(Deserialize)]
struct Printed {
    #[serde(flatten)]
    seen: Seen,
    /// How many of the updates came while a session was loaded.
    #[serde(default)]
    loaded: usize,
}

pub(super) async fn drive(case: &Try, cli: &InstalledCli, place: &Place) -> Result<Seen> {
    let reply = match case.reply {
        Reply::Allow => "allow",
        Reply::Reject => "reject",
        Reply::Cancel => "cancel",
        Reply::AllowOnly(file) => file,
    };
    let server = fixtures::mcp_server();
    let servers: Vec<_> = (case.with == With::Mcp)
        .then_some(server)
        .into_iter()
        .collect();
    let images: Vec<_> = (case.with == With::Image)
        .then_some(IMAGE)
        .into_iter()
        .collect();
    let task = json!({"reply": reply, "mcp": servers, "images": images, "load": null});
    Ok(run(task, cli, place).await?.seen)
}

/// Loads a session and sends the prompt once more; returns how many prompts were loaded and how the
/// new one ended.
pub(super) async fn load(
    session: &str,
    cli: &InstalledCli,
    place: &Place,
) -> Result<(usize, String)> {
    let task = json!({"reply": "allow", "mcp": [], "images": [], "load": session});
    let printed = run(task, cli, place).await?;
    let loaded = &printed.seen.updates[..printed.loaded];
    Ok((prompts(loaded), printed.seen.end))
}

async fn run(mut task: Value, cli: &InstalledCli, place: &Place) -> Result<Printed> {
    task["command"] = super::bridge(cli)?.into();
    task["prompt"] = PROMPT.into();
    let task = task.to_string();
    let python = installed::python().await?;
    let (printed, errors) = super::run(&python, &["-c", SCRIPT, &task], place).await?;
    let seen = serde_json::from_str(&printed);
    seen.with_context(|| format!("the script printed `{printed}` and the errors\n{errors}"))
}
