//! `cargo xtask batch`: batches on real engines. Forty tasks in eight shards on four workers, one of
//! which is killed: each prompt is sent once, and every result is there.
//!
//! `--big` kills the processes of thousands of tasks, and `--real` has real CLIs meet the limits of
//! the stand-in service. `cargo xtask cluster` tries Slurm so, with two nodes of its own, and holds
//! the manifest for Kubernetes to the published schema.
//!
//! GNU parallel runs the script that `ampctl batch submit` writes; HyperQueue, from its wheel, runs
//! the job file, whose commands a program of ours hands to it.

mod big;
pub mod cluster;
mod kubernetes;
mod real;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{command, machine, say};

/// How long an engine may take.
const LIMIT: Duration = Duration::from_secs(300);

const TASKS: usize = 40;

const AGENT: &str = include_str!("batch/agent.sh");
const PARALLEL: &str = include_str!("batch/parallel.sh");
const SLURM: &str = include_str!("batch/slurm.sh");
const HYPERQUEUE: &str = include_str!("batch/hyperqueue.py");

/// An engine of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// GNU parallel, on the path
    Parallel,
    /// HyperQueue, as the Python package `hyperqueue`
    Hyperqueue,
    /// Slurm, with two nodes of its own on this machine, for `cargo xtask cluster`; wants root
    #[value(skip)]
    Slurm,
}

/// What to try them with, and whether they have to be there.
#[derive(Debug, Clone, Args)]
struct Tried {
    /// Fail when one of them is not here
    #[arg(long)]
    required: bool,

    /// The `ampctl` to try [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    ampctl: Option<PathBuf>,
}

/// Which batches on which engines.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Try this engine; may be given several times [default: both]
    #[arg(long, value_name = "ENGINE")]
    engine: Vec<Engine>,

    #[command(flatten)]
    tried: Tried,

    /// The Python that has HyperQueue
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,

    /// Work with this version of Amp against the stand-in service instead: `native`, `javascript` or
    /// a number; may be given several times
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["engine", "required", "big"])]
    real: Vec<String>,

    #[command(flatten)]
    big: big::BigBatch,
}

impl Tried {
    /// Returns the path of the `ampctl` to try.
    fn ampctl(&self) -> Result<PathBuf> {
        let beside = || std::env::current_exe().map(|own| own.with_file_name("ampctl"));
        let ampctl = self.ampctl.clone().map_or_else(beside, Ok)?;
        ampctl.canonicalize().with_context(|| {
            let path = ampctl.display();
            format!("{path} is not there; `cargo build -p amp-cli` makes one")
        })
    }
}

/// Tries the engines.
///
/// # Errors
/// When one of them does not do what is promised, or is not here and has to be.
pub fn run(options: &Options) -> Result<()> {
    if !options.real.is_empty() {
        return real::run(&options.real);
    }
    if options.big.big {
        let ampctl = options.tried.ampctl()?;
        return big::run(&options.big, &ampctl, &machine::environment());
    }
    let both = [Engine::Parallel, Engine::Hyperqueue];
    let engines = match options.engine.as_slice() {
        [] => &both[..],
        engines => engines,
    };
    try_engines(engines, &options.tried, &options.python)
}

/// Tries engines, one after the other, and says what came of each.
fn try_engines(engines: &[Engine], tried: &Tried, python: &Path) -> Result<()> {
    let ampctl = tried.ampctl()?;
    let environment = machine::environment();
    let runtime = machine::runtime()?;
    for engine in engines {
        let trial = Trial::new(*engine, &ampctl, python, &environment)?;
        match runtime.block_on(trial.is_here()) {
            true => say(runtime.block_on(trial.run())?),
            false if tried.required => bail!("{engine:?} is not here"),
            false => say(format!("{engine:?} is not here: not tried")),
        }
    }
    Ok(())
}

/// Makes a folder with an agent and so many tasks; returns the environment of a process there.
fn place(
    folder: &Path,
    agent: &str,
    tasks: usize,
    environment: &BTreeMap<OsString, OsString>,
) -> Result<BTreeMap<OsString, OsString>> {
    let path = |name: &str| folder.join(name);
    for name in ["home", "agent"] {
        fs::create_dir(path(name))?;
    }
    fixtures::write_script(path("agent.sh"), agent);
    fs::write(path("tasks.jsonl"), lines_of_tasks(tasks))?;
    let kept = ["PATH", "LANG"].map(OsStr::new);
    let kept = environment
        .iter()
        .filter(|(name, _)| kept.contains(&name.as_os_str()));
    let mut kept: BTreeMap<OsString, OsString> = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    kept.extend([
        ("HOME".into(), path("home").into()),
        ("AMP_API_KEY".into(), "a-key-for-a-trial".into()),
        ("AMP_URL".into(), "http://127.0.0.1:9".into()),
        ("AMP_CLI_PATH".into(), path("agent.sh").into()),
        ("AGENT_FOLDER".into(), path("agent").into()),
        ("AGENT_VERSION".into(), fixtures::NEWEST_VERSION.into()),
    ]);
    Ok(kept)
}

/// Returns so many tasks, one a line.
pub(crate) fn lines_of_tasks(count: usize) -> String {
    let line = |number| format!("{{\"id\":\"t{number}\",\"prompt\":\"do {number}\"}}\n");
    (1..=count).map(line).collect()
}

/// A batch on an engine, in a folder of its own.
struct Trial<'a> {
    engine: Engine,
    ampctl: &'a Path,
    python: &'a Path,
    folder: tempfile::TempDir,
    environment: BTreeMap<OsString, OsString>,
}

impl<'a> Trial<'a> {
    fn new(
        engine: Engine,
        ampctl: &'a Path,
        python: &'a Path,
        environment: &BTreeMap<OsString, OsString>,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let environment = place(folder.path(), AGENT, TASKS, environment)?;
        fs::write(folder.path().join("parallel.sh"), PARALLEL)?;
        fs::write(folder.path().join("slurm.sh"), SLURM)?;
        // Not under the name of the package that it imports.
        fs::write(folder.path().join("engine.py"), HYPERQUEUE)?;
        Ok(Self {
            engine,
            ampctl,
            python,
            folder,
            environment,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spec(&self, program: impl Into<PathBuf>) -> ProcessSpec {
        ProcessSpec::new(program.into())
            .with_environment(self.environment.clone())
            .with_working_directory(self.folder.path())
    }

    async fn is_here(&self) -> bool {
        let daemons = "[ \"$(id -u)\" = 0 ] && munged --version && slurmd -V && slurmctld -V";
        let (program, arguments) = match self.engine {
            Engine::Parallel => (Path::new("parallel"), ["--will-cite", "--version"]),
            Engine::Hyperqueue => (self.python, ["-c", "import hyperqueue, tomllib"]),
            Engine::Slurm => (Path::new("sh"), ["-c", daemons]),
        };
        let spec = self.spec(program).with_arguments(arguments);
        let ended = command::output(spec, Duration::from_secs(30)).await;
        ended.is_ok()
    }

    async fn run(&self) -> Result<String> {
        let name = match self.engine {
            Engine::Parallel => "parallel",
            Engine::Hyperqueue => "hyperqueue",
            Engine::Slurm => "slurm",
        };
        let submit = [
            "batch",
            "submit",
            "--engine",
            name,
            "tasks.jsonl",
            "--results",
            "out",
        ];
        let run = [
            "--",
            "-j2",
            "--approve",
            "none",
            "--on-interrupted",
            "continue",
        ];
        let submit = self
            .spec(self.ampctl)
            .with_arguments([&submit[..], &run].concat());
        command::output(submit, LIMIT).await?;
        let job = |file: &str| self.path("out").join("submit").join(file).into_os_string();
        let out = self.path("out").into_os_string();
        let engine = match self.engine {
            Engine::Parallel => {
                let script = self.path("parallel.sh").into_os_string();
                self.spec("sh")
                    .with_arguments([script, job("parallel.sh"), out])
            }
            Engine::Slurm => {
                let script = self.path("slurm.sh").into_os_string();
                // Its daemons listen everywhere, and end with the script.
                let words = ["--net", "--pid", "--mount-proc", "--kill-child", "sh"];
                let words = words.into_iter().map(OsString::from);
                let arguments = words.chain([script, job("slurm.sbatch"), out]);
                self.spec("unshare").with_arguments(arguments)
            }
            Engine::Hyperqueue => {
                // Its servers listen on every interface, without a key: not on those of this machine.
                let inside = "ip link set lo up && exec \"$@\"";
                let words = [
                    "--user",
                    "--map-root-user",
                    "--net",
                    "sh",
                    "-c",
                    inside,
                    "sh",
                ];
                let words = words.into_iter().map(OsString::from);
                let python = self.python.as_os_str().to_owned();
                let script = self.path("engine.py").into_os_string();
                let arguments = words.chain([python, script, job("hyperqueue.toml"), out]);
                self.spec("unshare").with_arguments(arguments)
            }
        };
        command::output(engine, LIMIT).await?;
        self.check().await
    }

    /// Checks that each prompt was sent once and every task is well.
    async fn check(&self) -> Result<String> {
        let report = ["batch", "report", "out", "--json"];
        let report = self.spec(self.ampctl).with_arguments(report);
        let report: Value = serde_json::from_str(&command::output(report, LIMIT).await?)?;
        ensure!(
            report["counts"]["ok"] == TASKS,
            "not all are well: {}",
            report["counts"]
        );
        let sent = fs::read_to_string(self.path("agent").join("sent"))?;
        let mut prompts: Vec<&str> = sent.lines().collect();
        prompts.sort_unstable();
        let count = prompts.len();
        prompts.dedup();
        ensure!(
            (count, prompts.len()) == (TASKS, TASKS),
            "{count} prompts were sent, {} different ones",
            prompts.len()
        );
        let continued = fs::read_to_string(self.path("agent").join("continued"));
        let continued = continued.unwrap_or_default().lines().count();
        ensure!(
            continued > 0,
            "nothing was killed in the middle of its work"
        );
        Ok(format!(
            "{:?}: {TASKS} results, each prompt sent once, {continued} gone on with in their threads",
            self.engine
        ))
    }
}
