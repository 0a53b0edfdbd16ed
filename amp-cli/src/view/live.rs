//! The calm view of a turn on a terminal.

mod calls;

use std::io;

use amp_session::Outcome;
use amp_session::protocol::{
    AssistantEvent, ContentBlock, Event, SystemEvent, ToolUseId, UserEvent,
};

use self::calls::{OpenCall, OpenCalls};
use super::status::Status;
use super::tool_call::{ToolCall, ToolOutcome};
use crate::screen::Screen;
use crate::style::Style;
use crate::text::{columns, elapsed, fit, markdown, one_line, safe, wrap_plain};

/// The widest text is shown; longer lines are hard to read.
const WIDEST_TEXT: usize = 100;

/// What stands before the lines of a subagent, once for each call it is below.
const GUIDE: &str = "  │ ";

/// What stands before the reason of a call, where that has a line of its own.
const INDENT: &str = "    ";

/// The longest note that stands behind a call even where the call is shortened for it, in columns:
/// `exit 101`.
const SHORT_NOTE: usize = 12;

/// How a [`LiveView`] shows a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveOptions {
    pub(crate) style: Style,
    /// Show the prompts as well; a replay does, a run was just given its own.
    pub(crate) prompts: bool,
    /// Show how long tools took; a replay does not know.
    pub(crate) times: bool,
    /// Show the tool calls, and what subagents say.
    pub(crate) tools: bool,
    /// End with what became of the turn.
    pub(crate) summary: bool,
    /// Show notes about lines that are not understood.
    pub(crate) verbose: bool,
}

/// Shows a turn as it happens: text, one line for each finished tool call, and a status line.
pub(crate) struct LiveView {
    screen: Screen,
    columns: Box<dyn Fn() -> usize + Send>,
    options: LiveOptions,
    status: Status,
    directory: Option<String>,
    open: OpenCalls,
    last: Kind,
    /// The call whose subagent wrote the last line.
    speaking: Option<String>,
}

/// What was written last, to know when a blank line is due.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Text,
    Tools,
}

impl LiveView {
    /// Creates a view on a screen that is as wide as `columns` says when asked.
    pub(crate) fn new(
        screen: Screen,
        columns: impl Fn() -> usize + Send + 'static,
        options: LiveOptions,
    ) -> Self {
        let view = Self {
            screen,
            columns: Box::new(columns),
            options,
            status: Status::new(),
            directory: None,
            open: OpenCalls::default(),
            last: Kind::Nothing,
            speaking: None,
        };
        view.show_status();
        view
    }

    /// Forgets the turn before.
    pub(crate) fn begin_turn(&mut self) {
        self.status = Status::new();
    }

    /// Shows one event.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        self.status.observe(event);
        match event {
            Event::System(event) => self.system(event)?,
            Event::Assistant(event) => self.assistant(event)?,
            Event::User(event) => self.user(event)?,
            _ => {}
        }
        self.show_status();
        Ok(())
    }

    /// Shows a line of the agent that is not an event.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        if !self.options.verbose {
            return Ok(());
        }
        let text = fit(&one_line(text), self.width().saturating_sub(2));
        self.write(
            Kind::Tools,
            &format!("{}\n", self.options.style.dim(format_args!("· {text}"))),
        )
    }

    /// Shows a remark that is not the agent's.
    pub(crate) fn remark(&mut self, text: &str) -> io::Result<()> {
        let text = safe(text);
        self.write(
            Kind::Text,
            &format!("{}\n", self.options.style.warning(text)),
        )
    }

    /// Moves the spinner and the clock.
    pub(crate) fn tick(&mut self) {
        self.show_status();
        self.screen.tick();
    }

    /// Replaces the status line for what happens from now on.
    pub(crate) fn announce(&mut self, text: &str) {
        self.screen.set_message(text);
        self.screen.tick();
    }

    /// Ends the view: shows calls without a result as such, and what became of the turn.
    pub(crate) fn finish(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.end_calls()?;
        if self.options.summary {
            self.write_summary(outcome)?;
        }
        Ok(())
    }

    fn end_calls(&mut self) -> io::Result<()> {
        while let Some(id) = self.open.first_of(None) {
            self.end_calls_of(&id)?;
            let mark = self.options.style.dim("·").to_string();
            self.finish_call(&id, &mark, "no result")?;
        }
        self.screen.clear();
        Ok(())
    }

    fn write_summary(&mut self, outcome: &Outcome) -> io::Result<()> {
        let style = self.options.style;
        let mut facts = vec![format!("done in {}", elapsed(self.status.elapsed()))];
        facts.extend(self.status.tally().in_words());
        if outcome.refused_tools > 0 {
            facts.push(format!("{} tool calls refused", outcome.refused_tools));
        }
        let mut text = String::new();
        if outcome.is_success() {
            text.push_str(&format!("{} {}\n", style.success("✓"), facts.join(" · ")));
            if let Some(thread) = &outcome.thread {
                let command = format!("ampctl continue --session {thread} \"…\"");
                text.push_str(&format!(
                    "  {} {}\n",
                    style.dim("go on:"),
                    style.command(command)
                ));
            }
        }
        self.write(Kind::Text, &text)
    }

    fn system(&mut self, event: &SystemEvent) -> io::Result<()> {
        self.directory.clone_from(&event.cwd);
        for server in event
            .mcp_servers
            .iter()
            .filter(|server| server.status.as_str() != "connected")
        {
            let text = format!("MCP server {} is {}", server.name, server.status.as_str());
            let mark = self.options.style.warning("!").to_string();
            self.write(Kind::Tools, &format!("{mark} {}\n", one_line(&text)))?;
        }
        Ok(())
    }

    fn assistant(&mut self, event: &AssistantEvent) -> io::Result<()> {
        let parent = event.parent_tool_use_id.as_ref().map(ToolUseId::as_str);
        if let Some(parent) = parent {
            // It goes on, so the tools it called before are done; their results are not streamed.
            self.end_calls_of(parent)?;
        }
        for block in &event.message.content {
            match block {
                ContentBlock::Text(block) if parent.is_none() => {
                    self.write_markdown(&block.text)?;
                }
                ContentBlock::Text(block) => self.write_of_subagent(parent, &block.text)?,
                ContentBlock::Thinking(block) => self.write_dimmed(&block.thinking)?,
                ContentBlock::ToolUse(block) => {
                    let (name, input) = (block.name.as_str(), block.input.as_str());
                    let call = ToolCall::new(name, input, self.directory.as_deref());
                    let id = block.id.as_str();
                    self.end_calls_of(id)?;
                    self.open.take(id);
                    self.open.begin(id, parent, call);
                }
                ContentBlock::Unknown(block) => {
                    self.note(&format!("unknown content block {}", block.block_type))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn user(&mut self, event: &UserEvent) -> io::Result<()> {
        for block in &event.message.content {
            match block {
                ContentBlock::ToolResult(result) => {
                    let outcome =
                        ToolOutcome::of_result(result.text().unwrap_or_default(), result.is_error);
                    self.conclude_call(result.tool_use_id.as_str(), &outcome)?;
                }
                ContentBlock::Text(block) if self.options.prompts => {
                    let quoted = format!("> {}", safe(&block.text).replace('\n', "\n> "));
                    self.write_markdown(&quoted)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn conclude_call(&mut self, id: &str, outcome: &ToolOutcome) -> io::Result<()> {
        self.end_calls_of(id)?;
        let style = self.options.style;
        let (mark, note) = match outcome {
            ToolOutcome::Succeeded => (style.success("✓").to_string(), ""),
            ToolOutcome::Failed(reason) => (style.error("✗").to_string(), reason.as_str()),
            ToolOutcome::Refused(reason) => (style.warning("⊘").to_string(), reason.as_str()),
        };
        self.finish_call(id, &mark, note)
    }

    /// Shows the open calls of a subagent, and those of its own subagents, as done.
    fn end_calls_of(&mut self, parent: &str) -> io::Result<()> {
        while let Some(id) = self.open.first_of(Some(parent)) {
            self.end_calls_of(&id)?;
            if let Some(open) = self.open.take(&id) {
                let mark = self.options.style.dim("·").to_string();
                // When it was done is not known.
                self.write_call(&mark, &open, "", "")?;
            }
        }
        Ok(())
    }

    fn finish_call(&mut self, id: &str, mark: &str, note: &str) -> io::Result<()> {
        let Some(open) = self.open.take(id) else {
            return Ok(());
        };
        let time = match self.options.times {
            true => elapsed(open.started.elapsed()),
            false => String::new(),
        };
        self.write_call(mark, &open, note, &time)
    }

    fn write_call(
        &mut self,
        mark: &str,
        open: &OpenCall,
        note: &str,
        time: &str,
    ) -> io::Result<()> {
        let parent = open.parent.as_deref();
        if self.speaking.as_ref() == Some(&open.id) {
            // Its subagent has said its last word, and its end follows right below.
            self.speaking.clone_from(&open.parent);
        }
        let depth = self.open.depth(parent);
        if self.leaves_room(&open.call, note, time, depth) {
            let line = self.call_line(mark, &open.call, note, time, depth);
            return self.write_at(parent, &line);
        }
        let line = self.call_line(mark, &open.call, "", time, depth);
        self.write_at(parent, &line)?;
        let note = fit(note, self.room_at(depth).saturating_sub(INDENT.len()));
        let note = format!("{INDENT}{}\n", self.options.style.dim(note));
        self.write_at(parent, &note)
    }

    fn write_of_subagent(&mut self, parent: Option<&str>, text: &str) -> io::Result<()> {
        let text = fit(&one_line(text), self.room_at(self.open.depth(parent)));
        let line = format!("{}\n", self.options.style.dim(text));
        self.write_at(parent, &line)
    }

    /// Writes a line where it belongs: at the margin, or below the call whose subagent it is about,
    /// which is named again when somebody else spoke meanwhile.
    fn write_at(&mut self, parent: Option<&str>, line: &str) -> io::Result<()> {
        if !self.options.tools {
            return Ok(());
        }
        let Some(open) = parent.and_then(|id| self.open.get(id)) else {
            return self.write(Kind::Tools, line);
        };
        let (id, above) = (open.id.clone(), open.parent.clone());
        let speaking = self.speaking.take();
        if !speaking.is_some_and(|speaking| self.open.is_within(&speaking, &id)) {
            let mark = self.options.style.dim("▸").to_string();
            let depth = self.open.depth(above.as_deref());
            let head = self.call_line(&mark, &open.call, "", "", depth);
            self.write_at(above.as_deref(), &head)?;
        }
        let guides = GUIDE.repeat(self.open.depth(Some(&id)));
        let line = format!("{}{line}", self.options.style.dim(guides));
        self.write(Kind::Tools, &line)?;
        self.speaking = Some(id);
        Ok(())
    }

    /// Returns the columns that are left below so many calls.
    fn room_at(&self, depth: usize) -> usize {
        self.width().saturating_sub(depth * columns(GUIDE))
    }

    /// Returns whether a note leaves room for what the call is about, or is so short that it may
    /// take what it needs.
    fn leaves_room(&self, call: &ToolCall, note: &str, time: &str, depth: usize) -> bool {
        let parts = [&call.name, &call.subject, note, time];
        let wanted: usize = parts.iter().map(|part| columns(part) + 2).sum();
        columns(note) <= SHORT_NOTE || wanted <= self.room_at(depth)
    }

    /// Lays out one call: mark, name, subject, reason, time; the subject gives way first.
    fn call_line(
        &self,
        mark: &str,
        call: &ToolCall,
        note: &str,
        time: &str,
        depth: usize,
    ) -> String {
        let style = self.options.style;
        let width = self.room_at(depth).saturating_sub(2);
        let tail: String = [note, time]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| format!("  {part}"))
            .collect();
        let tail = fit(&tail, width.saturating_sub(columns(&call.name).min(12)));
        let room = width.saturating_sub(columns(&tail));
        let name = fit(&call.name, room);
        let subject = fit(&call.subject, room.saturating_sub(columns(&name) + 1));
        let mut line = format!("{mark} {}", style.strong(name));
        if !subject.is_empty() {
            line.push(' ');
            line.push_str(&subject);
        }
        if !tail.is_empty() {
            line.push_str(&style.dim(tail).to_string());
        }
        line.push('\n');
        line
    }

    fn write_markdown(&mut self, text: &str) -> io::Result<()> {
        let text = markdown(text, self.width().min(WIDEST_TEXT), self.options.style);
        self.write(Kind::Text, &text)
    }

    fn write_dimmed(&mut self, text: &str) -> io::Result<()> {
        let style = self.options.style;
        let room = self.width().min(WIDEST_TEXT).saturating_sub(2);
        let lines: String = wrap_plain(&safe(text.trim()), room)
            .iter()
            .map(|line| format!("  {}\n", style.dim(line)))
            .collect();
        self.write(Kind::Text, &lines)
    }

    /// Writes text after a blank line; only tool calls follow one another without.
    fn write(&mut self, kind: Kind, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let follows = matches!(
            (self.last, kind),
            (Kind::Nothing, _) | (Kind::Tools, Kind::Tools)
        );
        self.last = kind;
        self.speaking = None;
        if !follows {
            self.screen.print(&format!("\n{text}"))
        } else {
            self.screen.print(text)
        }
    }

    fn show_status(&self) {
        let activity = self.open.activity();
        self.screen
            .set_message(&self.status.line(activity.as_deref()));
    }

    fn width(&self) -> usize {
        (self.columns)().max(20)
    }
}

#[cfg(test)]
mod tests;
