//! `ampctl run` and `ampctl continue`: one prompt, one turn.

mod remarks;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use amp_session::{
    Amp, CredentialState, Error, Place, PlaceKind, SessionConfig, SessionRecord, ThreadId,
};

use self::remarks::Remarks;
use super::credentials::{self, in_words};
use super::sandbox;

use crate::amp_in_use;
use crate::arguments::{
    AgentArguments, ContinueArguments, GlobalArguments, OutputFormat, PromptArguments, RunArguments,
};
use crate::context::Context;
use crate::drive::{Driven, begin, drive};
use crate::failure::{Failure, not_configured};
use crate::records::{LAST, Records, refuse_in_use};
use crate::screen::{Screen, may_animate};
use crate::settings::{Layer, Settings};
use crate::view::{AmpInUse, FinalText, LiveOptions, LiveView, Status, View};
use crate::{ExitCode, prompt, rules, runtime};

/// Runs `ampctl run`.
pub(super) fn run(
    arguments: &RunArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let RunArguments {
        prompt,
        continued,
        agent,
    } = arguments;
    let which = continued.as_deref().map_or(Which::New, Which::Named);
    turn(which, prompt, agent, global, context)
}

/// Runs `ampctl continue`.
pub(super) fn go_on(
    arguments: &ContinueArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let ContinueArguments {
        prompt,
        session,
        agent,
    } = arguments;
    let which = session.as_deref().map_or(Which::LastHere, Which::Named);
    turn(which, prompt, agent, global, context)
}

/// The conversation a prompt belongs to.
#[derive(Clone, Copy)]
enum Which<'a> {
    New,
    LastHere,
    Named(&'a str),
}

fn turn(
    which: Which<'_>,
    prompt: &PromptArguments,
    agent: &AgentArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let settings = Settings::resolve(Layer::from(agent), global, context)?;
    let as_json = settings.output == OutputFormat::Json;
    take_turn(which, prompt, agent, global, &settings, context)
        .map_err(|failure| failure.in_json_by_default(as_json))
}

fn take_turn(
    which: Which<'_>,
    prompt: &PromptArguments,
    agent: &AgentArguments,
    global: &GlobalArguments,
    settings: &Settings,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let prompt = prompt::assemble(&prompt.words, context)?;
    let directory = working_directory(agent, context)?;
    let config = session_config(agent, settings, directory.clone(), context)?;
    refuse_without_key(&config, global, context)?;
    let (thread, record) = conversation(which, &directory, context)?;
    let found = amp_in_use::find(settings, context)?;
    let is_new = record.is_none();
    let mut view = view(settings, global, context);
    let remarks = Remarks::new(global, context);
    let (amp, driven) = runtime::block_on(async {
        let mut signals = context.signals.listen()?;
        let amp = begin(found.identify(context), &mut view, &mut signals).await?;
        remarks.on_amp(&amp, &config, &mut view)?;
        let work = async {
            let mut session = match thread {
                Some(thread) => amp.resume(thread, config)?,
                None => amp.start(config)?,
            };
            session.preflight()?;
            let mut recorded = None;
            if settings.record {
                let record = match (record, agent.name.as_deref()) {
                    (Some(mut record), Some(name)) => {
                        record.rename(name)?;
                        record
                    }
                    (Some(record), None) => record,
                    (None, name) => Records::open(context)?.create(name, session.config())?,
                };
                recorded = Some(record.metadata().id.clone());
                session = session.recorded(record);
            }
            match session.prompt(&prompt).await {
                Ok(turn) => Ok((turn, recorded)),
                Err(error) => {
                    if let (true, Some(id)) = (is_new, &recorded) {
                        // Nothing was said in it, so there is nothing to list or to continue.
                        let _ = Records::open(context)?.ledger().delete(id);
                    }
                    Err(error.into())
                }
            }
        };
        let (turn, recorded) = begin(work, &mut view, &mut signals).await?;
        remarks.on_record(recorded.as_ref(), &mut view)?;
        let _limit = context.signals.limit_writes(settings.deadlines.total);
        Ok::<_, Failure>((amp, drive(turn, &mut view, &mut signals).await))
    })??;
    if let Driven::Ended { outcome, .. } = &driven {
        remarks.on_sandbox(outcome.sandbox.as_ref(), &mut view)?;
    }
    conclude(driven, &mut view, &amp)
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

/// Finds the thread to continue, and its record if it has one.
fn conversation(
    which: Which<'_>,
    directory: &Path,
    context: &Context,
) -> Result<(Option<ThreadId>, Option<SessionRecord>), Failure> {
    let record = match which {
        Which::New => return Ok((None, None)),
        Which::LastHere => Records::open(context)?.last_in(directory)?,
        Which::Named(LAST) => Records::open(context)?.last()?,
        Which::Named(word) => {
            let record = Records::open(context).and_then(|records| records.find(word));
            match (record, word.parse()) {
                (Ok(record), _) => record,
                // A thread that was begun elsewhere has no record here.
                (Err(_), Ok(thread)) => return Ok((Some(thread), None)),
                (Err(failure), Err(_)) => return Err(failure),
            }
        }
    };
    // Of two turns at once, the first has been seen to wait for ever.
    refuse_in_use(&record, "it can be continued when the run has ended")
        .map_err(|failure| failure.because("a turn of this conversation is still running"))?;
    match record.metadata().thread.clone() {
        Some(thread) => Ok((Some(thread), Some(record))),
        None => Err(Failure::new(
            ExitCode::Usage,
            format!("session {} has nothing to continue", record.metadata().id),
        )
        .because("the agent never named its thread")
        .next("ampctl sessions list", "lists those that have")
        .next("ampctl run \"…\"", "begins a new conversation")),
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

fn view(settings: &Settings, global: &GlobalArguments, context: &Context) -> View {
    let output = context.stdout.clone();
    match (settings.output, output.terminal()) {
        (OutputFormat::Json, _) => View::Json {
            output,
            status: Status::new(),
        },
        (OutputFormat::StreamJson, _) => View::Stream { output },
        (OutputFormat::Text, Some(terminal)) => {
            let animate = settings.progress && may_animate(context, &output);
            let options = LiveOptions {
                style: settings.color.style(context, &output),
                prompts: false,
                times: true,
                tools: !global.quiet,
                summary: !global.quiet,
                verbose: global.verbose,
            };
            let screen = Screen::with_status(output, animate);
            View::Live(LiveView::new(
                screen,
                move || terminal.columns().into(),
                options,
            ))
        }
        (OutputFormat::Text, None) => {
            let watched = context.stderr.clone();
            let animate = settings.progress && may_animate(context, &watched);
            View::Text(FinalText::new(
                output,
                Screen::with_status(watched, animate),
                global.verbose,
            ))
        }
    }
}

/// Ends the view and turns what became of the turn into an exit code.
fn conclude(driven: Driven, view: &mut View, amp: &Amp) -> Result<ExitCode, Failure> {
    let (outcome, signal, write_error) = match driven {
        Driven::Killed => {
            return Err(Failure::new(ExitCode::Interrupted, "interrupted")
                .because("the agent was killed before it could say how far it got"));
        }
        Driven::Ended {
            outcome,
            signal,
            write_error,
        } => (outcome, signal, write_error),
    };
    let failure = Failure::of_outcome(&outcome).map(|failure| match signal {
        Some(signal) => failure.because(format!("by {}", signal.name())),
        None => failure,
    });
    let in_use = AmpInUse {
        version: amp.version().as_str(),
        path: amp.executable(),
    };
    let shown = match write_error {
        // A run that took too long failed for that reason.
        Some(error) if error.kind() == ErrorKind::TimedOut && failure.is_some() => Ok(()),
        Some(error) => Err(error),
        None => view.finish(&outcome, failure.as_ref(), in_use),
    };
    if let Err(error) = shown {
        let failure = Failure::from(error);
        // A run that nobody reads was stopped half-way, which is no success.
        return Err(match failure.is_quiet() {
            true => failure.with_code(ExitCode::Interrupted),
            false => failure,
        });
    }
    match failure {
        None => Ok(ExitCode::Done),
        Some(failure) if matches!(view, View::Json { .. }) => Err(failure.in_json(false)),
        Some(failure) => Err(failure),
    }
}
