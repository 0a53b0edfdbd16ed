//! The outcome of every recording of the real CLI, replayed by the fake agent.

use std::fmt::Write as _;
use std::time::Duration;

use amp_session::{Amp, Outcome, SessionConfig, default_deadlines};
use fixtures::{Recording, fake_agent, recordings};
use tempfile::TempDir;

use crate::support::{environment, playing};

/// What was asked for does not matter to a replay.
const PROMPT: &str = "Do it.";

/// Plays a recording to its end; one that had to be killed plays on without end.
async fn outcome(recording: &Recording) -> Outcome {
    let home = TempDir::new().unwrap();
    let meta = recording.meta().unwrap();
    let (amp, config) = if meta.exit.deadline_passed {
        let stdout = recording.folder.join(Recording::STDOUT);
        let wait = Some(Duration::from_millis(200));
        let (script, deadlines) = match recording.stdout().unwrap().is_empty() {
            true => ("hang".to_owned(), default_deadlines().with_startup(wait)),
            false => (
                format!("file {}; hang", stdout.display()),
                default_deadlines().with_idle(wait),
            ),
        };
        let amp = playing(&home, &recording.version, &script);
        (amp, SessionConfig::new().with_deadlines(deadlines))
    } else {
        let mut environment = environment(home.path(), &[]);
        environment.insert("FAKE_AGENT_REPLAY".into(), recording.folder.clone().into());
        let amp = Amp::new(fake_agent(), recording.version.as_str()).with_environment(environment);
        (amp, SessionConfig::new())
    };
    let session = amp.start(config).unwrap();
    session.prompt(PROMPT).await.unwrap().finish().await
}

/// Returns the outcome in one line, and what a person is told in the next ones.
fn render(scenario: &str, outcome: &Outcome) -> String {
    let mut text = format!("{scenario}: {}", outcome.status);
    if let Some(failure) = &outcome.failure {
        write!(text, ", {}\n    {}", failure.reason, failure.message).unwrap();
        if let Some(hint) = &failure.hint {
            write!(text, "\n    -> {hint}").unwrap();
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_recorded_failure_has_a_typed_reason() {
    for version in fixtures::versions() {
        let runs = recordings()
            .into_iter()
            .filter(|recording| recording.version == version);
        let outcomes = runs.map(|recording| {
            tokio::spawn(async move { (recording.scenario.clone(), outcome(&recording).await) })
        });
        let mut text = String::new();
        for run in outcomes.collect::<Vec<_>>() {
            let (scenario, outcome) = run.await.unwrap();
            assert_eq!(
                outcome.failure.is_none(),
                outcome.is_success(),
                "{version} {scenario}"
            );
            if !outcome.is_success() {
                writeln!(text, "{}", render(&scenario, &outcome)).unwrap();
            }
        }
        insta::assert_snapshot!(version, text);
    }
}
