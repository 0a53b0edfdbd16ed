//! A question on the terminal, from its first line to its answer.

use std::io::{self, Write};

use amp_session::approval::{Concern, Remember};
use amp_session::permission::{Severity, rule_for_similar};
use amp_session::protocol::PermissionRule;
use amp_session::{Answer, Dialect};

use super::person::OpenQuestion;
use super::{rule, shown};
use crate::context::Output;
use crate::keyboard::Keyboard;
use crate::style::Style;
use crate::text::{cut, safe, wrap_plain};

/// With fewer columns the choices are named more briefly.
const ROOMY: usize = 80;

/// Where a dialogue takes place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) keyboard: Keyboard,
    pub(super) output: Output,
    pub(super) style: Style,
    /// What the Amp in use makes of rules.
    pub(super) dialect: Option<Dialect>,
}

/// A question that is on the terminal.
#[derive(Debug)]
pub(crate) struct Dialogue {
    open: OpenQuestion,
    step: Step,
}

/// What is asked for at the moment.
#[derive(Debug)]
enum Step {
    Choice,
    Reason,
    Rule(PermissionRule),
    Duration(PermissionRule),
}

/// Something that happens to the questions for a person.
pub(crate) enum Event {
    /// Somebody asks.
    Arrived(Box<OpenQuestion>),
    /// A line was typed; `None` when there will be none.
    Typed(Option<String>),
    /// Nobody waits for an answer to the open question any more.
    Withdrawn,
}

impl Dialogue {
    /// Shows a question. What was typed before is no answer to it.
    pub(super) fn begin(open: OpenQuestion, place: &mut Place) -> io::Result<Self> {
        let columns = place.columns();
        let text = shown::question(&open.question, columns, place.style);
        place.output.write_all(text.as_bytes())?;
        let mut dialogue = Self {
            open,
            step: Step::Choice,
        };
        place.keyboard.forget();
        dialogue.ask(place)?;
        Ok(dialogue)
    }

    /// Waits for something to happen to it. Dropping the future loses nothing.
    pub(super) async fn next(&mut self, place: &Place) -> Event {
        tokio::select! {
            // An answer that nobody waits for is none.
            biased;
            () = self.open.reply.closed() => Event::Withdrawn,
            // A terminal that went away says no more.
            line = place.keyboard.line() => Event::Typed(line.ok().flatten()),
        }
    }

    /// Shows again what is asked for.
    pub(super) fn ask(&mut self, place: &mut Place) -> io::Result<()> {
        let text = match &self.step {
            Step::Choice => self.choices(place.columns()).to_owned(),
            Step::Reason => "  reason for the agent: ".to_owned(),
            Step::Rule(rule) => {
                let json = serde_json::to_string(rule)?;
                let mut text = String::new();
                for line in cut(&safe(&json), place.columns().saturating_sub(4).max(8)) {
                    text.push_str(&format!("    {line}\n"));
                }
                for line in wrap_plain(
                    "Enter takes this rule; or type another pattern, or a whole rule",
                    place.columns().saturating_sub(2),
                ) {
                    text.push_str(&format!("  {line}\n"));
                }
                format!("{text}  > ")
            }
            Step::Duration(_) => match place.columns() < ROOMY {
                true => "  [s]ession this [f]older for [m]e > ".to_owned(),
                false => "  keep it for this [s]ession, this [f]older, or for [m]e? ".to_owned(),
            },
        };
        place.output.write_all(text.as_bytes())?;
        place.output.flush()
    }

    /// Takes a line; returns the dialogue when it goes on.
    pub(super) fn hear(
        mut self,
        typed: Option<String>,
        place: &mut Place,
    ) -> io::Result<Option<Self>> {
        let Some(typed) = typed else {
            place.output.write_all(b"\n")?;
            self.answer(Answer::reject("the terminal was closed"));
            return Ok(None);
        };
        let word = typed.to_ascii_lowercase();
        let next = match (self.step, word.as_str()) {
            (Step::Choice, "y" | "yes") => Next::Answer(Answer::Allow),
            (Step::Choice, "n" | "no") => Next::Answer(Answer::reject("")),
            (Step::Choice, "s" | "stop") => Next::Answer(Answer::Stop),
            (Step::Choice, "a" | "reason") => Next::Step(Step::Reason),
            (Step::Choice, "l" | "always") => match proposed(&self.open) {
                Some(rule) => Next::Step(Step::Rule(rule)),
                None => Next::Step(Step::Choice),
            },
            (Step::Choice, _) => Next::Step(Step::Choice),
            (Step::Reason, _) => Next::Answer(Answer::reject(typed)),
            (Step::Rule(rule), "") => Next::Step(Step::Duration(rule)),
            (Step::Rule(old), _) => Next::Step(Step::Rule(place.edited(old, &typed)?)),
            (Step::Duration(rule), word) => match duration(word) {
                Some(remember) => Next::Answer(Answer::AllowAndRemember { rule, remember }),
                None => Next::Step(Step::Duration(rule)),
            },
        };
        match next {
            Next::Answer(answer) => {
                // Nobody is left to hear it when the question was withdrawn this moment.
                let _ = self.open.reply.send(answer);
                Ok(None)
            }
            Next::Step(step) => {
                self.step = step;
                self.ask(place)?;
                Ok(Some(self))
            }
        }
    }

    fn answer(self, answer: Answer) {
        let _ = self.open.reply.send(answer);
    }

    fn choices(&self, columns: usize) -> &'static str {
        match (proposed(&self.open).is_some(), columns < ROOMY) {
            (true, true) => "  [y]es [n]o re[a]son a[l]ways [s]top > ",
            (true, false) => {
                "  [y]es, [n]o, no with a re[a]son, a[l]ways for calls like this, [s]top the run? "
            }
            (false, true) => "  [y]es [n]o re[a]son [s]top > ",
            (false, false) => "  [y]es, [n]o, no with a re[a]son, [s]top the run? ",
        }
    }
}

/// What follows on a line.
enum Next {
    Answer(Answer),
    Step(Step),
}

impl Place {
    fn columns(&self) -> usize {
        let terminal = self.output.terminal();
        terminal.map_or(80, |terminal| usize::from(terminal.columns()))
    }

    /// Returns the rule that a person has typed, or the old one when that is none; says what is
    /// wrong with it.
    fn edited(&mut self, old: PermissionRule, typed: &str) -> io::Result<PermissionRule> {
        let new = match rule::edited(&old, typed) {
            Ok(new) => new,
            Err(reason) => {
                self.say(&reason)?;
                return Ok(old);
            }
        };
        let findings = match &self.dialect {
            Some(dialect) => rule::findings(&new, dialect),
            None => Vec::new(),
        };
        let mut is_broken = false;
        for finding in findings {
            is_broken |= finding.severity == Severity::Error;
            self.say(&finding.message)?;
        }
        Ok(if is_broken { old } else { new })
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        for line in wrap_plain(&safe(text), self.columns().saturating_sub(2).max(8)) {
            writeln!(self.output, "  {}", self.style.warning(line))?;
        }
        Ok(())
    }
}

/// Returns the rule for calls like this one; no rule answers questions about files that decide.
fn proposed(open: &OpenQuestion) -> Option<PermissionRule> {
    match open.question.subject.concern {
        Concern::Call => rule_for_similar(
            &open.question.subject.tool,
            &open.question.subject.arguments,
        ),
        _ => None,
    }
}

fn duration(word: &str) -> Option<Remember> {
    match word {
        "s" | "session" => Some(Remember::Session),
        "f" | "folder" => Some(Remember::Folder),
        "m" | "me" => Some(Remember::User),
        _ => None,
    }
}
