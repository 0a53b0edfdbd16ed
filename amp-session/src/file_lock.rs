//! Locks on files, which also hold between the sessions of one process.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a child that another thread starts may hold copies of our handles, and with them our
/// locks, before it runs its own program; microseconds, unless the machine is busy.
const BIRTH: Duration = Duration::from_millis(200);

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(1);

/// Takes the whole lock, unless somebody holds it for longer than a child needs to be born.
pub(crate) fn take_whole(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    take(&file)?;
    Ok(file)
}

/// Takes the whole lock of an open file, as [`take_whole`] does.
pub(crate) fn take(file: &File) -> io::Result<()> {
    let end = Instant::now() + BIRTH;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::take_whole;
    use std::fs::File;
    use std::io::ErrorKind;

    #[test]
    fn a_lock_is_refused_while_a_writer_shares_it_and_given_once_it_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let writer = File::create(&path).expect("room for a file");
        writer.lock_shared().expect("a lock");
        let refused = take_whole(&path).expect_err("it is held");
        assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        drop(writer);
        take_whole(&path).expect("nobody holds it");
    }

    #[test]
    fn a_copy_that_is_held_for_a_moment_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let copy = File::create(&path).expect("room for a file");
        copy.lock_shared().expect("a lock");
        let (begun, begins) = std::sync::mpsc::channel();
        let taker = std::thread::spawn(move || {
            begun.send(()).expect("somebody listens");
            take_whole(&path).map(drop)
        });
        begins.recv().expect("it begins");
        drop(copy);
        taker.join().expect("it ends").expect("the copy is gone");
    }
}
