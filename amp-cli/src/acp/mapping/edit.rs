//! What an edit would change, as the whole text of the file before and after it.

use std::fs;
use std::path::Path;

use agent_client_protocol::v1::schema::Diff;
use amp_session::protocol::tool::EditFileInput;

/// The longest file that is shown whole, in bytes; of a longer one the edit alone is shown.
const LONGEST: u64 = 1 << 18;

/// What is known of the files that a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    /// They are still as they are before the call.
    AsTheyAre,
    /// They may have changed since.
    Unknown,
}

/// What a file holds before a call.
pub(super) enum Before {
    Text(String),
    Missing,
    Unknown,
}

impl Files {
    /// Reads a file.
    pub(super) fn read(self, path: &Path) -> Before {
        if self == Self::Unknown {
            return Before::Unknown;
        }
        match fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Before::Missing,
            Ok(file) if file.is_file() && file.len() <= LONGEST => {
                fs::read_to_string(path).map_or(Before::Unknown, Before::Text)
            }
            _ => Before::Unknown,
        }
    }
}

/// Returns the diff of `create_file`.
pub(super) fn of_creation(path: &Path, content: &str, files: Files) -> Diff {
    let diff = Diff::new(path, content);
    match files.read(path) {
        Before::Text(before) => diff.old_text(before),
        Before::Missing | Before::Unknown => diff,
    }
}

/// Returns the diff of `edit_file`.
pub(super) fn of_edit(path: &Path, input: &EditFileInput, files: Files) -> Diff {
    let (old, new) = (input.old_text.as_str(), input.new_text.as_str());
    match files.read(path) {
        Before::Text(before) if !old.is_empty() && before.contains(old) => {
            let after = match input.replace_all {
                Some(true) => before.replace(old, new),
                _ => before.replacen(old, new, 1),
            };
            Diff::new(path, after).old_text(before)
        }
        // The edit will fail, or its file is not at hand.
        _ => Diff::new(path, new).old_text(old.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_shown_in_the_whole_file_before_it_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "one\ntwo\ntwo\n").unwrap();
        let mut input = EditFileInput::new(path.to_str().unwrap(), "two", "2");
        let diff = of_edit(&path, &input, Files::AsTheyAre);
        assert_eq!(diff.old_text.as_deref(), Some("one\ntwo\ntwo\n"));
        assert_eq!(diff.new_text, "one\n2\ntwo\n");
        input.replace_all = Some(true);
        let diff = of_edit(&path, &input, Files::AsTheyAre);
        assert_eq!(diff.new_text, "one\n2\n2\n");
    }

    #[test]
    fn of_a_file_that_is_not_at_hand_the_edit_alone_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.txt");
        fs::write(&path, "two".repeat(1 << 18)).unwrap();
        let input = EditFileInput::new("long.txt", "two", "2");
        for files in [Files::AsTheyAre, Files::Unknown] {
            let diff = of_edit(&path, &input, files);
            assert_eq!(diff.old_text.as_deref(), Some("two"));
            assert_eq!(diff.new_text, "2");
        }
    }

    #[test]
    fn a_new_file_has_no_old_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.txt");
        assert_eq!(of_creation(&path, "x", Files::AsTheyAre).old_text, None);
        fs::write(&path, "old").unwrap();
        let diff = of_creation(&path, "x", Files::AsTheyAre);
        assert_eq!(diff.old_text.as_deref(), Some("old"));
    }
}
