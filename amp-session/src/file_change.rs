//! What a tool call has changed in files, as far as the stream tells.

use std::borrow::Cow;

use amp_protocol::tool::{
    FilePatch, PatchedFile, ToolInput, ToolName, ToolOutcome, ToolOutput, file_patches,
};
use amp_protocol::{Count, ToolResultBlock, ToolUseBlock};
use serde::Serialize;

use crate::diff::unified;
use crate::file_address::path_of_address;

/// The tools that say what they change in files.
const CHANGING: [ToolName; 4] = [
    ToolName::EDIT_FILE,
    ToolName::UNDO_EDIT,
    ToolName::CREATE_FILE,
    ToolName::APPLY_PATCH,
];

/// What one tool call has changed in one file.
///
/// It is what the tool said, not what lies on the disk: a command that changes files says nothing.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FileChange {
    /// The file, as the call or its result names it; never an address.
    pub path: String,
    /// Lines added. All lines of a file that was written as a whole count as added.
    pub added: u64,
    /// Lines deleted.
    pub deleted: u64,
    #[serde(skip)]
    text: Text,
}

/// What a change is told from.
#[derive(Debug, Clone)]
enum Text {
    /// All that a new file holds.
    Content(String),
    /// The lines of a unified diff, without the headers that name the file.
    Diff(String),
}

impl FileChange {
    /// Returns the files that a call has changed; none for a call that failed or was refused.
    ///
    /// `edit_file`, `undo_edit`, `create_file` and `apply_patch` say what they change; recorded from
    /// January to September 2026.
    #[must_use]
    pub fn of_call(request: &ToolUseBlock, result: &ToolResultBlock) -> Vec<Self> {
        if !CHANGING.contains(&request.name) || result.outcome() != ToolOutcome::Succeeded {
            return Vec::new();
        }
        let output = result.typed_output(&request.name);
        match (request.typed_input(), output) {
            (ToolInput::EditFile(input), ToolOutput::Edit(edit)) => {
                vec![Self::of_diff(input.path, &edit.diff)]
            }
            (ToolInput::UndoEdit(input), ToolOutput::Edit(edit)) => {
                vec![Self::of_diff(input.path, &edit.diff)]
            }
            (ToolInput::EditFile(input), _) => {
                let diff = unified(&input.path, &input.old_text, &input.new_text);
                vec![Self::of_diff(input.path, &diff)]
            }
            (ToolInput::CreateFile(input), _) => {
                vec![Self::of_new_file(input.path, input.content)]
            }
            (ToolInput::ApplyPatch(_), ToolOutput::Patch(patch)) => {
                patch.files.into_iter().map(Self::of_patched).collect()
            }
            (ToolInput::ApplyPatch(input), _) => Self::of_patch(&input.patch),
            _ => Vec::new(),
        }
    }

    /// Returns the lines of a unified diff, without the headers that name the file.
    #[must_use]
    pub fn diff(&self) -> Cow<'_, str> {
        match &self.text {
            Text::Content(content) => diff_of_new_file(content, self.added).into(),
            Text::Diff(diff) => diff.into(),
        }
    }

    fn of_diff(path: String, diff: &str) -> Self {
        let lines = diff.lines().skip_while(|line| !line.starts_with("@@"));
        Self::of_lines(path, lines.filter(|line| *line != "```"))
    }

    fn of_new_file(path: String, content: String) -> Self {
        let ended = content.bytes().filter(|byte| *byte == b'\n').count() as u64;
        Self {
            path,
            added: ended + u64::from(!content.is_empty() && !content.ends_with('\n')),
            deleted: 0,
            text: Text::Content(content),
        }
    }

    fn of_lines<'a>(path: String, lines: impl Iterator<Item = &'a str>) -> Self {
        let (mut added, mut deleted, mut diff) = (0, 0, String::new());
        for line in lines {
            added += u64::from(line.starts_with('+'));
            deleted += u64::from(line.starts_with('-'));
            diff.push_str(line);
            diff.push('\n');
        }
        Self {
            path,
            added,
            deleted,
            text: Text::Diff(diff),
        }
    }

    fn of_patched(file: PatchedFile) -> Self {
        let address = file.uri.unwrap_or_default();
        let path = file.path.or_else(|| path_of_address(&address));
        let path = path.unwrap_or(address);
        let mut change = Self::of_diff(path, &file.diff.unwrap_or_default());
        let stated = |count: Option<Count>| count.as_ref().and_then(Count::as_u64);
        change.added = stated(file.additions).unwrap_or(change.added);
        change.deleted = stated(file.deletions).unwrap_or(change.deleted);
        change
    }

    /// Reads a patch in the form that the model writes it in.
    fn of_patch(patch: &str) -> Vec<Self> {
        let files = file_patches(patch).into_iter();
        let change =
            |file: FilePatch<'_>| Self::of_lines(file.path.to_owned(), file.lines.into_iter());
        files.map(change).collect()
    }
}

/// Two changes are equal when they say the same, wherever they are told from.
impl PartialEq for FileChange {
    fn eq(&self, other: &Self) -> bool {
        let counts = |change: &Self| (change.added, change.deleted);
        self.path == other.path && counts(self) == counts(other) && self.diff() == other.diff()
    }
}

impl Eq for FileChange {}

/// Says what a comparison with nothing would, which takes ten times as long.
fn diff_of_new_file(content: &str, lines: u64) -> String {
    let mut diff = match lines {
        0 => String::new(),
        1 => "@@ -0,0 +1 @@\n".to_owned(),
        many => format!("@@ -0,0 +1,{many} @@\n"),
    };
    for line in content.lines() {
        diff.push('+');
        diff.push_str(line);
        diff.push('\n');
    }
    if !content.is_empty() && !content.ends_with('\n') {
        diff.push_str("\\ No newline at end of file\n");
    }
    diff
}

#[cfg(test)]
mod tests {
    use amp_protocol::{Event, decode_line, progress::Progress};
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn changes(version: &str, scenario: &str) -> Vec<FileChange> {
        let recording = fixtures::recording(version, scenario).expect("a recording");
        let mut progress = Progress::new();
        let mut changes = Vec::new();
        for line in recording.lines().expect("lines") {
            let event: Event = decode_line(&line).into_event().expect("an event");
            for closed in progress.observe(&event) {
                let (Some(call), Some(result)) = (&closed.call, closed.result) else {
                    continue;
                };
                changes.extend(FileChange::of_call(&call.request, result));
            }
        }
        changes
    }

    fn counts(changes: &[FileChange]) -> Vec<(&str, u64, u64)> {
        let changes = changes.iter();
        changes
            .map(|change| (change.path.as_str(), change.added, change.deleted))
            .collect()
    }

    #[test]
    fn files_that_recorded_calls_have_changed_are_counted() {
        let path = "/home/user/project/new.txt";
        for version in ["0.0.1767830505-ga62310", fixtures::NEWEST_VERSION] {
            let changes = changes(version, "files");
            assert_eq!(counts(&changes), [(path, 2, 0), (path, 1, 1)], "{version}");
            assert_eq!(
                changes[1].diff(),
                "@@ -1,2 +1,2 @@\n line1\n-line2\n+LINE-2 ✓\n"
            );
        }
        let patched = changes(fixtures::LAST_JAVASCRIPT_VERSION, "mode-deep-applypatch");
        assert_eq!(counts(&patched), [("patched.txt", 1, 0)]);
    }

    #[test]
    fn a_patch_whose_result_says_nothing_is_read_as_it_was_written() {
        let patch = "*** Begin Patch\n*** Add File: a\n+one\n*** Update File: b\n@@\n-x\n+y\n z\n*** End Patch";
        let changes = FileChange::of_patch(patch);
        assert_eq!(counts(&changes), [("a", 1, 0), ("b", 1, 1)]);
    }

    #[test]
    fn a_file_that_a_result_names_by_its_address_alone_has_its_path() {
        let mut file = PatchedFile::default();
        file.uri = Some("file:///w/a%20b".to_owned());
        assert_eq!(FileChange::of_patched(file).path, "/w/a b");
    }

    #[test]
    fn nothing_is_changed_by_a_call_that_is_refused_or_fails() {
        assert!(changes(fixtures::NEWEST_VERSION, "perm-reject").is_empty());
        assert!(changes(fixtures::NEWEST_VERSION, "toolerror").is_empty());
    }

    proptest! {
        #[test]
        fn a_new_file_is_what_a_comparison_with_nothing_says(content in "([a-z+@ ]{0,9}(\r?\n)?){0,6}") {
            let path = "a".to_owned();
            let compared = FileChange::of_diff(path.clone(), &unified(&path, "", &content));
            let new = FileChange::of_new_file(path, content);
            prop_assert_eq!(new, compared);
        }
    }
}
