//! Many turns at once in one process: what each costs, and whether any line is lost.
//!
//! The host is this program, started anew, so that its memory and its descriptors are its own. The
//! agents are real processes that write a kept answer of a megabyte each.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use amp_process::{Containment, ContainmentKind};
use amp_session::protocol::Decoded;
use amp_session::{Amp, SessionConfig};
use anyhow::{Context, Result, ensure};
use clap::Args;
use fixtures::benchmark::{Bar, Row, big_lines};
use futures::stream::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::recorded_turn::RecordedTurn;
use crate::machine;
use crate::measured_process::{self, Taken};

/// How much each agent writes, in bytes.
const LENGTH: usize = 1_000_000;

/// How many turns are held at once, with the most processor time that a line may take then, as a
/// part of what it takes when one turn follows the other.
const STEPS: [(usize, Option<f64>); 4] = [(8, None), (64, None), (256, Some(1.3)), (1024, None)];

/// The most memory that a turn may take, in KiB.
const MEMORY_BAR: f64 = 300.0;

/// The fewest turns that are held, so that one process is worth measuring.
const FEWEST: usize = 64;

/// A host of many turns: a hidden command of this program.
#[derive(Debug, Clone, Args)]
pub struct Host {
    agent: PathBuf,
    /// How many turns there are in all.
    turns: usize,
    /// How many there are at once.
    at_once: usize,
}

/// What a host tells.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    lines: usize,
    failed: usize,
    /// How many descriptors are open that were not before.
    descriptors_left: i64,
}

/// Holds turns, so many at once, and writes what came of them.
///
/// # Errors
/// When a turn cannot be started.
pub fn serve(host: &Host) -> Result<()> {
    let runtime = machine::runtime()?;
    let one = runtime.block_on(hold(host))?;
    let before = descriptors()?;
    let mut held = runtime.block_on(async {
        let turns = futures::stream::iter(0..host.turns).map(|_| hold(host));
        let turns = turns.buffer_unordered(host.at_once);
        turns.try_collect::<Vec<_>>().await
    })?;
    held.push(one);
    let told = Held {
        lines: held.iter().map(|(lines, _)| lines).sum(),
        failed: held.iter().filter(|(_, succeeded)| !succeeded).count(),
        descriptors_left: descriptors()? - before,
    };
    crate::say(serde_json::to_string(&told)?);
    Ok(())
}

/// Holds a turn; returns how many events came, and whether it succeeded.
async fn hold(host: &Host) -> Result<(usize, bool)> {
    // A namespace is a process more for each, which is not what is measured.
    let config = SessionConfig::new().with_working_directory(std::env::current_dir()?);
    let amp = Amp::new(&host.agent, fixtures::NEWEST_VERSION)
        .with_containment(Containment::Require(ContainmentKind::Group))
        .with_environment(machine::environment());
    let mut turn = amp.start(config)?.prompt("hi").await?;
    let mut lines = 0;
    while let Some(line) = turn.next_line().await {
        lines += usize::from(matches!(line.decoded(), Decoded::Event(_)));
    }
    let outcome = turn.finish().await;
    Ok((lines, outcome.failure.is_none()))
}

fn descriptors() -> Result<i64> {
    let open = std::fs::read_dir("/proc/self/fd")?.count();
    Ok(i64::try_from(open)?)
}

/// Measures each number of turns beside one after the other.
///
/// # Errors
/// When a line is lost, a turn fails, or a descriptor is left open.
pub(super) fn rows() -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let stream = folder.path().join("stream.jsonl");
    let mut file = BufWriter::new(File::create(&stream)?);
    let lines = RecordedTurn::read()?.write(&mut file, &big_lines(), LENGTH)?;
    file.flush()?;
    let agent = folder.path().join("amp");
    let script = format!("cat > /dev/null; exec cat '{}'", stream.display());
    fixtures::write_script(&agent, &script);
    let hold = |turns: usize, at_once: usize| -> Result<Taken> {
        let said = folder.path().join("said");
        let host = Host {
            agent: agent.clone(),
            turns,
            at_once,
        };
        let taken = measured_process::run(command(&host)?.stdout(File::create(&said)?))?;
        let said = std::fs::read_to_string(said)?;
        let told: Held = serde_json::from_str(&said)
            .with_context(|| format!("{at_once} turns at once: the host failed: {said}"))?;
        let expected = (turns + 1) * lines;
        let is_whole = told.lines == expected && told.failed == 0 && told.descriptors_left == 0;
        ensure!(
            is_whole,
            "{at_once} turns at once: {told:?} of {expected} lines"
        );
        Ok(taken)
    };
    let mut rows = Vec::new();
    for (at_once, bar) in STEPS {
        let turns = at_once.max(FEWEST);
        let (one, many) = (hold(turns, 1)?, hold(turns, at_once)?);
        let each = |taken: &Taken| [taken.processor * 1e3 / (turns * lines) as f64];
        let name = format!("{at_once} turns at once");
        let processor = Row::of(
            &format!("{name}, processor time of a line"),
            "us",
            &each(&many),
            "one after the other",
            &each(&one),
        );
        rows.push(match bar {
            Some(most) => processor.with_bar(Bar::RatioAtMost(most)),
            None => processor,
        });
        let more = many.peak.saturating_sub(one.peak) as f64 / at_once as f64;
        let memory = Row::of(
            &format!("{name}, memory of a turn"),
            "KiB",
            &[more],
            "the host of one",
            &[one.peak as f64],
        );
        rows.push(memory.with_bar(Bar::OursAtMost(MEMORY_BAR)));
    }
    Ok(rows)
}

#[expect(
    clippy::disallowed_methods,
    reason = "amp-process has a cost of its own, which would be measured too"
)]
fn command(host: &Host) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("hold-turns")
        .arg(&host.agent)
        .args([host.turns, host.at_once].map(|number| number.to_string()))
        .env_clear()
        .envs(machine::environment())
        .env("AMP_API_KEY", "fake")
        .current_dir(host.agent.parent().context("an agent in a folder")?)
        .stdin(Stdio::null());
    Ok(command)
}
