//! The most that a turn may use.

use std::collections::VecDeque;
use std::fmt;

use amp_protocol::progress::Progress;
use amp_protocol::{Decoded, Event};
use serde::Serialize;

/// The most that a turn may use; nothing is limited unless it is set.
///
/// What is used is counted from the stream: the agent is stopped, and the turn ends as
/// [`Status::Capped`](crate::Status::Capped), as soon as a message of the model takes more than is
/// allowed, or takes the last of it and wants to go on. An agent that is done by then has completed
/// its turn. What subagents use counts where the stream has it: no build of 2026 streams the tokens
/// of all of them.
///
/// ```
/// let caps = amp_session::Caps::default().with_tool_calls(20).with_tokens(200_000);
/// let config = amp_session::SessionConfig::default().with_caps(caps);
/// assert_eq!(config.caps.tool_calls, Some(20));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    /// Tokens read, without those from the cache, and written.
    pub tokens: Option<u64>,
    /// Tool calls, those of subagents included.
    pub tool_calls: Option<u64>,
    /// Messages of the model, those of subagents included.
    pub messages: Option<u64>,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cap {
    /// Tokens read, without those from the cache, and written.
    Tokens,
    /// Tool calls.
    ToolCalls,
    /// Messages of the model.
    Messages,
}

/// How much is used of what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CapUse {
    /// What is limited.
    pub cap: Cap,
    /// How much of it is used.
    pub used: u64,
    /// How much may be.
    pub limit: u64,
    /// How many messages did not say what they used: so much is not counted.
    pub uncounted_messages: u64,
}

impl Caps {
    /// Limits the tokens read, without those from the cache, and written.
    #[must_use]
    pub fn with_tokens(mut self, limit: u64) -> Self {
        self.tokens = Some(limit);
        self
    }

    /// Limits the tool calls.
    #[must_use]
    pub fn with_tool_calls(mut self, limit: u64) -> Self {
        self.tool_calls = Some(limit);
        self
    }

    /// Limits the messages of the model.
    #[doc(alias = "max_turns")]
    #[must_use]
    pub fn with_messages(mut self, limit: u64) -> Self {
        self.messages = Some(limit);
        self
    }

    /// Says how much is used of everything that is limited.
    fn uses(&self, progress: &Progress, messages: u64) -> impl Iterator<Item = CapUse> {
        let usage = progress.usage();
        let tokens = usage.uncached_tokens();
        let uncounted = usage.messages_without_usage;
        let limits = [
            (Cap::Tokens, tokens, self.tokens, uncounted),
            (Cap::ToolCalls, progress.tool_calls(), self.tool_calls, 0),
            (Cap::Messages, messages, self.messages, 0),
        ];
        limits
            .into_iter()
            .filter_map(|(cap, used, limit, uncounted_messages)| {
                Some(CapUse {
                    cap,
                    used,
                    limit: limit?,
                    uncounted_messages,
                })
            })
    }
}

impl CapUse {
    /// Tells whether a turn that goes on would take more than is allowed.
    fn is_used_up(&self) -> bool {
        match self.cap {
            // The calls of a message are on their way when it comes; those that are allowed may run.
            Cap::ToolCalls => self.used > self.limit,
            Cap::Tokens | Cap::Messages => self.used >= self.limit,
        }
    }

    /// Tells whether four fifths are used.
    fn is_near(&self) -> bool {
        self.used >= self.limit - self.limit / 5
    }
}

impl fmt::Display for CapUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { used, limit, .. } = self;
        let what = match self.cap {
            Cap::Tokens => "tokens",
            Cap::ToolCalls => "tool calls",
            Cap::Messages => "messages of the model",
        };
        let least = match self.uncounted_messages {
            0 => "",
            _ => "at least ",
        };
        write!(formatter, "{least}{used} {what}, of at most {limit}")?;
        match self.uncounted_messages {
            0 => Ok(()),
            1 => formatter.write_str(" (1 message did not say how many)"),
            count => write!(formatter, " ({count} messages did not say how many)"),
        }
    }
}

/// Watches a turn for what it uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct CapWatch {
    caps: Caps,
    messages: u64,
    /// What the messages so far have used up.
    used_up: Option<CapUse>,
    /// What the agent wanted more of.
    reached: Option<CapUse>,
    /// What was warned about.
    near: Vec<Cap>,
    /// The warnings that nobody has taken yet.
    warnings: VecDeque<CapUse>,
}

impl CapWatch {
    pub(crate) fn new(caps: Caps) -> Self {
        Self {
            caps,
            ..Self::default()
        }
    }

    /// Takes note of a line that `progress` has observed already; tells whether the agent has to
    /// stop.
    pub(crate) fn observe(&mut self, decoded: &Decoded, progress: &Progress) -> bool {
        let Decoded::Event(Event::Assistant(assistant)) = decoded else {
            return false;
        };
        self.messages += 1;
        let was_used_up = self.used_up.is_some();
        for one in self.caps.uses(progress, self.messages) {
            if one.is_used_up() {
                self.used_up.get_or_insert(one);
            } else if one.is_near() && !self.near.contains(&one.cap) {
                self.near.push(one.cap);
                self.warnings.push_back(one);
            }
        }
        let goes_on = assistant.parent_tool_use_id.is_some()
            || assistant.message.tool_uses().next().is_some();
        if was_used_up || goes_on {
            self.reached = self.reached.or(self.used_up);
        }
        self.reached.is_some()
    }

    /// Returns what the agent wanted more of than it may have.
    pub(crate) fn reached(&self) -> Option<CapUse> {
        self.reached
    }

    /// Returns the next warning that something is nearly used up.
    pub(crate) fn take_warning(&mut self) -> Option<CapUse> {
        self.warnings.pop_front()
    }

    /// Drops the warnings, because nobody wants them.
    pub(crate) fn forget_warnings(&mut self) {
        self.warnings.clear();
    }
}

#[cfg(test)]
mod tests {
    use amp_protocol::decode_line;
    use amp_protocol::progress::Progress;
    use serde_json::json;

    use super::{CapWatch, Caps};

    /// A message of the model with so many calls.
    fn message(calls: usize, usage: Option<[u64; 3]>) -> String {
        let calls = (0..calls).map(|number| {
            json!({"type": "tool_use", "id": format!("call-{number}"), "name": "Read", "input": {}})
        });
        let usage = usage.map(|[input, cached, output]| {
            json!({
                "input_tokens": input,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": cached,
                "output_tokens": output,
            })
        });
        let mut message = json!({"content": calls.collect::<Vec<_>>()});
        if let Some(usage) = usage {
            message["usage"] = usage;
        }
        json!({"type": "assistant", "message": message}).to_string()
    }

    /// Says after which message the agent is stopped, and all that is told.
    fn watch(caps: Caps, messages: &[String]) -> (Option<usize>, Vec<String>) {
        let (mut watch, mut progress) = (CapWatch::new(caps), Progress::new());
        let mut told = Vec::new();
        let mut stopped = None;
        for (index, message) in messages.iter().enumerate() {
            let decoded = decode_line(message.as_bytes());
            progress.observe(decoded.event().unwrap());
            if watch.observe(&decoded, &progress) {
                stopped.get_or_insert(index);
            }
            told.extend(std::iter::from_fn(|| watch.take_warning()).map(|one| one.to_string()));
        }
        told.extend(watch.reached().map(|one| format!("stopped: {one}")));
        (stopped, told)
    }

    #[test]
    fn the_call_too_many_stops_the_agent() {
        let caps = Caps::default().with_tool_calls(5);
        let (stopped, told) = watch(
            caps,
            &[message(2, None), message(2, None), message(2, None)],
        );
        assert_eq!(stopped, Some(2));
        let expected = [
            "4 tool calls, of at most 5",
            "stopped: 6 tool calls, of at most 5",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn every_call_that_is_allowed_may_run() {
        let caps = Caps::default().with_tool_calls(2);
        let (stopped, _) = watch(caps, &[message(2, None), message(0, None)]);
        assert_eq!(stopped, None);
    }

    #[test]
    fn no_call_at_all_can_be_asked_for() {
        let caps = Caps::default().with_tool_calls(0);
        assert_eq!(watch(caps, &[message(0, None)]).0, None);
        assert_eq!(watch(caps, &[message(1, None)]).0, Some(0));
    }

    #[test]
    fn tokens_from_the_cache_are_not_counted() {
        let caps = Caps::default().with_tokens(100);
        let costly = message(1, Some([40, 100_000, 5]));
        let (stopped, told) = watch(caps, &[costly.clone(), costly.clone(), costly]);
        assert_eq!(stopped, Some(2));
        let expected = [
            "90 tokens, of at most 100",
            "stopped: 135 tokens, of at most 100",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_did_not_say_its_tokens_is_told() {
        let caps = Caps::default().with_tokens(10);
        let (_, told) = watch(caps, &[message(1, None), message(1, Some([9, 0, 1]))]);
        let expected =
            "stopped: at least 10 tokens, of at most 10 (1 message did not say how many)";
        assert_eq!(told, [expected]);
    }

    #[test]
    fn an_agent_that_is_done_with_its_last_message_is_not_stopped() {
        let caps = Caps::default().with_messages(2).with_tokens(5);
        let done = [message(1, Some([1, 0, 1])), message(0, Some([9, 0, 9]))];
        assert_eq!(watch(caps, &done).0, None);
        // It was not done after all.
        let more = [&done[..], &[message(0, None)]].concat();
        assert_eq!(watch(caps, &more).0, Some(2));
    }

    #[test]
    fn the_last_message_that_wants_to_go_on_stops_the_agent() {
        let caps = Caps::default().with_messages(2);
        let (stopped, told) = watch(caps, &[message(1, None), message(1, None)]);
        assert_eq!(stopped, Some(1));
        assert_eq!(told, ["stopped: 2 messages of the model, of at most 2"]);
    }

    #[test]
    fn nothing_is_limited_unless_it_is_set() {
        let messages = vec![message(3, Some([1 << 40, 0, 1 << 40])); 50];
        assert_eq!(watch(Caps::default(), &messages), (None, Vec::new()));
    }
}
