//! What executables have answered, kept on disk so that none is asked before every run.
//!
//! An answer belongs to one file: its path, size, times and, on Unix, its device and inode. Scripts
//! are asked each time, because the program behind one can change while the script stays the same.
//! Whatever goes wrong here, the executable is asked.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// The most bytes of an answer; what is longer comes from another program.
pub(super) const LONGEST_ANSWER: usize = 256 * 1024;

/// The most answers that are kept; one more, and all of them are forgotten.
const MOST: usize = 64;
/// How native programs begin: ELF, PE, Mach-O of 64 bits and of several processors.
const NATIVE: [&[u8]; 4] = [b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];

/// The place of one answer of one executable.
#[derive(Debug)]
pub(super) struct Answer {
    folder: PathBuf,
    key: Key,
}

/// What an answer belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    executable: PathBuf,
    flag: String,
    identity: Identity,
}

/// What tells a file from the one that replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    length: u64,
    modified: SystemTime,
    /// Device, inode, and when the inode was changed, in seconds and nanoseconds.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

/// An answer on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key: Key,
    answer: String,
}

impl Answer {
    /// Returns the place in `folder` for what `executable` answers to `flag`; `None` for a file
    /// whose answers are not kept.
    pub(super) fn of(folder: &Path, executable: &Path, flag: &str) -> Option<Self> {
        let key = Key {
            executable: executable.to_owned(),
            flag: flag.to_owned(),
            identity: Identity::of(executable).ok()?,
        };
        is_native(executable).ok()?.then(|| Self {
            folder: folder.to_owned(),
            key,
        })
    }

    /// Returns the answer, if this very file has given it before.
    pub(super) fn read(&self) -> Option<String> {
        let file = File::open(self.file()).ok()?;
        if !is_ours(&file).ok()? {
            return None;
        }
        let mut text = String::new();
        // In JSON a character of the answer takes six bytes at most.
        let longest = 6 * LONGEST_ANSWER as u64 + 64 * 1024;
        file.take(longest).read_to_string(&mut text).ok()?;
        let kept: Kept = serde_json::from_str(&text).ok()?;
        (kept.key == self.key).then_some(kept.answer)
    }

    /// Keeps the answer, unless the file was replaced while it was asked.
    pub(super) fn keep(&self, answer: &str) {
        let is_same = |identity| identity == self.key.identity;
        if Identity::of(&self.key.executable).is_ok_and(is_same) {
            // Not kept is asked again.
            let _ = self.write(answer);
        }
    }

    fn write(&self, answer: &str) -> io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.recursive(true).create(&self.folder)?;
        if fs::read_dir(&self.folder)?.count() >= MOST {
            fs::remove_dir_all(&self.folder)?;
            folder.create(&self.folder)?;
        }
        let kept = Kept {
            key: self.key.clone(),
            answer: answer.to_owned(),
        };
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        file.persist(self.file())?;
        Ok(())
    }

    fn file(&self) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        (&self.key.executable, &self.key.flag).hash(&mut hasher);
        self.folder.join(format!("{:016x}.json", hasher.finish()))
    }
}

impl Identity {
    fn of(executable: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(executable)?;
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            let (device, inode) = (metadata.dev(), metadata.ino());
            (device, inode, metadata.ctime(), metadata.ctime_nsec())
        };
        Ok(Self {
            length: metadata.len(),
            modified: metadata.modified()?,
            #[cfg(unix)]
            inode,
        })
    }
}

fn is_native(executable: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(executable)?.take(4).read_to_end(&mut start)?;
    Ok(NATIVE.iter().any(|magic| start.starts_with(magic)))
}

/// Returns whether nobody else can have written the file: what it says decides what is refused.
#[cfg(unix)]
fn is_ours(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file.metadata()?;
    let is_owned = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok(metadata.is_file() && is_owned && metadata.mode() & 0o022 == 0)
}

#[cfg(windows)]
fn is_ours(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.is_file())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;

    /// A native executable that has answered, and whether its answer is still known.
    struct Asked {
        folder: TempDir,
    }

    impl Asked {
        fn new() -> Self {
            let asked = Self {
                folder: TempDir::new().unwrap(),
            };
            fs::write(asked.executable(), b"\x7fELF, and more").unwrap();
            asked.of(&asked.executable()).keep("1.0");
            assert_eq!(asked.of(&asked.executable()).read().unwrap(), "1.0");
            asked
        }

        fn executable(&self) -> PathBuf {
            self.folder.path().join("amp")
        }

        fn of(&self, executable: &Path) -> Answer {
            let answers = self.folder.path().join("answers");
            Answer::of(&answers, executable, "--version").unwrap()
        }

        fn is_known(&self) -> bool {
            self.of(&self.executable()).read().is_some()
        }

        /// Changes the file in place, and puts its time back.
        fn change(&self, change: impl FnOnce(&mut File)) {
            let mut options = File::options();
            let mut file = options.append(true).open(self.executable()).unwrap();
            let modified = file.metadata().unwrap().modified().unwrap();
            change(&mut file);
            file.set_modified(modified).unwrap();
        }
    }

    #[test]
    fn a_file_that_has_grown_in_place_is_asked_anew() {
        let asked = Asked::new();
        asked.change(|file| file.write_all(b"!").unwrap());
        assert!(!asked.is_known());
    }

    #[test]
    fn a_file_of_another_time_is_asked_anew() {
        let asked = Asked::new();
        let file = File::options().append(true).open(asked.executable());
        let file = file.unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.set_modified(modified - Duration::from_secs(60))
            .unwrap();
        assert!(!asked.is_known());
    }

    #[test]
    fn the_same_file_at_another_path_is_asked_anew() {
        let asked = Asked::new();
        let other = asked.folder.path().join("other");
        fs::rename(asked.executable(), &other).unwrap();
        assert!(asked.of(&other).read().is_none());
    }
}
