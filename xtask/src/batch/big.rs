//! A batch of thousands of tasks whose processes are killed at random, meet a full disk and clocks
//! that jump, and are started twice: in the end everything was done, and nothing was sent twice in
//! an attempt. One process that nothing happens to does the same tasks; both reports are equal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use fastrand::Rng;
use serde_json::Value;

use crate::say;

/// How many agents a shard has at once.
const JOBS: &str = "2";

/// The exit code of a batch that goes on when it is started again.
const PAUSED: i32 = 75;

/// A shell that stands for a disk with room for so many blocks in each file, of 512 bytes.
const FULL_DISK: &str = "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"";

/// An agent that notes each prompt that it is sent, in a small file, and is done at once.
const AGENT: &str = r#"
case "$1" in --version) echo "$AGENT_VERSION"; exit 0 ;; esac
read -r prompt
echo "$prompt" >>"$AGENT_FOLDER/$prompt"
id="\"session_id\":\"T-00000000-0000-7000-8000-$(printf %012d "${prompt#do }")\""
echo "{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/\",$id,\"tools\":[],\"mcp_servers\":[]}"
usage='"usage":{"input_tokens":10,"output_tokens":5}'
echo "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"did ${prompt#do }\"}],\"stop_reason\":\"end_turn\",$usage},$id}"
echo "{\"type\":\"result\",\"subtype\":\"success\",\"duration_ms\":1,\"is_error\":false,\"num_turns\":1,\"result\":\"did ${prompt#do }\",$id}"
"#;

/// How much is to happen.
#[derive(Debug, Clone, Args)]
pub(super) struct BigBatch {
    /// Kill the processes of a big batch at random instead, and compare it with one that is left alone
    #[arg(long, conflicts_with_all = ["engine", "required"])]
    pub(super) big: bool,

    /// With `--big`: so many tasks
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, requires = "big")]
    tasks: usize,

    /// With `--big`: in so many shards
    #[arg(long, value_name = "COUNT", default_value_t = 7, requires = "big")]
    shards: usize,

    /// With `--big`: kill every shard so many times
    #[arg(long, value_name = "COUNT", default_value_t = 8, requires = "big")]
    kills: usize,

    /// With `--big`: what the moments are drawn from [default: drawn]
    #[arg(long, value_name = "NUMBER", requires = "big")]
    seed: Option<u64>,

    /// With `--big`: the library `libfaketime.so.1`, which gives each process a clock of its own
    #[arg(long, value_name = "PATH", requires = "big")]
    faketime: Option<PathBuf>,
}

/// Works on the tasks in both ways.
///
/// # Errors
/// When something was sent twice in an attempt, is missing, or differs.
pub(super) fn run(
    options: &BigBatch,
    ampctl: &Path,
    environment: &BTreeMap<OsString, OsString>,
) -> Result<()> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    say(format!("seed {seed}"));
    let mut rng = Rng::with_seed(seed);
    let killed = Place::new(options, ampctl, environment)?;
    for round in 0..options.kills {
        let how = match round % 4 {
            // Journals are the first that want more.
            3 => Some(rng.u32(8..200)),
            _ => None,
        };
        killed.kill_each(&mut rng, how)?;
        say(format!(
            "{} of {} prompts after {} rounds",
            killed.sent()?.len(),
            options.tasks,
            round + 1
        ));
    }
    killed.finish(&mut rng)?;
    let (attempts, sent) = killed.check()?;
    let whole = Place::new(options, ampctl, environment)?;
    let mut alone = whole.start(&[], None, None)?;
    ensure!(
        alone.wait()?.success(),
        "the batch that was left alone failed"
    );
    let reports = [killed.report()?, whole.report()?];
    ensure!(
        reports[0] == reports[1],
        "the reports differ: {} and {} tasks are done",
        reports[0]["done"],
        reports[1]["done"]
    );
    say(format!(
        "{} tasks in {} shards, each killed {} times: {attempts} attempts, {sent} prompts, none twice \
         in an attempt; the report is that of one process",
        options.tasks, options.shards, options.kills
    ));
    Ok(())
}

/// A batch in a folder of its own.
struct Place<'a> {
    options: &'a BigBatch,
    ampctl: &'a Path,
    folder: tempfile::TempDir,
    environment: BTreeMap<OsString, OsString>,
}

impl<'a> Place<'a> {
    fn new(
        options: &'a BigBatch,
        ampctl: &'a Path,
        environment: &BTreeMap<OsString, OsString>,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let environment = super::place(folder.path(), AGENT, options.tasks, environment)?;
        Ok(Self {
            options,
            ampctl,
            folder,
            environment,
        })
    }

    /// Starts all shards, some with hardly any room on their disk, and kills each at some time.
    fn kill_each(&self, rng: &mut Rng, blocks: Option<u32>) -> Result<()> {
        let mut running = Vec::new();
        for shard in 1..=self.options.shards {
            running.push(self.start_shard(shard, rng, blocks)?);
        }
        // With 20 ms for each task, half of all is done before nothing is killed any more.
        let longest = 40 * self.options.tasks as u64 / self.options.kills.max(1) as u64;
        rng.shuffle(&mut running);
        for mut child in running {
            let moment = rng.u64(0..=longest.max(40) / self.options.shards as u64);
            std::thread::sleep(Duration::from_millis(moment));
            child.kill()?;
            let status = child.wait()?;
            let is_fine = status.code().is_none_or(|code| [0, PAUSED].contains(&code));
            ensure!(is_fine, "a shard ended with {status}");
        }
        Ok(())
    }

    /// Works on all shards to their end, with two processes for each.
    fn finish(&self, rng: &mut Rng) -> Result<()> {
        for shard in 1..=self.options.shards {
            let both = [(); 2].map(|()| self.start_shard(shard, rng, None));
            for child in both {
                let status: ExitStatus = child?.wait()?;
                ensure!(status.success(), "shard {shard} ended with {status}");
            }
        }
        Ok(())
    }

    fn start_shard(&self, shard: usize, rng: &mut Rng, blocks: Option<u32>) -> Result<Child> {
        let shard = format!("{shard}/{}", self.options.shards);
        let words = [
            "--shard",
            &shard,
            "--on-interrupted",
            "rerun",
            "--wait-for-shard",
            "1h",
        ];
        let days = rng.i32(-4000..4000);
        self.start(&words, blocks, Some(days))
    }

    /// Starts the batch, with so many blocks for each file, and the clock so many days off.
    #[expect(
        clippy::disallowed_methods,
        reason = "it is killed like a process that nobody owns, and its agents with it"
    )]
    fn start(&self, words: &[&str], blocks: Option<u32>, days: Option<i32>) -> Result<Child> {
        let mut command = match blocks {
            Some(blocks) => {
                let mut command = Command::new("sh");
                command.args(["-c", FULL_DISK, &blocks.to_string()]);
                command.arg(self.ampctl);
                command
            }
            None => Command::new(self.ampctl),
        };
        command
            .args(["batch", "run", "tasks.jsonl", "--results", "out"])
            .args(["--jobs", JOBS, "--approve", "none", "--quiet"])
            .args(words)
            .env_clear()
            .envs(&self.environment);
        if let (Some(library), Some(days)) = (&self.options.faketime, days) {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME", format!("{days:+}d"))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("FAKETIME_DONT_RESET", "1");
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        command.spawn().context("ampctl cannot be started")
    }

    fn sent(&self) -> Result<Vec<String>> {
        let mut sent = Vec::new();
        for entry in fs::read_dir(self.folder.path().join("agent"))? {
            let text = fs::read_to_string(entry?.path())?;
            sent.extend(text.lines().map(str::to_owned));
        }
        Ok(sent)
    }

    /// Checks that each attempt was noted at most once, and that no task was sent more often than
    /// it was noted; returns how many attempts and prompts there were.
    fn check(&self) -> Result<(usize, usize)> {
        let mut noted: BTreeMap<(String, u64), usize> = BTreeMap::new();
        for entry in fs::read_dir(self.folder.path().join("out/journal"))? {
            let path = entry?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "jsonl")
            {
                continue;
            }
            let text = fs::read_to_string(path)?;
            for line in text.lines().filter(|line| line.contains("\"sent\"")) {
                // The last line of a process that was killed may be half a line.
                let Ok(line) = serde_json::from_str::<Value>(line) else {
                    continue;
                };
                let task = line["task"].as_str().context("a line without a task")?;
                let attempt = line["attempt"].as_u64().context("no attempt")?;
                *noted.entry((task.to_owned(), attempt)).or_default() += 1;
            }
        }
        let twice = noted.iter().find(|(_, count)| **count > 1);
        ensure!(twice.is_none(), "noted twice: {twice:?}");
        let mut attempts: BTreeMap<&str, usize> = BTreeMap::new();
        for (task, _) in noted.keys() {
            *attempts.entry(task).or_default() += 1;
        }
        let sent = self.sent()?;
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for prompt in &sent {
            *times.entry(prompt.replace("do ", "t")).or_default() += 1;
        }
        ensure!(
            times.len() == self.options.tasks,
            "only {} tasks were sent",
            times.len()
        );
        for (task, times) in &times {
            let attempts = attempts.get(task.as_str()).copied().unwrap_or(0);
            ensure!(
                *times <= attempts,
                "{task} was sent {times} times in {attempts} attempts"
            );
        }
        Ok((noted.len(), sent.len()))
    }

    /// Returns the report without what differs from one process to another.
    #[expect(clippy::disallowed_methods, reason = "as for the batch itself")]
    fn report(&self) -> Result<Value> {
        let output = Command::new(self.ampctl)
            .args(["batch", "report", "out", "--json"])
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.folder.path())
            .output()?;
        ensure!(output.status.success(), "{output:?}");
        let mut report: Value = serde_json::from_slice(&output.stdout)?;
        let results = report["results"].as_array_mut().context("no results")?;
        for result in results {
            let fields = result.as_object_mut().context("no result")?;
            for name in ["started_at", "ended_at", "wall_time", "shard", "attempt"] {
                fields.remove(name);
            }
        }
        Ok(report)
    }
}
