//! Files of the repository that a command makes: written when they differ, or compared with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::difference;

/// Writes files, or finds out which ones it would change.
#[derive(Debug)]
pub struct Keeper {
    root: PathBuf,
    mode: Mode,
    /// What differs from the files, rendered for the maintainer.
    differences: Vec<String>,
    /// Hears of each difference as it is found.
    tell: fn(&str),
}

/// What happens to a file that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is written.
    Write,
    /// It is a difference.
    Check,
}

impl Keeper {
    /// Returns a keeper for the files below `root`.
    #[must_use]
    pub fn new(root: &Path, mode: Mode) -> Self {
        Self {
            root: root.to_path_buf(),
            mode,
            differences: Vec::new(),
            tell: |_| (),
        }
    }

    /// Returns this keeper telling of each difference as it is found: all of it in a check, the
    /// file's name when writing.
    #[must_use]
    pub fn telling(mut self, tell: fn(&str)) -> Self {
        self.tell = tell;
        self
    }

    /// Returns whether a file holds these bytes.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn agrees(&self, name: &str, bytes: &[u8]) -> Result<bool> {
        Ok(read(&self.root.join(name))?.unwrap_or_default() == bytes)
    }

    /// Sees to it that a file holds these bytes, or that there is none where they are none; `name`
    /// is its path below the root.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn keep(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root.join(name);
        let on_file = read(&path)?.unwrap_or_default();
        if on_file == bytes {
            return Ok(());
        }
        match self.mode {
            Mode::Write if bytes.is_empty() => std::fs::remove_file(&path)?,
            Mode::Write => write(&path, bytes)?,
            Mode::Check => {}
        }
        let difference = if name.ends_with(".jsonl") {
            difference::json_lines(name, &on_file, bytes)
        } else {
            let [on_file, seen] = [&on_file, bytes].map(String::from_utf8_lossy);
            difference::text(name, &on_file, &seen)
        };
        // Bytes that differ only where they are no text leave nothing to show.
        self.add(
            name,
            difference.unwrap_or_else(|| format!("{name}: other bytes\n")),
        );
        Ok(())
    }

    /// Sees to it that a folder is not there.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_folder(&mut self, name: &str) -> Result<()> {
        let path = self.root.join(name);
        if !path.is_dir() {
            return Ok(());
        }
        if self.mode == Mode::Write {
            std::fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
        self.add(name, format!("{name}: nothing makes it\n"));
        Ok(())
    }

    fn add(&mut self, name: &str, difference: String) {
        match self.mode {
            Mode::Write => (self.tell)(&format!("changed {name}")),
            Mode::Check => (self.tell)(&difference),
        }
        self.differences.push(difference);
    }

    /// Returns what happens to a file that is not as it should be.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns what differed so far: written since, or not, by mode.
    #[must_use]
    pub fn differences(&self) -> &[String] {
        &self.differences
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Replaces a file in one step, so that no reader sees half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file without a folder")?;
    std::fs::create_dir_all(folder)?;
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, bytes)
        .and_then(|()| std::fs::rename(&unfinished, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
