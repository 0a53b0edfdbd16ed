//! The line that tells how a turn is going.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use amp_session::protocol::progress::{ClosedCall, ContextUse, OpenCall, Progress, UsageTotals};
use amp_session::protocol::{Event, ToolUseBlock, ToolUseId};

use super::changes::Changes;
use super::tool_call::ToolCall;
use crate::text::{StatusLine, clock, one_line, tokens};

/// A silence from here on is mentioned, when no tool explains it: a service that went away looks
/// just like a model that thinks.
const LONG_SILENCE: Duration = Duration::from_secs(30);

/// How many of the tools that run at once are named.
const MOST_NAMED: usize = 4;

/// Follows a turn for those who show it.
#[derive(Debug)]
pub(crate) struct Status {
    started: Instant,
    progress: Progress,
    /// When the agent was last heard of.
    heard: Instant,
    changes: Changes,
    /// When the open calls began.
    calls: BTreeMap<ToolUseId, Instant>,
    /// When those began that the last event has ended.
    ended: BTreeMap<ToolUseId, Instant>,
    /// What is going on; `None` when it must be looked up.
    activity: Option<Activity>,
}

/// What is going on.
#[derive(Debug)]
struct Activity {
    text: String,
    since: Option<Instant>,
}

impl Status {
    /// Starts the clock.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            heard: Instant::now(),
            progress: Progress::new(),
            changes: Changes::default(),
            calls: BTreeMap::new(),
            ended: BTreeMap::new(),
            activity: None,
        }
    }

    /// Takes note of an event and returns the tool calls that it ends.
    pub(crate) fn observe<'event>(&mut self, event: &'event Event) -> Vec<ClosedCall<'event>> {
        self.heard = Instant::now();
        self.activity = None;
        self.ended.clear();
        if let Event::Assistant(assistant) = event {
            let calls = assistant.message.tool_uses();
            self.calls
                .extend(calls.map(|call| (call.id.clone(), self.heard)));
        }
        let closed = self.progress.observe(event);
        let system = self.progress.system();
        let directory = system.and_then(|system| system.cwd.as_deref());
        for call in &closed {
            self.changes.add(call, directory);
        }
        for call in closed.iter().filter_map(|closed| closed.call.as_ref()) {
            let id = &call.request.id;
            // A new call may have the id of one that has ended.
            let began = match self.progress.open_call(id) {
                Some(_) => self
                    .calls
                    .get_key_value(id)
                    .map(|(id, began)| (id.clone(), *began)),
                None => self.calls.remove_entry(id),
            };
            self.ended.extend(began);
        }
        closed
    }

    /// Returns the tool calls that were open when the stream ended.
    pub(crate) fn finish(&mut self) -> Vec<ClosedCall<'static>> {
        self.activity = None;
        self.progress.finish()
    }

    /// Says what is going on, until the agent is heard of again.
    pub(crate) fn announce(&mut self, text: &str) {
        self.activity = Some(Activity {
            text: text.to_owned(),
            since: None,
        });
    }

    /// Says again what the agent does.
    pub(crate) fn forget_announcement(&mut self) {
        self.activity = None;
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

    /// Returns the files that were changed so far.
    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Returns how full the context window is, where messages say so.
    pub(crate) fn context(&self) -> Option<ContextUse> {
        self.progress.context()
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

    /// Returns when a call began that is open, or that the last event has ended.
    pub(crate) fn started(&self, id: &ToolUseId) -> Instant {
        let began = self.ended.get(id).or_else(|| self.calls.get(id));
        began.copied().unwrap_or_else(Instant::now)
    }

    /// Returns the line: mode, time, what is going on, tokens.
    pub(crate) fn line(&mut self) -> StatusLine {
        self.line_at(Instant::now())
    }

    /// Returns the line as it is at a moment.
    pub(crate) fn line_at(&mut self, now: Instant) -> StatusLine {
        let activity = match self.activity.take() {
            Some(activity) => activity,
            None => self.look_up(),
        };
        let silence = now.saturating_duration_since(self.heard);
        let has_started = self.progress.system().is_some();
        let is_silent = activity.since.is_none() && has_started && silence >= LONG_SILENCE;
        let for_how_long = match activity.since {
            Some(since) => format!(" {}", clock(now.saturating_duration_since(since))),
            None if is_silent => format!(" · no news for {}", clock(silence)),
            None => String::new(),
        };
        let time = clock(now.saturating_duration_since(self.started));
        let before = self.mode().into_iter().chain([time]);
        let line = StatusLine {
            before: before.map(|part| format!("{part} · ")).collect(),
            doing: activity.text.clone(),
            for_how_long,
            after: self.tokens().map(|tokens| format!(" · {tokens}")),
        };
        self.activity = Some(activity);
        line
    }

    /// Names what the agent does: its open calls, without those that wait for their own subagent.
    fn look_up(&self) -> Activity {
        let calls = || self.progress.open_calls();
        let waiting: HashSet<_> = calls().filter_map(|call| call.parent.as_ref()).collect();
        let working = || calls().filter(|call| !waiting.contains(&call.request.id));
        let since = working().filter_map(|call| self.calls.get(&call.request.id));
        let text = match (working().next(), working().count()) {
            (None, _) if self.progress.system().is_none() => "starting Amp".to_owned(),
            (None, _) => "waiting for the model".to_owned(),
            (Some(only), 1) => self.call(&only.request).activity(),
            (Some(_), count) => {
                let named = working().take(MOST_NAMED);
                let named = named.map(|call| self.call(&call.request).activity());
                let named = named.collect::<Vec<_>>().join(", ");
                format!("{count} tools: {named}")
            }
        };
        Activity {
            text,
            since: since.min().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use amp_session::protocol::decode_line;

    use super::*;

    fn observe(status: &mut Status, line: &str) {
        let event = decode_line(line.as_bytes()).into_event();
        status.observe(&event.expect("an event"));
    }

    const INIT: &str = r#"{"type":"system","subtype":"init","agent_mode":"high"}"#;
    const CALL: &str = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"shell_command","input":{"command":"make all"}}],"usage":{"input_tokens":1200,"output_tokens":34}}}"#;

    #[test]
    fn a_long_silence_is_mentioned_unless_a_tool_explains_it() {
        let mut status = Status::new();
        let started = status.started;
        let line = |status: &mut Status, seconds| {
            let line = status.line_at(started + Duration::from_secs(seconds));
            line.lay_out(80)
        };
        assert_eq!(line(&mut status, 75), "1m 15s · starting Amp");
        observe(&mut status, INIT);
        assert_eq!(line(&mut status, 20), "high · 20s · waiting for the model");
        let silent = line(&mut status, 75);
        assert!(
            silent.contains("waiting for the model · no news for 1m 1"),
            "{silent}"
        );
        observe(&mut status, CALL);
        let silent = line(&mut status, 75);
        assert!(silent.contains(" · running make all 1m 1"), "{silent}");
        assert!(silent.ends_with("s · 1200 tokens in, 34 out"), "{silent}");
    }

    #[test]
    fn nothing_is_said_of_tokens_when_none_were_counted() {
        assert_eq!(Status::new().tokens(), None);
    }
}
