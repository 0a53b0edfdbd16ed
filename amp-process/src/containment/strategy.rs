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

/// Returns how to start the program in this containment, or why that cannot be, as far as it is
/// known without a trial.
pub(crate) fn find(kind: ContainmentKind, spec: &ProcessSpec) -> Result<Strategy, Error> {
    let unavailable = |reason| Error::unavailable(kind, reason);
    match kind {
        ContainmentKind::Group => Ok(Strategy::Group),
        ContainmentKind::Shim => shim(spec).map(Strategy::Shim).map_err(unavailable),
        ContainmentKind::Namespace => {
            let command = namespace::command(spec).map_err(unavailable)?;
            match known(&key(&command)) {
                Some(Err(failure)) => Err(unavailable(failure.to_string())),
                Some(Ok(())) | None => Ok(Strategy::Shim(command)),
            }
        }
        ContainmentKind::Job => Err(unavailable("there are no job objects on Linux".to_owned())),
    }
}

/// Returns why the program cannot be started in this containment, by a trial where only that tells.
pub(crate) async fn try_out(kind: ContainmentKind, spec: &ProcessSpec) -> Result<(), Error> {
    match find(kind, spec)? {
        Strategy::Shim(command) if kind == ContainmentKind::Namespace => {
            let trial = probe(&command, spec).await?;
            trial.map_err(|failure| Error::unavailable(kind, failure.to_string()))
        }
        Strategy::Shim(_) | Strategy::Group => Ok(()),
    }
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

/// Returns how to start the shim by itself.
fn shim(spec: &ProcessSpec) -> Result<ShimCommand, String> {
    let program = match &spec.shim_program {
        Some(program) => program.clone(),
        // Still the same program when its file was replaced meanwhile.
        None if crate::shim::is_hooked() => PathBuf::from("/proc/self/exe"),
        None => return Err(namespace::NOT_HOOKED.to_owned()),
    };
    Ok(ShimCommand {
        kind: ContainmentKind::Shim,
        program,
        arguments: Vec::new(),
        confinement: Vec::new(),
        data: None,
    })
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
