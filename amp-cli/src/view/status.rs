//! The line that tells how a turn is going.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use amp_session::protocol::progress::{ClosedCall, OpenCall, Progress, UsageTotals};
use amp_session::protocol::{Event, ToolUseBlock, ToolUseId};

use super::tool_call::ToolCall;
use crate::text::{clock, one_line, tokens};

/// A silence from here on is mentioned, when no tool explains it: a service that went away looks
/// just like a model that thinks.
const LONG_SILENCE: Duration = Duration::from_secs(30);

/// Follows a turn for those who show it.
#[derive(Debug)]
pub(crate) struct Status {
    started: Instant,
    progress: Progress,
    /// When the agent was last heard of.
    heard: Instant,
    /// What is going on; `None` when it must be looked up.
    activity: Option<Option<String>>,
}

impl Status {
    /// Starts the clock.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            heard: Instant::now(),
            progress: Progress::new(),
            activity: None,
        }
    }

    /// Takes note of an event and returns the tool calls that it ends.
    pub(crate) fn observe<'event>(&mut self, event: &'event Event) -> Vec<ClosedCall<'event>> {
        self.heard = Instant::now();
        self.activity = None;
        self.progress.observe(event)
    }

    /// Returns the tool calls that were open when the stream ended.
    pub(crate) fn finish(&mut self) -> Vec<ClosedCall<'static>> {
        self.activity = None;
        self.progress.finish()
    }

    /// Says what is going on, until the agent is heard of again.
    pub(crate) fn announce(&mut self, text: &str) {
        self.activity = Some(Some(text.to_owned()));
    }

    /// Describes a tool call of this turn.
    pub(crate) fn call(&self, request: &ToolUseBlock) -> ToolCall {
        let system = self.progress.system();
        let directory = system.and_then(|system| system.cwd.as_deref());
        ToolCall::of(request, directory)
    }

    /// Returns the call of this id, if it has no result yet.
    pub(crate) fn open_call(&self, id: &ToolUseId) -> Option<&OpenCall> {
        self.progress.open_call(id)
    }

    /// Returns how long the user has been waiting.
    ///
    /// This is the one clock of a turn: what the status line counts is what the end says. It starts
    /// with the command, so it includes the start of Amp, which Amp's own `duration_ms` does not.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the mode that the agent named.
    pub(crate) fn mode(&self) -> Option<String> {
        let mode = self.progress.system()?.agent_mode.as_ref()?;
        Some(one_line(mode.as_str()))
    }

    /// Returns the tokens that were counted.
    pub(crate) fn usage(&self) -> UsageTotals {
        self.progress.usage()
    }

    /// Returns the tokens in a few words, or nothing when no message stated any.
    pub(crate) fn tokens(&self) -> Option<String> {
        let usage = self.usage();
        let (read, written) = (usage.all_input_tokens(), usage.output_tokens);
        let is_counted = (read, written) != (0, 0);
        is_counted.then(|| format!("{} tokens in, {} out", tokens(read), tokens(written)))
    }

    /// Returns the line: mode, time, tokens, and what is going on.
    pub(crate) fn line(&mut self) -> String {
        self.line_at(Instant::now())
    }

    fn line_at(&mut self, now: Instant) -> String {
        let activity = match self.activity.take() {
            Some(activity) => activity,
            None => self.working_calls(),
        };
        let silence = now.saturating_duration_since(self.heard);
        let silent = (silence >= LONG_SILENCE).then(|| format!("no news for {}", clock(silence)));
        let time = clock(now.saturating_duration_since(self.started));
        let doing = activity.clone().or(silent);
        self.activity = Some(activity);
        let parts = [self.mode(), Some(time), self.tokens(), doing];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// Names the open calls, without those that wait for their own subagent.
    fn working_calls(&self) -> Option<String> {
        let calls = || self.progress.open_calls();
        let waiting: HashSet<_> = calls().filter_map(|call| call.parent.as_ref()).collect();
        let mut working = calls().filter(|call| !waiting.contains(&call.request.id));
        match (working.next()?, working.count()) {
            (only, 0) => Some(self.call(&only.request).to_string()),
            (_, others) => Some(format!("{} tools running", others + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use amp_session::protocol::decode_line;

    use super::*;

    #[test]
    fn a_long_silence_is_mentioned_unless_a_tool_explains_it() {
        let mut status = Status::new();
        let heard = status.heard;
        let mut line = |seconds| status.line_at(heard + Duration::from_secs(seconds));
        assert_eq!(line(29), "29s");
        assert_eq!(line(75), "1m 15s · no news for 1m 15s");
        let call = br#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"shell_command","input":{"command":"make"}}]}}"#;
        let event = decode_line(call).into_event().expect("an event");
        status.observe(&event);
        let heard = status.heard;
        let line = status.line_at(heard + Duration::from_secs(75));
        assert!(line.ends_with("1m 15s · shell_command make"), "{line}");
    }

    #[test]
    fn nothing_is_said_of_tokens_when_none_were_counted() {
        assert_eq!(Status::new().tokens(), None);
    }
}
