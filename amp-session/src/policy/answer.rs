//! The turns that it takes until an answer fits its schema.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::schema::{Misfit, Schema};

/// How long an answer may take to be judged: a schema can be written so that it takes years.
const DEADLINE: Duration = Duration::from_secs(30);

/// Judges the answer of each turn, and gives the agent one more turn to correct one that does not fit.
#[derive(Debug, Clone)]
pub struct Answers {
    schema: Schema,
    /// Whether the last answer did not fit.
    mending: bool,
}

/// What comes after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterAnswer {
    /// Nothing: it fits.
    Fits(Value),
    /// One more turn, which is told what is wrong.
    Again(Misfit),
    /// Nothing: it did not fit the second time either.
    Unfit(Misfit),
}

impl Answers {
    /// Reminds the agent of the answer, behind a prompt about something else.
    pub const AGAIN: &'static str =
        "\n\nThen end your last message with the whole answer again, as it was asked for.";

    /// Wants answers that fit this schema.
    #[must_use]
    pub fn new(schema: Schema) -> Self {
        Self {
            schema,
            mending: false,
        }
    }

    /// Judges the answer of a turn that has completed, and says what comes next.
    pub async fn judge_turn(&mut self, text: Option<&str>) -> AfterAnswer {
        let judged = judge(&self.schema, text.unwrap_or_default()).await;
        match judged {
            Ok(value) => {
                self.mending = false;
                AfterAnswer::Fits(value)
            }
            Err(misfit) if std::mem::replace(&mut self.mending, true) => AfterAnswer::Unfit(misfit),
            Err(misfit) => AfterAnswer::Again(misfit),
        }
    }
}

/// Judges an answer on a thread that is left to itself when it takes too long.
async fn judge(schema: &Schema, text: &str) -> Result<Value, Misfit> {
    let unjudged = |complaint: &str| Misfit {
        answer: None,
        complaints: vec![complaint.to_owned()],
    };
    let (sender, judged) = oneshot::channel();
    let (schema, text) = (schema.clone(), text.to_owned());
    // Nobody may be waiting any more.
    let work = move || drop(sender.send(schema.judge(&text)));
    if let Err(error) = std::thread::Builder::new().spawn(work) {
        return Err(unjudged(&format!("it could not be judged: {error}")));
    }
    match timeout(DEADLINE, judged).await {
        Ok(Ok(judged)) => judged,
        Ok(Err(_)) => Err(unjudged("the validator failed")),
        Err(_) => Err(unjudged("the validator took longer than 30 s")),
    }
}
