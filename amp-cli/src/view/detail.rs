//! What is shown of a tool call that has ended, beyond its line: what it found, printed or changed.

use amp_session::protocol::progress::ClosedCall;
use amp_session::protocol::tool::{McpContent, ToolInput, ToolName, ToolOutcome, ToolOutput};
use amp_session::protocol::{Count, ToolResultBlock, ToolUseBlock};
use amp_session::{FileChange, without_escapes};

use crate::text::{bytes, counted};

/// What a search says that found nothing.
const NOTHING: &str = "nothing found";

/// What is shown of a tool call that has ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    /// What it found or changed, in a few words: `2 matches in 1 file`, `+3 −1`; may be empty.
    pub(crate) facts: String,
    pub(crate) body: Body,
}

/// What stands below the line of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Body {
    #[default]
    Nothing,
    /// What a command printed; its end says most.
    Output(String),
    /// What a subagent or a server answered; its beginning says most.
    Answer(String),
    /// What it changed.
    Changes(Vec<FileChange>),
}

impl Detail {
    /// Reads what a call has come to.
    pub(crate) fn of(closed: &ClosedCall<'_>) -> Self {
        let (Some(call), Some(result)) = (&closed.call, closed.result) else {
            return Self::default();
        };
        let request = &call.request;
        let changes = FileChange::of_call(request, result);
        if !changes.is_empty() {
            return Self {
                facts: counts_of(&changes),
                body: Body::Changes(changes),
            };
        }
        match (result.outcome(), result.typed_output(&request.name)) {
            (ToolOutcome::Succeeded | ToolOutcome::ExitCode(_), ToolOutput::Shell(shell)) => Self {
                facts: match (&shell.exit_code, shell.running) {
                    (None, Some(true)) => "still runs".to_owned(),
                    _ => String::new(),
                },
                body: Body::Output(as_seen(&shell.output)),
            },
            (ToolOutcome::Succeeded, output) => Self::of_success(request, result, output),
            _ => Self::default(),
        }
    }

    fn of_success(
        request: &ToolUseBlock,
        result: &ToolResultBlock,
        output: ToolOutput<'_>,
    ) -> Self {
        let words = |facts| Self {
            facts,
            body: Body::Nothing,
        };
        match (request.typed_input(), output) {
            (_, ToolOutput::File(file)) => {
                let content = file.content.unwrap_or_default();
                match file.image_info {
                    Some(image) => words(of_image(image.media_type, image.size.as_ref())),
                    None => words(counted(content.lines().count(), "line")),
                }
            }
            (ToolInput::Grep(_), ToolOutput::Text(text)) => words(matches_in(text)),
            (ToolInput::Glob(_), ToolOutput::Text(text)) => words(match listed(text).len() {
                0 => NOTHING.to_owned(),
                count => counted(count, "file"),
            }),
            (_, ToolOutput::Mcp(content)) => Self {
                facts: String::new(),
                body: Body::Answer(text_of(content)),
            },
            (_, ToolOutput::Text(text)) if answers(&request.name) => Self {
                facts: String::new(),
                body: Body::Answer(without_escapes(text)),
            },
            (_, ToolOutput::Text(text)) if text.lines().nth(1).is_some() => {
                words(counted(text.lines().count(), "line"))
            }
            _ => match result.text() {
                Some(_) => Self::default(),
                None => words("no text".to_owned()),
            },
        }
    }
}

/// Returns lines added and deleted, of all the files of a call: `+3 −1`.
pub(crate) fn counts_of(changes: &[FileChange]) -> String {
    let added: u64 = changes.iter().map(|change| change.added).sum();
    let deleted: u64 = changes.iter().map(|change| change.deleted).sum();
    format!("+{added} −{deleted}")
}

/// Tells whether a tool answers in prose, as a subagent does.
fn answers(name: &ToolName) -> bool {
    let asked = [
        ToolName::TASK,
        ToolName::ORACLE,
        ToolName::LIBRARIAN,
        ToolName::FINDER,
        ToolName::LOOK_AT,
    ];
    asked.contains(name) || name.as_mcp().is_some()
}

/// Returns an output as a terminal would show it in the end: without escape sequences, and of a line
/// that was written over and over, what was written last.
fn as_seen(output: &str) -> String {
    let plain = without_escapes(output);
    let last = |line: &str| {
        let line = line.trim_end_matches('\r');
        line.rsplit('\r').next().unwrap_or_default().to_owned()
    };
    let lines: Vec<String> = plain.trim_end().lines().map(last).collect();
    lines.join("\n")
}

/// Returns the lines that a search found: it answers with a list, or with one text.
fn listed(text: &str) -> Vec<String> {
    let lines: Vec<String> = match serde_json::from_str(text) {
        Ok(lines) => lines,
        Err(_) => text.lines().map(str::to_owned).collect(),
    };
    let says_nothing = |line: &String| line.trim().is_empty() || line.starts_with("No ");
    lines
        .into_iter()
        .filter(|line| !says_nothing(line))
        .collect()
}

/// Counts what `Grep` found: lines such as `src/a.rs:12:text` (build of May 2026).
fn matches_in(text: &str) -> String {
    let lines = listed(text);
    let file = |line: &String| {
        let (file, rest) = line.split_once(':')?;
        let (number, _) = rest.split_once(':')?;
        number.parse::<u64>().is_ok().then(|| file.to_owned())
    };
    let mut files: Vec<String> = lines.iter().filter_map(file).collect();
    let matches = match files.len() {
        1 => "1 match".to_owned(),
        0 if lines.is_empty() => return NOTHING.to_owned(),
        0 => return counted(lines.len(), "line"),
        count => format!("{count} matches"),
    };
    files.sort_unstable();
    files.dedup();
    format!("{matches} in {}", counted(files.len(), "file"))
}

fn of_image(media_type: Option<String>, size: Option<&Count>) -> String {
    let kind = media_type.unwrap_or_else(|| "an image".to_owned());
    match size.and_then(Count::as_u64) {
        Some(size) => format!("{kind}, {}", bytes(size)),
        None => kind,
    }
}

fn text_of(content: Vec<McpContent>) -> String {
    let text = |piece: McpContent| match piece.text {
        Some(text) => without_escapes(&text),
        None => format!("({})", piece.content_type),
    };
    content.into_iter().map(text).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_says_how_much_it_found() {
        let list = r#"["src/a.rs:1:fn a","src/a.rs:22:fn b","src/b.rs:3:x: y"]"#;
        assert_eq!(matches_in(list), "3 matches in 2 files");
        assert_eq!(matches_in("src/a.rs:1:fn a\n"), "1 match in 1 file");
        assert_eq!(matches_in(r#"["No results found."]"#), NOTHING);
        assert_eq!(listed(r#"["a","b"]"#).len(), 2);
        assert_eq!(listed("a\nb\n\n").len(), 2);
        assert!(listed("No files found").is_empty());
    }

    #[test]
    fn an_output_is_what_a_terminal_would_show_in_the_end() {
        let output = "\u{1b}[32mok\u{1b}[0m\r\n 10%\r 90%\r100%\ndone\n\n";
        assert_eq!(as_seen(output), "ok\n100%\ndone");
    }
}
