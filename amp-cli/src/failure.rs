//! A failure as a user meets it: what happened, why, and what to try next.

mod bootstrap;
mod install_command;
mod outcome;
mod session;

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

pub(crate) use self::install_command::InstallCommand;
pub(crate) use self::session::{not_configured, settings_page};
use crate::context::Signal;
use crate::exit_code::ExitCode;
use crate::json;
use crate::style::Style;
use crate::text::{columns, one_line, wrap_plain};

/// Represents a command that did not reach its end.
///
/// Commands return it with `?`; [`crate::run`] shows it once and turns it into the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ExitCode,
    what: String,
    why: Vec<String>,
    hint: Option<String>,
    next: Vec<Step>,
    in_json: Option<bool>,
    /// The output was closed: nothing is shown.
    quiet: bool,
}

/// Represents something the user can do now: a command and what it does.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    command: String,
    purpose: String,
}

impl Step {
    pub(crate) fn new(command: impl Into<String>, purpose: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            purpose: purpose.into(),
        }
    }
}

impl Failure {
    /// Creates a failure; `what` starts with the words users search for.
    pub(crate) fn new(code: ExitCode, what: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            why: Vec::new(),
            hint: None,
            next: Vec::new(),
            in_json: None,
            quiet: false,
        }
    }

    /// Creates the failure of a command that a signal ended.
    pub(crate) fn interrupted(signal: Signal) -> Self {
        Self::new(ExitCode::Interrupted, "interrupted").because(format!("by {}", signal.name()))
    }

    /// Adds a reason.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.why.push(reason.into());
        self
    }

    /// Adds an error and everything that caused it as reasons.
    pub(crate) fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let reason = error.to_string();
            let is_told = |told: &String| told.contains(&reason);
            if !self.why.last().is_some_and(is_told) {
                self.why.push(reason);
            }
            cause = error.source();
        }
        self
    }

    /// Adds advice that is not a command.
    pub(crate) fn hint(mut self, advice: impl Into<String>) -> Self {
        self.hint = Some(advice.into());
        self
    }

    /// Adds a command to try next.
    pub(crate) fn next(mut self, command: impl Into<String>, purpose: impl Into<String>) -> Self {
        self.next.push(Step::new(command, purpose));
        self
    }

    /// Adds several commands to try next.
    pub(crate) fn next_steps(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.next.extend(steps);
        self
    }

    /// Replaces the exit code.
    pub(crate) fn with_code(self, code: ExitCode) -> Self {
        Self { code, ..self }
    }

    pub(crate) fn code(&self) -> ExitCode {
        self.code
    }

    /// Returns the commands to try next.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &str> {
        self.next.iter().map(|step| step.command.as_str())
    }

    /// Returns the first of them that installs an Amp.
    pub(crate) fn install_command(&self) -> Option<&str> {
        self.commands()
            .find(|command| command.starts_with("ampctl install"))
    }

    /// Returns what happened and why, without the steps.
    pub(crate) fn in_one_line(&self) -> String {
        let reasons = self.why.iter().map(|reason| one_line(reason));
        std::iter::once(self.what.clone())
            .chain(reasons)
            .collect::<Vec<_>>()
            .join(": ")
    }

    /// Returns whether there is nothing to say.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes the failure for a person, in lines of so many columns if they are counted.
    pub(crate) fn write_text(
        &self,
        mut to: impl Write,
        style: Style,
        limit: Option<usize>,
    ) -> io::Result<()> {
        writeln!(to, "{} {}", style.error("error:"), style.strong(&self.what))?;
        for (index, reason) in self.why.iter().enumerate() {
            let label = if index == 0 { "why:" } else { "    " };
            let reason = indented(reason, 7, limit);
            writeln!(to, "  {} {reason}", style.dim(label))?;
        }
        if let Some(advice) = &self.hint {
            let advice = indented(advice, 8, limit);
            writeln!(to, "  {} {advice}", style.dim("hint:"))?;
        }
        let width =
            |text: fn(&Step) -> &str| self.next.iter().map(|step| columns(text(step))).max();
        let command_width = width(|step| &step.command).unwrap_or(0);
        let purpose_width = width(|step| &step.purpose).unwrap_or(0);
        // Side by side where that fits, else each purpose below its command.
        let side_by_side = limit.is_none_or(|limit| 9 + command_width + purpose_width <= limit);
        for (index, Step { command, purpose }) in self.next.iter().enumerate() {
            let label = if index == 0 { "try:" } else { "    " };
            let between = match side_by_side {
                true => " ".repeat(command_width - columns(command) + 2),
                false => format!("\n{}", " ".repeat(9)),
            };
            writeln!(
                to,
                "  {} {}{between}{}",
                style.dim(label),
                style.command(command),
                style.dim(purpose)
            )?;
        }
        Ok(())
    }

    /// Returns the failure as data.
    pub(crate) fn report(&self) -> FailureReport<'_> {
        FailureReport {
            kind: self.code.name(),
            exit_code: self.code.number(),
            what: &self.what,
            why: &self.why,
            hint: self.hint.as_deref(),
            next: &self.next,
        }
    }

    /// Says that the failure is, or is not, to be written as JSON, whatever `--json` says.
    pub(crate) fn in_json(mut self, wanted: bool) -> Self {
        self.in_json = Some(wanted);
        self
    }

    /// Says that the failure is to be written as JSON, unless that was decided before.
    pub(crate) fn in_json_by_default(mut self, wanted: bool) -> Self {
        self.in_json = self.in_json.or(wanted.then_some(true));
        self
    }

    /// Returns whether the failure is to be written as JSON as well.
    pub(crate) fn is_wanted_in_json(&self, default: bool) -> bool {
        self.in_json.unwrap_or(default)
    }

    /// Writes the failure as one JSON object on one line.
    pub(crate) fn write_json(&self, to: impl Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct Document<'a> {
            error: FailureReport<'a>,
        }
        json::write(
            &Document {
                error: self.report(),
            },
            to,
        )
    }
}

/// A failure as data.
#[derive(Debug, Serialize)]
pub(crate) struct FailureReport<'a> {
    kind: &'static str,
    exit_code: u8,
    what: &'a str,
    why: &'a [String],
    hint: Option<&'a str>,
    next: &'a [Step],
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

/// Lets commands use `?` on writes.
///
/// A reader that closed its end (`| head`) has seen enough: that is no failure, and nothing is said.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self {
                quiet: true,
                ..Self::new(ExitCode::Done, "the output was closed")
            };
        }
        Self::new(ExitCode::Failed, "output could not be written").caused_by(&error)
    }
}

/// Breaks text into lines of so many columns, if they are counted, and keeps the lines after the
/// first under the first.
fn indented(text: &str, indent: usize, limit: Option<usize>) -> String {
    let room = limit.map_or(usize::MAX, |limit| limit.saturating_sub(indent));
    // A line that fits stays as it is: blanks at its beginning may point at something.
    let broken = |line: &str| match columns(line) <= room {
        true => line.to_owned(),
        false => wrap_plain(line, room).join("\n"),
    };
    let lines: Vec<String> = text.trim_end().split('\n').map(broken).collect();
    let lines = lines.join("\n");
    lines.replace('\n', &format!("\n{}", " ".repeat(indent)))
}
/// Returns the last lines of what a program wrote.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
