//! What an editor is told of a turn: a pure function of its items, but for the files that an edit is
//! about to change, which are read when the call comes and only while the turn runs.

mod content;
mod edit;
mod patch;
mod patched;
mod questions;
mod request;
mod result;
mod search;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use agent_client_protocol::v1::schema::{
    ContentChunk, MessageId, Notice, NoticeSeverity, Plan, PlanEntry, PlanEntryPriority,
    PlanEntryStatus, SessionUpdate, ToolCall, ToolCallId, ToolCallStatus, ToolCallUpdate,
    ToolCallUpdateFields, UsageUpdate,
};
use amp_session::TurnItem;
use amp_session::protocol::progress::{ClosedCall, Progress};
use amp_session::protocol::tool::{Todo, ToolInput};
use amp_session::protocol::{
    AssistantEvent, ContentBlock, Event, McpStatus, SystemEvent, ToolUseBlock, UserEvent,
};
use serde_json::Value;

use self::content::text;
use self::edit::Files;
use self::request::Request;
use super::client::Shows;
use crate::text::one_line;

/// When a turn is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// While it runs; its calls wait for an answer where somebody `asks` about them.
    Now { asks: bool },
    /// Later, from its record: files have changed since, and its prompt is told as well.
    Later,
}

/// Turns the items of a turn into what an editor is told of them.
#[derive(Debug)]
pub(crate) struct Mapping {
    folder: PathBuf,
    /// The number of the turn within its session, for ids that are the same in every telling.
    turn: u64,
    moment: Moment,
    shows: Shows,
    progress: Progress,
    /// The call that each question is about, by the number of the question.
    asked: HashMap<u64, ToolCallId>,
    /// Calls that were told of for their questions alone: those of subagents, which are in no line.
    unseen: Vec<ToolCallId>,
    /// Commands that are shown in a terminal of the client.
    terminals: Vec<ToolCallId>,
    /// The prompt was told already, and its line has not come.
    is_prompt_told: bool,
    /// Calls that were refused, whose reason stands.
    refused: Vec<ToolCallId>,
    /// What the client has no place for.
    unshown: Vec<String>,
}

impl Mapping {
    /// Begins with a turn of an agent that works in `folder`.
    pub(crate) fn new(folder: &Path, turn: u64, moment: Moment, shows: Shows) -> Self {
        Self {
            folder: folder.to_path_buf(),
            turn,
            moment,
            shows,
            progress: Progress::new(),
            asked: HashMap::new(),
            unseen: Vec::new(),
            terminals: Vec::new(),
            is_prompt_told: false,
            refused: Vec::new(),
            unshown: Vec::new(),
        }
    }

    /// Tells whether a call has no answer yet.
    pub(crate) fn has_open_call(&self) -> bool {
        self.progress.open_calls().next().is_some()
    }

    /// Returns what the prompt of a record means, which the lines of the turn may lack.
    pub(crate) fn prompt(&mut self, prompt: &str) -> SessionUpdate {
        self.is_prompt_told = true;
        SessionUpdate::UserMessageChunk(self.chunk(prompt, 0))
    }

    /// Returns what an item means for the editor, in order; the last of a turn ends every call that
    /// is still open.
    pub(crate) fn item(&mut self, item: &TurnItem) -> Vec<SessionUpdate> {
        match item {
            TurnItem::Line(line) => match line.event() {
                Some(event) => self.event(event, line.number()),
                None => Vec::new(),
            },
            TurnItem::Question(asked) => self.question(&asked.subject),
            TurnItem::Answer(decided) => self.answer(decided),
            TurnItem::Denial(denial) => {
                self.notice(&format!("the sandbox refused {}", denial.target))
            }
            TurnItem::Cap(used) => self.notice(&used.to_string()),
            TurnItem::End(outcome) => {
                let mut updates = self.end();
                if let Some(reason) = &outcome.ledger_failure {
                    updates.extend(self.notice(&format!("the record is not whole: {reason}")));
                }
                updates
            }
            _ => Vec::new(),
        }
    }

    /// Returns what the last items have told that the client has no place for, once.
    pub(crate) fn take_unshown(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unshown)
    }

    /// Returns what a line of this number within the turn means.
    fn event(&mut self, event: &Event, line: u64) -> Vec<SessionUpdate> {
        let mut updates = Vec::new();
        let closed = self.progress.observe(event);
        match event {
            Event::System(system) => self.system(system, &mut updates),
            Event::User(user) => {
                self.close(closed, &mut updates);
                self.user(user, line, &mut updates);
            }
            Event::Assistant(assistant) => {
                self.close(closed, &mut updates);
                self.assistant(assistant, line, &mut updates);
            }
            Event::Result(_) => {}
            _ => {}
        }
        updates
    }

    fn system(&mut self, system: &SystemEvent, updates: &mut Vec<SessionUpdate>) {
        for server in &system.mcp_servers {
            if server.status != McpStatus::CONNECTED {
                let (name, status) = (one_line(&server.name), one_line(server.status.as_str()));
                updates.extend(self.notice(&format!("MCP server {name}: {status}")));
            }
        }
    }

    /// Tells of the prompt, and of others that have reached the turn; the editor has shown them by
    /// itself in a turn that runs.
    fn user(&mut self, user: &UserEvent, line: u64, updates: &mut Vec<SessionUpdate>) {
        if self.moment != Moment::Later || user.parent_tool_use_id.is_some() {
            return;
        }
        let is_text = |block: &ContentBlock| matches!(block, ContentBlock::Text(_));
        if self.is_prompt_told && user.message.content.iter().any(is_text) {
            self.is_prompt_told = false;
            return;
        }
        for block in &user.message.content {
            if let ContentBlock::Text(block) = block {
                let chunk = self.chunk(&block.text, line);
                updates.push(SessionUpdate::UserMessageChunk(chunk));
            }
        }
    }

    fn assistant(
        &mut self,
        assistant: &AssistantEvent,
        line: u64,
        updates: &mut Vec<SessionUpdate>,
    ) {
        let is_subagent = assistant.parent_tool_use_id.is_some();
        if !is_subagent {
            let calls = assistant.message.tool_uses();
            let calls: Vec<ToolCallId> = calls
                .map(|call| ToolCallId::new(call.id.as_str()))
                .collect();
            self.close_unseen(&calls, updates);
        }
        for block in &assistant.message.content {
            match block {
                // What a subagent says goes to the agent.
                ContentBlock::Text(_) | ContentBlock::Thinking(_) if is_subagent => {}
                ContentBlock::Text(block) if !block.text.is_empty() => {
                    let chunk = self.chunk(&block.text, line);
                    updates.push(SessionUpdate::AgentMessageChunk(chunk));
                }
                ContentBlock::Thinking(block) if !block.thinking.is_empty() => {
                    let chunk = self.chunk(&block.thinking, line);
                    updates.push(SessionUpdate::AgentThoughtChunk(chunk));
                }
                ContentBlock::ToolUse(call) => self.call(call, is_subagent, updates),
                _ => {}
            }
        }
        if let Some(context) = self.progress.context()
            && let Some(size) = context.limit
            && !is_subagent
        {
            updates.push(SessionUpdate::UsageUpdate(UsageUpdate::new(
                context.tokens,
                size,
            )));
        }
    }

    fn call(&mut self, call: &ToolUseBlock, is_subagent: bool, updates: &mut Vec<SessionUpdate>) {
        if let ToolInput::TodoWrite(input) = call.typed_input() {
            updates.push(SessionUpdate::Plan(plan(&input.todos)));
        }
        let id = ToolCallId::new(call.id.as_str());
        let request = Request::of(&call.name, &call.input, &self.folder, self.files());
        if let Some(position) = self.unseen.iter().position(|unseen| *unseen == id) {
            // Its question was faster than its line, and taken for one of a subagent.
            self.unseen.remove(position);
            let fields = ToolCallUpdateFields::new().title(request.title);
            updates.push(changed(id, fields));
            return;
        }
        let title = request.title_of(is_subagent);
        let (shown, meta) = match &request.runs_in {
            Some(folder) if self.shows.terminals => {
                self.terminals.push(id.clone());
                request.in_terminal(&id, folder)
            }
            _ => (request.content, None),
        };
        let status = match self.moment {
            Moment::Now { asks: true } => ToolCallStatus::Pending,
            _ => ToolCallStatus::InProgress,
        };
        updates.push(SessionUpdate::ToolCall(
            ToolCall::new(id, title)
                .name(call.name.as_str().to_owned())
                .kind(request.kind)
                .status(status)
                .content(shown)
                .locations(request.locations)
                .raw_input(call.input.parse::<Value>().ok())
                .meta(meta),
        ));
    }

    fn close(&mut self, closed: Vec<ClosedCall<'_>>, updates: &mut Vec<SessionUpdate>) {
        for closed in closed {
            let Some(call) = &closed.call else { continue };
            let id = ToolCallId::new(call.request.id.as_str());
            let in_terminal = self.forget_terminal(&id);
            match closed.result {
                Some(result) => {
                    updates.extend(result::updates(call, result, &self.folder, in_terminal));
                }
                // What a subagent's tool has answered is not told.
                None => updates.push(status(id, ToolCallStatus::Completed)),
            }
        }
    }

    fn end(&mut self) -> Vec<SessionUpdate> {
        let mut updates = Vec::new();
        self.close_unseen(&[], &mut updates);
        for closed in self.progress.finish() {
            let Some(call) = closed.call else { continue };
            let id = ToolCallId::new(call.request.id.as_str());
            self.forget_terminal(&id);
            if self.refused.contains(&id) {
                continue;
            }
            let fields = ToolCallUpdateFields::new()
                .status(ToolCallStatus::Failed)
                .content(vec![text("The turn ended before this call had an answer.")]);
            updates.push(changed(id, fields));
        }
        updates
    }

    fn files(&self) -> Files {
        match self.moment {
            Moment::Now { .. } => Files::AsTheyAre,
            Moment::Later => Files::Unknown,
        }
    }

    fn forget_terminal(&mut self, id: &ToolCallId) -> bool {
        let position = self.terminals.iter().position(|terminal| terminal == id);
        position
            .map(|position| self.terminals.swap_remove(position))
            .is_some()
    }

    fn chunk(&self, text: &str, line: u64) -> ContentChunk {
        let id = format!("turn-{}-line-{line}", self.turn);
        ContentChunk::new(text.into()).message_id(MessageId::new(id))
    }

    /// Tells something beside the conversation, where the client has a place for that.
    fn notice(&mut self, what: &str) -> Vec<SessionUpdate> {
        match (self.moment, self.shows.notices) {
            (Moment::Later, _) => Vec::new(),
            (Moment::Now { .. }, true) => {
                vec![SessionUpdate::Notice(Notice::new(
                    NoticeSeverity::Warning,
                    what,
                ))]
            }
            (Moment::Now { .. }, false) => {
                self.unshown.push(what.to_owned());
                Vec::new()
            }
        }
    }
}

fn changed(id: ToolCallId, fields: ToolCallUpdateFields) -> SessionUpdate {
    SessionUpdate::ToolCallUpdate(ToolCallUpdate::new(id, fields))
}

fn status(id: ToolCallId, status: ToolCallStatus) -> SessionUpdate {
    let fields = ToolCallUpdateFields::new().status(status);
    changed(id, fields)
}

fn plan(todos: &[Todo]) -> Plan {
    let entry = |todo: &Todo| {
        let priority = match todo.priority.as_deref() {
            Some("high") => PlanEntryPriority::High,
            Some("low") => PlanEntryPriority::Low,
            _ => PlanEntryPriority::Medium,
        };
        let status = match todo.status.as_deref() {
            Some("completed") => PlanEntryStatus::Completed,
            Some("in-progress" | "in_progress") => PlanEntryStatus::InProgress,
            _ => PlanEntryStatus::Pending,
        };
        PlanEntry::new(todo.content.clone(), priority, status)
    };
    Plan::new(todos.iter().map(entry).collect())
}
