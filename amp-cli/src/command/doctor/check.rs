//! One thing that was looked at.

use serde::Serialize;

use crate::exit_code::ExitCode;

/// Represents a finding.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) state: State,
    pub(super) finding: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
    /// What a run would end with.
    #[serde(skip)]
    pub(super) exit_code: ExitCode,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// All is well.
    Green,
    /// A run works, but something deserves a look.
    Yellow,
    /// A run would fail.
    Red,
}

impl Check {
    pub(super) fn green(name: &'static str, finding: impl Into<String>) -> Self {
        Self::new(name, State::Green, finding, ExitCode::Done)
    }

    pub(super) fn yellow(name: &'static str, finding: impl Into<String>) -> Self {
        Self::new(name, State::Yellow, finding, ExitCode::Done)
    }

    /// Creates a finding that makes a run end with this exit code.
    pub(super) fn red(name: &'static str, finding: impl Into<String>, exit_code: ExitCode) -> Self {
        Self::new(name, State::Red, finding, exit_code)
    }

    /// Adds what to do about it.
    pub(super) fn fix(mut self, command: impl Into<String>) -> Self {
        self.fix = Some(command.into());
        self
    }

    fn new(
        name: &'static str,
        state: State,
        finding: impl Into<String>,
        exit_code: ExitCode,
    ) -> Self {
        Self {
            name,
            state,
            finding: finding.into(),
            fix: None,
            exit_code,
        }
    }
}
