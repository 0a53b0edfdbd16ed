//! How a run is shown while it goes on, and how it ends.

use std::io::ErrorKind;

use amp_session::{Amp, Outcome, SessionId};

use super::retry::Persistence;
use super::turns::Left;
use super::work::Work;
use crate::arguments::{GlobalArguments, OutputFormat};
use crate::context::Context;
use crate::drive::Driven;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::screen::{Screen, may_animate};
use crate::settings::Settings;
use crate::view::{AmpInUse, Finished, LiveOptions, LiveView, Narration, View};

/// Chooses the view of a turn: what `--output` asks for, or what suits standard output.
pub(super) fn view(settings: &Settings, global: &GlobalArguments, context: &Context) -> View {
    let output = context.stdout.clone();
    let narration = |animate| {
        let screen = Screen::with_status(context.stderr.clone(), animate);
        Narration::new(screen, global.verbose)
    };
    match (settings.output, output.terminal()) {
        (OutputFormat::Json, _) => View::Json {
            output,
            narration: narration(false),
        },
        (OutputFormat::StreamJson, _) => View::Stream {
            output,
            narration: global.verbose.then(|| narration(false)),
        },
        (OutputFormat::Text, Some(terminal)) => {
            let animate = settings.progress && may_animate(context, &output);
            let options = LiveOptions {
                style: settings.color.style(context, &output),
                prompts: false,
                times: true,
                tools: !global.quiet,
                summary: !global.quiet,
                goes_on: None,
                verbose: global.verbose,
            };
            let screen = Screen::with_status(output, animate);
            View::Live(LiveView::new(screen, move || terminal.into(), options))
        }
        (OutputFormat::Text, None) => {
            let animate = settings.progress && may_animate(context, &context.stderr);
            // Nothing is followed that nobody would see.
            let narration = (animate || global.verbose).then(|| narration(animate));
            View::Text { output, narration }
        }
    }
}

/// Ends the view and turns what became of the turn into an exit code.
///
/// With `fail_on_refusal`, a turn that completed is a failure when a tool call was refused in it; so
/// it is when its `work` is not good.
pub(super) fn conclude(
    left: Left,
    fail_on_refusal: bool,
    view: &mut View,
    session: Option<&SessionId>,
    amp: &Amp,
    service_url: &str,
) -> Result<ExitCode, Failure> {
    let Left {
        driven,
        work,
        persistence,
    } = left;
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
    let failure = Failure::of_outcome(&outcome, service_url).map(|failure| match signal {
        Some(signal) => failure.because(format!("by {}", signal.name())),
        None => failure,
    });
    let persistence = persistence.as_ref();
    let stopped = persistence.and_then(|one| one.stopped.as_deref());
    let failure = failure.map(|failure| match stopped {
        Some(why) => failure.because(format!("not tried again: {why}")),
        None => failure,
    });
    let failure = failure.or_else(|| of_refusals(&outcome).filter(|_| fail_on_refusal));
    let Work {
        answer,
        check,
        failure: of_work,
    } = work;
    let failure = failure.or(of_work).or_else(|| {
        // Work that has passed its check speaks for itself.
        let is_silent = check.is_none() && !outcome.has_answer();
        is_silent.then(|| {
            Failure::new(ExitCode::NoAnswer, "the agent was done without a word")
                .next("ampctl continue \"what have you done?\"", "asks for it")
        })
    });
    let in_use = AmpInUse {
        version: amp.version().as_str(),
        path: amp.executable(),
    };
    let shown = match write_error {
        // A run that took too long failed for that reason.
        Some(error) if error.kind() == ErrorKind::TimedOut && failure.is_some() => Ok(()),
        Some(error) => Err(error),
        None => view.finish(&Finished {
            outcome: &outcome,
            attempts: persistence.map_or(&[], Persistence::attempts),
            refused_calls: persistence.map_or(&outcome.refused_calls, |one| &one.refused),
            answer: answer.as_ref(),
            check: check.as_ref(),
            failure: failure.as_ref(),
            session: session.map(SessionId::as_str),
            amp: in_use,
        }),
    };
    if let Err(error) = shown {
        let failure = Failure::from(error);
        // A run whose output was closed was stopped half-way, which is no success.
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

/// Returns the failure of a turn that completed although tool calls were refused.
fn of_refusals(outcome: &Outcome) -> Option<Failure> {
    let what = match outcome.refused_tools {
        0 => return None,
        1 => "a tool call was refused".to_owned(),
        count => format!("{count} tool calls were refused"),
    };
    let failure = Failure::new(ExitCode::CallsRefused, what);
    let calls = outcome.refused_calls.iter();
    Some(calls.fold(failure, |failure, call| {
        failure.because(format!("{}: {}", call.tool, call.reason.trim()))
    }))
}
