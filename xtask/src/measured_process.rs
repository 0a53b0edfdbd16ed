//! A process run to its end, and what it took: time, processor time and memory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};

use crate::machine;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// From its start to its end, in ms.
    pub(crate) milliseconds: f64,
    /// The processor time of it and of the children it waited for, in ms.
    pub(crate) processor: f64,
    /// The most memory it had itself, in KiB.
    pub(crate) peak: u64,
    /// Whether it ended with success.
    pub(crate) is_success: bool,
}

/// Returns a program to measure, at work in its home, with the environment of this process and a key.
pub(crate) fn at_home(program: &Path, home: &Path) -> Command {
    let mut environment = machine::environment();
    environment.insert("HOME".into(), home.into());
    environment.insert("AMP_API_KEY".into(), "fake".into());
    command(program, home, &environment)
}

/// Returns a program to measure: it has this environment alone, nothing to read, and no one reads
/// what it writes.
#[expect(
    clippy::disallowed_methods,
    reason = "amp-process has a cost of its own, which would be measured too"
)]
pub(crate) fn command(
    program: &Path,
    folder: &Path,
    environment: &BTreeMap<OsString, OsString>,
) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(environment)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Runs a process to its end; no other child of this one may end meanwhile.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn run(command: &mut Command) -> Result<Taken> {
    let before = of_children()?;
    let begun = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    let (is_success, peak) = wait(&mut child)?;
    let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
    Ok(Taken {
        milliseconds,
        processor: of_children()? - before,
        peak,
        is_success,
    })
}

/// Returns the processor time of all children that have ended, in ms.
fn of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    let milliseconds = times.map(|time| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3);
    Ok(milliseconds.iter().sum())
}

/// Waits for a process, and looks at its memory meanwhile.
fn wait(child: &mut Child) -> Result<(bool, u64)> {
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.success(), peak));
        }
        peak = peak.max(peak_of(child).unwrap_or(0));
        std::thread::sleep(LOOK);
    }
}

/// Returns the most memory that a process has had so far, in KiB; nothing of one that has ended.
pub(crate) fn peak_of(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix(" kB")?.trim().parse().ok()
}
