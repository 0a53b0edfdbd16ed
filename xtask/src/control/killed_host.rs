//! A host that is killed while a question is open takes the command and every process with it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use amp_session::approval::approve_with;
use amp_session::{Amp, Approval, SessionConfig};
use anyhow::{Context, Result, bail};
use clap::Args;

use super::Case;
use super::place::{LIMIT, PROMPT, Place};
use crate::installed_cli::InstalledCli;
use crate::processes;
use crate::wait::until;

/// How long processes may take to notice that their host is gone.
pub(super) const GOING: Duration = Duration::from_secs(10);

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        name: "approval: the host is killed while a question is open".to_owned(),
        expected: Box::new(|_| "asked; nothing left; no process".to_owned()),
        attempt: Box::new(|cli| Box::pin(attempt(cli))),
    }]
}

/// The host that is killed: a hidden command of this program.
#[derive(Debug, Clone, Args)]
pub struct Host {
    executable: std::path::PathBuf,
    version: String,
}

/// Runs a turn, in the folder and the environment of this process, whose first question is noted
/// in the file `asked` and never answered.
///
/// # Errors
/// When the turn cannot be started.
pub fn serve(host: &Host) -> Result<()> {
    let folder = std::env::current_dir()?;
    let asked = folder.join("asked");
    let never = approve_with(move |_| {
        let noted = fs::write(&asked, "");
        async move {
            match noted {
                Ok(()) => std::future::pending().await,
                Err(error) => amp_session::Answer::reject(error.to_string()),
            }
        }
    });
    let config = SessionConfig::new()
        .with_working_directory(folder)
        .with_approval(Approval::by(never));
    let amp = Amp::new(&host.executable, host.version.as_str())
        .with_environment(crate::machine::environment());
    let turn = async { anyhow::Ok(amp.start(config)?.prompt(PROMPT).await?.finish().await) };
    let outcome = crate::machine::runtime()?.block_on(turn)?;
    bail!("the turn has ended: {}", outcome.status)
}

async fn attempt(cli: InstalledCli) -> Result<String> {
    let place = Place::create(&cli).await?;
    let project = place.path("project");
    let mut host = start(&cli, &place)?;
    let asked = until(LIMIT, || project.join("asked").exists()).await;
    host.kill()?;
    host.wait()?;
    let home = place.path("home");
    let gone = until(GOING, || {
        processes::of_home(&home).is_ok_and(|left| left.is_empty())
    })
    .await;
    let said = [
        if asked { "asked" } else { "never asked" },
        match place.path("trace").exists() {
            true => "the command ran",
            false => "nothing left",
        },
        if gone {
            "no process"
        } else {
            "processes are left"
        },
    ];
    Ok(said.join("; "))
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody else may own the host, for it is to be killed alone"
)]
fn start(cli: &InstalledCli, place: &Place) -> Result<Child> {
    let started = Command::new(std::env::current_exe()?)
        .arg("hold-question")
        .arg(&cli.executable)
        .arg(&cli.version)
        .env_clear()
        .envs(place.environment())
        .current_dir(place.path("project"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    started.context("the host cannot be started")
}
