//! What a run needs before it starts: the prompt, the configuration, the thread and an Amp.

use std::io::Write;
use std::path::{Path, PathBuf};

use amp_session::protocol::UserInput;
use amp_session::{
    CredentialState, Error, Place, PlaceKind, Schema, SessionConfig, SessionRecord, ThreadId,
    recorded_folder,
};

use super::schema;
use crate::amp_in_use::{self, Found};
use crate::approve::{QuestionQueue, approval};
use crate::arguments::{AgentArguments, GlobalArguments, PromptArguments, Variable};
use crate::command::credentials::{self, in_words};
use crate::command::{install, sandbox};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, not_configured};
use crate::sessions::{LAST, Sessions, is_of, refuse_in_use};
use crate::settings::{AmpChoice, MODE, Origin, Settings};
use crate::{prompt, rules};

/// The session a prompt belongs to.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    New,
    LastHere,
    Named(&'a str),
}

/// What was asked for on the command line.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) which: Which<'a>,
    pub(super) prompt: &'a PromptArguments,
    pub(super) agent: &'a AgentArguments,
    pub(super) global: &'a GlobalArguments,
}

/// Holds what a run needs before it starts.
pub(super) struct Prepared {
    pub(super) prompt: UserInput,
    pub(super) config: SessionConfig,
    /// The thread to continue.
    pub(super) thread: Option<ThreadId>,
    /// The session of that thread, if it was recorded.
    pub(super) record: Option<SessionRecord>,
    pub(super) amp: Found,
    /// The address of the service that gets key and prompt.
    pub(super) service_url: String,
    /// Where a person answers questions, if one is to.
    pub(super) questions: Option<QuestionQueue>,
    /// What the answer has to fit, if anything; the prompt says so.
    pub(super) schema: Option<Schema>,
}

/// Gathers what a run needs; starts nothing.
///
/// # Errors
/// Fails when something is missing or makes no sense, with what to do about it.
pub(super) fn prepare(
    asked: Asked<'_>,
    settings: &Settings,
    context: &mut Context,
) -> Result<Prepared, Failure> {
    let Asked {
        which,
        prompt,
        agent,
        global,
    } = asked;
    if agent.work.attempts.is_some() && settings.check.is_none() {
        let what = "--attempts needs a check that the work is to pass";
        return Err(Failure::new(ExitCode::Usage, what)
            .next("ampctl run --check \"…\" --attempts …", "names it"));
    }
    let schema = agent.schema.as_deref();
    let schema = schema.map(|path| schema::read(path, context)).transpose()?;
    let mut text = prompt::assemble(&prompt.words, context)?;
    if let Some(schema) = &schema {
        text = schema.ask(&text);
    }
    let prompt = prompt::with_images(text, &prompt.images, context)?;
    let here = working_directory(agent, context)?;
    let (thread, record) = thread_and_session(which, &here, context)?;
    let remembered = record.as_ref().map(SessionRecord::metadata);
    let remembers_here = record
        .as_ref()
        .is_some_and(|session| is_of(session, &recorded_folder(&here)));
    let directory = match remembered.and_then(|session| session.working_directory.as_deref()) {
        Some(folder) if agent.directory.is_none() && !remembers_here => {
            existing(folder.to_owned())?
        }
        _ => here,
    };
    let mut config = session_config(agent, settings, directory, context)?;
    let style = settings.color.style(context, &context.stderr);
    let (approval, questions) = approval(&settings.approve, style, context)?;
    config.approval = approval;
    // What was said for this very run counts more than what the session began with.
    let is_for_this_run = matches!(
        settings.places.origin(&MODE),
        Origin::Flag { .. } | Origin::Variable { .. }
    );
    if let Some(mode) = remembered.and_then(|session| session.mode.clone())
        && !is_for_this_run
    {
        config.mode = Some(mode);
    }
    if let Some(path) = settings
        .ignored_project
        .as_deref()
        .filter(|_| !global.quiet)
    {
        let path = path.display();
        writeln!(
            context.stderr,
            "note: {path} is not read: it is no file of yours"
        )?;
    }
    let service_url = service_with_key(&config, global, context)?;
    let amp = match amp_in_use::find(settings, context) {
        Err(failure) if failure.code() == ExitCode::NoUsableAmp && !agent.dry_run => {
            installed_or(failure, settings, global, context)?
        }
        found => found?,
    };
    Ok(Prepared {
        prompt,
        config,
        thread,
        record,
        amp,
        service_url,
        questions,
        schema,
    })
}

/// Installs the newest Amp where there is none, if the settings say so or a person does.
///
/// # Errors
/// Fails with the reason why there is none, and when the installation does.
fn installed_or(
    failure: Failure,
    settings: &Settings,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<Found, Failure> {
    // Somebody who names a program or a version does not want another one.
    let wanted = settings.amp == AmpChoice::Found
        && match settings.install {
            Some(wanted) => wanted,
            None => is_asked_for(context)?,
        };
    if !wanted {
        // Nor does one help where the store itself is what is wrong.
        let helps = settings.amp == AmpChoice::Found && failure.install_command().is_some();
        return Err(match helps {
            true => failure.next("ampctl run --install …", "installs the newest one first"),
            false => failure,
        });
    }
    install::install_for_run(settings, global, context)?;
    amp_in_use::find(settings, context)
}

/// Asks a person whether an Amp is to be installed; without one, none is.
fn is_asked_for(context: &mut Context) -> Result<bool, Failure> {
    if !context.stdin.is_terminal() || context.stderr.terminal().is_none() {
        return Ok(false);
    }
    let question = "There is no Amp on this machine. Install the newest one?";
    Ok(context.confirms(question)?)
}

/// Returns the address of the service of a run.
///
/// Fails early when there is no key for it, before an Amp is even looked for: without one the CLI would
/// wait 300 s for somebody to log in (every version of 2026).
///
/// Tells of a project that names another service, which gets neither key nor prompt.
pub(crate) fn service_with_key(
    config: &SessionConfig,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<String, Failure> {
    let folder = config.working_directory.as_deref();
    let credentials = credentials::of(folder, context);
    let report = credentials.report();
    let other_service = credentials::other_service(&report);
    match credentials.check() {
        Ok(()) => {
            if let Some(note) = other_service.filter(|_| !global.quiet) {
                writeln!(context.stderr, "note: {note}")?;
            }
            Ok(credentials.service_url().to_owned())
        }
        Err(Error::NotConfigured { .. }) => {
            let looked_at = report.places.iter().filter(|place| {
                place.kind == PlaceKind::SecretsFile || place.name == "AMP_API_KEY"
            });
            let failure = looked_at.fold(
                not_configured(credentials.service_url()),
                |failure, place| {
                    failure.because(format!("{}: {}", place.name, in_words(&place.state)))
                },
            );
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
    existing(directory.unwrap_or_else(|| context.directory.clone()))
}

/// Returns a folder that is there.
fn existing(directory: PathBuf) -> Result<PathBuf, Failure> {
    if directory.is_dir() {
        return Ok(directory);
    }
    let name = directory.display();
    let what = format!("{name} is not a folder to work in");
    Err(Failure::new(ExitCode::Usage, what)
        .hint("-C names an existing folder; without it a new run works in this one"))
}

pub(crate) fn session_config(
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
    config.caps = settings.caps;
    config.snapshots = settings.snapshots;
    config.deadlines = settings.deadlines.clone();
    config.dangerously_allow_all = agent.work.dangerously_allow_all;
    config.title.clone_from(&agent.title);
    config.archive = match (agent.archive, agent.no_archive) {
        (false, false) => None,
        (archive, _) => Some(archive),
    };
    config.tools_enabled.clone_from(&agent.work.tools_enabled);
    config.tools_disabled.clone_from(&agent.work.tools_disabled);
    let skills = agent.skills.iter().map(|folder| context.resolve(folder));
    config.skills = skills.collect();
    for Variable { name, value } in &agent.work.environment {
        config = config.with_variable(name, value);
    }
    config.extra_arguments.clone_from(&agent.extra_arguments);
    config.mcp_config_file = agent
        .work
        .mcp_config
        .as_deref()
        .map(|path| context.resolve(path));
    if let Some(path) = &agent.work.rules {
        config = config.with_setting("amp.permissions", rules::read(path, context)?);
    }
    config.working_directory = Some(directory);
    config.sandbox = sandbox::config(settings, context)?;
    Ok(config)
}
