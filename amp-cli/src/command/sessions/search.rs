//! `ampctl sessions search`.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amp_session::{Excerpt, Found, Search, Status};
use serde::Serialize;

use super::left_out::{LeftOut, tell};
use super::list::title;
use crate::arguments::{EndedAs, GlobalArguments, SearchArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::text::{ago, fit, one_line};

/// The columns of a list that goes to no terminal.
const WIDE: u16 = 120;

pub(super) fn run(
    sessions: &Sessions,
    arguments: &SearchArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    if arguments.words.iter().any(|word| word.trim().is_empty()) {
        return Err(Failure::new(
            ExitCode::Usage,
            "there is nothing to search for",
        ));
    }
    let mut search = Search::new(arguments.words.clone());
    search.folder = arguments
        .folder
        .as_deref()
        .map(|folder| context.resolve(folder));
    search.since = arguments.since.map(|since| moment_before(since.into()));
    search.tool.clone_from(&arguments.tool);
    search.outcome = arguments.outcome.map(EndedAs::status);
    search.sessions = arguments.limit;
    let records = sessions.ledger().records()?;
    let found = records.search(&search);
    let unreadable = LeftOut::of(records.unreadable);
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            sessions: &'a [Found],
            unreadable: Vec<LeftOut>,
        }
        let document = Document {
            sessions: &found,
            unreadable,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    tell(&unreadable, &mut context.stderr)?;
    if found.is_empty() && !global.quiet {
        writeln!(context.stderr, "no session has that")?;
    }
    write_text(&found, &arguments.words, global, context)?;
    Ok(ExitCode::Done)
}

fn write_text(
    found: &[Found],
    words: &[String],
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let settings = Settings::of(global, context)?;
    let style = settings.color.style(context, &context.stdout);
    let width = context.columns(WIDE);
    for Found {
        session, excerpts, ..
    } in found
    {
        let id = session.id.as_str();
        let when = ago(session.updated_at);
        let room = width.saturating_sub(id.len() + when.len() + 4);
        let title = fit(&title(session), room);
        let (id, when) = (style.command(id), style.dim(when));
        writeln!(context.stdout, "{id}  {when}  {title}")?;
        for excerpt in excerpts {
            let source = source(excerpt);
            let room = width.saturating_sub(source.len() + 4);
            let text = fit(&one_line(&excerpt.text), room);
            let text = marked(&text, words, |word| style.strong(word).to_string());
            writeln!(context.stdout, "  {}  {text}", style.dim(source))?;
        }
    }
    Ok(())
}

/// Says where an excerpt stands: `2 call Bash`.
fn source(excerpt: &Excerpt) -> String {
    let mut source = match excerpt.turn {
        0 => excerpt.source.to_owned(),
        turn => format!("{turn} {}", excerpt.source),
    };
    if let Some(tool) = &excerpt.tool {
        source.push(' ');
        source.push_str(&one_line(tool));
    }
    source
}

/// Marks every place of the words, whatever their capitals.
fn marked(text: &str, words: &[String], mark: impl Fn(&str) -> String) -> String {
    let lower = text.to_ascii_lowercase();
    let mut places: Vec<(usize, usize)> = Vec::new();
    for word in words {
        let word = word.to_ascii_lowercase();
        let found = lower.match_indices(&word);
        places.extend(found.map(|(start, word)| (start, start + word.len())));
    }
    places.sort_unstable();
    let mut result = String::new();
    let mut rest = 0;
    for (start, end) in places {
        if start < rest {
            continue;
        }
        result.push_str(&text[rest..start]);
        result.push_str(&mark(&text[start..end]));
        rest = end;
    }
    result.push_str(&text[rest..]);
    result
}

/// Returns the moment so long ago, in milliseconds since the UNIX epoch.
pub(super) fn moment_before(duration: Duration) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let moment = now.unwrap_or_default().saturating_sub(duration);
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}

impl EndedAs {
    fn status(self) -> Status {
        match self {
            Self::Completed => Status::Completed,
            Self::Failed => Status::Failed,
            Self::NoResult => Status::NoResult,
            Self::TimedOut => Status::TimedOut,
            Self::Cancelled => Status::Cancelled,
            Self::Capped => Status::Capped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_once_where_they_overlap() {
        let words = ["cargo".to_owned(), "go test".to_owned()];
        let text = marked("run Cargo test, cargo", &words, |word| format!("<{word}>"));
        assert_eq!(text, "run <Cargo> test, <cargo>");
    }
}
