//! A file that is written by a thread of its own, so that a disk that does not answer stops nobody.
//!
//! Both threads look for each other for a few microseconds before they sleep.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a disk may take to answer, unless [set](crate::SessionRecord::with_disk_limit).
pub const DISK_LIMIT: Duration = Duration::from_secs(10);

/// How much may wait to be written, in bytes; who has more waits until some of it was.
const MOST_WAITING: usize = 8 << 20;

/// How long a write is waited for before something else is done meanwhile.
const QUICK: Duration = Duration::from_millis(10);

/// How long one thread looks for the other before it sleeps.
const LOOK: Duration = Duration::from_micros(20);

/// A file that is written by a thread of its own.
///
/// What was appended is written even after the last handle was dropped, as long as the process
/// lives.
#[derive(Debug, Clone)]
pub(super) struct Behind(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    limit: Duration,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
    /// How many appends there were, and how many of them came to an end; for who looks at them.
    appended: AtomicU64,
    ended: AtomicU64,
    /// Why the record is not whole.
    failure: Arc<OnceLock<String>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Nobody is there to see what waits.
    is_asleep: bool,
    /// A write is under way.
    is_writing: bool,
    /// Nothing is written any more.
    has_failed: bool,
    /// Nothing more is appended.
    is_closed: bool,
}

/// Nothing is written any more; the failure of the record says why.
#[derive(Debug)]
pub(super) struct Failed;

impl Behind {
    /// Opens a file in a thread of its own and writes to it there; a disk that takes longer than the
    /// limit counts as broken.
    ///
    /// # Errors
    /// Fails when there is no thread to be had.
    pub(super) fn new(
        path: &Path,
        open: impl FnOnce() -> io::Result<File> + Send + 'static,
        limit: Duration,
        failure: &Arc<OnceLock<String>>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            path: path.to_path_buf(),
            state: Mutex::default(),
            changed: Condvar::new(),
            appended: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            failure: Arc::clone(failure),
        });
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name("record".to_owned());
        thread.spawn(move || match open() {
            Ok(file) => own.write_all(file),
            Err(error) => own.fail(&mut own.state(), &error.to_string()),
        })?;
        Ok(Self(Arc::new(Handle { shared, limit })))
    }

    /// Hands bytes to the thread, and tells whether they were written at once; waits longer only
    /// while too much waits for the disk already.
    ///
    /// # Errors
    /// Fails once a write has failed, or took longer than the limit.
    pub(super) fn append(&self, bytes: &[u8]) -> Result<bool, Failed> {
        let Handle { shared, limit } = &*self.0;
        let mut state = self.until(*limit, |state| state.waiting.len() < MOST_WAITING)?;
        state.waiting.extend_from_slice(bytes);
        let appended = shared.appended.fetch_add(1, SeqCst) + 1;
        if state.is_asleep {
            shared.changed.notify_all();
        }
        drop(state);
        let is_written = || shared.ended.load(SeqCst) >= appended;
        let at_once = look_for(is_written) || shared.wait(QUICK, |_| is_written()).is_some();
        match shared.state().has_failed {
            true => Err(Failed),
            false => Ok(at_once),
        }
    }

    /// Waits until everything was written.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub(super) fn flush(&self) -> Result<(), Failed> {
        let is_done = |state: &State| state.waiting.is_empty() && !state.is_writing;
        self.until(self.0.limit, is_done).map(drop)
    }

    /// Waits until something holds, or nothing more is written; gives up when no write ends within
    /// the limit, and with it all that is appended.
    fn until(
        &self,
        limit: Duration,
        holds: impl Fn(&State) -> bool,
    ) -> Result<MutexGuard<'_, State>, Failed> {
        let shared = &self.0.shared;
        loop {
            let before = shared.ended.load(SeqCst);
            let state = shared.wait(limit, |state| state.has_failed || holds(state));
            match state {
                Some(state) if state.has_failed => return Err(Failed),
                Some(state) => return Ok(state),
                None if shared.ended.load(SeqCst) != before => {}
                None => {
                    shared.fail(&mut shared.state(), &no_answer(limit));
                    return Err(Failed);
                }
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.state().is_closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something holds; `None` when it does not within the limit.
    fn wait(
        &self,
        limit: Duration,
        holds: impl Fn(&State) -> bool,
    ) -> Option<MutexGuard<'_, State>> {
        let not_yet = |state: &mut State| !holds(state);
        let waited = self
            .changed
            .wait_timeout_while(self.state(), limit, not_yet);
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        (!waited.timed_out()).then_some(state)
    }

    fn fail(&self, state: &mut State, why: &str) {
        self.failure.get_or_init(|| cannot_append(&self.path, why));
        state.has_failed = true;
        state.waiting = Vec::new();
        self.changed.notify_all();
    }

    /// Writes what is appended until nothing more can be, or a write fails.
    fn write_all(&self, mut file: File) {
        let mut bytes = Vec::new();
        let mut state = self.state();
        loop {
            let taken = self.appended.load(SeqCst);
            if state.waiting.is_empty() && !state.is_closed && !state.has_failed {
                drop(state);
                look_for(|| self.appended.load(SeqCst) != taken);
                state = self.state();
            }
            while state.waiting.is_empty() {
                if state.is_closed || state.has_failed {
                    return;
                }
                state.is_asleep = true;
                let woken = self.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                state.is_asleep = false;
            }
            bytes.clear();
            std::mem::swap(&mut bytes, &mut state.waiting);
            let taken = self.appended.load(SeqCst);
            state.is_writing = true;
            drop(state);
            let result = file.write_all(&bytes);
            state = self.state();
            state.is_writing = false;
            self.ended.store(taken, SeqCst);
            if let Err(error) = result {
                self.fail(&mut state, &error.to_string());
            }
            self.changed.notify_all();
        }
    }
}

/// Looks for a moment whether something holds.
fn look_for(holds: impl Fn() -> bool) -> bool {
    let end = Instant::now() + LOOK;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::hint::spin_loop();
    }
}

/// Says why a file has an end before its time.
pub(super) fn cannot_append(path: &Path, why: &str) -> String {
    format!("cannot append to {}: {why}", path.display())
}

/// Says that a disk does not answer.
pub(crate) fn no_answer(limit: Duration) -> String {
    format!("the disk did not answer within {} s", limit.as_secs_f64())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;

    /// Returns a file whose reader may read nothing: a disk that may not answer.
    fn slow_file() -> (io::PipeReader, File) {
        let (reader, writer) = io::pipe().unwrap();
        (reader, File::from(std::os::fd::OwnedFd::from(writer)))
    }

    fn behind(file: File, limit: Duration) -> (Behind, Arc<OnceLock<String>>) {
        let failure = Arc::default();
        let behind = Behind::new(Path::new("events"), move || Ok(file), limit, &failure);
        (behind.unwrap(), failure)
    }

    #[test]
    fn who_appends_does_not_wait_for_a_disk_that_does_not_answer() {
        let (_reader, file) = slow_file();
        let (behind, failure) = behind(file, Duration::from_millis(1));
        // More than the pipe holds, and less than may wait.
        for _ in 0..4 {
            assert!(!behind.append(&[b'x'; 1 << 20]).unwrap());
        }
        assert_eq!(failure.get(), None);
        behind.flush().unwrap_err();
        let expected = "cannot append to events: the disk did not answer within 0.001 s";
        assert_eq!(failure.get().map(String::as_str), Some(expected));
        behind.append(b"x").unwrap_err();
    }

    #[test]
    fn more_than_may_wait_is_not_waited_for_beyond_the_limit() {
        let (_reader, file) = slow_file();
        let (behind, failure) = behind(file, Duration::from_millis(1));
        let mut appended = 0;
        while behind.append(&[b'x'; 1 << 20]).is_ok() {
            appended += 1;
            assert!(appended < 20);
        }
        assert!(failure.get().is_some());
    }

    #[test]
    fn a_disk_that_is_slow_gets_everything_in_order() {
        let (mut reader, file) = slow_file();
        let (behind, failure) = behind(file, DISK_LIMIT);
        let read = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all
        });
        let mut expected = Vec::new();
        for number in 0..10_000_u32 {
            let line = format!("{number}{}\n", "x".repeat(2000));
            expected.extend_from_slice(line.as_bytes());
            behind.append(line.as_bytes()).unwrap();
        }
        // What was appended is written after the last handle is gone.
        drop(behind);
        assert!(read.join().unwrap() == expected);
        assert_eq!(failure.get(), None);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_a_failure() {
        let failure = Arc::default();
        let open = || fs::File::open("/no/such/file");
        let behind = Behind::new(Path::new("events"), open, DISK_LIMIT, &failure).unwrap();
        while behind.append(b"x").is_ok() {}
        assert!(failure.get().unwrap().contains("cannot append to events"));
    }
}
