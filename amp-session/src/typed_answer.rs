//! The answer of a turn as a value of the program.

use serde::de::DeserializeOwned;

use crate::outcome::{Failure, Reason};
use crate::policy::{AfterAnswer, Answers, Schema};
use crate::session::Session;
use crate::turn::Turn;

impl Turn {
    /// Waits for an answer that fits a schema, whose [`ask`](Schema::ask) is in the prompt. The
    /// agent gets one more turn of the session to correct an answer that does not fit.
    ///
    /// # Errors
    ///
    /// Tells why a turn did not complete; [`Reason::UnfitAnswer`] says that the second answer does
    /// not fit either, or does not fit the type, or that the second turn could not begin.
    pub async fn answer<T: DeserializeOwned>(
        self,
        schema: &Schema,
        session: &Session,
    ) -> Result<T, Failure> {
        let mut answers = Answers::new(schema.clone());
        let mut turn = self;
        loop {
            let text = turn.text().await?;
            let misfit = match answers.judge_turn(Some(&text)).await {
                AfterAnswer::Fits(value) => {
                    let fitted = serde_json::from_value(value);
                    return fitted.map_err(|error| unfit(&error.to_string()));
                }
                AfterAnswer::Unfit(misfit) => return Err(unfit(&misfit.to_string())),
                AfterAnswer::Again(misfit) => misfit,
            };
            let next = session.prompt(misfit.prompt()).await;
            turn = next.map_err(|error| unfit(&format!("{misfit}; {error}")))?;
        }
    }
}

fn unfit(why: &str) -> Failure {
    let message = format!("the answer does not fit: {why}");
    Failure::of(Reason::UnfitAnswer, &message)
}
