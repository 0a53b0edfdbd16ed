//! What came of the work of a run: its answer, and whether it is good.

use amp_session::{AfterAnswer, AfterCheck, CheckReport, Misfit};
use serde_json::Value;

use crate::exit_code::ExitCode;
use crate::failure::{Failure, last_lines};

/// How many of the last lines of a check are shown.
const SHOWN: usize = 20;

/// What came of the work of a run whose last turn completed.
#[derive(Default)]
pub(super) struct Work {
    /// The answer that a schema asked for and that fits it.
    pub(super) answer: Option<Value>,
    /// What the check said.
    pub(super) check: Option<CheckReport>,
    /// Why it is not good.
    pub(super) failure: Option<Failure>,
}

impl Work {
    /// Returns work of which nothing is known, and why.
    pub(super) fn unknown(failure: Failure) -> Self {
        Self {
            failure: Some(failure),
            ..Self::default()
        }
    }

    /// Tells whether nothing is known to be wrong with it.
    pub(super) fn is_good(&self) -> bool {
        self.failure.is_none()
    }

    /// Takes an answer that was judged for the last time.
    pub(super) fn take_answer(&mut self, judged: AfterAnswer) {
        match judged {
            AfterAnswer::Fits(answer) => self.answer = Some(answer),
            AfterAnswer::Unfit(misfit) => self.failure = Some(of_misfit(&misfit)),
            _ => {}
        }
    }

    /// Takes a check that was made for the last time.
    pub(super) fn take_check(&mut self, checked: AfterCheck) {
        let (report, why) = match checked {
            AfterCheck::Failed(report) => (report, None),
            AfterCheck::Unchanged(report) => {
                let why = "nothing has changed since the turn before, so no other followed";
                (report, Some(why))
            }
            AfterCheck::Done(report) => return self.check = Some(report),
            _ => return,
        };
        let failure = of_check(&report);
        self.failure = Some(match why {
            Some(why) => failure.because(why),
            None => failure,
        });
        self.check = Some(report);
    }
}

/// Returns the failure of a run whose answer does not fit, even after it was told so.
fn of_misfit(misfit: &Misfit) -> Failure {
    let failure = Failure::new(ExitCode::UnfitAnswer, "the answer does not fit the schema");
    let complaints = misfit.complaints.iter();
    complaints
        .fold(failure, Failure::because)
        .next("ampctl continue --schema … \"…\"", "goes on from there")
}

/// Returns the failure of a run whose work is not good.
fn of_check(report: &CheckReport) -> Failure {
    let CheckReport {
        command,
        end,
        output,
        ..
    } = report;
    let tail = last_lines(output.trim_end(), SHOWN);
    Failure::new(ExitCode::CheckFailed, "the check of the work failed")
        .because(match tail.as_str() {
            "" => format!("`{command}` ended with {end}, and wrote nothing"),
            tail => format!("`{command}` ended with {end}:\n{tail}"),
        })
        .next("ampctl continue \"…\"", "goes on from there")
}
