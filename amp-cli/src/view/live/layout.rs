//! How a tool call is laid out in the columns there are: nothing that matters is cut off.

use amp_session::FileChange;

use crate::style::Style;
use crate::text::{columns, fit, fit_path, safe, wrap_hard};
use crate::view::detail::{Body, counts_of};
use crate::view::tool_call::{Subject, ToolCall};

/// What stands before lines that belong to a call.
const INDENT: &str = "    ";

/// The fewest columns in which a subject that is cut still says something.
const LEAST_SUBJECT: usize = 12;

/// The line of one call.
pub(super) struct CallLine<'a> {
    /// How it ended, painted; one column.
    pub(super) mark: &'a str,
    pub(super) call: &'a ToolCall,
    /// What it found, or why it failed.
    pub(super) note: &'a str,
    /// How long it took.
    pub(super) time: &'a str,
    /// Show all of what the call is about, on more lines where it takes them.
    pub(super) whole: bool,
}

impl CallLine<'_> {
    /// Lays the call out: mark, name, subject, note, time.
    ///
    /// The subject gives way first: a path in its middle, other words at their end. What does not fit
    /// then gets lines of its own.
    pub(super) fn lay_out(&self, room: usize, style: Style) -> String {
        let room = room.saturating_sub(2);
        let tail: String = [self.note, self.time]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| format!("  {part}"))
            .collect();
        let name = fit(&self.call.name, room);
        let head = columns(&name) + 1;
        let left = room.saturating_sub(head);
        let subject = &self.call.subject;
        let beside = left.saturating_sub(columns(&tail));
        let fits = |room: usize| columns(subject) <= room;
        // Where the note and the time leave too little for the subject, they go below it.
        let tail_is_beside = match self.whole {
            true => fits(beside) && columns(&tail) <= left,
            false => beside >= columns(subject).min(LEAST_SUBJECT) && columns(&tail) <= left,
        };
        let subject_room = if tail_is_beside { beside } else { left };
        let subject_is_below = self.whole && !fits(subject_room);
        let mut line = format!("{} {}", self.mark, style.strong(name));
        let indented = room.saturating_sub(INDENT.len() - 2);
        if subject_is_below {
            for piece in wrap_hard(subject, indented) {
                line.push_str(&format!("\n{INDENT}{piece}"));
            }
        } else if !subject.is_empty() {
            let subject = match self.call.kind {
                Subject::Path => fit_path(subject, subject_room),
                Subject::Command | Subject::Words => fit(subject, subject_room),
            };
            line.push(' ');
            line.push_str(&subject);
        }
        if tail_is_beside && !tail.is_empty() {
            line.push_str(&style.dim(tail).to_string());
        } else {
            for piece in wrap_hard(tail.trim_start(), indented) {
                if !piece.is_empty() {
                    line.push_str(&format!("\n{INDENT}{}", style.dim(piece)));
                }
            }
        }
        line.push('\n');
        line
    }
}

/// How much of what a call printed or changed is shown.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// The columns of a line.
    pub(super) room: usize,
    /// The most lines; `None` shows all of them, and no line cut.
    pub(super) lines: Option<usize>,
}

impl Limits {
    /// Lays out what stands below the line of a call.
    pub(super) fn body(self, body: &Body, style: Style) -> String {
        let dim = |line: String| style.dim(line).to_string();
        let lines = match body {
            Body::Nothing => Vec::new(),
            Body::Output(text) => self.tail(text).into_iter().map(dim).collect(),
            Body::Answer(text) => self
                .head(text.trim().lines())
                .into_iter()
                .map(dim)
                .collect(),
            Body::Changes(changes) => self.changes(changes, style),
        };
        lines
            .into_iter()
            .map(|line| format!("{INDENT}{line}\n"))
            .collect()
    }

    /// Returns the first lines of a text that is folded.
    pub(super) fn head<'a>(self, lines: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
        let count = lines.clone().count();
        let kept = self.kept(count);
        let mut head: Vec<String> = lines.take(kept).flat_map(|line| self.line(line)).collect();
        if kept < count {
            head.push(left_out(count - kept, "more "));
        }
        head
    }

    fn tail(self, text: &str) -> Vec<String> {
        let count = text.lines().count();
        let kept = self.kept(count);
        let mut tail = Vec::new();
        if kept < count {
            tail.push(left_out(count - kept, "earlier "));
        }
        let lines = text.lines().skip(count - kept);
        tail.extend(lines.flat_map(|line| self.line(line)));
        tail
    }

    fn changes(self, changes: &[FileChange], style: Style) -> Vec<String> {
        let mut lines = Vec::new();
        for change in changes {
            if changes.len() > 1 {
                let counts = counts_of(std::slice::from_ref(change));
                let path = self.room().saturating_sub(columns(&counts) + 2);
                let path = fit_path(&safe(&change.path), path);
                lines.push(format!("{path}  {}", style.dim(counts)));
            }
            for line in self.head(change.diff().lines()) {
                lines.push(match line.as_bytes().first() {
                    Some(b'+') => style.added(line).to_string(),
                    Some(b'-') => style.deleted(line).to_string(),
                    Some(b'@') => style.command(line).to_string(),
                    _ => style.dim(line).to_string(),
                });
            }
        }
        lines
    }

    /// Returns how many of so many lines are shown; the line that says how many are not takes one.
    fn kept(self, count: usize) -> usize {
        match self.lines {
            Some(limit) if count > limit => limit.saturating_sub(1),
            _ => count,
        }
    }

    fn line(self, line: &str) -> Vec<String> {
        let line = safe(line);
        match self.lines {
            Some(_) => vec![fit(&line, self.room())],
            None if columns(&line) <= self.room() => vec![line.into_owned()],
            None => wrap_hard(&line, self.room()),
        }
    }

    fn room(self) -> usize {
        self.room.saturating_sub(INDENT.len())
    }
}

fn left_out(count: usize, which: &str) -> String {
    match count {
        1 => format!("… 1 {which}line"),
        _ => format!("… {count} {which}lines"),
    }
}
