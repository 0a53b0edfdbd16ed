//! Which containments there are on Linux, and the strategy to start a program in each.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::kind::{Containment, ContainmentKind};
use super::namespace;
use super::shim::ShimCommand;
use crate::deadlines::Deadlines;
use crate::error::{Error, ErrorKind};
use crate::exit::Exit;
use crate::sandbox::layer::TrialFailure;
use crate::shim::protocol::{PROBE, PROBE_ANSWER, PROBE_NOT_SEPARATE, PROBE_POWERLESS, REQUEST};
use crate::spec::ProcessSpec;

/// How to start a program in its containment.
#[derive(Debug, Clone)]
pub(crate) enum Strategy {
    /// By itself, in a process group of its own.
    Group,
    /// Below a shim.
    Shim(ShimCommand),
}

impl Strategy {
    /// Returns the containment that it leads to.
    pub(crate) fn kind(&self) -> ContainmentKind {
        match self {
            Self::Group => ContainmentKind::Group,
            Self::Shim(command) => command.kind,
        }
    }
}

/// Every containment of this platform, strongest first.
pub(crate) const KINDS: &[ContainmentKind] = &[
    ContainmentKind::Namespace,
    ContainmentKind::Shim,
    ContainmentKind::Group,
];

/// How long a probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);

/// What came of starting a shim by a command, whether as a trial or in earnest.
type Answer = Result<(), TrialFailure>;

/// A command and all its arguments.
type Key = (PathBuf, Vec<OsString>);

static ANSWERS: Mutex<Option<HashMap<Key, Answer>>> = Mutex::new(None);

/// Returns the ways to start the program in this containment, best first, or why there is none, as
/// far as it is known without a trial.
pub(crate) fn find(kind: ContainmentKind, spec: &ProcessSpec) -> Result<Vec<Strategy>, Error> {
    let ways = match kind {
        ContainmentKind::Group => return Ok(vec![Strategy::Group]),
        ContainmentKind::Shim => vec![ShimCommand::alone(spec)],
        ContainmentKind::Namespace => {
            vec![namespace::of_the_shim(spec), namespace::of_bubblewrap(spec)]
        }
        ContainmentKind::Job => vec![Err("there are no job objects on Linux".to_owned())],
    };
    let mut reasons: Vec<String> = Vec::new();
    let mut strategies = Vec::new();
    for way in ways {
        let answer = way.and_then(|command| match known(&key(&command)) {
            Some(Err(failure)) => Err(failure.to_string()),
            Some(Ok(())) | None => Ok(Strategy::Shim(command)),
        });
        match answer {
            Ok(strategy) => strategies.push(strategy),
            Err(reason) if reasons.contains(&reason) => {}
            Err(reason) => reasons.push(reason),
        }
    }
    match strategies.is_empty() {
        true => Err(Error::unavailable(kind, reasons.join("; "))),
        false => Ok(strategies),
    }
}

/// Returns why the program cannot be started in this containment, by a trial where only that tells.
pub(crate) async fn try_out(kind: ContainmentKind, spec: &ProcessSpec) -> Result<(), Error> {
    for strategy in find(kind, spec)? {
        match strategy {
            Strategy::Shim(command) if kind == ContainmentKind::Namespace => {
                if probe(&command, spec).await?.is_ok() {
                    return Ok(());
                }
            }
            Strategy::Shim(_) | Strategy::Group => return Ok(()),
        }
    }
    // Every way was tried by now, and why it fails is known.
    find(kind, spec).map(drop)
}

/// Remembers that nothing can be started in this way, for the next start to pass it over.
pub(crate) fn remember_refusal(strategy: &Strategy, reason: &str) {
    if let Strategy::Shim(command) = strategy {
        let failure = TrialFailure::NotStarted(reason.to_owned());
        remember(key(command), Err(failure));
    }
}

fn key(command: &ShimCommand) -> Key {
    let mut arguments = command.arguments.clone();
    arguments.extend([REQUEST.into(), PROBE.into()]);
    arguments.extend(command.confinement.iter().cloned());
    (command.program.clone(), arguments)
}

fn known(key: &Key) -> Option<Answer> {
    let answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    answers.as_ref()?.get(key).cloned()
}

fn remember(key: Key, answer: Answer) {
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    answers.get_or_insert_default().insert(key, answer);
}

/// Starts the shim to see whether it can be started, and can confine itself as the command says;
/// answered once for each command.
///
/// That nothing could be started at present is no answer, but an error.
pub(crate) async fn probe(command: &ShimCommand, spec: &ProcessSpec) -> Result<Answer, Error> {
    let key = key(command);
    if let Some(answer) = known(&key) {
        return Ok(answer);
    }
    let deadlines = Deadlines::default().with_total(Some(PROBE_TIMEOUT));
    let trial = ProcessSpec::new(&command.program)
        .with_arguments(key.1.clone())
        .with_environment(spec.environment.clone())
        .with_containment(Containment::Require(ContainmentKind::Group))
        .with_deadlines(deadlines);
    // A run within a run: boxed, or the future would contain itself.
    let answer = match Box::pin(run(trial)).await {
        Err(error) if error.kind() == ErrorKind::ResourceExhausted => return Err(error),
        Err(error) => Err(TrialFailure::NotStarted(error.into_reason())),
        Ok(exit) => {
            let said = match exit.stderr().is_empty() {
                true => format!("a trial ended with {}", exit.status()),
                false => exit.stderr().to_string().trim_end().to_owned(),
            };
            match exit.status().code() {
                Some(PROBE_ANSWER) => Ok(()),
                Some(PROBE_NOT_SEPARATE) => Err(TrialFailure::NotSeparate(said)),
                Some(PROBE_POWERLESS) => Err(TrialFailure::Powerless(said)),
                _ => Err(TrialFailure::NotStarted(said)),
            }
        }
    };
    remember(key, answer.clone());
    Ok(answer)
}

async fn run(spec: ProcessSpec) -> Result<Exit, Error> {
    Ok(spec.spawn().await?.wait().await)
}
