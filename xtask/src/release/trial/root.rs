//! The static program in an empty root file system.

use std::fs;
use std::path::{Path, PathBuf};

use amp_process::ProcessSpec;
use anyhow::{Result, ensure};

use super::{LIMIT, Runs, mirror, recordings};
use crate::command::{self, Finished};
use crate::release::build::Checkout;
use crate::release::target::Target;
use crate::say;

/// A root file system with nothing in it but what is put there, and no network.
pub(super) struct Root<'a> {
    pub(super) folder: tempfile::TempDir,
    runs: &'a Runs,
    processes: &'static [&'static str],
}

/// Process numbers of its own, and a view of these alone.
const OWN_PROCESSES: &[&str] = &["--unshare-pid", "--proc", "/proc"];

/// Those of this machine, where a container keeps programs from mounting `/proc`.
const PROCESSES_OF_MACHINE: &[&str] = &["--bind", "/proc", "/proc"];

impl<'a> Root<'a> {
    pub(super) async fn new(runs: &'a Runs) -> Result<Self> {
        let probe = runs
            .program("bwrap")
            .with_arguments(["--bind", "/", "/"])
            .with_arguments(OWN_PROCESSES.iter().copied())
            .with_argument("true");
        let processes = match command::output(probe, LIMIT).await {
            Ok(_) => OWN_PROCESSES,
            Err(_) => PROCESSES_OF_MACHINE,
        };
        let folder = tempfile::tempdir()?;
        for name in ["home", "work"] {
            fs::create_dir(folder.path().join(name))?;
        }
        Ok(Self {
            folder,
            runs,
            processes,
        })
    }

    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Returns a program of the root, with the root around it.
    fn program(&self, program: &str) -> ProcessSpec {
        let outer = self.runs.program("bwrap");
        outer
            .with_arguments(["--unshare-net", "--die-with-parent", "--clearenv", "--bind"])
            .with_argument(self.folder.path())
            .with_arguments(["/", "--dev", "/dev", "--tmpfs", "/tmp"])
            .with_arguments(self.processes.iter().copied())
            .with_arguments(["--chdir", "/work", "--setenv", "HOME", "/home"])
            .with_arguments(["--setenv", "AMP_API_KEY", "a-key-for-trials"])
            .with_arguments([
                "--setenv",
                "FAKE_AGENT_REPLAY",
                "/replay/first:/replay/second",
            ])
            .with_argument(program)
    }

    pub(super) async fn run(&self, program: &str, arguments: &[&str]) -> Result<Finished> {
        let spec = self
            .program(program)
            .with_arguments(arguments.iter().copied());
        let finished = command::run(spec, LIMIT).await?;
        ensure!(
            finished.exit.status().is_success(),
            "{program} {arguments:?} in an empty root: {}\n{}{}",
            finished.exit.status(),
            finished.stdout,
            finished.exit.stderr()
        );
        Ok(finished)
    }
}

/// Puts the static program alone into a root: it installs, runs, goes on with a thread, and finds
/// nothing wrong. Amp is the fake agent, for Amp itself needs a C library.
pub(super) async fn program(
    checkout: &Checkout,
    target: &Target,
    program: &Path,
    runs: &Runs,
) -> Result<()> {
    let root = Root::new(runs).await?;
    fs::copy(program, root.path("ampctl"))?;
    let agent = checkout.build_fake_agent(target).await?;
    let platform = runs.platform()?.to_string();
    mirror(&root.path("mirror"), &fs::read(agent)?, &platform, "")?;
    recordings(&root.path("replay"))?;
    root.run("/ampctl", &["install", "--source", "/mirror"])
        .await?;
    let run = root.run("/ampctl", &["run", "hello"]).await?;
    ensure!(
        !run.stdout.trim().is_empty(),
        "`ampctl run` answers nothing"
    );
    let went_on = root.run("/ampctl", &["continue", "and again"]).await?;
    ensure!(
        !went_on.stdout.trim().is_empty(),
        "`ampctl continue` answers nothing"
    );
    let sessions = root.run("/ampctl", &["sessions", "list"]).await?;
    ensure!(
        !sessions.stdout.trim().is_empty(),
        "`ampctl sessions list` lists nothing"
    );
    root.run("/ampctl", &["doctor"]).await?;
    say(format!(
        "tried in an empty root{}: install, run, continue, sessions, doctor",
        runs.manner()
    ));
    Ok(())
}
