//! Who answers the questions of a run: a person here, a program, or a rule of thumb.

mod dialogue;
pub(crate) mod person;
mod queue;
mod rule;
mod shown;

use std::time::Duration;

use amp_session::Approval;
use amp_session::approval::{AllowReadOnly, ProgramApprover, RejectAll};

pub(crate) use self::dialogue::Event;
use self::dialogue::Place;
pub(crate) use self::queue::QuestionQueue;
use crate::arguments::Approver;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::keyboard::Keyboard;
use crate::style::Style;

/// How long a person may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60 * 60);

/// Returns what a session is told about an approver, and the queue of questions if a person is to
/// answer them.
///
/// # Errors
/// Fails when a person is to be asked and nobody is at a terminal.
pub(crate) fn approval(
    approver: &Approver,
    style: Style,
    context: &Context,
) -> Result<(Option<Approval>, Option<QuestionQueue>), Failure> {
    let approval = match approver {
        Approver::None => return Ok((None, None)),
        Approver::Deny => Approval::by(RejectAll),
        Approver::ReadOnly => Approval::by(AllowReadOnly),
        Approver::Program(program) => {
            let environment = context.environment.clone();
            Approval::by(ProgramApprover::new(context.resolve(program), environment))
        }
        Approver::Ask => {
            let missing = match (context.stdin.is_terminal(), context.stderr.terminal()) {
                (true, Some(_)) => None,
                (false, _) => Some("standard input is no terminal"),
                (true, None) => Some("standard error is no terminal"),
            };
            if let Some(missing) = missing {
                return Err(nobody_to_ask().because(missing));
            }
            let keyboard = Keyboard::open();
            let place = Place {
                keyboard: keyboard.map_err(|error| nobody_to_ask().caused_by(&error))?,
                output: context.stderr.clone(),
                style,
                dialect: None,
            };
            let (person, questions) = person::person("you");
            let approval = Approval::by(person).with_deadline(DEADLINE);
            return Ok((Some(approval), Some(QuestionQueue::new(questions, place))));
        }
    };
    Ok((Some(approval), None))
}

fn nobody_to_ask() -> Failure {
    Failure::new(ExitCode::Refused, "nobody can be asked about tool calls")
        .next(
            "ampctl run --approve deny …",
            "refuses all but what your rules allow",
        )
        .next(
            "ampctl run --approve read-only …",
            "allows tools that only read files as well",
        )
        .next(
            "ampctl run --approve ./PROGRAM …",
            "lets a program of yours answer",
        )
}
