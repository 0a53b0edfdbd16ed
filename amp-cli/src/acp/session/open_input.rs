//! The input of a turn, which stays open for prompts that come while it runs.
//!
//! Builds since May 2026 hand such a prompt to the agent before its next step, and end with a result
//! only when their input has ended. So it is closed as soon as the agent has given its answer; and
//! when nothing was heard for a while, for an answer may be empty, which no line tells of (May). A
//! prompt that comes later waits for its turn.

use std::time::Duration;

use amp_session::TurnInput;
use amp_session::protocol::{Event, UserInput};
use tokio::time::{Instant, sleep_until};

/// How long nothing may be heard while no call is open.
pub(super) const QUIET: Duration = Duration::from_secs(30);

/// The input of a turn, while it is open.
#[derive(Debug)]
pub(super) struct OpenInput<Input = TurnInput> {
    input: Option<Input>,
    heard: Instant,
    quiet: Duration,
}

impl<Input> OpenInput<Input> {
    /// Begins with an open input, or none; it is closed when nothing was heard for so long.
    pub(super) fn new(input: Option<Input>, quiet: Duration) -> Self {
        Self {
            input,
            heard: Instant::now(),
            quiet,
        }
    }

    /// Hears what the agent says: with an answer the input is closed.
    pub(super) fn hear(&mut self, event: Option<&Event>) {
        self.heard = Instant::now();
        if event.is_some_and(is_answer) {
            self.input = None;
        }
    }

    /// Closes the input when nothing was heard for a while, and waits for ever when there is none.
    /// Dropping the future loses nothing.
    pub(super) async fn close_when_quiet(&mut self) {
        if self.input.is_none() {
            std::future::pending::<()>().await;
        }
        sleep_until(self.heard + self.quiet).await;
        self.input = None;
    }

    pub(super) fn is_open(&self) -> bool {
        self.input.is_some()
    }
}

impl OpenInput {
    /// Hands a prompt to the agent; tells whether it was taken.
    pub(super) fn steer(&mut self, prompt: UserInput) -> bool {
        let Some(input) = &mut self.input else {
            return false;
        };
        self.heard = Instant::now();
        input.send(&prompt.with_steer(true)).is_ok()
    }
}

/// Tells whether an agent that says this calls no tool, so that it says no more by itself.
fn is_answer(event: &Event) -> bool {
    match event {
        Event::Assistant(assistant) => {
            let is_own = assistant.parent_tool_use_id.is_none();
            is_own && assistant.message.tool_uses().next().is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use amp_session::protocol::decode_line;

    use super::*;

    fn event(content: &str, parent: &str) -> Event {
        let line = format!(
            r#"{{"type":"assistant","parent_tool_use_id":{parent},"message":{{"role":"assistant","content":[{content}]}}}}"#
        );
        decode_line(line.as_bytes()).into_event().expect("an event")
    }

    #[test]
    fn the_input_is_closed_with_the_answer_and_with_nothing_else() {
        let text = r#"{"type":"text","text":"Done."}"#;
        let call = r#"{"type":"tool_use","id":"a","name":"Read","input":{"path":"/x"}}"#;
        let mut input = OpenInput::new(Some(()), QUIET);
        for goes_on in [
            event(&format!("{text},{call}"), "null"),
            event(text, r#""task""#),
        ] {
            input.hear(Some(&goes_on));
            assert!(input.is_open(), "{goes_on:?}");
        }
        input.hear(None);
        input.hear(Some(&event(text, "null")));
        assert!(!input.is_open());
    }

    #[tokio::test]
    async fn the_input_is_closed_when_nothing_is_heard() {
        let mut input = OpenInput::new(Some(()), Duration::from_millis(1));
        input.close_when_quiet().await;
        assert!(!input.is_open());
    }
}
