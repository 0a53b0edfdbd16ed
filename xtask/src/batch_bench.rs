//! `cargo xtask batch-bench`: what `ampctl batch` adds to its agents.
//!
//! A thousand agents of 50 ms, eight at once: by `ampctl batch run`, and by `xargs -P 8` without any
//! record. And a batch of a hundred thousand tasks that are done, whose journal is counted.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;
use fixtures::benchmark::{Bar, Row};
use futures::executor::block_on;

use crate::batch::lines_of_tasks;
use crate::built_ampctl::BuiltAmpctl;
use crate::measured_process::{self, Taken};
use crate::pairs::interleaved_when_warm;
use crate::{benchmark_rows, machine};

/// How many agents work at once.
const JOBS: &str = "8";

/// A batch takes at most so many times what `xargs` takes.
const TIME_LIMIT: f64 = 1.15;

/// The most memory that a batch has, in MiB.
const MEMORY_LIMIT: f64 = 32.0;

/// How long `batch status` takes at most at the median, in ms, and of how many tasks.
const STATUS_LIMIT: f64 = 1000.0;
const STATUS_TASKS: usize = 100_000;

/// An agent: a turn of 50 ms, in a thread of its own. Agents with one thread wait for each other.
const AGENT: &str = r#"
case "$1" in --version) echo "$AGENT_VERSION"; exit 0 ;; esac
cat >/dev/null
read -r id </proc/sys/kernel/random/uuid
id="\"session_id\":\"T-$id\""
echo "{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/\",$id,\"tools\":[],\"mcp_servers\":[]}"
sleep 0.05
usage='"usage":{"input_tokens":10,"output_tokens":5}'
echo "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Done.\"}],\"stop_reason\":\"end_turn\",$usage},$id}"
echo "{\"type\":\"result\",\"subtype\":\"success\",\"duration_ms\":50,\"is_error\":false,\"num_turns\":1,\"result\":\"Done.\",$id}"
"#;

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Work on this many tasks
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    tasks: usize,
    /// Measure this often
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    rounds: usize,
    #[command(flatten)]
    ampctl: BuiltAmpctl,
}

/// Measures and prints the rows beside their bars.
///
/// # Errors
/// As for [`rows`], and when a bar is missed.
pub fn run(options: &Options) -> Result<()> {
    benchmark_rows::report_and_judge(&rows(options)?)
}

/// Measures a batch beside `xargs`, its memory, and a status.
///
/// # Errors
/// When `ampctl` or `xargs` is not there, or a task does not end well.
pub fn rows(options: &Options) -> Result<Vec<Row>> {
    let xargs = machine::find_program("xargs").context("no xargs on the path")?;
    let scene = Scene::create(options.ampctl.path()?, xargs, options.tasks)?;
    let ways = [Way::Batch, Way::Xargs];
    let measure = async |way: &Way| scene.work(*way);
    let taken = block_on(interleaved_when_warm(options.rounds, &ways, measure))?;
    scene.finish_many()?;
    let ways = [Way::Status, Way::Version];
    let measure = async |way: &Way| scene.work(*way);
    let taken_by_status = block_on(interleaved_when_warm(options.rounds, &ways, measure))?;
    let milliseconds =
        |taken: &[Taken]| -> Vec<f64> { taken.iter().map(|taken| taken.milliseconds).collect() };
    let mebibytes = |taken: &[Taken]| -> Vec<f64> {
        let peaks = taken.iter().map(|taken| taken.peak as f64 / 1024.0);
        peaks.collect()
    };
    let tasks = options.tasks;
    Ok(vec![
        Row::of(
            &format!("batch run: {tasks} agents of 50 ms, {JOBS} at once"),
            "ms",
            &milliseconds(&taken[0]),
            &format!("xargs -P {JOBS}"),
            &milliseconds(&taken[1]),
        )
        .with_bar(Bar::RatioAtMost(TIME_LIMIT)),
        Row::of(
            &format!("batch run: memory for {tasks} tasks"),
            "MiB",
            &mebibytes(&taken[0]),
            "xargs",
            &mebibytes(&taken[1]),
        )
        .with_bar(Bar::OursAtMost(MEMORY_LIMIT)),
        Row::of(
            &format!("batch status of {STATUS_TASKS} tasks"),
            "ms",
            &milliseconds(&taken_by_status[0]),
            "ampctl --version",
            &milliseconds(&taken_by_status[1]),
        )
        .with_bar(Bar::OursAtMost(STATUS_LIMIT)),
    ])
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Batch,
    Xargs,
    /// The first of many tasks.
    First,
    Status,
    Version,
}

/// A file of tasks, an agent, and who starts it.
struct Scene {
    folder: tempfile::TempDir,
    ampctl: PathBuf,
    xargs: PathBuf,
    agent: String,
}

impl Scene {
    fn create(ampctl: PathBuf, xargs: PathBuf, tasks: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let agent = folder.path().join("agent");
        fixtures::write_script(&agent, AGENT);
        let agent = agent.to_str().context("a path that is no text")?.to_owned();
        let scene = Self {
            folder,
            ampctl,
            xargs,
            agent,
        };
        fs::write(scene.path("tasks.jsonl"), lines_of_tasks(tasks))?;
        let numbers: String = (1..=tasks).map(|number| format!("{number}\n")).collect();
        fs::write(scene.path("numbers"), numbers)?;
        Ok(scene)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        let mut environment = BTreeMap::from(
            [
                ("AMP_API_KEY", "fake"),
                ("AMP_URL", "http://127.0.0.1:9"),
                ("AGENT_VERSION", fixtures::NEWEST_VERSION),
            ]
            .map(|(name, value)| (name.into(), value.into())),
        );
        environment.insert("HOME".into(), self.folder.path().into());
        environment.insert("PATH".into(), machine::search_path());
        environment
    }

    fn command(&self, way: Way) -> Result<Command> {
        let program = match way {
            Way::Xargs => &self.xargs,
            _ => &self.ampctl,
        };
        let folder = self.folder.path();
        let mut command = measured_process::command(program, folder, &self.environment());
        command
            .stdout(File::create(self.path("said"))?)
            .stderr(Stdio::inherit());
        match way {
            Way::Batch => command.args(self.batch("tasks.jsonl", "out", JOBS)),
            Way::First => {
                let first = self.batch("many.jsonl", "done", "1");
                command.args(first).args(["--stop-after-tokens", "1"]);
                command.stderr(Stdio::null())
            }
            Way::Xargs => command
                .args(["-P", JOBS, "-n", "1", &self.agent, "-x"])
                .stdin(File::open(self.path("numbers"))?),
            Way::Status => command.args(["batch", "status", "done"]),
            Way::Version => command.arg("--version"),
        };
        Ok(command)
    }

    fn batch<'a>(&'a self, tasks: &'a str, results: &'a str, jobs: &'a str) -> Vec<&'a str> {
        let named = ["batch", "run", tasks, "--results", results];
        let how = ["--jobs", jobs, "--approve", "none", "--amp", &self.agent];
        [&named[..], &how].concat()
    }

    /// Works on everything once, or asks once.
    fn work(&self, way: Way) -> Result<Taken> {
        if way == Way::Batch && self.path("out").exists() {
            // ext4 looks a long time for room where files were removed in the last seconds.
            let done = tempfile::tempdir_in(self.folder.path())?.keep();
            fs::rename(self.path("out"), done.join("out"))?;
        }
        let taken = measured_process::run(&mut self.command(way)?)?;
        let said = fs::read_to_string(self.path("said"))?;
        ensure!(taken.is_success, "{way:?} failed: {said}");
        let expected = format!("{STATUS_TASKS} of {STATUS_TASKS} tasks are done");
        ensure!(
            way != Way::Status || said.contains(&expected),
            "not all are counted: {said}"
        );
        Ok(taken)
    }

    /// Makes a batch of many tasks that are done: what is noted of the first is noted of all.
    fn finish_many(&self) -> Result<()> {
        fs::write(self.path("many.jsonl"), lines_of_tasks(STATUS_TASKS))?;
        // It is paused after its first task.
        measured_process::run(&mut self.command(Way::First)?)?;
        let path = self.path("done").join("journal/1-of-1.00000001.jsonl");
        let text = fs::read_to_string(&path)?;
        let of_task = text.lines().filter(|line| line.contains("\"task\":\"t1\""));
        let pattern: Vec<&str> = of_task.collect();
        ensure!(
            pattern.len() == 3,
            "the journal has other lines than expected: {text}"
        );
        let mut journal = String::new();
        let began = text.lines().next().context("the journal is empty")?;
        writeln!(journal, "{began}")?;
        let mut number = 1;
        for task in 1..=STATUS_TASKS {
            for line in &pattern {
                number += 1;
                let (_, rest) = line.split_once(',').context("a line without a comma")?;
                let rest = rest.replace("\"t1\"", &format!("\"t{task}\""));
                writeln!(journal, "{{\"seq\":{number},{rest}")?;
            }
        }
        Ok(fs::write(path, journal)?)
    }
}
