//! Standard error: always drained, kept as a head and a tail.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::platform::OutputPipe;
use crate::stderr_lines::StderrLines;

/// Bytes kept from the beginning.
const HEAD: usize = 8 * 1024;
/// Bytes kept from the end.
const TAIL: usize = 56 * 1024;

/// What a program wrote to standard error: its beginning, its end, and how much lies between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StderrText {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl StderrText {
    /// Returns the first bytes, 8 KiB at most.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Returns the last bytes that are not part of the [`head`](Self::head), 56 KiB at most.
    pub fn tail(&self) -> Vec<u8> {
        self.tail.iter().copied().collect()
    }

    /// Returns how many bytes were written in all.
    pub fn total_bytes(&self) -> u64 {
        self.total
    }

    /// Returns how many bytes between head and tail were dropped.
    pub fn omitted_bytes(&self) -> u64 {
        self.total - (self.head.len() + self.tail.len()) as u64
    }

    /// Returns whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(TAIL)..];
        let excess = (self.tail.len() + rest.len()).saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.tail.extend(rest);
    }
}

/// Shows head and tail as text, invalid UTF-8 replaced, with a note where bytes are missing.
impl fmt::Display for StderrText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let omitted = self.omitted_bytes();
        if omitted == 0 {
            let whole = [self.head.as_slice(), &self.tail()].concat();
            return formatter.write_str(&String::from_utf8_lossy(&whole));
        }
        formatter.write_str(&String::from_utf8_lossy(&self.head))?;
        write!(formatter, "\n[{omitted} bytes omitted]\n")?;
        formatter.write_str(&String::from_utf8_lossy(&self.tail()))
    }
}

/// The task that drains standard error, and what it has kept so far.
#[derive(Debug)]
pub(crate) struct StderrDrain {
    drained: Arc<Mutex<Drained>>,
    lines: StderrLines,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Drained {
    text: StderrText,
    /// When something came last, unless that was asked for since.
    heard: Option<Instant>,
}

impl StderrDrain {
    /// Starts to drain `pipe` in a task of the current runtime.
    pub(crate) fn start(mut pipe: OutputPipe) -> Self {
        let drained = Arc::new(Mutex::new(Drained::default()));
        let shared = Arc::clone(&drained);
        let lines = StderrLines::new();
        let unread = lines.clone();
        let task = tokio::spawn(async move {
            let mut chunk = vec![0; 16 * 1024];
            while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
                {
                    let mut drained = lock(&shared);
                    drained.text.push(&chunk[..count]);
                    drained.heard = Some(Instant::now());
                }
                unread.push(&chunk[..count]);
            }
        });
        Self {
            drained,
            lines,
            task,
        }
    }

    /// Returns the lines as they come.
    pub(crate) fn lines(&self) -> StderrLines {
        self.lines.clone()
    }

    /// Returns what has come so far.
    pub(crate) fn so_far(&self) -> StderrText {
        lock(&self.drained).text.clone()
    }

    /// Returns when something came last, if anything came since this was asked before.
    pub(crate) fn take_heard(&self) -> Option<Instant> {
        lock(&self.drained).heard.take()
    }

    /// Waits for the end of standard error, `limit` at most, and returns what has come.
    pub(crate) async fn collect(&mut self, limit: Duration) -> StderrText {
        // Past the limit somebody still holds the pipe; what they write is not ours any more.
        let _ = tokio::time::timeout(limit, &mut self.task).await;
        self.task.abort();
        self.lines.end();
        self.so_far()
    }
}

impl Drop for StderrDrain {
    fn drop(&mut self) {
        self.task.abort();
        self.lines.end();
    }
}

/// Locks what was drained; it is whole even if another holder panicked.
fn lock(drained: &Mutex<Drained>) -> MutexGuard<'_, Drained> {
    drained.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{HEAD, StderrText, TAIL};

    #[test]
    fn short_text_is_kept_whole() {
        let mut text = StderrText::default();
        text.push(b"one ");
        text.push(b"two");
        assert_eq!(text.to_string(), "one two");
        assert_eq!(text.omitted_bytes(), 0);
    }

    #[test]
    fn a_flood_keeps_its_beginning_and_its_end() {
        let mut text = StderrText::default();
        text.push(b"first");
        for _ in 0..100 {
            text.push(&[b'.'; 10_000]);
        }
        text.push(b"last");
        assert!(text.head().starts_with(b"first"));
        assert!(text.tail().ends_with(b"last"));
        assert_eq!((text.head().len(), text.tail().len()), (HEAD, TAIL));
        assert_eq!(text.total_bytes(), 1_000_009);
        assert_eq!(text.omitted_bytes(), 1_000_009 - (HEAD + TAIL) as u64);
    }

    #[test]
    fn a_character_cut_between_head_and_tail_is_shown_whole_when_nothing_is_missing() {
        let mut text = StderrText::default();
        text.push(&vec![b'x'; HEAD - 1]);
        text.push("é".as_bytes());
        assert!(text.to_string().ends_with("xé"));
    }
}
