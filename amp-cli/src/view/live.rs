//! The calm view of a turn on a terminal.

use std::io;
use std::time::Instant;

use amp_session::Outcome;
use amp_session::protocol::{AssistantEvent, ContentBlock, Event, SystemEvent, UserEvent};

use super::status::Status;
use super::tool_call::{ToolCall, ToolOutcome};
use crate::screen::Screen;
use crate::style::Style;
use crate::text::{elapsed, fit, markdown, one_line, safe};

/// The widest text is shown; longer lines are hard to read.
const WIDEST_TEXT: usize = 100;

/// How a [`LiveView`] shows a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveOptions {
    pub(crate) style: Style,
    /// Show the prompts as well; a replay does, a run was just given its own.
    pub(crate) prompts: bool,
    /// Show how long tools took; a replay does not know.
    pub(crate) times: bool,
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
    open: Vec<OpenCall>,
    last: Kind,
}

/// Represents a tool call without its result.
struct OpenCall {
    id: String,
    parent: Option<String>,
    call: ToolCall,
    started: Instant,
    /// A line above the calls of the subagent was written.
    is_headed: bool,
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
            open: Vec::new(),
            last: Kind::Nothing,
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
        self.screen.set_message(text.to_owned());
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
        for open in std::mem::take(&mut self.open) {
            let mark = self.options.style.dim("·").to_string();
            self.write_call(&mark, &open, "no result")?;
        }
        self.screen.clear();
        Ok(())
    }

    fn write_summary(&mut self, outcome: &Outcome) -> io::Result<()> {
        let style = self.options.style;
        let mut facts = vec![format!("done in {}", elapsed(outcome.wall_time))];
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
        let parent = event
            .parent_tool_use_id
            .as_ref()
            .map(|id| id.as_str().to_owned());
        for block in &event.message.content {
            match block {
                ContentBlock::Text(block) => match &parent {
                    None => self.write_markdown(&block.text)?,
                    Some(parent) => self.write_of_subagent(parent, &block.text)?,
                },
                ContentBlock::Thinking(block) => self.write_dimmed(&block.thinking)?,
                ContentBlock::ToolUse(block) => self.open.push(OpenCall {
                    id: block.id.as_str().to_owned(),
                    parent: parent.clone(),
                    call: ToolCall::new(
                        block.name.as_str(),
                        block.input.as_str(),
                        self.directory.as_deref(),
                    ),
                    started: Instant::now(),
                    is_headed: false,
                }),
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
                    self.finish_call(result.tool_use_id.as_str(), &outcome)?;
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

    fn finish_call(&mut self, id: &str, outcome: &ToolOutcome) -> io::Result<()> {
        let Some(index) = self.open.iter().position(|open| open.id == id) else {
            return Ok(());
        };
        let mut finished = self.open.remove(index);
        // Results of a subagent's calls are not streamed; its calls end with it.
        while let Some(index) = self
            .open
            .iter()
            .position(|open| open.parent.as_deref() == Some(id))
        {
            let child = self.open.remove(index);
            self.head(&mut finished)?;
            self.write_call(&self.options.style.dim("·").to_string(), &child, "")?;
        }
        let style = self.options.style;
        let (mark, note) = match outcome {
            ToolOutcome::Succeeded => (style.success("✓").to_string(), ""),
            ToolOutcome::Failed(reason) => (style.error("✗").to_string(), reason.as_str()),
            ToolOutcome::Refused(reason) => (style.warning("⊘").to_string(), reason.as_str()),
        };
        self.write_call(&mark, &finished, note)
    }

    /// Writes the line above the calls of a subagent, once.
    fn head(&mut self, parent: &mut OpenCall) -> io::Result<()> {
        if std::mem::replace(&mut parent.is_headed, true) {
            return Ok(());
        }
        let mark = self.options.style.dim("▸").to_string();
        let line = self.call_line(&mark, &parent.call, "", "", 0);
        self.write(Kind::Tools, &line)
    }

    fn write_of_subagent(&mut self, parent: &str, text: &str) -> io::Result<()> {
        if let Some(index) = self.open.iter().position(|open| open.id == parent) {
            let mut open = self.open.remove(index);
            self.head(&mut open)?;
            self.open.insert(index, open);
        }
        let text = fit(&one_line(text), self.width().saturating_sub(4));
        let line = format!("    {}\n", self.options.style.dim(text));
        self.write(Kind::Tools, &line)
    }

    fn write_call(&mut self, mark: &str, open: &OpenCall, note: &str) -> io::Result<()> {
        let time = if self.options.times {
            elapsed(open.started.elapsed())
        } else {
            String::new()
        };
        let indent = if open.parent.is_some() { 2 } else { 0 };
        let line = self.call_line(mark, &open.call, note, &time, indent);
        self.write(Kind::Tools, &line)
    }

    /// Lays out one call: mark, name, subject, reason, time; the subject gives way first.
    fn call_line(
        &self,
        mark: &str,
        call: &ToolCall,
        note: &str,
        time: &str,
        indent: usize,
    ) -> String {
        let style = self.options.style;
        let width = self.width().saturating_sub(2 + indent);
        let tail: String = [note, time]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| format!("  {part}"))
            .collect();
        let tail = fit(&tail, width.saturating_sub(call.name.len().min(12)));
        let room = width.saturating_sub(tail.chars().count());
        let name = fit(&call.name, room);
        let subject = fit(&call.subject, room.saturating_sub(name.chars().count() + 1));
        let mut line = format!("{}{mark} {}", " ".repeat(indent), style.strong(name));
        if !subject.is_empty() {
            line.push(' ');
            line.push_str(&subject);
        }
        line.push_str(&style.dim(tail).to_string());
        line.push('\n');
        line
    }

    fn write_markdown(&mut self, text: &str) -> io::Result<()> {
        let text = markdown(text, self.width().min(WIDEST_TEXT), self.options.style);
        self.write(Kind::Text, &text)
    }

    fn write_dimmed(&mut self, text: &str) -> io::Result<()> {
        let style = self.options.style;
        let lines: String = safe(text.trim())
            .lines()
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
        if !follows {
            self.screen.print(&format!("\n{text}"))
        } else {
            self.screen.print(text)
        }
    }

    fn show_status(&self) {
        let activity = match self.open.as_slice() {
            [] => None,
            [only] => Some(only.call.to_string()),
            several => Some(format!("{} tools running", several.len())),
        };
        self.screen
            .set_message(self.status.line(activity.as_deref()));
    }

    fn width(&self) -> usize {
        (self.columns)().max(20)
    }
}

#[cfg(test)]
mod tests;
