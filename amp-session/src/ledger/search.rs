//! Searching all records for words: their bytes are searched as they lie, and only lines that may
//! hold the words are decoded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use amp_protocol::{ContentBlock, Decoded, Event, ToolUseId, decode_line};
use serde::Serialize;
use serde_json::Value;

use super::files::{EVENTS, recorded_folder};
use super::scan::{Words, lines_with};
use super::{Ledger, Listing, SessionMetadata, SessionRecord, TurnRecord};
use crate::error::Error;
use crate::outcome::Status;

/// How many characters stand before and behind the words in an excerpt.
const AROUND: usize = 60;

/// What to search for, and where.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Search {
    /// Words that have to stand in one text, in any order; one without capitals is found whatever
    /// its capitals.
    pub words: Vec<String>,
    /// Only sessions of this folder or one below it.
    pub folder: Option<PathBuf>,
    /// Only sessions used since this moment, in milliseconds since the UNIX epoch.
    pub since: Option<u64>,
    /// Only what this tool was asked and has answered.
    pub tool: Option<String>,
    /// Only sessions whose last turn ended so.
    pub outcome: Option<Status>,
    /// The most sessions to return, those used last.
    pub sessions: usize,
    /// The most excerpts to return of each session.
    pub excerpts: usize,
}

impl Search {
    /// Searches for words in everything, and returns 20 sessions with 3 excerpts each at most.
    #[must_use]
    pub fn new(words: Vec<String>) -> Self {
        Self {
            words,
            folder: None,
            since: None,
            tool: None,
            outcome: None,
            sessions: 20,
            excerpts: 3,
        }
    }

    /// Tells whether a session is wanted; `folder` is the recorded name of the one that is.
    fn includes(&self, metadata: &SessionMetadata, folder: Option<&Path>) -> bool {
        let is_in = |folder| {
            let worked_in = metadata.working_directory.as_deref();
            worked_in.is_some_and(|worked_in| worked_in.starts_with(folder))
        };
        folder.is_none_or(is_in)
            && self.since.is_none_or(|since| metadata.updated_at >= since)
            && self
                .outcome
                .is_none_or(|outcome| metadata.last_status == Some(outcome))
    }
}

/// A session in which the words were found.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// The session.
    pub session: SessionMetadata,
    /// Where the words stand, in order; as many as were asked for.
    pub excerpts: Vec<Excerpt>,
}

/// A place where the words stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Excerpt {
    /// The turn, from 1; 0 for the session's own name or title.
    pub turn: u32,
    /// Who wrote it: `title`, `prompt`, `answer`, `thinking`, `call` or `result`.
    pub source: &'static str,
    /// The tool, for a call and for the result of one.
    pub tool: Option<String>,
    /// The text around the first of the words.
    pub text: String,
}

impl Ledger {
    /// Searches all records that can be read: [`Listing::search`], which tells of the others.
    ///
    /// # Errors
    ///
    /// Fails when the folder of the records cannot be listed.
    pub fn search(&self, search: &Search) -> Result<Vec<Found>, Error> {
        Ok(self.records()?.search(search))
    }
}

impl Listing {
    /// Searches the sessions, on as many threads as there are processors, and returns those in
    /// which the words were found, the one used last first.
    ///
    /// Memory stays flat: of each file no more is held than a part, or the longest line.
    #[must_use]
    pub fn search(&self, search: &Search) -> Vec<Found> {
        let folder = search.folder.as_deref().map(recorded_folder);
        let chosen: Vec<&SessionRecord> = self
            .sessions
            .iter()
            .filter(|record| search.includes(record.metadata(), folder.as_deref()))
            .collect();
        let words = Words::new(&search.words);
        let next = AtomicUsize::new(0);
        let enough = AtomicBool::new(false);
        let found: Mutex<BTreeMap<usize, Found>> = Mutex::default();
        let work = || {
            // Those used last are taken first, so when there are enough, none of them is missing.
            while !enough.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(record) = chosen.get(index) else {
                    return;
                };
                let excerpts = excerpts_of(record, search, &words);
                if excerpts.is_empty() {
                    continue;
                }
                let session = record.metadata().clone();
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.insert(index, Found { session, excerpts });
                if found.len() >= search.sessions {
                    enough.store(true, Ordering::Relaxed);
                }
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 1..threads.min(chosen.len()) {
                scope.spawn(work);
            }
            work();
        });
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.into_values().take(search.sessions).collect()
    }
}

fn excerpts_of(record: &SessionRecord, search: &Search, words: &Words) -> Vec<Excerpt> {
    let mut found = Collected {
        search,
        words,
        excerpts: Vec::new(),
    };
    let metadata = record.metadata();
    if search.tool.is_none() {
        for title in [&metadata.name, &metadata.title].into_iter().flatten() {
            found.add(0, "title", None, title);
        }
    }
    for turn in record.turns().unwrap_or_default() {
        if found.is_full() {
            break;
        }
        found.add_turn(&turn);
    }
    found.excerpts
}

/// The excerpts of one session so far.
struct Collected<'a> {
    search: &'a Search,
    words: &'a Words,
    excerpts: Vec<Excerpt>,
}

impl Collected<'_> {
    fn is_full(&self) -> bool {
        self.excerpts.len() >= self.search.excerpts
    }

    fn add_turn(&mut self, turn: &TurnRecord) {
        let path = turn.folder().join(EVENTS);
        // A file that cannot be read has nothing to show.
        let _ = lines_with(&path, self.words, |line| {
            if let Decoded::Event(event) = decode_line(line) {
                self.add_event(turn.number(), &event, &path);
            }
            !self.is_full()
        });
    }

    fn add_event(&mut self, turn: u32, event: &Event, path: &Path) {
        let (source, content) = match event {
            Event::Assistant(event) => ("answer", &event.message.content),
            Event::User(event) => ("prompt", &event.message.content),
            // The result repeats the answer.
            _ => return,
        };
        for block in content {
            match block {
                ContentBlock::Text(text) => self.add(turn, source, None, &text.text),
                ContentBlock::Thinking(thinking) => {
                    self.add(turn, "thinking", None, &thinking.thinking);
                }
                ContentBlock::ToolUse(call) => {
                    let input = strings_of(&call.input.to_string());
                    self.add(turn, "call", Some(call.name.as_str()), &input);
                }
                ContentBlock::ToolResult(result) => {
                    let text = result.text().unwrap_or_default();
                    let text = strings_of(text);
                    if self.words.are_in(&text) {
                        let tool = tool_of(&result.tool_use_id, path);
                        self.add(turn, "result", tool.as_deref(), &text);
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, turn: u32, source: &'static str, tool: Option<&str>, text: &str) {
        let is_wanted = self.search.tool.is_none() || self.search.tool.as_deref() == tool;
        if self.is_full() || !is_wanted {
            return;
        }
        let Some(place) = self.words.place_in(text) else {
            return;
        };
        self.excerpts.push(Excerpt {
            turn,
            source,
            tool: tool.map(str::to_owned),
            text: around(text, place),
        });
    }
}

/// Finds the name of the tool that a result answers, in the line of its call.
fn tool_of(id: &ToolUseId, path: &Path) -> Option<String> {
    let mut name = None;
    let quoted = Words::new(&[id.as_str().to_owned()]);
    let read = lines_with(path, &quoted, |line| {
        if let Decoded::Event(Event::Assistant(event)) = decode_line(line) {
            let mut calls = event.message.tool_uses();
            let call = calls.find(|call| call.id == *id);
            name = call.map(|call| call.name.as_str().to_owned());
        }
        name.is_none()
    });
    read.ok().and(name)
}

/// Returns the texts that stand in a JSON text, for people to read; the text itself when it is none.
fn strings_of(json: &str) -> String {
    fn collect(value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, texts)),
            _ => {}
        }
    }
    let Ok(value) = serde_json::from_str(json) else {
        return json.to_owned();
    };
    let mut texts = Vec::new();
    collect(&value, &mut texts);
    texts.join("\n")
}

/// Returns what stands around a place, with an ellipsis where something was cut.
fn around(text: &str, place: usize) -> String {
    let mut place = place.min(text.len());
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    let before = text[..place].char_indices().rev().nth(AROUND - 1);
    let start = before.map_or(0, |(start, _)| start);
    let behind = text[place..].char_indices().nth(2 * AROUND);
    let end = behind.map_or(text.len(), |(end, _)| place + end);
    let cut = |is_cut: bool| if is_cut { "…" } else { "" };
    format!(
        "{}{}{}",
        cut(start > 0),
        &text[start..end],
        cut(end < text.len())
    )
}
