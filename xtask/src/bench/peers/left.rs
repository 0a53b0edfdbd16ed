//! What is still running when a driver's reader has gone away, or the driver was killed.

use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result};
use fixtures::benchmark::{Bar, Row};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::driver::Driver;
use super::installed::Installed;
use super::scene::Scene;
use crate::wait::until;
use crate::{machine, processes};

/// How long processes may take to go.
const GOING: Duration = Duration::from_secs(5);

/// How long a driver may take to begin.
const STARTING: Duration = Duration::from_secs(20);

/// How a driver ends.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// Its reader goes away after the first message.
    Left,
    /// It is killed.
    Killed,
}

/// Counts the processes that are left of an agent which has started a program in a session of its
/// own.
///
/// # Errors
/// When a driver cannot be started.
pub(super) fn rows(installed: &Installed) -> Result<Vec<Row>> {
    let runtime = machine::runtime()?;
    let mut rows = Vec::new();
    for (ending, name) in [
        (Ending::Left, "processes left when the reader goes away"),
        (Ending::Killed, "processes left when the driver is killed"),
    ] {
        let left = |driver| {
            let left = runtime.block_on(left_of(installed, driver, ending));
            anyhow::Ok((driver, left?))
        };
        // A program has no reader of messages that could go away.
        let drivers = installed.drivers().into_iter();
        let drivers = drivers.filter(|driver| matches!(ending, Ending::Killed) || driver.tells());
        let left: Vec<(Driver, f64)> = drivers.map(left).collect::<Result<_>>()?;
        let (ours, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|(one, _)| one.is_ours());
        for (driver, ours) in ours {
            rows.extend(others.iter().map(|(other, theirs)| {
                let name = format!("{name}, {}", driver.name());
                let row = Row::of(&name, "processes", &[ours], other.name(), &[*theirs]);
                row.with_bar(Bar::OursAtMost(0.0))
            }));
        }
    }
    Ok(rows)
}

async fn left_of(installed: &Installed, driver: Driver, ending: Ending) -> Result<f64> {
    let scene = Scene::that_never_ends()?;
    let mut command = scene.command(installed, driver);
    if let Ending::Left = ending {
        command.env("PEERS_LEAVE", "1");
    }
    let home = scene.home().to_path_buf();
    let mut driver = command.spawn().context("a driver cannot be started")?;
    let begun = scene.path("begun");
    let has_begun = until(STARTING, || begun.exists()).await;
    if let Ending::Left = ending {
        until(GOING, || has_ended(&mut driver)).await;
    }
    driver.kill()?;
    driver.wait()?;
    anyhow::ensure!(has_begun, "the agent was not started");
    let count = || processes::of_home(&home).map_or(usize::MAX, |found| found.len());
    until(GOING, || count() == 0).await;
    let left = processes::of_home(&home)?;
    for process in &left {
        // One that has ended meanwhile is what is wanted.
        let _ = kill(Pid::from_raw(*process), Signal::SIGKILL);
    }
    Ok(left.len() as f64)
}

fn has_ended(driver: &mut Child) -> bool {
    !matches!(driver.try_wait(), Ok(None))
}
