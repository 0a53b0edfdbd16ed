//! A command that says whether the work of a turn is good.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use amp_process::sandbox::Sandbox;
use amp_process::{Cause, Deadlines, ProcessSpec};
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::plain_text::{in_fence, without_escapes};
use crate::workspace::state::{State, state};

/// How much of the end of what a check writes is kept, in bytes.
const KEPT: usize = 16 << 10;

/// How long a check may take, unless it is told otherwise: half an hour.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// A command of the shell that says whether the work of a turn is good: it ends with 0 then.
#[derive(Debug, Clone)]
pub struct Check {
    command: String,
    folder: PathBuf,
    environment: Environment,
    sandbox: Option<Sandbox>,
    deadline: Duration,
}

/// What a check has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// The command.
    pub command: String,
    /// Whether the work is good.
    pub passed: bool,
    /// How it ended, such as `exit code 1`.
    pub end: String,
    /// The end of what it wrote on standard output and standard error, 16 KiB at most, without
    /// terminal escapes.
    pub output: String,
}

impl Check {
    /// Describes a command that runs in this folder with these variables, for half an hour at most.
    #[must_use]
    pub fn new(
        command: impl Into<String>,
        folder: impl Into<PathBuf>,
        environment: Environment,
    ) -> Self {
        Self {
            command: command.into(),
            folder: folder.into(),
            environment,
            sandbox: None,
            deadline: DEADLINE,
        }
    }

    /// Returns this check in a sandbox: what a sandboxed agent has written is not run outside of it.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: Sandbox) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// Returns this check with another deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Returns the command.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Runs the command to its end; its process tree is gone then. One that cannot be started, or
    /// takes too long, has not passed.
    pub async fn run(&self) -> CheckReport {
        let mut tail = Tail::default();
        let end = self.end(&mut tail).await;
        let (passed, end) = end.unwrap_or_else(|error| (false, error.to_string()));
        CheckReport {
            command: self.command.clone(),
            passed,
            end,
            output: tail.text(),
        }
    }

    async fn end(&self, tail: &mut Tail) -> Result<(bool, String), amp_process::Error> {
        let (shell, arguments) = if cfg!(windows) {
            ("cmd", ["/C".to_owned(), format!("({}) 2>&1", self.command)])
        } else {
            let both = format!("exec 2>&1\n{}", self.command);
            ("/bin/sh", ["-c".to_owned(), both])
        };
        let mut spec = ProcessSpec::new(shell)
            .with_arguments(arguments)
            .with_environment(self.environment.clone())
            .with_working_directory(&self.folder)
            .with_deadlines(Deadlines::default().with_total(Some(self.deadline)));
        if let Some(sandbox) = &self.sandbox {
            spec = spec.with_sandbox(sandbox.clone());
        }
        let mut process = spec.spawn().await?;
        loop {
            match process.next_line().await {
                Ok(Some(line)) => tail.push(line.bytes()),
                Ok(None) => break,
                // The process is being stopped; what it still says can be read.
                Err(error) if error.deadline().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        let exit = process.wait().await;
        if let Cause::DeadlinePassed(_) = exit.cause() {
            let seconds = self.deadline.as_secs_f64();
            return Ok((false, format!("it took longer than {seconds} s")));
        }
        let passed = exit.status().code() == Some(0);
        Ok((passed, exit.status().to_string()))
    }
}

impl AfterCheck {
    /// Returns what the check has said.
    #[must_use]
    pub fn report(&self) -> &CheckReport {
        match self {
            Self::Done(report)
            | Self::Again(report)
            | Self::Failed(report)
            | Self::Unchanged(report) => report,
        }
    }
}

impl CheckReport {
    /// Returns what to tell the agent of a check that its work has not passed.
    #[must_use]
    pub fn prompt(&self) -> String {
        let Self {
            command,
            end,
            output,
            ..
        } = self;
        format!(
            "A check of the work failed. The command was\n\n{}\n\nIt ended with {end}. The end of \
             what it wrote:\n\n{}\n\nMend what is wrong.",
            in_fence("", command),
            in_fence("", output),
        )
    }
}

/// The attempts to have the work of a turn pass its check.
#[derive(Debug)]
pub struct Attempts {
    check: Check,
    most: u32,
    made: u32,
    /// What the files were when the last attempt was checked.
    state: Option<State>,
}

/// What comes after a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterCheck {
    /// Nothing: the work is good.
    Done(CheckReport),
    /// One more turn, which is told what is wrong.
    Again(CheckReport),
    /// Nothing: there were attempts enough.
    Failed(CheckReport),
    /// Nothing: since the last attempt no file has changed.
    Unchanged(CheckReport),
}

impl Attempts {
    /// Allows so many turns, the first one included, to pass a check.
    #[must_use]
    pub fn new(check: Check, most: u32) -> Self {
        Self {
            check,
            most,
            made: 0,
            state: None,
        }
    }

    /// Returns the check.
    #[must_use]
    pub fn check(&self) -> &Check {
        &self.check
    }

    /// Returns how many turns were checked.
    #[must_use]
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Returns how many may be.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Checks the work of a turn that has completed, and says what comes next.
    pub async fn check_turn(&mut self) -> AfterCheck {
        let before = self.state.take();
        // The check itself may change files.
        let state = match self.most {
            0 | 1 => None,
            _ => state(&self.check.folder, &self.check.environment).await,
        };
        let report = self.check.run().await;
        self.made += 1;
        if report.passed {
            return AfterCheck::Done(report);
        }
        if self.made >= self.most {
            return AfterCheck::Failed(report);
        }
        if state.is_some() && state == before {
            return AfterCheck::Unchanged(report);
        }
        self.state = state;
        AfterCheck::Again(report)
    }
}

/// The last lines of an output.
#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Tail {
    fn push(&mut self, line: &[u8]) {
        let end = &line[line.len().saturating_sub(KEPT)..];
        self.bytes += end.len() + 1;
        self.lines.push_back(end.to_vec());
        while self.bytes > KEPT && self.lines.len() > 1 {
            if let Some(first) = self.lines.pop_front() {
                self.bytes -= first.len() + 1;
            }
        }
    }

    fn text(self) -> String {
        let mut text = Vec::with_capacity(self.bytes);
        for line in self.lines {
            text.extend(line);
            text.push(b'\n');
        }
        without_escapes(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckReport, Tail};

    #[test]
    fn the_end_of_a_long_output_is_kept() {
        let mut tail = Tail::default();
        for number in 0..5000 {
            tail.push(format!("line {number}").as_bytes());
        }
        let text = tail.text();
        assert!(text.len() <= super::KEPT && text.len() > super::KEPT - 16);
        assert!(text.starts_with("line ") && text.ends_with("line 4999\n"));
    }

    #[test]
    fn a_single_long_line_is_cut_at_its_beginning() {
        let mut tail = Tail::default();
        tail.push(&[&[b'a'; super::KEPT][..], b"end"].concat());
        assert!(tail.text().ends_with("aend\n"));
    }

    #[test]
    fn what_the_check_wrote_cannot_leave_its_fence() {
        let report = CheckReport {
            command: "make check".to_owned(),
            passed: false,
            end: "exit code 2".to_owned(),
            output: "before\n````\nafter\n".to_owned(),
        };
        insta::assert_snapshot!(report.prompt());
    }
}
