//! The turn of a run, and more of them until its answer fits and its work passes its check.

use amp_session::process::release_program_pages;
use amp_session::protocol::Event;
use amp_session::{AfterAnswer, AfterCheck, Answers, Attempts, Outcome, Session, Turn, TurnItem};

use super::remarks::Remarks;
use super::retry::{Persistence, Told};
use super::work::Work;
use crate::approve::QuestionQueue;
use crate::context::Listener;
use crate::drive::{Driven, Watch, begin, drive};
use crate::events::Events;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::view::View;

/// Everything that the turns of a run have in common.
pub(super) struct Turns<'a> {
    pub(super) session: Session,
    /// What the answer has to fit; nothing without.
    pub(super) answers: Option<Answers>,
    /// How often the work may be checked; never without.
    pub(super) attempts: Option<Attempts>,
    /// What goes on after the service's limits; nothing without.
    pub(super) persistence: Option<Persistence>,
    /// Whether the thread is asked how a turn that completed has ended.
    pub(super) confirms: bool,
    /// Whether a refused call is a failure.
    pub(super) strict: bool,
    pub(super) view: &'a mut View,
    pub(super) signals: &'a mut Listener,
    pub(super) questions: Option<QuestionQueue>,
    pub(super) remarks: &'a mut Remarks,
    pub(super) events: &'a mut Events,
}

/// How the turns of a run were left.
pub(super) struct Left {
    /// How the last of them was.
    pub(super) driven: Driven,
    /// What came of its work.
    pub(super) work: Work,
    /// The attempts, where a run goes on after limits.
    pub(super) persistence: Option<Persistence>,
}

/// What comes after a turn that completed.
enum Next {
    /// One more turn, with this prompt.
    Turn(String),
    /// Nothing.
    End(Box<Work>),
}

impl Turns<'_> {
    /// Drives a turn that has begun, and those that follow; returns how they were left.
    ///
    /// # Errors
    /// Fails when one more turn cannot begin, and on a signal while there is none.
    pub(super) async fn drive(mut self, mut turn: Turn) -> Result<Left, Failure> {
        loop {
            self.events.turn_began();
            let (remarks, questions) = (&mut *self.remarks, &mut self.questions);
            let watch = Watch {
                see: |item: &_| {
                    if is_result(item) {
                        // What reads lines is not needed at the end of a turn, which needs as much.
                        release_program_pages();
                    }
                    self.events.see(item);
                },
                remark: |item: &_, view: &mut _| remarks.on_item(item, view),
            };
            let mut driven = drive(turn, self.view, self.signals, questions, watch).await;
            let confirmed = self.confirm(&mut driven).await?;
            if let Some(persistence) = &self.persistence {
                persistence
                    .believe_key(&mut driven, self.view, self.signals)
                    .await?;
            }
            if let Driven::Ended { outcome, .. } = &driven {
                self.events.turn_ended(outcome);
            }
            if let Some(failure) = confirmed {
                return Ok(self.left(driven, Work::unknown(failure)));
            }
            if let Some(next) = self.persist(&driven).await? {
                turn = next;
                continue;
            }
            let Some(outcome) = driven.done(self.strict) else {
                return Ok(self.left(driven, Work::default()));
            };
            let prompt = match self.after(outcome).await? {
                Next::Turn(prompt) => prompt,
                Next::End(work) => return Ok(self.left(driven, *work)),
            };
            if let Some(persistence) = &mut self.persistence {
                persistence.next_prompt(&prompt);
            }
            let next = async { Ok(self.session.prompt(prompt).await?) };
            turn = begin(next, self.view, self.signals).await?;
        }
    }

    fn left(self, driven: Driven, work: Work) -> Left {
        Left {
            driven,
            work,
            persistence: self.persistence,
        }
    }

    /// Goes on after a limit of the service, where that is wanted and safe.
    async fn persist(&mut self, driven: &Driven) -> Result<Option<Turn>, Failure> {
        let Some(persistence) = &mut self.persistence else {
            return Ok(None);
        };
        let told = Told {
            remarks: self.remarks,
            events: self.events,
            view: self.view,
        };
        persistence
            .after(driven, &self.session, told, self.signals)
            .await
    }

    /// Asks the thread whether the model has finished its last message, where that is wanted or the
    /// message is known to be cut; returns why it cannot be known.
    async fn confirm(&mut self, driven: &mut Driven) -> Result<Option<Failure>, Failure> {
        let Driven::Ended {
            outcome,
            signal: None,
            ..
        } = driven
        else {
            return Ok(None);
        };
        let was_cut = !outcome.is_success();
        if !self.session.may_be_unfinished(outcome) || !(self.confirms || was_cut) {
            return Ok(None);
        }
        let asked = async { Ok(self.session.confirm(outcome).await) };
        let confirmed = begin(asked, self.view, self.signals).await?;
        // What was cut has failed anyway.
        Ok(confirmed.err().filter(|_| !was_cut).map(|error| {
            let what = "whether the model has finished its answer could not be found out";
            Failure::new(ExitCode::Failed, what).caused_by(&error)
        }))
    }

    /// Judges the answer of a turn that has completed, then its work.
    async fn after(&mut self, outcome: &Outcome) -> Result<Next, Failure> {
        let mut work = Work::default();
        if let Some(answers) = &mut self.answers {
            let judged = async { Ok(answers.judge_turn(outcome.text.as_deref()).await) };
            match begin(judged, self.view, self.signals).await? {
                AfterAnswer::Again(misfit) => {
                    self.events.answer_unfit(&misfit);
                    self.remarks.on_misfit(&misfit, self.view)?;
                    return Ok(Next::Turn(misfit.prompt()));
                }
                judged => {
                    if let AfterAnswer::Unfit(misfit) = &judged {
                        self.events.answer_unfit(misfit);
                    }
                    work.take_answer(judged);
                }
            }
        }
        if let Some(attempts) = self.attempts.as_mut().filter(|_| work.is_good()) {
            let checking = format!("checking with `{}`", attempts.check().command());
            self.view.announce(&checking);
            self.events.check_began(attempts.check().command());
            let check = async { Ok(attempts.check_turn().await) };
            let checked = begin(check, self.view, self.signals).await?;
            self.events.check_ended(checked.report());
            self.session.note_check(checked.report())?;
            match checked {
                AfterCheck::Again(report) => {
                    self.remarks.on_check(&report, attempts, self.view)?;
                    let answers = self.answers.as_ref();
                    let again = answers.map_or("", |_| Answers::AGAIN);
                    return Ok(Next::Turn(format!("{}{again}", report.prompt())));
                }
                checked => work.take_check(checked),
            }
        }
        Ok(Next::End(Box::new(work)))
    }
}

/// Returns whether the agent has said how its turn ended.
fn is_result(item: &TurnItem) -> bool {
    matches!(item, TurnItem::Line(line) if matches!(line.event(), Some(Event::Result(_))))
}
