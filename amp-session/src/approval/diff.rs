//! What a call would change in a file, as a unified diff.

use std::fs;
use std::path::Path;

use amp_protocol::RawJson;
use amp_protocol::tool::{ToolInput, ToolName};
use serde_json::{Map, Value};

use crate::diff::unified;

/// The longest file that is compared, in bytes.
const LONGEST: u64 = 1 << 20;

pub(super) fn of_call(tool: &str, arguments: &Map<String, Value>, folder: &Path) -> Option<String> {
    let json = RawJson::from_value(arguments).ok()?;
    match ToolInput::read(&ToolName::from(tool), &json) {
        ToolInput::CreateFile(input) => {
            let before = read(&folder.join(&input.path))?;
            Some(unified(&input.path, &before, &input.content))
        }
        ToolInput::EditFile(input) => {
            let before = read(&folder.join(&input.path))?;
            let (old, new) = (&input.old_text, &input.new_text);
            if old.is_empty() || !before.contains(old.as_str()) {
                return None;
            }
            let after = match input.replace_all {
                Some(true) => before.replace(old, new),
                _ => before.replacen(old, new, 1),
            };
            Some(unified(&input.path, &before, &after))
        }
        ToolInput::ApplyPatch(input) => Some(input.patch),
        _ => None,
    }
}

/// Returns the text of a file; nothing for one that is not there, `None` for one that is no text.
fn read(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Err(_) => Some(String::new()),
        Ok(file) if file.is_file() && file.len() <= LONGEST => fs::read_to_string(path).ok(),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn diff(tool: &str, arguments: &Value, folder: &Path) -> Option<String> {
        of_call(tool, arguments.as_object().unwrap(), folder)
    }

    #[test]
    fn an_edit_and_a_new_file_are_shown_as_what_they_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let edit = json!({"path": path, "old_str": "two", "new_str": "2"});
        let shown = diff("edit_file", &edit, folder.path()).unwrap();
        assert!(shown.contains("\n-two\n+2\n three\n"), "{shown}");
        let created = json!({"path": "b.txt", "content": "new\n"});
        let shown = diff("create_file", &created, folder.path()).unwrap();
        assert!(shown.ends_with("@@ -0,0 +1 @@\n+new\n"), "{shown}");
    }

    #[test]
    fn there_is_no_diff_of_a_command_or_of_an_edit_that_fits_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let command = json!({"cmd": "ls"});
        assert_eq!(diff("Bash", &command, folder.path()), None);
        let edit = json!({"path": "a.txt", "old_str": "two", "new_str": "2"});
        assert_eq!(diff("edit_file", &edit, folder.path()), None);
    }
}
