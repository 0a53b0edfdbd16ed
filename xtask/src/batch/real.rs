//! A batch of real CLIs against the stand-in service: limits, credits that are used up and answers
//! that take long. Every patch is what its agent wrote, and every prompt was asked once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result, ensure};
use fixtures::backend::{Backend, Entry, FaultPlan, Options};
use fixtures::script::{Answer, Block, Fault, Script};
use serde_json::Value;

use crate::command::{self, Finished};
use crate::installed_cli::{self, InstalledCli};
use crate::say;
use crate::versions::Manifest;

const TASKS: usize = 20;
const JOBS: &str = "4";

/// How long a batch may take.
const LIMIT: Duration = Duration::from_secs(600);

/// How often the model is asked for a task: for its call, and for its last words.
const ASKED: usize = 2;

/// What the service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    /// It says twice that there is too much at once.
    Limit,
    /// It says once that the credits are used up.
    Credits,
    /// It takes its time.
    Slow,
}

const SCENARIOS: [Scenario; 3] = [Scenario::Limit, Scenario::Credits, Scenario::Slow];

/// Tries every scenario with each of these versions.
///
/// # Errors
/// When a version is not here, and when something was asked twice, is missing or differs.
pub(super) fn run(versions: &[String]) -> Result<()> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(versions)?;
    crate::machine::runtime()?.block_on(async {
        for (version, cli) in installed_cli::ready(&versions).await? {
            for scenario in SCENARIOS {
                let told = Scene::create(&cli, scenario).await?.play().await;
                let told = told.with_context(|| format!("{} {scenario:?}", version.number))?;
                say(format!("{} {scenario:?}: {told}", version.number));
            }
        }
        Ok(())
    })
}

impl Scenario {
    fn faults(self) -> FaultPlan {
        let error = |status, kind: &str, message: &str| {
            Some(Fault::Error {
                status,
                kind: kind.to_owned(),
                message: message.to_owned(),
                retry_after: None,
            })
        };
        let passing = |count| vec![None; count];
        let answers = match self {
            Self::Limit => {
                let limit = || error(429, "rate_limit_error", "Please try again in 1s.");
                [passing(5), vec![limit()], passing(7), vec![limit()]].concat()
            }
            Self::Credits => {
                let out = error(402, "payment_required", "Out of credits.");
                [passing(9), vec![out]].concat()
            }
            Self::Slow => Vec::new(),
        };
        let with = |plan: FaultPlan, fault| plan.with_answer(fault);
        answers.into_iter().fold(FaultPlan::new(), with)
    }

    /// Returns how many requests the service spoils.
    fn count(self) -> usize {
        match self {
            Self::Limit => 2,
            Self::Credits => 1,
            Self::Slow => 0,
        }
    }
}

/// A service, a repository, and the environment that leads a CLI there.
struct Scene {
    place: tempfile::TempDir,
    backend: Backend,
    scenario: Scenario,
    executable: PathBuf,
    environment: BTreeMap<OsString, OsString>,
}

impl Scene {
    async fn create(cli: &InstalledCli, scenario: Scenario) -> Result<Self> {
        let place = tempfile::tempdir()?;
        let project = place.path().join("project");
        let repo = project.join("repo");
        fs::create_dir_all(&repo)?;
        let mut options = Options::for_workspace(&project);
        options.faults = scenario.faults();
        for number in 1..=TASKS {
            let script = script(number, scenario);
            options = options.with_script(&format!("task-{number}"), script);
        }
        let backend = Backend::start(options).await?;
        let mut environment = cli.environment(place.path());
        environment.insert("AMP_API_KEY".into(), "fake".into());
        environment.insert("AMP_URL".into(), backend.url().into());
        let line = |number| {
            format!("{{\"id\":\"t{number}\",\"prompt\":\"SCN:task-{number}\",\"repo\":\"repo\"}}\n")
        };
        let lines: String = (1..=TASKS).map(line).collect();
        fs::write(project.join("tasks.jsonl"), lines)?;
        let scene = Self {
            place,
            backend,
            scenario,
            executable: cli.executable.clone(),
            environment,
        };
        let as_somebody = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let commit = ["commit", "-q", "--allow-empty", "-m", "first"];
        for words in [&["init", "-q"][..], &[&as_somebody[..], &commit].concat()] {
            let spec = ProcessSpec::new("git")
                .with_arguments(words)
                .with_environment(scene.environment.clone())
                .with_working_directory(&repo);
            command::output(spec, LIMIT).await?;
        }
        Ok(scene)
    }

    async fn play(&self) -> Result<String> {
        let mut ended = self.batch().await?;
        let mut told = String::from("all well");
        match self.scenario {
            Scenario::Limit => {
                let said = ended.exit.stderr().to_string();
                ensure!(
                    said.contains("2 agents at once from now on"),
                    "the pace did not go down: {said}"
                );
                told = "fewer agents after a limit, all well".to_owned();
            }
            Scenario::Credits => {
                let code = ended.exit.status().code();
                let said = ended.exit.stderr().to_string();
                ensure!(code == Some(75), "no pause, but {code:?}: {said}");
                let done = self.results()?.count();
                ended = self.batch().await?;
                told = format!("paused with {done} done, all well after credits");
            }
            Scenario::Slow => {}
        }
        let said = ended.exit.stderr().to_string();
        ensure!(
            ended.exit.status().is_success(),
            "it ended with {}: {said}",
            ended.exit.status()
        );
        self.check()?;
        Ok(told)
    }

    /// Has `ampctl`, played by this program, work on the batch.
    async fn batch(&self) -> Result<Finished> {
        let run = ["ampctl", "batch", "run", "tasks.jsonl", "--results", "out"];
        let spec = ProcessSpec::new(std::env::current_exe()?)
            .with_arguments(run)
            .with_arguments(["--jobs", JOBS, "--dangerously-allow-all", "--amp"])
            .with_argument(&self.executable)
            .with_environment(self.environment.clone())
            .with_working_directory(self.place.path().join("project"));
        command::run(spec, LIMIT).await
    }

    fn tasks(&self) -> PathBuf {
        self.place.path().join("project/out/tasks")
    }

    fn results(&self) -> Result<impl Iterator<Item = PathBuf>> {
        let entries = fs::read_dir(self.tasks())?.collect::<Result<Vec<_>, _>>()?;
        let results = entries
            .into_iter()
            .map(|entry| entry.path().join("result.json"));
        Ok(results.filter(|path| path.exists()))
    }

    /// Checks what was asked, and every patch.
    fn check(&self) -> Result<()> {
        let mut asked: BTreeMap<usize, usize> = BTreeMap::new();
        for entry in self.backend.journal() {
            let Entry::Asked(texts) = entry else { continue };
            let prompts = texts
                .iter()
                .filter_map(|text| text.trim().strip_prefix("SCN:task-"));
            let prompts: Vec<&str> = prompts.collect();
            let [prompt] = prompts[..] else {
                anyhow::bail!("a prompt not once in {texts:?}");
            };
            *asked.entry(prompt.parse()?).or_default() += 1;
        }
        let all: usize = asked.values().sum();
        let expected = ASKED * TASKS + self.scenario.count();
        ensure!(
            all == expected && asked.len() == TASKS,
            "the model was asked {all} times and not {expected}: {asked:?}"
        );
        for number in 1..=TASKS {
            let task = self.tasks().join(format!("t{number}"));
            let result: Value = serde_json::from_slice(&fs::read(task.join("result.json"))?)?;
            ensure!(result["status"] == "ok", "t{number}: {result}");
            ensure!(
                result["work"]["files"] == serde_json::json!([format!("file-{number}")]),
                "t{number}: {result}"
            );
            let patch = fs::read_to_string(task.join("attempt-1/patch.diff"))?;
            let added = patch.lines().filter(|line| line.starts_with('+'));
            let added: Vec<&str> = added.filter(|line| !line.starts_with("+++")).collect();
            ensure!(
                added == [format!("+written {number}")],
                "t{number}: {patch}"
            );
        }
        Ok(())
    }
}

/// A command that adds a line to a file of the task's own, then an answer.
fn script(number: usize, scenario: Scenario) -> Script {
    let delay_ms = match scenario {
        Scenario::Slow => 3000,
        Scenario::Limit | Scenario::Credits => 0,
    };
    let answer = |block| Answer {
        blocks: vec![block],
        delay_ms,
        ..Answer::default()
    };
    let write = Block::Shell(format!("echo written {number} >> file-{number}"));
    Script {
        answers: vec![answer(write), answer(Block::Text("It is done.".to_owned()))],
        ..Script::default()
    }
}
