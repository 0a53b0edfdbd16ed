//! The journal of a process: what it is about to do, on the disk before it does it.
//!
//! A thread of its own writes and flushes, as many lines together as there are, so that the disk is
//! waited for once for all tasks that wait at a time.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Write};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use super::folder::Folder;
use super::shard::Shard;
use super::state::{EventKind, Line, TaskStatus};

/// What is written about a task, or about the process.
#[derive(Clone, Debug)]
pub(super) struct Note {
    event: EventKind,
    task: Option<(String, u32)>,
    status: Option<TaskStatus>,
    reason: Option<String>,
}

impl Note {
    /// Says something of the process.
    pub(super) fn of_process(event: EventKind) -> Self {
        Self {
            event,
            task: None,
            status: None,
            reason: None,
        }
    }

    /// Says something of an attempt at a task.
    pub(super) fn of_task(event: EventKind, id: &str, attempt: u32) -> Self {
        Self {
            task: Some((id.to_owned(), attempt)),
            ..Self::of_process(event)
        }
    }

    pub(super) fn with_status(self, status: TaskStatus) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    pub(super) fn with_reason(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }
}

/// Where the answer goes when a note is on the disk.
type Written = oneshot::Sender<Result<(), String>>;

/// The journal of this process.
#[derive(Debug)]
pub(super) struct Journal {
    notes: Option<mpsc::Sender<(Note, Option<Written>)>>,
    writer: Option<JoinHandle<()>>,
}

impl Journal {
    /// Begins the journal of one more process of a shard, whose lock is held.
    pub(super) fn begin(folder: &Folder, shard: Shard) -> io::Result<Self> {
        let file = create(folder, shard)?;
        Self::on(file)
    }

    /// Writes to this file.
    fn on(file: impl Sink) -> io::Result<Self> {
        let (notes, receiver) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("ampctl-journal".to_owned())
            .spawn(move || write(file, &receiver))?;
        Ok(Self {
            notes: Some(notes),
            writer: Some(writer),
        })
    }

    /// Takes a note, which is written soon.
    pub(super) fn note(&self, note: Note) {
        self.send(note, None);
    }

    /// Takes a note, and returns when it and all those before it are on the disk.
    ///
    /// # Errors
    /// Says why they are not; nothing is written after that.
    pub(super) async fn commit(&self, note: Note) -> Result<(), String> {
        let (written, answer) = oneshot::channel();
        self.send(note, Some(written));
        let answer = answer.await;
        answer.unwrap_or_else(|_| Err("its writer has ended".to_owned()))
    }

    fn send(&self, note: Note, written: Option<Written>) {
        if let Some(notes) = &self.notes {
            // A writer that has ended answers by dropping what it is sent.
            let _ = notes.send((note, written));
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.notes.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Where a journal is written.
trait Sink: Write + Send + 'static {
    /// Waits for the disk.
    fn flush_to_disk(&self) -> io::Result<()>;
}

impl Sink for File {
    fn flush_to_disk(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Makes the file of the next process.
fn create(folder: &Folder, shard: Shard) -> io::Result<File> {
    let journals = folder.journals();
    let start = format!("{}.", shard.file_name());
    let mut last = 0;
    for entry in fs::read_dir(&journals)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let number = name.strip_prefix(&start);
        let number = number.and_then(|rest| rest.strip_suffix(".jsonl"));
        last = last.max(number.and_then(|number| number.parse().ok()).unwrap_or(0));
    }
    let name = format!("{start}{:08}.jsonl", last + 1);
    let file = File::options()
        .append(true)
        .create_new(true)
        .open(journals.join(name))?;
    // Windows opens no folder, and keeps no such promise.
    #[cfg(unix)]
    File::open(&journals)?.sync_all()?;
    Ok(file)
}

/// Writes notes until nobody takes any more; after a failure it only tells of that.
fn write(mut file: impl Sink, notes: &mpsc::Receiver<(Note, Option<Written>)>) {
    let (mut seq, mut failure) = (0, None);
    while let Ok(first) = notes.recv() {
        let mut text = Vec::new();
        let mut waiting = Vec::new();
        let mut is_wanted = false;
        for (note, written) in std::iter::once(first).chain(notes.try_iter()) {
            seq += 1;
            append(&mut text, seq, &note);
            let counts = matches!(
                note.event,
                EventKind::Finished | EventKind::Paused | EventKind::Stopped
            );
            is_wanted |= written.is_some() || counts;
            waiting.extend(written);
        }
        if failure.is_none() {
            let written = file.write_all(&text).and_then(|()| match is_wanted {
                true => file.flush_to_disk(),
                false => Ok(()),
            });
            failure = written.err().map(|error| error.to_string());
        }
        for waiting in waiting {
            // Whoever has asked may be gone.
            let _ = waiting.send(failure.clone().map_or(Ok(()), Err));
        }
    }
}

fn append(text: &mut Vec<u8>, seq: u64, note: &Note) {
    let line = Line {
        seq,
        at: now(),
        event: note.event,
        task: note.task.as_ref().map(|(id, _)| Cow::Borrowed(id.as_str())),
        attempt: note.task.as_ref().map(|(_, attempt)| *attempt),
        status: note.status,
        reason: note.reason.as_deref().map(Cow::Borrowed),
    };
    // A line of texts and numbers can be written as JSON.
    if let Ok(line) = serde_json::to_vec(&line) {
        text.extend(line);
        text.push(b'\n');
    }
}

/// Returns the time, in milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{Journal, Note, Sink};
    use crate::batch::folder::Folder;
    use crate::batch::shard::Shard;
    use crate::batch::state::{EventKind, Phase};
    use crate::runtime::block_on;

    /// A disk with room for so many bytes.
    struct Small(usize);

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.0.min(bytes.len());
            self.0 -= room;
            match room {
                0 => Err(io::ErrorKind::StorageFull.into()),
                room => Ok(room),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for Small {
        fn flush_to_disk(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sent(id: &str) -> Note {
        Note::of_task(EventKind::Sent, id, 1)
    }

    #[test]
    fn what_was_committed_can_be_read_and_each_process_has_a_file_of_its_own() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(scratch.path().to_owned());
        std::fs::create_dir(folder.journals()).expect("a folder");
        for id in ["a", "b", "c"] {
            let journal = Journal::begin(&folder, Shard::WHOLE).expect("a journal");
            block_on(journal.commit(sent(id)))
                .expect("a runtime")
                .expect("a disk");
            journal.note(Note::of_task(EventKind::Started, "d", 7));
        }
        let state = folder.state(Some(Shard::WHOLE)).expect("the journals");
        for id in ["a", "b", "c"] {
            assert_eq!(state.tasks[id].phase, Phase::Sent);
        }
        assert_eq!(state.tasks["d"].attempt, 7);
        let other = folder.state("1/2".parse().ok()).expect("no journals");
        assert!(other.tasks.is_empty());
    }

    #[test]
    fn a_full_disk_is_told_to_everybody_from_then_on() {
        let journal = Journal::on(Small(100)).expect("a journal");
        let commit = |id| block_on(journal.commit(sent(id))).expect("a runtime");
        commit("fits").expect("room");
        let why = commit("does-not").expect_err("no room");
        assert_eq!(commit("x"), Err(why));
    }
}
