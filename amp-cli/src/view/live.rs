//! The live view of a turn on a terminal.

mod calls;
mod layout;

use std::io;

use amp_session::Outcome;
use amp_session::approval::{Asked, Decided};
use amp_session::protocol::progress::ClosedCall;
use amp_session::protocol::tool::ToolOutcome;
use amp_session::protocol::{
    AssistantEvent, ContentBlock, Event, SystemEvent, ToolUseId, UserEvent,
};

use self::calls::{ShownCall, ShownCalls};
use self::layout::{CallLine, Limits};
use super::answer::{in_a_line, of_rule, subject};
use super::detail::{Body, Detail};
use super::status::Status;
use super::summary::summary;
use super::tool_call::reason;
use crate::context::Terminal;
use crate::screen::Screen;
use crate::style::Style;
use crate::text::{columns, elapsed, fit, markdown, one_line, safe, wrap_hard};

/// The widest text is shown; longer lines are hard to read.
const WIDEST_TEXT: usize = 100;

/// What stands before the lines of a subagent, once for each call it is below.
const GUIDE: &str = "  │ ";

/// How many lines are shown of what the agent thinks.
const THINKING_LINES: usize = 3;

/// How big the place is that a turn is shown in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl From<Terminal> for Size {
    fn from(terminal: Terminal) -> Self {
        Self {
            columns: terminal.columns().into(),
            rows: terminal.rows().into(),
        }
    }
}

/// How a [`LiveView`] shows a turn.
#[derive(Clone, Debug)]
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
    /// The command that goes on from there, when that needs no thread's id.
    pub(crate) goes_on: Option<String>,
    /// Show all of what tools printed and changed and of what the agent thought, and lines that are
    /// not understood.
    pub(crate) verbose: bool,
}

/// Shows a turn as it happens: text, one line for each finished tool call, and a status line.
pub(crate) struct LiveView {
    screen: Screen,
    size: Box<dyn Fn() -> Size + Send>,
    options: LiveOptions,
    status: Status,
    calls: ShownCalls,
    last: Kind,
}

/// What is said of a call that has ended.
#[derive(Default)]
struct Ended {
    note: String,
    time: String,
    body: Body,
    /// Show all of what the call is about: it did not do what was wanted.
    whole: bool,
}

/// What was written last, to know when a blank line is due.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Text,
    Tools,
}

impl LiveView {
    /// Creates a view on a screen that is as big as `size` says when asked.
    pub(crate) fn new(
        screen: Screen,
        size: impl Fn() -> Size + Send + 'static,
        options: LiveOptions,
    ) -> Self {
        let mut view = Self {
            screen,
            size: Box::new(size),
            options,
            status: Status::new(),
            calls: ShownCalls::default(),
            last: Kind::Nothing,
        };
        view.show_status();
        view
    }

    /// Says which command goes on from this turn without a thread's id.
    pub(crate) fn goes_on_with(&mut self, command: &str) {
        self.options.goes_on = Some(command.to_owned());
    }

    /// Forgets the turn before.
    pub(crate) fn begin_turn(&mut self) {
        self.status = Status::new();
        self.calls = ShownCalls::default();
    }

    /// Shows one event.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        for closed in self.status.observe(event) {
            self.write_closed(&closed)?;
        }
        match event {
            Event::System(event) => self.system(event)?,
            Event::Assistant(event) => self.assistant(event)?,
            Event::User(event) => self.user(event)?,
            _ => {}
        }
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

    /// Says what is being asked about.
    pub(crate) fn question(&mut self, question: &Asked) {
        self.announce(&format!("asking about {}", subject(question)));
    }

    /// Shows what was decided about a call, unless it was decided right here.
    pub(crate) fn answer(&mut self, answer: &Decided) -> io::Result<()> {
        self.status.forget_announcement();
        let is_known = answer.approver.as_deref() == Some("you") && !self.options.prompts;
        if self.options.tools && !is_known {
            let text = fit(&in_a_line(answer), self.width().saturating_sub(2));
            let line = self.options.style.dim(format_args!("? {text}")).to_string();
            self.write(Kind::Tools, &format!("{line}\n"))?;
        }
        match of_rule(answer) {
            Some(text) if self.options.tools => {
                let lines = wrap_hard(&safe(&text), self.width().saturating_sub(2));
                let lines = lines.iter().map(|line| format!("  {line}\n"));
                self.write(Kind::Tools, &lines.collect::<String>())
            }
            _ => Ok(()),
        }
    }

    /// Leaves the terminal to something else for a while.
    pub(crate) fn pause(&mut self) {
        self.screen.pause();
    }

    /// Has the terminal again.
    pub(crate) fn resume(&mut self) {
        // What was there meanwhile ends with a line of its own.
        self.last = Kind::Nothing;
        self.screen.resume();
    }

    /// Moves the spinner and the clock.
    pub(crate) fn tick(&mut self) {
        self.show_status();
        self.screen.tick();
    }

    /// Replaces the status line for what happens from now on.
    pub(crate) fn announce(&mut self, text: &str) {
        self.status.announce(text);
        self.tick();
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
        for closed in self.status.finish() {
            let Some(shown) = self.take(&closed) else {
                continue;
            };
            let mark = self.options.style.dim("·").to_string();
            let ended = match shown.parent {
                None => Ended {
                    note: "no result".to_owned(),
                    time: self.time(&shown),
                    ..Ended::default()
                },
                Some(_) => Ended::default(),
            };
            self.write_call(&mark, &shown, &ended)?;
        }
        self.screen.clear();
        Ok(())
    }

    fn write_summary(&mut self, outcome: &Outcome) -> io::Result<()> {
        let goes_on = match (&self.options.goes_on, &outcome.thread) {
            (Some(command), _) => Some(command.clone()),
            (None, Some(thread)) => Some(format!("ampctl continue --session {thread} \"…\"")),
            (None, None) => None,
        };
        let (room, style) = (self.width(), self.options.style);
        let text = summary(outcome, &self.status, goes_on.as_deref(), room, style);
        self.write(Kind::Text, &text)
    }

    fn system(&mut self, event: &SystemEvent) -> io::Result<()> {
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
        let parent = event.parent_tool_use_id.as_ref();
        for block in &event.message.content {
            match block {
                ContentBlock::Text(block) => match parent {
                    None => self.write_markdown(&block.text)?,
                    Some(parent) => self.write_of_subagent(parent, &block.text)?,
                },
                ContentBlock::Thinking(block) => self.write_thinking(&block.thinking)?,
                ContentBlock::ToolUse(block) => {
                    if let Some(open) = self.status.open_call(&block.id) {
                        let started = self.status.started(&block.id);
                        self.calls.begin(open, self.status.call(block), started);
                    }
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
            if let (ContentBlock::Text(block), true) = (block, self.options.prompts) {
                let quoted = format!("> {}", safe(&block.text).replace('\n', "\n> "));
                self.write_markdown(&quoted)?;
            }
        }
        Ok(())
    }

    fn write_closed(&mut self, closed: &ClosedCall<'_>) -> io::Result<()> {
        let Some(shown) = self.take(closed) else {
            return Ok(());
        };
        let style = self.options.style;
        let Some(outcome) = closed.outcome() else {
            // When it was done is not known.
            return self.write_call(&style.dim("·").to_string(), &shown, &Ended::default());
        };
        if !self.options.tools {
            return Ok(());
        }
        let mark = match outcome {
            ToolOutcome::Succeeded => style.success("✓").to_string(),
            ToolOutcome::Refused(_) => style.warning("⊘").to_string(),
            _ => style.error("✗").to_string(),
        };
        let detail = Detail::of(closed);
        let said = [detail.facts, reason(&outcome)];
        let said = said.iter().map(String::as_str);
        let ended = Ended {
            note: said
                .filter(|said| !said.is_empty())
                .collect::<Vec<_>>()
                .join("  "),
            time: self.time(&shown),
            body: detail.body,
            whole: outcome != ToolOutcome::Succeeded,
        };
        self.write_call(&mark, &shown, &ended)
    }

    fn take(&mut self, closed: &ClosedCall<'_>) -> Option<ShownCall> {
        self.calls.take(&closed.call.as_ref()?.request.id)
    }

    fn time(&self, shown: &ShownCall) -> String {
        match self.options.times {
            true => elapsed(shown.started.elapsed()),
            false => String::new(),
        }
    }

    fn write_call(&mut self, mark: &str, shown: &ShownCall, ended: &Ended) -> io::Result<()> {
        let room = self.room_at(shown.level);
        let line = CallLine {
            mark,
            call: &shown.call,
            note: &ended.note,
            time: &ended.time,
            whole: ended.whole || self.options.verbose,
        };
        let mut text = line.lay_out(room, self.options.style);
        text.push_str(&self.limits(room).body(&ended.body, self.options.style));
        self.write_at(shown.parent.as_ref(), &text)
    }

    /// Returns how much is shown of what a call printed or changed: a third of the screen, so that
    /// the calls around it stay in sight.
    fn limits(&self, room: usize) -> Limits {
        let rows = (self.size)().rows;
        let lines = (!self.options.verbose).then(|| (rows / 3).clamp(3, 20));
        Limits { room, lines }
    }

    fn write_of_subagent(&mut self, parent: &ToolUseId, text: &str) -> io::Result<()> {
        let level = self.calls.get(parent).map_or(0, |call| call.level + 1);
        let text = fit(&one_line(text), self.room_at(level));
        let line = format!("{}\n", self.options.style.dim(text));
        self.write_at(Some(parent), &line)
    }

    /// Writes lines where they belong: at the margin, or below the call whose subagent they are
    /// about, which is named again when another wrote a line meanwhile.
    fn write_at(&mut self, parent: Option<&ToolUseId>, text: &str) -> io::Result<()> {
        if !self.options.tools {
            return Ok(());
        }
        let Some(open) = parent.and_then(|id| self.calls.get(id)) else {
            return self.write(Kind::Tools, text);
        };
        let (id, level) = (open.id.clone(), open.level);
        let mark = self.options.style.dim("▸").to_string();
        let mut lines = String::new();
        for call in self.calls.to_name(&id) {
            let line = CallLine {
                mark: &mark,
                call: &call.call,
                note: "",
                time: "",
                whole: false,
            };
            lines.push_str(&self.guides(call.level));
            lines.push_str(&line.lay_out(self.room_at(call.level), self.options.style));
        }
        for line in text.lines() {
            lines.push_str(&self.guides(level + 1));
            lines.push_str(line);
            lines.push('\n');
        }
        self.write(Kind::Tools, &lines)?;
        self.calls.set_last_writer(Some(id));
        Ok(())
    }

    /// Returns what stands before a line at a level; half of the terminal is left to the line.
    fn guides(&self, level: usize) -> String {
        let guides = GUIDE.repeat(level.min(self.width() / 2 / columns(GUIDE)));
        match guides.is_empty() {
            true => guides,
            false => self.options.style.dim(guides).to_string(),
        }
    }

    /// Returns the columns that are left at a level.
    fn room_at(&self, level: usize) -> usize {
        let width = self.width();
        width - level.min(width / 2 / columns(GUIDE)) * columns(GUIDE)
    }

    fn write_markdown(&mut self, text: &str) -> io::Result<()> {
        let text = markdown(text, self.width().min(WIDEST_TEXT), self.options.style);
        self.write(Kind::Text, &text)
    }

    /// Writes what the agent thinks, folded to its beginning.
    fn write_thinking(&mut self, text: &str) -> io::Result<()> {
        let style = self.options.style;
        let room = self.width().min(WIDEST_TEXT).saturating_sub(2);
        let lines = wrap_hard(&safe(text.trim()), room);
        let limits = Limits {
            room: self.width(),
            lines: (!self.options.verbose).then_some(THINKING_LINES),
        };
        let lines: String = limits
            .head(lines.iter().map(String::as_str))
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
        self.calls.set_last_writer(None);
        if !follows {
            self.screen.print(&format!("\n{text}"))
        } else {
            self.screen.print(text)
        }
    }

    fn show_status(&mut self) {
        self.screen.set_message(self.status.line());
    }

    fn width(&self) -> usize {
        (self.size)().columns.max(20)
    }
}

#[cfg(test)]
mod tests;
