//! A file of tasks: read once from its beginning to its end before anything starts, then line by
//! line as they are needed, so that it may be larger than memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::task::{Task, hex};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The longest line, in bytes.
const LONGEST: usize = 16 << 20;

/// A file of tasks.
#[derive(Debug)]
pub(super) struct TaskFile {
    path: PathBuf,
    /// The SHA-256 of its bytes.
    pub(super) hash: String,
    pub(super) entries: Vec<Entry>,
}

/// Where a task is in its file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Box<str>,
    pub(super) begin: u64,
    pub(super) length: u32,
    hash: [u8; 32],
}

impl TaskFile {
    /// Reads a file of tasks.
    ///
    /// # Errors
    /// Fails when a line is no task, or two have the same id.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error| unreadable(path, &error);
        let file = File::open(path).map_err(unreadable)?;
        Self::read_from(path, BufReader::new(file))
    }

    /// Reads what stands in the file at a path.
    pub(super) fn read_from(path: &Path, mut reader: impl BufRead) -> Result<Self, Failure> {
        let name = path.display();
        let mut file = Self {
            path: path.to_owned(),
            hash: String::new(),
            entries: Vec::new(),
        };
        let (mut all, mut line) = (Sha256::new(), Vec::new());
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut begin = 0;
        loop {
            line.clear();
            let limit = LONGEST as u64 + 2;
            let read = reader.by_ref().take(limit).read_until(b'\n', &mut line);
            if read.map_err(|error| unreadable(path, &error))? == 0 {
                break;
            }
            all.update(&line);
            let number = file.entries.len() + 1;
            let wrong = |why: String| {
                Failure::new(ExitCode::Usage, format!("{name}, line {number} is no task"))
                    .because(why)
                    .hint("a task looks like this: {\"id\": \"one\", \"prompt\": \"…\", \"repo\": \"…\"}")
            };
            let read = line.len() as u64;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text.len() > LONGEST {
                return Err(wrong(format!("it is longer than {} MiB", LONGEST >> 20)));
            }
            let task = Task::parse(text).map_err(wrong)?;
            let id = task.id_of(text);
            // Some file systems know no difference between them.
            if let Some(other) = known.insert(id.to_ascii_lowercase(), number) {
                let what = format!("{name}, lines {other} and {number} have the same id");
                return Err(Failure::new(ExitCode::Usage, what)
                    .because(format!("it is {id}"))
                    .hint("each task has results of its own: an `id` tells equal tasks apart"));
            }
            file.entries.push(Entry {
                id: id.into(),
                begin,
                length: u32::try_from(text.len()).unwrap_or(u32::MAX),
                hash: Sha256::digest(text).into(),
            });
            begin += read;
        }
        if file.entries.is_empty() {
            return Err(Failure::new(ExitCode::Usage, format!("{name} has no task")));
        }
        file.hash = hex(&all.finalize());
        Ok(file)
    }

    /// Returns the folder that its paths are in.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Reads a task again.
    ///
    /// # Errors
    /// Fails when the file has changed since it was read.
    pub(super) fn task(&self, place: usize) -> Result<Task, Failure> {
        let entry = &self.entries[place];
        let mut text = vec![0; entry.length as usize];
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(entry.begin))?;
            file.read_exact(&mut text)
        });
        let changed = |why: String| {
            let what = format!("{} has changed while its tasks ran", self.path.display());
            Failure::new(ExitCode::Usage, what).because(why)
        };
        read.map_err(|error| changed(error.to_string()))?;
        let hash: [u8; 32] = Sha256::digest(&text).into();
        if hash != entry.hash {
            return Err(changed(format!("task {} is another one now", entry.id)));
        }
        Task::parse(&text).map_err(changed)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let what = format!("{} cannot be read", path.display());
    Failure::new(ExitCode::Usage, what).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::TaskFile;

    fn read(text: &str) -> Result<TaskFile, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tasks.jsonl");
        std::fs::write(&path, text).expect("a file");
        let file = TaskFile::read(&path).map_err(|failure| failure.in_one_line())?;
        for place in 0..file.entries.len() {
            file.task(place).expect("the task again");
        }
        Ok(file)
    }

    #[test]
    fn every_line_is_found_again() {
        let text = "{\"prompt\":\"a\"}\r\n{\"prompt\":\"ä\",\"id\":\"b\"}\n{\"prompt\":\"c\"}";
        let file = read(text).expect("tasks");
        let ids: Vec<&str> = file.entries.iter().map(|entry| &*entry.id).collect();
        assert_eq!((ids.len(), ids[1]), (3, "b"));
    }

    #[test]
    fn lines_that_are_no_tasks_and_ids_that_meet_are_refused_by_their_numbers() {
        let task = "{\"prompt\":\"a\",\"id\":\"a\"}\n";
        for (text, said) in [
            (format!("{task}\n"), "line 2 is no task"),
            (format!("{task}# b\n"), "line 2 is no task"),
            (
                format!("{task}{{\"prompt\":\"b\",\"id\":\"A\"}}\n"),
                "lines 1 and 2 have the same id",
            ),
            (
                "{\"prompt\":\"a\"}\n{\"prompt\": \"a\"}\n".to_owned(),
                "lines 1 and 2 have the same id",
            ),
            (String::new(), "has no task"),
        ] {
            let told = read(&text).expect_err("no tasks");
            assert!(told.contains(said), "{told}");
        }
    }

    #[test]
    fn a_file_that_changes_meanwhile_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tasks.jsonl");
        std::fs::write(&path, "{\"prompt\":\"a\"}\n").expect("a file");
        let file = TaskFile::read(&path).expect("tasks");
        std::fs::write(&path, "{\"prompt\":\"b\"}\n").expect("a file");
        assert!(file.task(0).is_err());
    }
}
