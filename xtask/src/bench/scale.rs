//! Many turns at once in one process: what each costs, and whether any line is lost.
//!
//! The host is an example of `amp-session`. The agents are real processes that write a kept answer of a
//! megabyte each.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use fixtures::benchmark::{Bar, Row, big_lines};

use super::long_turn::LongTurn;
use crate::agent_script::agent_script;
use crate::measured_process::{self, Taken};
use crate::workspace_cargo;

/// How much each agent writes, in bytes.
const LENGTH: usize = 1_000_000;

/// How many turns are held at once, with the most processor time that a line may take then, as a
/// part of what it takes when one turn follows the other.
const STEPS: [(usize, Option<f64>); 4] = [(8, None), (64, None), (256, Some(1.3)), (1024, None)];

/// The most memory that a turn may take, in KiB.
const MEMORY_BAR: f64 = 300.0;

/// The fewest turns that are held, so that one process is worth measuring.
const FEWEST: usize = 64;

/// Measures each number of turns beside one after the other.
///
/// # Errors
/// When a line is lost, a turn fails, or a descriptor is left open.
pub(super) fn rows() -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let stream = folder.path().join("stream.jsonl");
    let lines = LongTurn::read()?.write_file(&stream, &big_lines(), LENGTH)?;
    let agent = folder.path().join("amp");
    fixtures::write_script(&agent, &agent_of_new_threads(&stream)?);
    let host = workspace_cargo::build_example("amp-session", "many")?;
    let hold = |turns: usize, at_once: usize| -> Result<Taken> {
        let said = folder.path().join("said");
        let mut command = measured_process::at_home(&host, folder.path());
        command
            .arg(&agent)
            .args([turns, at_once].map(|number| number.to_string()))
            .stdout(File::create(&said)?)
            .stderr(Stdio::inherit());
        let taken = measured_process::run(&mut command)?;
        let said = fs::read_to_string(said)?;
        let events = (turns + 1) * lines;
        let expected = format!("{events} events, 0 failed, 0 descriptors left");
        ensure!(
            said.trim() == expected,
            "{at_once} turns at once: {said} instead of {expected}"
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

/// Returns a script that takes the prompt and answers it with a file, each time in a thread of its own:
/// turns of one thread would wait for each other.
fn agent_of_new_threads(stream: &Path) -> Result<String> {
    let lines = fs::read_to_string(stream)?;
    let (first, rest) = lines.split_once('\n').context("an empty answer")?;
    let rest_of_it = stream.with_extension("rest");
    fs::write(&rest_of_it, rest)?;
    let (before, after) = first.split_once("\"T-").context("no thread")?;
    let (_, after) = after.split_once('"').context("no end of the thread")?;
    ensure!(!first.contains('\''), "the first line has to be quoted");
    Ok(agent_script(&format!(
        "cat > /dev/null; read -r id < /proc/sys/kernel/random/uuid\n\
         printf '%s\\n' '{before}\"T-'$id'\"{after}'; exec cat '{}'",
        rest_of_it.display()
    )))
}
