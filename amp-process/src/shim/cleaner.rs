//! Removes a folder when the shim is done, also where nobody else is left to do it.

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

/// A thread that waits to remove a folder, until this is dropped.
///
/// It is started before the shim confines itself: Landlock would not let it, as the folder around
/// is not the program's. The program cannot reach it: the shim is closed to others.
pub(super) struct Cleaner {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Cleaner {
    /// Begins to wait; without a thread the folder is left to the host.
    pub(super) fn of(folder: PathBuf) -> Self {
        let (end, ended) = mpsc::channel();
        let thread = std::thread::Builder::new().spawn(move || {
            // It is never sent to; its end is told by its being dropped.
            let _ = ended.recv();
            // The host may have been faster.
            let _ = std::fs::remove_dir_all(folder);
        });
        Self {
            end: Some(end),
            thread: thread.ok(),
        }
    }
}

impl Drop for Cleaner {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
