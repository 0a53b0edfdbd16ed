//! One prompt with planned faults: how it went on, how it ended, and what was paid twice.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_session::{
    AfterTurn, Amp, How, Outcome, Retried, Retries, Retry, Session, SessionConfig, Turn,
    default_deadlines,
};
use anyhow::{Context, Result};
use fixtures::backend::{Backend, Entry, FaultPlan, Options};
use fixtures::script::{Answer, Block, Script};
use serde_json::Value;

use crate::command;
use crate::installed_cli::InstalledCli;

const PROMPT: &str = "SCN:two-steps";

/// What the tools leave behind, a line for each time they ran.
const TRACES: [&str; 2] = ["first", "second"];

/// The longest time for all attempts together.
const LIMIT: Duration = Duration::from_secs(120);

/// How long a silence is taken for a lost connection.
const SILENCE: Duration = Duration::from_secs(8);

/// How a prompt went on and ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// How each attempt followed the one before, then the outcome or why nothing followed.
    pub(super) story: String,
    pub(super) is_completed: bool,
    /// What was paid or done twice.
    pub(super) twice: Vec<String>,
}

/// A service that fails as planned, a project, and the environment that leads a CLI there.
struct Scene {
    place: tempfile::TempDir,
    backend: Backend,
    environment: BTreeMap<OsString, OsString>,
}

impl Scene {
    async fn create(cli: &InstalledCli, faults: FaultPlan) -> Result<Self> {
        let place = tempfile::tempdir()?;
        let project = place.path().join("project");
        std::fs::create_dir(&project)?;
        let mut options = Options::for_workspace(&project).with_script("two-steps", script());
        options.faults = faults;
        let backend = Backend::start(options).await?;
        let mut environment = cli.environment(place.path());
        environment.insert("AMP_API_KEY".into(), "fake".into());
        environment.insert("AMP_URL".into(), backend.url().into());
        Ok(Self {
            place,
            backend,
            environment,
        })
    }

    fn project(&self) -> PathBuf {
        self.place.path().join("project")
    }

    fn ended(&self, story: &[String], is_completed: bool) -> Ended {
        Ended {
            story: story.join(", "),
            is_completed,
            twice: twice(&self.backend, &self.project()),
        }
    }
}

/// Sends a prompt to a CLI whose service fails as planned, and goes on as often as it is safe.
///
/// # Errors
/// When the stand-in or the throw-away folders cannot be made, or a turn cannot begin.
pub(super) async fn drive(cli: &InstalledCli, faults: FaultPlan) -> Result<Ended> {
    let scene = Scene::create(cli, faults).await?;
    let amp =
        Amp::new(&cli.executable, cli.version.as_str()).with_environment(scene.environment.clone());
    let deadlines = default_deadlines()
        .with_idle(Some(SILENCE))
        .with_total(Some(LIMIT));
    let config = SessionConfig::new()
        .with_working_directory(scene.project())
        .with_dangerously_allow_all()
        .with_limits_from_log()
        .with_deadlines(deadlines);
    let session = amp.start(config)?;
    let moment = Duration::from_millis(20);
    let retry = Retry::default().with_tries(6).with_waits(moment, moment);
    let mut retries = Retries::new(retry, *amp.dialect(), PROMPT, false);
    let mut turn = session.prompt(PROMPT).await?;
    let (outcome, stopped) = loop {
        let outcome = turn.finish().await;
        match follow(&session, &mut retries, &outcome).await? {
            Ok(next) => turn = next,
            Err(stopped) => break (outcome, stopped),
        }
    };
    let steps = retries
        .attempts()
        .iter()
        .filter_map(|one| one.retry.as_ref());
    let mut story: Vec<String> = steps.map(|note| word(note.how).to_owned()).collect();
    story.push(stopped.map_or(outcome.status.to_string(), |why| format!("stopped: {why}")));
    Ok(scene.ended(&story, outcome.is_success()))
}

/// Has `ampctl`, played by this program, send the prompt, with these options besides; returns its
/// exit code and how the prompt went on.
///
/// # Errors
/// When the stand-in or the throw-away folders cannot be made, or `ampctl` tells nothing.
pub(super) async fn drive_ampctl(
    cli: &InstalledCli,
    faults: FaultPlan,
    options: &[&str],
) -> Result<(String, Ended)> {
    let scene = Scene::create(cli, faults).await?;
    let silence = format!("{}s", SILENCE.as_secs());
    let run = ["ampctl", "run", "--json", "--dangerously-allow-all"];
    let spec = amp_process::ProcessSpec::new(std::env::current_exe()?)
        .with_arguments(run)
        .with_arguments(["--idle-timeout", &silence, "--amp"])
        .with_argument(&cli.executable)
        .with_arguments(options)
        .with_argument(PROMPT)
        .with_environment(scene.environment.clone())
        .with_working_directory(scene.project());
    let finished = command::run(spec, LIMIT).await?;
    let document: Value = serde_json::from_str(&finished.stdout)
        .with_context(|| format!("{}{}", finished.stdout, finished.exit.stderr()))?;
    let attempts = document["attempts"].as_array();
    let steps = attempts.into_iter().flatten();
    let mut story: Vec<String> = steps
        .filter_map(|attempt| attempt["retry"]["how"].as_str())
        .map(|how| how.replace('_', " "))
        .collect();
    let outcome = document["outcome"].as_str().unwrap_or("no outcome");
    story.push(outcome.to_owned());
    let code = finished.exit.status().to_string();
    Ok((code, scene.ended(&story, outcome == "completed")))
}

/// Two commands one after the other, then an answer.
fn script() -> Script {
    let answer = |blocks: Vec<Block>| Answer {
        blocks,
        ..Answer::default()
    };
    let step = |trace: &str| {
        let text = Block::Text("A command comes next.".to_owned());
        answer(vec![text, Block::Shell(format!("echo ran >> {trace}"))])
    };
    let mut answers: Vec<Answer> = TRACES.into_iter().map(step).collect();
    answers.push(answer(vec![Block::Text("It is done.".to_owned())]));
    Script {
        answers,
        ..Script::default()
    }
}

/// Waits and goes on after a turn, or says why not.
async fn follow(
    session: &Session,
    retries: &mut Retries,
    outcome: &Outcome,
) -> Result<Result<Turn, Option<String>>> {
    let mut next = retries.after(outcome);
    loop {
        let pause = match next {
            AfterTurn::Wait(pause) => pause,
            AfterTurn::Stop(why) => return Ok(Err(Some(why))),
            _ => return Ok(Err(None)),
        };
        tokio::time::sleep(pause.wait).await;
        match session.retry(retries).await? {
            Retried::Turn(turn) => return Ok(Ok(*turn)),
            Retried::Wait(pause) => next = AfterTurn::Wait(pause),
            Retried::Stop(why) | Retried::Unasked(why) => return Ok(Err(Some(why))),
            _ => return Ok(Err(None)),
        }
    }
}

fn word(how: How) -> &'static str {
    match how {
        How::Continue => "continue",
        How::SamePrompt => "same prompt",
        How::NewThread => "new thread",
        _ => "unknown",
    }
}

/// Lists what was paid or done twice: a conversation without the prompt exactly once, a tool that ran
/// more than once. A call that was told as cancelled never ran, and the scripted model goes on.
fn twice(backend: &Backend, project: &Path) -> Vec<String> {
    let mut twice = Vec::new();
    for entry in backend.journal() {
        let Entry::Asked(texts) = entry else { continue };
        let count = texts.iter().filter(|text| text.trim() == PROMPT).count();
        if count != 1 {
            twice.push(format!("the prompt {count} times in {texts:?}"));
        }
    }
    for trace in TRACES {
        let text = std::fs::read_to_string(project.join(trace)).unwrap_or_default();
        let ran = text.lines().count();
        if ran > 1 {
            twice.push(format!("the {trace} command ran {ran} times"));
        }
    }
    twice
}
