//! What a long answer costs: the library's loop and `ampctl run`, beside a shell that only counts
//! its lines.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use fixtures::benchmark::{Bar, Row, big_lines};
use futures::executor::block_on;

use super::long_turn::LongTurn;
use crate::agent_script::agent_that_writes;
use crate::built_ampctl::BuiltAmpctl;
use crate::measured_process::{self, Taken};
use crate::pairs::interleaved_when_warm;
use crate::workspace_cargo;

/// How much the agent writes, in bytes.
const LENGTH: usize = 200_000_000;
const ROUNDS: usize = 7;

/// The most that the library's loop costs, as a part of what the shell does.
const LIBRARY_BAR: f64 = 1.4;

/// The most memory that a run has, in MiB.
const PEAK_BAR: f64 = 8.0;

/// A way to take in what the agent writes.
#[derive(Debug, Clone, Copy)]
enum Way {
    Shell,
    /// Writes it to a file, as a record does.
    Copy,
    Library,
    Unrecorded,
    Recorded,
}

const WAYS: [Way; 5] = [
    Way::Shell,
    Way::Copy,
    Way::Library,
    Way::Unrecorded,
    Way::Recorded,
];

/// Measures processor time and memory of each way.
///
/// # Errors
/// When `ampctl` or the library's example is not built, or a run does not end well.
pub(super) fn rows(ampctl: &BuiltAmpctl) -> Result<Vec<Row>> {
    let scene = Scene::create(ampctl.path()?)?;
    let measure = async |way: &Way| scene.measure(*way);
    let taken = block_on(interleaved_when_warm(ROUNDS, &WAYS, measure))?;
    let of = |way: Way, number: fn(&Taken) -> f64| -> Vec<f64> {
        taken[way as usize].iter().map(number).collect()
    };
    let processor = |name: &str, way| {
        let [ours, shell] = [way, Way::Shell].map(|way| of(way, |taken| taken.processor));
        Row::of(name, "ms", &ours, "cat | wc -l", &shell)
    };
    let [recorded, unrecorded, copied] =
        [Way::Recorded, Way::Unrecorded, Way::Copy].map(|way| of(way, |taken| taken.processor));
    let rounds = recorded.iter().zip(&unrecorded);
    let added: Vec<f64> = rounds.map(|(with, without)| with - without).collect();
    let peak = |name: &str, way| {
        let mebibytes = |taken: &Taken| taken.peak as f64 / 1024.0;
        let [ours, library] = [way, Way::Library].map(|way| of(way, mebibytes));
        let row = Row::of(name, "MiB", &ours, "the library", &library);
        row.with_bar(Bar::OursAtMost(PEAK_BAR))
    };
    Ok(vec![
        processor("processor time, library, 200 MB", Way::Library)
            .with_bar(Bar::RatioAtMost(LIBRARY_BAR)),
        processor(
            "processor time, ampctl run without a record, 200 MB",
            Way::Unrecorded,
        ),
        processor("processor time, ampctl run, 200 MB", Way::Recorded),
        Row::of(
            "processor time that the record adds, 200 MB",
            "ms",
            &added,
            "cat to a file",
            &copied,
        ),
        peak("peak memory, ampctl run without a record", Way::Unrecorded),
        peak("peak memory, ampctl run", Way::Recorded),
    ])
}

/// An agent that writes a long answer, and who reads it.
struct Scene {
    folder: tempfile::TempDir,
    ampctl: PathBuf,
    count: PathBuf,
    stream: PathBuf,
    agent: PathBuf,
}

impl Scene {
    fn create(ampctl: PathBuf) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let stream = folder.path().join("stream.jsonl");
        LongTurn::read()?.write_file(&stream, &big_lines(), LENGTH)?;
        let agent = folder.path().join("amp");
        fixtures::write_script(&agent, &agent_that_writes(&stream));
        Ok(Self {
            folder,
            ampctl,
            count: workspace_cargo::build_example("amp-session", "count")?,
            stream,
            agent,
        })
    }

    fn measure(&self, way: Way) -> Result<Taken> {
        let taken = measured_process::run(&mut self.command(way))?;
        ensure!(taken.is_success, "{way:?} failed");
        Ok(taken)
    }

    fn command(&self, way: Way) -> Command {
        let program = match way {
            Way::Shell | Way::Copy => Path::new("/bin/sh"),
            Way::Library => &self.count,
            Way::Unrecorded | Way::Recorded => &self.ampctl,
        };
        let mut command = measured_process::at_home(program, self.folder.path());
        match way {
            Way::Shell => command.args(["-c", "cat \"$0\" | wc -l"]).arg(&self.stream),
            Way::Copy => command
                .args(["-c", "cat \"$0\" > copy && rm copy"])
                .arg(&self.stream),
            Way::Library => command.arg("cat").arg(&self.stream),
            Way::Unrecorded => command
                .args(["run", "--no-record", "hi", "--amp"])
                .arg(&self.agent),
            Way::Recorded => command.args(["run", "hi", "--amp"]).arg(&self.agent),
        };
        command
    }
}
