//! `ampctl`: install, run and continue the Amp coding agent from a terminal.
//!
//! The binary is three lines around [`run`]. As a library, the crate runs whole commands inside
//! another program, such as a test or a demo, and hands back what they wrote:
//!
//! ```no_run
//! use amp_cli::{Context, ExitCode, Output};
//!
//! fn main() {
//!     let (stdout, written) = Output::captured();
//!     let mut context = Context::from_process().with_stdout(stdout);
//!     let code = amp_cli::run(["ampctl", "run", "What is in this folder?"], &mut context);
//!     assert_eq!(code, ExitCode::Done);
//!     println!("The agent says: {}", written.text());
//! }
//! ```
//!
//! # Where to begin
//!
//! [`run`] takes arguments and a [`Context`]: environment, folder, input, output and signals, all
//! of them replaceable. [`ExitCode`] is what the shell would see. The commands themselves are
//! explained in `amp-cli/docs`, one page for each task, and in `ampctl COMMAND --help`.
//!
//! # What it leaves to others
//!
//! Programs that run turns use `amp-session`, and those that install use `amp-bootstrap`: this crate
//! is the command line on top of both. It alone prints, reads the environment and knows the
//! terminal; all of it arrives through the [`Context`]. It has no types for what commands say:
//! `--json` is the interface.
//!
//! # Errors and limits
//!
//! A failure is told on the context's standard error, with its reasons and the next command to try,
//! and comes back as an [`ExitCode`]. [`run`] blocks and starts an async runtime of its own.

#[cfg(feature = "acp")]
mod acp;
mod amp_in_use;
mod approve;
mod arguments;
mod batch;
mod command;
mod completion;
mod context;
mod drive;
mod events;
mod exit_code;
mod failure;
mod help;
mod json;
mod keyboard;
mod named_file;
mod notice;
mod outliving;
mod page;
mod prompt;
mod rules;
mod runtime;
mod screen;
mod sessions;
mod settings;
mod style;
#[cfg(feature = "telemetry")]
mod telemetry;
#[cfg(not(feature = "telemetry"))]
#[path = "telemetry_left_out.rs"]
mod telemetry;
mod text;
mod view;

/// Compiles the examples of the page about Rust.
#[cfg(doctest)]
#[doc = include_str!("../docs/rust.md")]
struct RustPage;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{FromArgMatches, Parser};

use self::arguments::{Arguments, GlobalArguments};
pub use self::context::{Captured, Context, Input, Output, Terminal};
pub use self::exit_code::ExitCode;
use self::failure::Failure;
use self::settings::Settings;
use self::style::ColorChoice;

/// Runs one command to its end and returns what the shell should see.
///
/// `arguments` starts with the name of the program. Everything the command says is written to the
/// context before this returns, and every process that it has started is gone. It blocks, and starts
/// an async runtime of its own where it needs one: do not call it from inside a runtime.
pub fn run<Argument>(
    arguments: impl IntoIterator<Item = Argument>,
    context: &mut Context,
) -> ExitCode
where
    Argument: Into<OsString>,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    if matches!(arguments.as_slice(), [_, only] if only == "--version" || only == "-V") {
        // Scripts ask this often, and no command has to be described to answer it.
        let version = concat!("ampctl ", env!("CARGO_PKG_VERSION"));
        let written = writeln!(context.stdout, "{version}").map(|()| ExitCode::Done);
        return or_complain(written, context);
    }
    if let Some(shell) = context.variable(completion::VARIABLE).map(OsString::from) {
        let written = completion::write(&shell, &arguments, context).map(|()| ExitCode::Done);
        return or_complain(written, context);
    }
    context.limit_columns();
    let color = ColorChoice::named_in(&arguments);
    if arguments.len() < 2 {
        let color = Settings::color_or_flag(&GlobalArguments::default(), context);
        let credentials = command::credentials::of(None, context);
        let style = color.style(context, &context.stderr);
        let steps = help::first_steps(style, credentials.service_url());
        let written = context.stderr.write_all(steps.as_bytes());
        return or_complain(written.map(|()| ExitCode::Usage), context);
    }
    let arguments = match parse(&arguments, context) {
        Ok(arguments) => arguments,
        Err(error) => {
            let meant = arguments::meant(&error, &arguments);
            let shown = show_usage(&error, meant.as_deref(), color, context);
            return or_complain(shown, context);
        }
    };
    let code = match command::dispatch(&arguments, context) {
        Ok(code) => code,
        Err(failure) => {
            // Nothing is left to tell when even the failure cannot be shown.
            let _ = if failure.is_quiet() {
                Ok(())
            } else {
                show_failure(&failure, &arguments.global, context)
            };
            failure.code()
        }
    };
    let _ = context.stdout.flush();
    for work in context.at_work.drain(..) {
        // What is done besides has no say in how the command ends.
        let _ = work.join();
    }
    amp_session::process::settle();
    code
}

/// Returns the exit code of something that was written, or of why it could not be.
fn or_complain(written: io::Result<ExitCode>, context: &mut Context) -> ExitCode {
    written.unwrap_or_else(|error| {
        let failure = Failure::from(error);
        if !failure.is_quiet() {
            // Nothing is left to tell when even this cannot be shown.
            let _ = show_failure(&failure, &GlobalArguments::default(), context);
        }
        failure.code()
    })
}

fn parse(arguments: &[OsString], context: &Context) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(arguments).or_else(|_| {
        // Only who is shown help, or what is wrong, needs the screens that are made for that.
        let mut matches = help::command(context).try_get_matches_from(arguments)?;
        Arguments::from_arg_matches_mut(&mut matches)
    })
}

/// Shows help, the version, or what is wrong with the arguments.
fn show_usage(
    error: &clap::Error,
    meant: Option<&str>,
    color: Option<ColorChoice>,
    context: &mut Context,
) -> io::Result<ExitCode> {
    let output = if error.use_stderr() {
        &context.stderr
    } else {
        &context.stdout
    };
    let mut output = output.clone();
    let text = error.render();
    let global = GlobalArguments {
        color,
        ..GlobalArguments::default()
    };
    let color = Settings::color_or_flag(&global, context);
    if color.style(context, &output).is_colored() {
        write!(output, "{}", text.ansi())?;
    } else {
        write!(output, "{text}")?;
    }
    if let Some(command) = meant {
        writeln!(output, "\n  try: {command}")?;
    }
    output.flush()?;
    Ok(if error.use_stderr() {
        ExitCode::Usage
    } else {
        ExitCode::Done
    })
}

fn show_failure(
    failure: &Failure,
    global: &GlobalArguments,
    context: &mut Context,
) -> io::Result<()> {
    let as_json = match failure.is_wanted_in_json(global.json) {
        true => failure.write_json(&mut context.stdout),
        false => Ok(()),
    };
    let style = Settings::color_or_flag(global, context).style(context, &context.stderr);
    let limit = context.stderr.terminal().map(Terminal::columns);
    failure.write_text(&mut context.stderr, style, limit.map(usize::from))?;
    context.stderr.flush()?;
    // A person is told even when the failure is that nothing can be written to standard output.
    as_json
}

/// Reads any bytes as a file of tasks, for the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz_tasks(bytes: &[u8]) {
    batch::promises::check_tasks(bytes);
}

/// Reads any bytes as the journal of a batch, for the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz_journal(bytes: &[u8]) {
    batch::promises::check_journal(bytes);
}

/// Reads any bytes as a lock file, for the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz_lock_file(bytes: &[u8]) {
    settings::check_lock_file(bytes);
}
