//! A question as a person sees it: everything that would run, and nothing that steers the terminal.

use amp_session::Question;
use amp_session::approval::{Asked, Concern};
use amp_session::protocol::RawJson;
use amp_session::protocol::tool::{ToolInput, ToolName};
use serde_json::Value;

use crate::style::Style;
use crate::text::{cut, fit, one_line, safe, wrap_plain};

/// What stands before a line of what would run.
const LINE: &str = "  │ ";
/// How many columns that takes.
const GUIDE: usize = 4;
/// What stands before the rest of a line that is longer than the terminal is wide.
const REST: &str = "  ┆ ";

/// Returns the whole question, its last line included.
pub(super) fn question(question: &Question, columns: usize, style: Style) -> String {
    let asked = Asked::from(question);
    let room = columns.saturating_sub(GUIDE).max(8);
    let mut text = String::new();
    let mut say = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    let mark = style.warning("?");
    match &asked.subject.concern {
        Concern::Changed(paths) => {
            say(format!(
                "{mark} {}",
                style.strong("files that decide what may run have changed")
            ));
            for path in paths {
                quote(&path.display().to_string(), room, style, &mut say);
            }
            for line in wrap_plain("no ends the run", columns.saturating_sub(2)) {
                say(format!("  {line}"));
            }
            return text;
        }
        concern => {
            say(format!(
                "{mark} {}",
                style.strong(one_line(&asked.subject.tool))
            ));
            if *concern == Concern::ControlFiles {
                let warning = "it names files that decide what may run";
                for line in wrap_plain(warning, columns.saturating_sub(2)) {
                    say(format!("  {}", style.warning(line)));
                }
            }
        }
    }
    let json = RawJson::from_value(&asked.subject.arguments).ok();
    let command = json.as_ref().and_then(|json| {
        let input = ToolInput::read(&ToolName::from(asked.subject.tool.as_str()), json);
        input.shell_command().map(str::to_owned)
    });
    // What the diff or the command shows need not be said twice.
    let mut is_said: Vec<&str> = Vec::new();
    if let Some(diff) = &asked.diff {
        is_said.extend(["content", "old_str", "new_str", "patchText"]);
        for line in diff.lines() {
            let line = &*safe(line);
            for (guide, row) in rows(line, room) {
                let row = match line.as_bytes().first() {
                    Some(b'+') => style.added(row).to_string(),
                    Some(b'-') => style.deleted(row).to_string(),
                    _ => row,
                };
                say(format!("{}{row}", style.dim(guide)));
            }
        }
    }
    if let Some(command) = &command {
        is_said.extend(["cmd", "command"]);
        quote(command, room, style, &mut say);
    }
    for (name, value) in &asked.subject.arguments {
        if is_said.contains(&name.as_str()) {
            continue;
        }
        let value = match value {
            Value::String(text) => text.clone(),
            other => format!("{other:#}"),
        };
        quote(&format!("{name}: {value}"), room, style, &mut say);
    }
    if let Some(opinion) = &asked.opinion {
        // A rule may name a hundred commands; what would run is what has to be seen whole.
        let opinion = fit(&format!("why: {}", one_line(opinion)), 2 * columns);
        for line in wrap_plain(&opinion, columns.saturating_sub(2)) {
            say(format!("  {}", style.dim(line)));
        }
    }
    text
}

/// Writes a text line by line, all of it.
fn quote(text: &str, room: usize, style: Style, say: &mut impl FnMut(String)) {
    for line in text.lines() {
        for (guide, row) in rows(&safe(line), room) {
            say(format!("{}{row}", style.dim(guide)));
        }
    }
}

/// Cuts a line where the terminal ends; the first row is told from the others.
fn rows(line: &str, room: usize) -> impl Iterator<Item = (&'static str, String)> {
    let guides = std::iter::once(LINE).chain(std::iter::repeat(REST));
    guides.zip(cut(line, room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_goes_on_below_and_loses_nothing() {
        let rows: Vec<_> = rows("abcdefgh漢字", 5).collect();
        let texts: Vec<&str> = rows.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["abcde", "fgh漢", "字"]);
        assert_eq!(rows[0].0, LINE);
        assert_eq!(rows[1].0, REST);
    }

    #[test]
    fn an_empty_line_is_shown_as_one() {
        let rows: Vec<_> = rows("", 5).collect();
        assert_eq!(rows, [(LINE, String::new())]);
    }
}
