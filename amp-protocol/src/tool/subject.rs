//! What a tool call is about, in a few words.

use serde_json::{Map, Value};

use crate::content::ToolUseBlock;
use crate::tool::patch::file_patches;

/// The arguments that say best what a call is about, the most telling first.
///
/// They are the argument names of the tools in the recordings of January to September 2026.
const TELLING_ARGUMENTS: [&str; 14] = [
    "command",
    "cmd",
    "description",
    "path",
    "file_path",
    "filePattern",
    "pattern",
    "query",
    "url",
    "objective",
    "task",
    "prompt",
    "name",
    "message",
];

impl ToolUseBlock {
    /// The most characters that [`subject`](Self::subject) returns.
    pub const MAX_SUBJECT_CHARACTERS: usize = 400;

    /// Returns what the call is about: its command, path or question, the files of a patch, or
    /// else its whole input as JSON; empty when it has none.
    ///
    /// It is the model's own text, line breaks and control characters included.
    #[must_use]
    pub fn subject(&self) -> String {
        let arguments: Map<String, Value> = self.input.parse().unwrap_or_default();
        let telling = || {
            let mut arguments = TELLING_ARGUMENTS.iter().map(|name| arguments.get(*name));
            arguments.find_map(|argument| argument?.as_str().map(str::to_owned))
        };
        let subject = match patched_files(&arguments).or_else(telling) {
            Some(subject) => subject,
            None if arguments.is_empty() => String::new(),
            None => self.input.to_string(),
        };
        match subject.char_indices().nth(Self::MAX_SUBJECT_CHARACTERS) {
            Some((end, _)) => subject[..end].to_owned(),
            None => subject,
        }
    }
}

/// Returns the files that a patch changes, from its own headers.
fn patched_files(arguments: &Map<String, Value>) -> Option<String> {
    let patch = ["patchText", "patch", "input"]
        .iter()
        .find_map(|name| arguments.get(*name)?.as_str())
        .filter(|text| text.contains("*** Begin Patch"))?;
    let files: Vec<&str> = file_patches(patch).iter().map(|file| file.path).collect();
    (!files.is_empty()).then(|| files.join(", "))
}
