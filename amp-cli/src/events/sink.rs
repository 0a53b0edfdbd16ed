//! Where the lines go: written on a thread of their own, so that no reader can hold a run up.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The most lines that wait for a slow reader.
const MOST_WAITING: usize = 4096;

/// How long the end of a run waits for a reader to take the last lines.
const DEADLINE: Duration = Duration::from_secs(2);

/// Writes lines in the background; those that a slow reader has no room for are dropped.
#[derive(Debug)]
pub(super) struct Sink {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    /// A line is being written.
    writing: bool,
    /// No more lines come.
    ended: bool,
    /// Why no more lines can be written.
    broken: Option<String>,
    dropped: u64,
}

/// What became of the lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// How many lines were not written.
    pub(super) lines: u64,
    pub(super) reason: String,
}

impl Sink {
    /// Begins to write to what `open` opens, on the thread that writes: a named pipe waits there for
    /// its reader.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn start<W: Write>(
        open: impl FnOnce() -> io::Result<W> + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let of_writer = Arc::clone(&shared);
        thread::Builder::new().spawn(move || {
            let written = open().and_then(|to| of_writer.write_to(to));
            if let Err(error) = written {
                let mut state = of_writer.lock();
                state.broken = Some(error.to_string());
                of_writer.changed.notify_all();
            }
        })?;
        Ok(Self { shared })
    }

    /// Hands a line over, or drops it where too many wait.
    pub(super) fn send(&self, line: Vec<u8>) {
        let mut state = self.shared.lock();
        if state.broken.is_some() || state.waiting.len() >= MOST_WAITING {
            state.dropped += 1;
            return;
        }
        state.waiting.push_back(line);
        self.shared.changed.notify_all();
    }

    /// Hands the last line over, and waits for the reader; returns what was not written.
    pub(super) fn finish(self, last: Vec<u8>) -> Option<Loss> {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.shared.lock();
        state.waiting.push_back(last);
        state.ended = true;
        self.shared.changed.notify_all();
        while state.broken.is_none() && (state.writing || !state.waiting.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let waiting = state.waiting.len() as u64 + u64::from(state.writing);
        let lines = state.dropped + waiting;
        let slow = || "their reader does not keep up".to_owned();
        (lines > 0).then(|| Loss {
            lines,
            reason: state.broken.clone().unwrap_or_else(slow),
        })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut to: impl Write) -> io::Result<()> {
        loop {
            let mut state = self.lock();
            state.writing = false;
            self.changed.notify_all();
            let line = loop {
                if let Some(line) = state.waiting.pop_front() {
                    break line;
                }
                if state.ended {
                    return Ok(());
                }
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            };
            state.writing = true;
            drop(state);
            to.write_all(&line)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;

    use super::{Loss, MOST_WAITING, Sink};

    /// Waits for a word before each line, and tells of it.
    struct Slow {
        go: mpsc::Receiver<()>,
        seen: mpsc::Sender<Vec<u8>>,
    }

    impl io::Write for Slow {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.go.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            let _ = self.seen.send(line.to_owned());
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (mpsc::Sender<()>, mpsc::Receiver<Vec<u8>>, Sink) {
        let ((go, wait), (seen, lines)) = (mpsc::channel(), mpsc::channel());
        let sink = Sink::start(move || Ok(Slow { go: wait, seen })).expect("a thread");
        (go, lines, sink)
    }

    #[test]
    fn every_line_arrives_in_its_order() {
        let (go, lines, sink) = slow();
        for number in 0..100u8 {
            sink.send(vec![number]);
        }
        (0..=100).for_each(|_| go.send(()).expect("a writer"));
        assert_eq!(sink.finish(vec![100]), None);
        let lines: Vec<u8> = lines.into_iter().flatten().collect();
        assert_eq!(lines, (0..=100).collect::<Vec<_>>());
    }

    #[test]
    fn a_reader_that_takes_nothing_costs_lines_and_no_time() {
        let (_go, _lines, sink) = slow();
        for _ in 0..3 * MOST_WAITING {
            sink.send(vec![0]);
        }
        let loss = sink.finish(vec![1]).expect("a loss");
        // One may be on its way.
        assert_eq!(loss.lines, 3 * MOST_WAITING as u64 + 1);
    }

    #[test]
    fn a_reader_that_is_gone_is_told_of() {
        let (go, _lines, sink) = slow();
        drop(go);
        sink.send(vec![0]);
        let Loss { lines, reason } = sink.finish(vec![1]).expect("a loss");
        assert!(lines >= 1 && reason.contains("broken pipe"), "{reason}");
    }
}
