//! What a run needs before it starts: the prompt, the configuration, the thread and an Amp.

use std::io::Write;
use std::path::{Path, PathBuf};

use amp_session::{
    CredentialState, Error, Place, PlaceKind, SessionConfig, SessionRecord, ThreadId,
};

use crate::amp_in_use::{self, Found};
use crate::arguments::{AgentArguments, GlobalArguments, PromptArguments};
use crate::command::credentials::{self, in_words};
use crate::command::sandbox;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, not_configured};
use crate::sessions::{LAST, Sessions, refuse_in_use};
use crate::settings::Settings;
use crate::{prompt, rules};

/// The session a prompt belongs to.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    New,
    LastHere,
    Named(&'a str),
}

/// Holds what a run needs before it starts.
pub(super) struct Prepared {
    pub(super) prompt: String,
    pub(super) config: SessionConfig,
    /// The thread to continue.
    pub(super) thread: Option<ThreadId>,
    /// The session of that thread, if it was recorded.
    pub(super) record: Option<SessionRecord>,
    pub(super) amp: Found,
}

/// Gathers what a run needs; starts nothing.
///
/// # Errors
/// Fails when something is missing or makes no sense, with what to do about it.
pub(super) fn prepare(
    which: Which<'_>,
    prompt: &PromptArguments,
    agent: &AgentArguments,
    global: &GlobalArguments,
    settings: &Settings,
    context: &mut Context,
) -> Result<Prepared, Failure> {
    let prompt = prompt::assemble(&prompt.words, context)?;
    let directory = working_directory(agent, context)?;
    let config = session_config(agent, settings, directory.clone(), context)?;
    refuse_without_key(&config, global, context)?;
    let (thread, record) = thread_and_session(which, &directory, context)?;
    Ok(Prepared {
        prompt,
        config,
        thread,
        record,
        amp: amp_in_use::find(settings, context)?,
    })
}

/// Fails early when there is no key, before an Amp is even looked for: without one the CLI would
/// wait 300 s for somebody to log in (every version of 2026).
///
/// Tells of a project that names another service, which gets neither key nor prompt.
fn refuse_without_key(
    config: &SessionConfig,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let folder = config.working_directory.as_deref();
    let credentials = credentials::of(folder, context);
    let report = credentials.report();
    let other_service = credentials::other_service(&report);
    match credentials.check() {
        Ok(()) => {
            if let Some(note) = other_service.filter(|_| !global.quiet) {
                writeln!(context.stderr, "note: {note}")?;
            }
            Ok(())
        }
        Err(Error::NotConfigured { .. }) => {
            let looked_at = report.places.iter().filter(|place| {
                place.kind == PlaceKind::SecretsFile || place.name == "AMP_API_KEY"
            });
            let failure = looked_at.fold(not_configured(), |failure, place| {
                failure.because(format!("{}: {}", place.name, in_words(&place.state)))
            });
            let failure = other_service.into_iter().fold(failure, Failure::because);
            let is_elsewhere = |place: &Place| matches!(place.state, CredentialState::OtherUrl(_));
            Err(match report.hint() {
                Some(hint) if report.places.iter().any(is_elsewhere) => failure.hint(hint),
                _ => failure,
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// Finds the thread to continue, and its session if it was recorded.
fn thread_and_session(
    which: Which<'_>,
    directory: &Path,
    context: &Context,
) -> Result<(Option<ThreadId>, Option<SessionRecord>), Failure> {
    let record = match which {
        Which::New => return Ok((None, None)),
        Which::LastHere => Sessions::open(context)?.last_in(directory)?,
        Which::Named(LAST) => Sessions::open(context)?.last()?,
        Which::Named(word) => {
            let record = Sessions::open(context).and_then(|sessions| sessions.find(word));
            match (record, word.parse()) {
                (Ok(record), _) => record,
                // A thread that was begun elsewhere has no session here.
                (Err(_), Ok(thread)) => return Ok((Some(thread), None)),
                (Err(failure), Err(_)) => return Err(failure),
            }
        }
    };
    // Of two turns at once, the first has been seen to wait for ever.
    refuse_in_use(&record, "it can be continued when the run has ended")
        .map_err(|failure| failure.because("a turn of this session is still running"))?;
    match record.metadata().thread.clone() {
        Some(thread) => Ok((Some(thread), Some(record))),
        None => Err(Failure::new(
            ExitCode::Usage,
            format!("session {} has nothing to continue", record.metadata().id),
        )
        .because("the agent never named its thread")
        .next("ampctl sessions list", "lists those that have")
        .next("ampctl run \"…\"", "begins a new session")),
    }
}

/// Returns the folder that the agent works in.
fn working_directory(agent: &AgentArguments, context: &Context) -> Result<PathBuf, Failure> {
    let directory = agent.directory.as_deref().map(|path| context.resolve(path));
    let directory = directory.unwrap_or_else(|| context.directory.clone());
    if directory.is_dir() {
        return Ok(directory);
    }
    let name = directory.display();
    let what = format!("{name} is not a folder to work in");
    Err(Failure::new(ExitCode::Usage, what)
        .hint("-C names an existing folder; without it the run works in this one"))
}

fn session_config(
    agent: &AgentArguments,
    settings: &Settings,
    directory: PathBuf,
    context: &Context,
) -> Result<SessionConfig, Failure> {
    let mut config = SessionConfig::new();
    config.mode.clone_from(&settings.mode);
    config.reasoning_effort.clone_from(&settings.effort);
    config.visibility.clone_from(&settings.visibility);
    config.labels.clone_from(&settings.labels);
    config.thinking = settings.thinking;
    config.deadlines = settings.deadlines.clone();
    config.dangerously_allow_all = agent.dangerously_allow_all;
    config.mcp_config_file = agent
        .mcp_config
        .as_deref()
        .map(|path| context.resolve(path));
    if let Some(path) = &agent.rules {
        config = config.with_setting("amp.permissions", rules::read(path, context)?);
    }
    config.working_directory = Some(directory);
    config.sandbox = sandbox::config(settings, context)?;
    Ok(config)
}
