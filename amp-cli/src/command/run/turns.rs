//! The turn of a run, and more of them until the work passes its check.

use amp_session::{AfterCheck, Attempts, Session, Turn};

use super::remarks::Remarks;
use crate::approve::QuestionQueue;
use crate::context::Listener;
use crate::drive::{Driven, begin, drive};
use crate::failure::Failure;
use crate::view::View;

/// Everything that the turns of a run have in common.
pub(super) struct Turns<'a> {
    pub(super) session: Session,
    /// How often the work may be checked; never without.
    pub(super) attempts: Option<Attempts>,
    /// Whether a refused call is a failure.
    pub(super) strict: bool,
    pub(super) view: &'a mut View,
    pub(super) signals: &'a mut Listener,
    pub(super) questions: Option<QuestionQueue>,
    pub(super) remarks: &'a mut Remarks,
}

impl Turns<'_> {
    /// Drives a turn that has begun, and those that follow; returns how the last of them was left,
    /// and what came of its check.
    ///
    /// # Errors
    /// Fails when one more turn cannot begin, and on a signal while there is none.
    pub(super) async fn drive(self, mut turn: Turn) -> Result<(Driven, AfterCheck), Failure> {
        let Self {
            session,
            mut attempts,
            strict,
            view,
            signals,
            mut questions,
            remarks,
        } = self;
        loop {
            let remark = |item: &_, view: &mut _| remarks.on_item(item, view);
            let driven = drive(turn, view, signals, &mut questions, remark).await;
            let Some(attempts) = attempts.as_mut().filter(|_| driven.is_done(strict)) else {
                return Ok((driven, AfterCheck::Done));
            };
            view.announce(&format!("checking with `{}`", attempts.check().command()));
            let check = async { Ok(attempts.check_turn().await) };
            let report = match begin(check, view, signals).await? {
                AfterCheck::Again(report) => report,
                checked => return Ok((driven, checked)),
            };
            remarks.on_check(&report, attempts, view)?;
            let next = async { Ok(session.prompt(report.prompt()).await?) };
            turn = begin(next, view, signals).await?;
        }
    }
}
