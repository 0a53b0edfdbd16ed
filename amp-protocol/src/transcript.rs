//! The conversation behind the stream: events in, turns out.
//!
//! A pure fold. Tool calls are joined with their results, what subagents said hangs below the
//! call that started them, and token counts are added up per turn and in total. Messages may
//! come in any order in which the CLI was ever seen to send them: a subagent's last words after
//! its call was answered, a result without its call, a parent that follows its child.

mod message;
mod usage;

pub use message::{Block, CallId, Message, ToolCall, Turn};
pub use usage::UsageTotals;

use std::collections::{BTreeMap, HashMap};

use crate::content::{ContentBlock, ToolResultBlock, ToolUseId};
use crate::event::{AssistantEvent, Event, ResultEvent, SessionId, SystemEvent, UserEvent};

/// A conversation, as far as the events told it.
///
/// ```
/// use amp_protocol::{Decoded, decode_line, transcript::Transcript};
///
/// let lines = [
///     r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"2+2?"}]}}"#,
///     r#"{"type":"assistant","message":{"content":[{"type":"text","text":"4"}]}}"#,
/// ];
/// let events = lines.iter().filter_map(|line| decode_line(line.as_bytes()).into_event());
/// let transcript: Transcript = events.collect();
/// assert_eq!(transcript.turns().len(), 1);
/// assert_eq!(transcript.final_text().as_deref(), Some("4"));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    system: Option<SystemEvent>,
    turns: Vec<Turn>,
    calls: Vec<ToolCall>,
    call_ids: HashMap<ToolUseId, CallId>,
    /// What a subagent said before the call that started it was seen.
    waiting: BTreeMap<ToolUseId, Vec<Message>>,
    unmatched_results: Vec<ToolResultBlock>,
    result: Option<ResultEvent>,
}

impl Transcript {
    /// Makes an empty conversation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next event.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::System(system) => self.system = Some(system),
            Event::User(user) => self.push_user(user),
            Event::Assistant(assistant) => self.push_assistant(assistant),
            Event::Result(result) => self.result = Some(result),
        }
    }

    /// Returns how the run was set up.
    #[must_use]
    pub fn system(&self) -> Option<&SystemEvent> {
        self.system.as_ref()
    }

    /// Returns the conversation's id.
    #[must_use]
    pub fn session_id(&self) -> Option<&SessionId> {
        let from_result = || {
            self.result
                .as_ref()
                .and_then(|result| result.session_id.as_ref())
        };
        let from_system = self
            .system
            .as_ref()
            .and_then(|system| system.session_id.as_ref());
        from_system.or_else(from_result)
    }

    /// Returns the turns; each begins with something the user said.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// Returns a tool call that a block names.
    #[must_use]
    pub fn call(&self, id: CallId) -> &ToolCall {
        &self.calls[id.0]
    }

    /// Returns all tool calls in the order they came, those of subagents included.
    #[must_use]
    pub fn calls(&self) -> &[ToolCall] {
        &self.calls
    }

    /// Returns the tool calls without a result.
    ///
    /// After a cancelled run these are the ones that were cut off.
    pub fn open_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.calls.iter().filter(|call| call.result.is_none())
    }

    /// Returns the results whose calls were never seen.
    #[must_use]
    pub fn unmatched_results(&self) -> &[ToolResultBlock] {
        &self.unmatched_results
    }

    /// Returns what subagents said whose calls were never seen, with the ids of the calls.
    pub fn unmatched_messages(&self) -> impl Iterator<Item = (&ToolUseId, &Message)> {
        let waiting = self.waiting.iter();
        waiting.flat_map(|(parent, messages)| messages.iter().map(move |message| (parent, message)))
    }

    /// Returns how the run ended.
    #[must_use]
    pub fn result(&self) -> Option<&ResultEvent> {
        self.result.as_ref()
    }

    /// Returns the answer: the result's text, or the text of the last message before it.
    #[must_use]
    pub fn final_text(&self) -> Option<String> {
        if let Some(text) = self
            .result
            .as_ref()
            .and_then(|result| result.result.clone())
        {
            return Some(text);
        }
        let last = self
            .turns
            .iter()
            .rev()
            .find_map(|turn| turn.messages.last())?;
        Some(last.text())
    }

    /// Returns the tokens of all messages added up, those of subagents included.
    ///
    /// The stream has no total of its own: the result carries neither tokens nor a price.
    #[must_use]
    pub fn usage(&self) -> UsageTotals {
        let top_level = self.turns.iter().flat_map(|turn| &turn.messages);
        let below = self.calls.iter().flat_map(|call| &call.messages);
        top_level
            .chain(below)
            .map(|message| message.usage.as_deref())
            .collect()
    }

    /// Returns the tokens of one turn added up, those of its subagents included.
    #[must_use]
    pub fn turn_usage(&self, turn: &Turn) -> UsageTotals {
        let mut totals = UsageTotals::default();
        let mut open: Vec<&Message> = turn.messages.iter().collect();
        while let Some(message) = open.pop() {
            totals.add(message.usage.as_deref());
            open.extend(message.calls().flat_map(|id| &self.call(id).messages));
        }
        totals
    }

    fn push_user(&mut self, user: UserEvent) {
        let mut said = Vec::new();
        for block in user.message.content {
            match block {
                ContentBlock::ToolResult(result) => self.answer(result),
                block => said.push(block),
            }
        }
        match user.parent_tool_use_id {
            Some(parent) if !said.is_empty() => {
                self.push_below(parent, Message::from_subagent_prompt(said));
            }
            None if !said.is_empty() => self.turns.push(Turn::new(said)),
            _ => {}
        }
    }

    fn push_assistant(&mut self, assistant: AssistantEvent) {
        let mut message = Message::default();
        message.stop_reason = assistant.message.stop_reason;
        message.usage = assistant.message.usage;
        for block in assistant.message.content {
            message.blocks.push(match block {
                ContentBlock::ToolUse(request) => {
                    let id = CallId(self.calls.len());
                    self.call_ids.insert(request.id.clone(), id);
                    self.calls.push(ToolCall::new(request));
                    Block::Call(id)
                }
                ContentBlock::Text(text) => Block::Text(text.text),
                ContentBlock::Thinking(thinking) => Block::Thinking(thinking.thinking),
                other => Block::Other(other),
            });
        }
        let calls: Vec<CallId> = message.calls().collect();
        match assistant.parent_tool_use_id {
            Some(parent) => self.push_below(parent, message),
            None => self.push_to_turn(message),
        }
        for call in calls {
            self.adopt_waiting(call);
        }
    }

    fn push_to_turn(&mut self, message: Message) {
        if self.turns.is_empty() {
            self.turns.push(Turn::new(Vec::new()));
        }
        if let Some(turn) = self.turns.last_mut() {
            turn.messages.push(message);
        }
    }

    fn push_below(&mut self, parent: ToolUseId, message: Message) {
        match self.call_ids.get(&parent) {
            Some(call) => self.calls[call.0].messages.push(message),
            None => self.waiting.entry(parent).or_default().push(message),
        }
    }

    fn adopt_waiting(&mut self, call: CallId) {
        let call = &mut self.calls[call.0];
        if let Some(messages) = self.waiting.remove(&call.request.id) {
            call.messages.extend(messages);
        }
    }

    fn answer(&mut self, result: ToolResultBlock) {
        match self.call_ids.get(&result.tool_use_id) {
            Some(call) if self.calls[call.0].result.is_none() => {
                self.calls[call.0].result = Some(result);
            }
            _ => self.unmatched_results.push(result),
        }
    }
}

impl Extend<Event> for Transcript {
    fn extend<I: IntoIterator<Item = Event>>(&mut self, events: I) {
        for event in events {
            self.push(event);
        }
    }
}

impl FromIterator<Event> for Transcript {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut transcript = Self::new();
        transcript.extend(events);
        transcript
    }
}
