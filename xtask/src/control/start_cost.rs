//! `cargo xtask start-cost`: what `ampctl run` costs over starting the same Amp by hand.
//!
//! One prompt is answered in rounds of three: by the CLI started with exactly the arguments, the
//! variables and the standard input that `ampctl run` gives it, by `ampctl run --no-record`, and by
//! `ampctl run`. What a round differs by is the cost. The fake agent, which does next to nothing,
//! shows it most clearly; a real CLI shows what is left of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use amp_bootstrap::{Platform, Wanted, locate_wanted};
use amp_session::{Amp, Environment, Invocation, SessionConfig, StandardInput};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use fixtures::benchmark::{Bar, Row};
use fixtures::script::{Answer, Block, Script};
use serde::Deserialize;
use tokio::process::Command;

use super::place::{PROMPT, Place};
use crate::benchmark_rows;
use crate::built_ampctl::BuiltAmpctl;
use crate::installed_cli::{self, InstalledCli};
use crate::machine;
use crate::pairs::interleaved_when_warm;
use crate::versions::Manifest;

/// What is asked for by this name instead of a version.
const FAKE_AGENT: &str = "fake-agent";

/// The recording that the fake agent replays.
const RECORDING: &str = "text";

/// The most that a run may cost at the median, in ms.
const LIMIT: f64 = 15.0;

/// The longest time for a run.
const LONGEST: Duration = Duration::from_secs(60);

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Measure with this version: `fake-agent`, a number, or `native` or `javascript` for the
    /// newest of a kind
    #[arg(long = "version", value_name = "VERSION", default_values = [FAKE_AGENT, "native"])]
    versions: Vec<String>,
    /// Run this many rounds
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    rounds: usize,
    #[command(flatten)]
    ampctl: BuiltAmpctl,
}

/// Measures and prints what the ways take.
///
/// # Errors
/// As for [`rows`], and when a run costs too much.
pub fn run(options: &Options) -> Result<()> {
    benchmark_rows::report_and_judge(&rows(options)?)
}

/// Measures the three ways with each CLI.
///
/// # Errors
/// When a version or `ampctl` is not there, or a run does not end well.
pub fn rows(options: &Options) -> Result<Vec<Row>> {
    let ampctl = options.ampctl.path()?;
    machine::runtime()?.block_on(async {
        let mut rows = Vec::new();
        for (name, cli, variables) in agents(&options.versions).await? {
            let bench = Bench::prepare(&ampctl, &cli, variables).await?;
            rows.extend(bench.measure(&name, options.rounds).await?);
        }
        Ok(rows)
    })
}

/// Returns the CLIs that were asked for, each with its name and variables of its own.
async fn agents(asked: &[String]) -> Result<Vec<(String, InstalledCli, Environment)>> {
    let manifest = Manifest::read()?;
    let mut agents = Vec::new();
    for name in asked {
        if name == FAKE_AGENT {
            let recording = fixtures::recording(fixtures::NEWEST_VERSION, RECORDING)?;
            let executable = fixtures::fake_agent().to_owned();
            let cli = InstalledCli {
                version: fixtures::NEWEST_VERSION.to_owned(),
                installation: executable.clone(),
                executable,
                search_path: machine::search_path(),
            };
            let variables = [("FAKE_AGENT_REPLAY".into(), recording.folder.into())].into();
            agents.push((name.clone(), cli, variables));
        } else {
            let versions = manifest.select(std::slice::from_ref(name))?;
            let ready = installed_cli::ready(&versions).await?;
            let (version, cli) = ready.into_iter().next().context("it cannot be run here")?;
            agents.push((version.number.clone(), cli, BTreeMap::new()));
        }
    }
    Ok(agents)
}

/// Returns the Amp that `ampctl` makes of a CLI: JavaScript is started by `node`.
fn amp(cli: &InstalledCli, environment: &Environment) -> Result<Amp> {
    let wanted = Wanted::Executable(cli.executable.clone());
    let report = locate_wanted(&wanted, environment, None, Platform::detect()?);
    let launch = report.found.context("ampctl could not start it")?.launch;
    Ok(Amp::new(launch.program, cli.version.as_str())
        .with_leading_arguments(launch.arguments)
        .with_environment(environment.clone()))
}

/// What `ampctl run --dry-run` says of the agent's start.
#[derive(Debug, PartialEq, Deserialize)]
struct Planned {
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<String>,
    files: Vec<String>,
    prompt_bytes: usize,
}

impl Planned {
    fn of(by_hand: &Start, invocation: &Invocation, prompt_bytes: usize) -> Self {
        let text = |text: &OsString| text.to_string_lossy().into_owned();
        Self {
            program: by_hand.program.clone(),
            arguments: by_hand.arguments.iter().map(text).collect(),
            variables: invocation.variables.keys().map(text).collect(),
            // By hand nobody would write any.
            files: Vec::new(),
            prompt_bytes,
        }
    }
}

/// A program to start.
struct Start {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Environment,
    /// The file to read; without one there is nothing to read.
    input: Option<PathBuf>,
    /// What its output holds at the end of a turn, where the exit code says too little.
    proof: Option<&'static str>,
}

impl Start {
    /// Starts the CLI as `ampctl run` does; its input is still to be named.
    fn by_hand(amp: &Amp, invocation: &Invocation) -> Self {
        let mut environment = amp.environment().clone();
        for (name, value) in &invocation.variables {
            match value.is_empty() {
                true => environment.remove(name),
                false => environment.insert(name.clone(), value.clone()),
            };
        }
        let arguments = [amp.leading_arguments(), &invocation.arguments].concat();
        Self {
            program: amp.executable().to_owned(),
            arguments,
            environment,
            input: None,
            proof: Some(r#""type":"result""#),
        }
    }

    fn through_ampctl(
        ampctl: &Path,
        cli: &Path,
        option: Option<&str>,
        environment: &Environment,
    ) -> Self {
        let mut arguments: Vec<OsString> = vec!["run".into(), "--amp".into(), cli.into()];
        arguments.extend(option.map(OsString::from));
        arguments.push(PROMPT.into());
        Self {
            program: ampctl.to_owned(),
            arguments,
            environment: environment.clone(),
            input: None,
            proof: None,
        }
    }
}

/// The three ways to have a prompt answered, in one place.
struct Bench {
    place: Place,
    /// By hand, without a record, with one.
    starts: [Start; 3],
}

impl Bench {
    /// Starts the stand-in service and finds out what `ampctl run` starts.
    async fn prepare(ampctl: &Path, cli: &InstalledCli, variables: Environment) -> Result<Self> {
        let place = Place::with(cli, |_| Script {
            answers: vec![Answer {
                blocks: vec![Block::Text("It is done.".to_owned())],
                ..Answer::default()
            }],
            ..Script::default()
        })
        .await?;
        let mut environment = place.environment();
        environment.extend(variables);
        let amp = amp(cli, &environment)?;
        let config = SessionConfig::new().with_working_directory(place.path("project"));
        let invocation = amp.start(config)?.preview(PROMPT)?;
        let StandardInput::Text(input) = &invocation.standard_input else {
            bail!("{} takes no prompt on standard input", cli.version);
        };
        place.write("prompt", input)?;
        let through_ampctl =
            |option| Start::through_ampctl(ampctl, &cli.executable, option, &environment);
        let mut dry_run = through_ampctl(Some("--dry-run"));
        dry_run.arguments.push("--json".into());
        let by_hand = Start {
            input: Some(place.path("prompt")),
            ..Start::by_hand(&amp, &invocation)
        };
        let planned = Planned::of(&by_hand, &invocation, input.len());
        let bench = Self {
            starts: [
                by_hand,
                through_ampctl(Some("--no-record")),
                through_ampctl(None),
            ],
            place,
        };
        let said: Planned = serde_json::from_slice(&bench.output(&dry_run).await?.stdout)?;
        ensure!(
            said == planned,
            "`ampctl run` starts another thing: {said:?}, not {planned:?}"
        );
        Ok(bench)
    }

    /// Compares what a run takes without a record, and with one, with what it takes by hand.
    async fn measure(&self, name: &str, rounds: usize) -> Result<[Row; 2]> {
        let time = async |start: &Start| self.time(start).await;
        let taken = interleaved_when_warm(rounds, &self.starts, time).await?;
        let row = |how: &str, ours: &[f64]| {
            let what = format!("whole run, {name}, {how}");
            Row::of(&what, "ms", ours, "by hand", &taken[0])
        };
        Ok([
            row("ampctl run --no-record", &taken[1]),
            row("ampctl run", &taken[2]).with_bar(Bar::MoreAtMost(LIMIT)),
        ])
    }

    /// Returns how many milliseconds a run takes, from its start to its end.
    async fn time(&self, start: &Start) -> Result<f64> {
        let begun = Instant::now();
        let output = self.output(start).await?;
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        if let Some(proof) = start.proof {
            let written = String::from_utf8_lossy(&output.stdout);
            let program = start.program.display();
            ensure!(written.contains(proof), "{program} wrote no {proof}");
        }
        Ok(took)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "amp-process has a cost of its own, which is part of what is measured"
    )]
    async fn output(&self, start: &Start) -> Result<Output> {
        let program = start.program.display();
        let input = match &start.input {
            Some(path) => File::open(path)?.into(),
            None => Stdio::null(),
        };
        let output = Command::new(&start.program)
            .args(&start.arguments)
            .env_clear()
            .envs(&start.environment)
            .current_dir(self.place.path("project"))
            .stdin(input)
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(LONGEST, output)
            .await
            .with_context(|| format!("{program} does not end"))?
            .with_context(|| format!("{program} cannot be started"))?;
        ensure!(
            output.status.success(),
            "{program}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output)
    }
}
