//! How a run is shown while it goes on, and how it ends.

use std::io::ErrorKind;

use amp_session::{Amp, RecordId};

use crate::arguments::{GlobalArguments, OutputFormat};
use crate::context::Context;
use crate::drive::Driven;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::screen::{Screen, may_animate};
use crate::settings::Settings;
use crate::view::{AmpInUse, FinalText, LiveOptions, LiveView, Status, View};

/// Chooses the view of a turn: what `--output` asks for, or what suits standard output.
pub(super) fn view(settings: &Settings, global: &GlobalArguments, context: &Context) -> View {
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
pub(super) fn conclude(
    driven: Driven,
    view: &mut View,
    session: Option<&RecordId>,
    amp: &Amp,
) -> Result<ExitCode, Failure> {
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
        None => view.finish(
            &outcome,
            failure.as_ref(),
            session.map(RecordId::as_str),
            in_use,
        ),
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
