//! What the reading of a batch's files promises for any bytes, checked by the fuzzer and by the tests
//! alike.

use std::collections::HashSet;
use std::path::Path;

use super::state::{Line, State};
use super::task::Task;
use super::task_file::TaskFile;

/// Reads bytes as a file of tasks, and panics on a broken promise.
pub(crate) fn check_tasks(bytes: &[u8]) {
    let Ok(file) = TaskFile::read_from(Path::new("tasks.jsonl"), bytes) else {
        return;
    };
    let mut names = HashSet::new();
    for entry in &file.entries {
        let begin = usize::try_from(entry.begin).expect("a place in the bytes");
        let line = &bytes[begin..begin + entry.length as usize];
        let task = Task::parse(line).expect("a line that was read can be read again");
        assert_eq!(task.id_of(line), *entry.id, "each time the same id");
        // It names a folder.
        let is_good = |one: u8| one.is_ascii_alphanumeric() || b"._-".contains(&one);
        assert!(entry.id.bytes().all(is_good), "{}", entry.id);
        assert!((1..=100).contains(&entry.id.len()), "{}", entry.id);
        assert!(!entry.id.ends_with('.') && !entry.id.starts_with('-'));
        assert!(names.insert(entry.id.to_ascii_lowercase()), "{}", entry.id);
        assert!(task.prompt.is_some() != task.prompt_file.is_some());
        assert!(task.env.iter().all(|name| !name.contains('=')));
    }
    assert!(!names.is_empty(), "a file of tasks has some");
}

/// Reads bytes as the journal of a process, and panics on a broken promise.
pub(crate) fn check_journal(bytes: &[u8]) {
    let mut state = State::default();
    let read = state.add(bytes);
    let whole = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = whole.map_or(&bytes[..0], |end| &bytes[..=end]);
    let mut of_whole = State::default();
    assert_eq!(of_whole.add(whole), read, "a torn line says nothing");
    assert_eq!(of_whole, state);
    if read.is_err() {
        return;
    }
    // What was read is what a process writes, and every beginning of it can be read.
    let mut written = Vec::new();
    for (index, text) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line: Line<'_> = serde_json::from_slice(text).expect("a line that was read");
        assert_eq!(line.seq, index as u64 + 1);
        serde_json::to_writer(&mut written, &line).expect("a line can be written");
        written.push(b'\n');
    }
    let mut again = State::default();
    assert_eq!(again.add(&written), Ok(()));
    assert_eq!(again, state);
    let middle = whole.len() / 2;
    assert_eq!(State::default().add(&whole[..middle]), Ok(()));
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_of_task_files_hold_what_is_promised_and_so_do_damaged_ones() {
        fixtures::with_seeds(env!("CARGO_MANIFEST_DIR"), "tasks", super::check_tasks);
    }

    #[test]
    fn seeds_of_journals_hold_what_is_promised_and_so_do_damaged_ones() {
        fixtures::with_seeds(env!("CARGO_MANIFEST_DIR"), "journal", super::check_journal);
    }
}
