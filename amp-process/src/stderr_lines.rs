//! The lines of standard error, for those who want them as they come.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::Stream;

/// How much is kept until it is taken, in bytes; of more, the oldest lines are dropped.
const UNREAD: usize = StderrLines::LONGEST;

/// The lines of a program's standard error as they come, without their line feeds; made by
/// [`Process::stderr_lines`](crate::Process::stderr_lines).
///
/// Whoever takes them late misses the oldest: 64 KiB are kept, so that nobody has to take any. It
/// ends with standard error, or when that is not listened to any more.
#[derive(Debug, Clone)]
pub struct StderrLines(Arc<Mutex<Unread>>);

/// Lines that nobody has taken yet.
#[derive(Debug, Default)]
struct Unread {
    lines: VecDeque<Vec<u8>>,
    /// How long those are together.
    bytes: usize,
    /// A line that has no end yet.
    partial: Vec<u8>,
    is_over: bool,
    waker: Option<Waker>,
}

impl StderrLines {
    /// The longest line, in bytes: of one that has as many, the end may be missing.
    pub const LONGEST: usize = 64 * 1024;

    /// Returns the lines of a program that has written none.
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Takes in what the program has written.
    pub(crate) fn push(&self, bytes: &[u8]) {
        self.change(|unread| {
            let mut pieces = bytes.split(|byte| *byte == b'\n');
            let last = pieces.next_back().unwrap_or_default();
            for piece in pieces {
                unread.extend_partial(piece);
                unread.end_line();
            }
            unread.extend_partial(last);
        });
    }

    /// Says that no more will come.
    pub(crate) fn end(&self) {
        self.change(|unread| {
            if !unread.partial.is_empty() {
                unread.end_line();
            }
            unread.is_over = true;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Unread)) {
        let waker = {
            let mut unread = self.lock();
            change(&mut unread);
            unread.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Locks them; they are whole even if another holder panicked.
    fn lock(&self) -> MutexGuard<'_, Unread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unread {
    fn extend_partial(&mut self, bytes: &[u8]) {
        let room = UNREAD - self.partial.len();
        self.partial
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes > UNREAD {
            let oldest = self.lines.pop_front();
            self.bytes -= oldest.map_or(self.bytes, |line| line.len());
        }
    }
}

impl Stream for StderrLines {
    type Item = Vec<u8>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let mut unread = self.lock();
        match unread.lines.pop_front() {
            Some(line) => {
                unread.bytes -= line.len();
                Poll::Ready(Some(line))
            }
            None if unread.is_over => Poll::Ready(None),
            None => {
                // It is polled with every line of standard output, nearly always by the same task.
                match &mut unread.waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => unread.waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::{StderrLines, UNREAD};

    fn taken(lines: &mut StderrLines) -> Vec<Vec<u8>> {
        let next = || lines.next().now_or_never().flatten();
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_line_comes_when_it_is_whole_and_the_last_one_at_the_end() {
        let mut lines = StderrLines::new();
        lines.push(b"one\n\ntw");
        assert_eq!(taken(&mut lines), [b"one".as_slice(), b""]);
        lines.push(b"o\nthree");
        assert_eq!(taken(&mut lines), [b"two"]);
        lines.end();
        assert_eq!(taken(&mut lines), [b"three"]);
        assert_eq!(lines.next().now_or_never(), Some(None));
    }

    #[test]
    fn what_nobody_takes_is_kept_up_to_a_limit() {
        let mut lines = StderrLines::new();
        for number in 0..UNREAD {
            lines.push(format!("{number}\n").as_bytes());
        }
        lines.push(&vec![b'x'; 3 * UNREAD]);
        let kept = taken(&mut lines);
        assert_eq!(kept.concat().len() / 100, UNREAD / 100);
        assert_eq!(kept.last(), Some(&(UNREAD - 1).to_string().into_bytes()));
        lines.end();
        assert_eq!(taken(&mut lines), [vec![b'x'; UNREAD]]);
    }
}
