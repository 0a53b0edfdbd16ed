//! A record as one document: JSON for programs, Markdown for people.

use std::collections::VecDeque;
use std::io::{self, Write};

use amp_protocol::progress::{OpenCall, Progress};
use amp_protocol::tool::{ToolOutcome, ToolOutput};
use amp_protocol::{ContentBlock, Event, ToolResultBlock};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{SessionRecord, TurnRecord};
use crate::approval::{ApprovalNote, Concern};
use crate::error::Error;
use crate::plain_text::in_fence;

/// The form of an exported record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// One object with the metadata and, per turn, its beginning, events, stderr and end.
    Json,
    /// What was said: prompts, answers, tool calls with their results.
    Markdown,
}

/// The longest tool result that Markdown shows, in bytes.
const SHOWN_RESULT: usize = 4096;

impl SessionRecord {
    /// Writes the whole record as one document.
    ///
    /// # Errors
    ///
    /// Fails when the record cannot be read, or with [`Error::Output`] when the document cannot be
    /// written.
    pub fn export(&self, format: ExportFormat, output: &mut dyn Write) -> Result<(), Error> {
        let turns = self.turns()?;
        match format {
            ExportFormat::Json => self.write_json(&turns, output),
            ExportFormat::Markdown => self.write_markdown(&turns, output),
        }
    }

    fn write_json(&self, turns: &[TurnRecord], output: &mut dyn Write) -> Result<(), Error> {
        output.write_all(b"{\"session\":")?;
        write_value(self.metadata(), output)?;
        output.write_all(b",\"turns\":[")?;
        for (index, turn) in turns.iter().enumerate() {
            if index > 0 {
                output.write_all(b",")?;
            }
            write!(output, "\n{{\"number\":{},\"start\":", turn.number())?;
            write_value(&turn.start()?, output)?;
            output.write_all(b",\"events\":[")?;
            for (index, line) in turn.lines()?.enumerate() {
                let line = line?;
                output.write_all(if index > 0 { b",\n" } else { b"\n" })?;
                write_line(line.bytes(), output)?;
            }
            let others = [
                ("messages", turn.messages()?),
                ("approvals", turn.approvals()?),
            ];
            for (name, lines) in others {
                let Some(lines) = lines else { continue };
                write!(output, "],\"{name}\":[")?;
                for (index, line) in lines.iter().enumerate() {
                    output.write_all(if index > 0 { b",\n" } else { b"\n" })?;
                    write_line(line, output)?;
                }
            }
            output.write_all(b"],\"stderr\":")?;
            write_value(&turn.stderr()?, output)?;
            output.write_all(b",\"end\":")?;
            write_value(&turn.end()?, output)?;
            if let Some(check) = turn.check()? {
                output.write_all(b",\"check\":")?;
                write_value(&check, output)?;
            }
            output.write_all(b"}")?;
        }
        Ok(output.write_all(b"\n]}\n")?)
    }

    fn write_markdown(&self, turns: &[TurnRecord], output: &mut dyn Write) -> Result<(), Error> {
        let metadata = self.metadata();
        let title = metadata.name.as_ref().or(metadata.title.as_ref());
        writeln!(
            output,
            "# {}\n",
            title.map_or(metadata.id.as_str(), String::as_str)
        )?;
        if let Some(thread) = &metadata.thread {
            writeln!(output, "Thread {thread}\n")?;
        }
        for turn in turns {
            let start = turn.start()?;
            if let Some(prompt) = start.as_ref().and_then(|start| start.prompt.as_deref()) {
                writeln!(output, "## Prompt\n\n{}\n", prompt.trim())?;
            }
            // The prompt is echoed; it was shown above, unless it came as a message. Others that have
            // reached the turn follow it.
            let mut echo = start.as_ref().is_some_and(|start| start.prompt.is_some());
            let mut progress = Progress::new();
            let mut notes = VecDeque::from(turn.notes()?);
            for (before, line) in (0..).zip(turn.lines()?) {
                while let Some(line) = notes.pop_front_if(|line| line.after <= before) {
                    write_note(&line.note, output)?;
                }
                if let Some(event) = line?.event() {
                    write_event(event, &mut echo, &mut progress, output)?;
                }
            }
            for line in notes {
                write_note(&line.note, output)?;
            }
            match turn.end()? {
                None => writeln!(output, "_The record of this turn ends here._\n")?,
                Some(end) => {
                    if let Some(failure) = end.failure {
                        writeln!(output, "_{}: {}_\n", end.status, failure.message)?;
                    }
                }
            }
            if let Some(check) = turn.check()? {
                let said = if check.passed { "passed" } else { "failed" };
                writeln!(output, "The check {said} ({}):\n", check.end)?;
                write_fenced("sh", &check.command, output)?;
            }
        }
        Ok(())
    }
}

fn write_value(value: &impl Serialize, output: &mut dyn Write) -> io::Result<()> {
    Ok(serde_json::to_writer(output, value)?)
}

/// Writes a line as the JSON it is, or as a string when it is none.
fn write_line(line: &[u8], output: &mut dyn Write) -> io::Result<()> {
    match serde_json::from_slice::<&RawValue>(line) {
        Ok(json) => output.write_all(json.get().as_bytes()),
        Err(_) => Ok(serde_json::to_writer(
            output,
            &String::from_utf8_lossy(line),
        )?),
    }
}

/// Writes what was decided about a call; the call itself stands among what was said.
fn write_note(note: &ApprovalNote, output: &mut dyn Write) -> io::Result<()> {
    match note {
        ApprovalNote::Decided(decided) => {
            let about = match &decided.subject.concern {
                Concern::Changed(paths) => {
                    let paths: Vec<_> = paths
                        .iter()
                        .map(|path| path.display().to_string())
                        .collect();
                    format!("Asked about changes of {}", paths.join(", "))
                }
                _ => format!("Asked about {}", decided.subject.tool),
            };
            writeln!(output, "_{about}: {}_\n", decided.in_words())?;
            match decided.kept.as_ref().map(|kept| &kept.rule) {
                Some(rule) => write_fenced("json", &serde_json::to_string(rule)?, output),
                None => Ok(()),
            }
        }
        ApprovalNote::TurnedAway(reason) => {
            writeln!(output, "_A question was not heard: {reason}_\n")
        }
        ApprovalNote::Bypassed(reason) => writeln!(output, "_Got round its questions: {reason}_\n"),
        ApprovalNote::Asked(_) => Ok(()),
    }
}

fn write_event(
    event: &Event,
    echo: &mut bool,
    progress: &mut Progress,
    output: &mut dyn Write,
) -> io::Result<()> {
    let closed = progress.observe(event);
    let mut answered = closed.iter().filter(|closed| closed.result.is_some());
    match event {
        Event::Assistant(assistant) => {
            for block in &assistant.message.content {
                write_assistant_block(block, output)?;
            }
        }
        Event::User(user) => {
            let is_text = |block: &ContentBlock| matches!(block, ContentBlock::Text(_));
            let has_text = user.message.content.iter().any(is_text);
            let is_echo = has_text && std::mem::take(echo);
            for block in &user.message.content {
                match block {
                    ContentBlock::Text(text) if !is_echo => {
                        writeln!(output, "## Prompt\n\n{}\n", text.text.trim())?;
                    }
                    ContentBlock::ToolResult(result) => {
                        let call = answered.next().and_then(|closed| closed.call.as_ref());
                        write_result(result, call, output)?;
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn write_result(
    result: &ToolResultBlock,
    call: Option<&OpenCall>,
    output: &mut dyn Write,
) -> io::Result<()> {
    let answer = match call.map(|call| result.typed_output(&call.request.name)) {
        Some(ToolOutput::Shell(shell)) => shell.output,
        _ => result.text().unwrap_or_default().to_owned(),
    };
    match result.outcome() {
        ToolOutcome::Refused(_) => writeln!(output, "Refused:\n")?,
        ToolOutcome::Cancelled(_) => writeln!(output, "Cancelled:\n")?,
        ToolOutcome::Failed(_) => writeln!(output, "Result, an error:\n")?,
        ToolOutcome::ExitCode(code) => writeln!(output, "Result, exit code {code}:\n")?,
        _ => writeln!(output, "Result:\n")?,
    }
    let (shown, cut) = beginning(&answer, SHOWN_RESULT);
    write_fenced("", shown, output)?;
    if cut > 0 {
        writeln!(output, "{cut} more bytes are in the record.\n")?;
    }
    Ok(())
}

fn write_assistant_block(block: &ContentBlock, output: &mut dyn Write) -> io::Result<()> {
    match block {
        ContentBlock::Text(text) => writeln!(output, "{}\n", text.text.trim()),
        ContentBlock::ToolUse(call) => {
            writeln!(output, "**{}**\n", call.name)?;
            if let Some(command) = call.typed_input().shell_command() {
                return write_fenced("sh", command, output);
            }
            let input: Value = call.input.parse().unwrap_or_default();
            write_fenced("json", &format!("{input:#}"), output)
        }
        _ => Ok(()),
    }
}

/// Writes verbatim text in a fence that is longer than any run of backticks in it.
fn write_fenced(language: &str, text: &str, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "{}\n", in_fence(language, text))
}

/// Returns the beginning of a text, cut at a character, and how many bytes follow.
fn beginning(text: &str, limit: usize) -> (&str, usize) {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], text.len() - end)
}
