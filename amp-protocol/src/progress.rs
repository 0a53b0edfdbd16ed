//! What a stream has come to so far, for those who read along.
//!
//! Tool calls are joined with their results, those of subagents hang below the call that started
//! them, tokens are added up, and refusals are counted. What has passed is not kept: a [`Progress`]
//! is as big as the calls that are open and the last message, however long the stream.

mod calls;
mod usage;

pub use calls::{ClosedCall, OpenCall};
pub use usage::{ContextUse, UsageTotals};

use calls::OpenCalls;

use crate::content::{ContentBlock, ToolUseId};
use crate::event::{AssistantEvent, Event, ResultEvent, SessionId, SystemEvent, UserEvent};

/// What a stream has come to so far.
///
/// ```
/// use amp_protocol::{decode_line, progress::Progress};
///
/// let lines = [
///     r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"a","name":"Read","input":{"path":"/etc/hosts"}}]}}"#,
///     r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"a","content":"127.0.0.1"}]}}"#,
///     r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Only this host."}]}}"#,
/// ];
/// let mut progress = Progress::new();
/// for line in lines {
///     let Some(event) = decode_line(line.as_bytes()).into_event() else { continue };
///     for closed in progress.observe(&event) {
///         let call = closed.call.expect("the call came first");
///         assert_eq!(call.request.subject(), "/etc/hosts");
///     }
/// }
/// assert_eq!(progress.final_text(), Some("Only this host."));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    system: Option<SystemEvent>,
    session_id: Option<SessionId>,
    open: OpenCalls,
    tool_calls: u64,
    refused_calls: u64,
    usage: UsageTotals,
    context: Option<ContextUse>,
    text: Option<String>,
    cut_short: bool,
    result: Option<ResultEvent>,
}

impl Progress {
    /// Returns what no stream has come to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of an event and returns the calls that it ends, each behind the calls that its
    /// subagent had still open.
    ///
    /// A subagent's results are not streamed: its calls end without one, when it goes on or is
    /// done. A result whose call was never seen comes as well, without the call.
    pub fn observe<'event>(&mut self, event: &'event Event) -> Vec<ClosedCall<'event>> {
        if self.session_id.is_none() {
            self.session_id = event.session_id().cloned();
        }
        match event {
            Event::System(system) => self.system = Some(system.clone()),
            Event::Assistant(assistant) => return self.observe_assistant(assistant),
            Event::User(user) => return self.observe_user(user),
            Event::Result(result) => self.result = Some(result.clone()),
        }
        Vec::new()
    }

    /// Ends the calls that are still open when the stream has ended: they were cut off.
    pub fn finish(&mut self) -> Vec<ClosedCall<'static>> {
        self.open.close_all()
    }

    /// Returns how the run was set up.
    #[must_use]
    pub fn system(&self) -> Option<&SystemEvent> {
        self.system.as_ref()
    }

    /// Returns the thread's id.
    #[must_use]
    pub fn session_id(&self) -> Option<&SessionId> {
        self.session_id.as_ref()
    }

    /// Returns the calls without a result, in the order they came.
    pub fn open_calls(&self) -> impl Iterator<Item = &OpenCall> {
        self.open.iter()
    }

    /// Returns the call of this id, if it has no result yet.
    #[must_use]
    pub fn open_call(&self, id: &ToolUseId) -> Option<&OpenCall> {
        self.open.get(id)
    }

    /// Returns how many tool calls there were, those of subagents included.
    #[must_use]
    pub fn tool_calls(&self) -> u64 {
        self.tool_calls
    }

    /// Returns how many results say that the call was refused.
    #[must_use]
    pub fn refused_calls(&self) -> u64 {
        self.refused_calls
    }

    /// Returns the tokens of all messages added up, those of subagents included.
    ///
    /// The stream has no total of its own: the result carries neither tokens nor a price.
    #[must_use]
    pub fn usage(&self) -> UsageTotals {
        self.usage
    }

    /// Returns how full the context window was after the last message that no subagent sent.
    #[must_use]
    pub fn context(&self) -> Option<ContextUse> {
        self.context
    }

    /// Tells whether the last message was cut: the provider gave no reason for its end.
    ///
    /// Builds through May 2026 end so at the output limit and at a refusal, and then hang.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.cut_short
    }

    /// Returns how the run ended, once it has.
    #[must_use]
    pub fn result(&self) -> Option<&ResultEvent> {
        self.result.as_ref()
    }

    /// Returns the answer: the result's text, or the text of the last message before it that no
    /// subagent sent.
    #[must_use]
    pub fn final_text(&self) -> Option<&str> {
        let of_result = self
            .result
            .as_ref()
            .and_then(|result| result.result.as_deref());
        of_result.or(self.text.as_deref())
    }

    fn observe_assistant(&mut self, assistant: &AssistantEvent) -> Vec<ClosedCall<'static>> {
        let message = &assistant.message;
        self.usage.add(message.usage.as_deref());
        let parent = assistant.parent_tool_use_id.as_ref();
        let mut closed = Vec::new();
        match parent {
            Some(parent) => self.open.close_below(parent, &mut closed),
            None => {
                let context = message.usage.as_deref().and_then(ContextUse::of);
                self.context = context.or(self.context);
                message.write_text(self.text.get_or_insert_default());
                self.cut_short = message.stop_reason.is_none();
            }
        }
        for request in message.tool_uses() {
            self.tool_calls += 1;
            self.open.begin(request, parent, &mut closed);
        }
        closed
    }

    fn observe_user<'event>(&mut self, user: &'event UserEvent) -> Vec<ClosedCall<'event>> {
        let mut closed = Vec::new();
        let results = user.message.content.iter();
        for result in results.filter_map(ContentBlock::as_tool_result) {
            self.refused_calls += u64::from(result.refusal().is_some());
            self.open.answer(result, &mut closed);
        }
        closed
    }
}
