//! The rules that a CLI brings along, asked of it and kept per executable.
//!
//! `amp permissions list --builtin --json` needs neither a key nor a network. It takes half a second,
//! so the answer is kept in a folder that the caller names, under what tells the executable: its
//! path, size, time of change and inode. None of these rules is carried in this crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use amp_protocol::RawJson;
use serde::{Deserialize, Serialize};

use super::rules::{RuleFile, RuleList, RuleScope};
use crate::amp::Amp;
use crate::error::Error;

/// How long the CLI may take; measured answers take half a second to a second.
const DEADLINE: Duration = Duration::from_secs(30);

/// The most bytes of an answer; the longest measured one has 40,000.
const LONGEST: usize = 4 << 20;

/// A kept answer and the executable that gave it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    executable: Fingerprint,
    rules: RawJson,
}

/// What tells an executable from another, or from itself before an update.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Fingerprint {
    path: PathBuf,
    /// Arguments in front of all others, such as the script that `node` runs.
    arguments: Vec<String>,
    files: Vec<FileState>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileState {
    bytes: u64,
    changed_nanoseconds: u128,
    inode: u64,
}

impl Amp {
    /// Returns the rules that this CLI brings along, in the order and with the copies it uses.
    ///
    /// The answer is kept in `cache`, one small file per executable; without a folder the CLI is
    /// asked each time. It runs offline, in a home of its own, without a key, for at most 30 s.
    ///
    /// # Errors
    ///
    /// Fails when the executable cannot be started or does not answer with a list of rules. What
    /// cannot be kept is no error.
    pub async fn built_in_rules(&self, cache: Option<&Path>) -> Result<RuleList, Error> {
        let fingerprint = self.fingerprint();
        let file = cache
            .zip(fingerprint.as_ref())
            .map(|(folder, fingerprint)| folder.join(fingerprint.file_name()));
        if let Some(list) = file.as_deref().zip(fingerprint.as_ref()).and_then(kept) {
            return Ok(list);
        }
        let home = tempfile::tempdir().map_err(Error::RunFiles)?;
        let arguments = ["permissions", "list", "--builtin", "--json"];
        let answer = self
            .answer_offline(&arguments, home.path(), DEADLINE, LONGEST)
            .await?;
        let list = RuleFile::read(RuleScope::BuiltIn, Path::new(""), answer.trim().as_bytes())
            .map(|file| RuleList { file: None, ..file.list });
        let list = match list {
            Ok(list) if list.problem.is_none() && !list.rules.is_empty() => list,
            _ => {
                return Err(Error::NotAmp {
                    executable: self.executable().to_path_buf(),
                    reason: "`permissions list --builtin --json` prints no list of rules".to_owned(),
                });
            }
        };
        if let (Some(file), Some(executable)) = (file, fingerprint)
            && let Ok(rules) = RawJson::from_text(answer.trim().to_owned())
        {
            // An answer that could not be kept is asked for again.
            let _ = keep(&file, &Kept { executable, rules });
        }
        Ok(list)
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        let path = fs::canonicalize(self.executable()).ok()?;
        let arguments = self.leading_arguments();
        let scripts = arguments.iter().map(Path::new).filter(|path| path.is_file());
        let files = std::iter::once(path.as_path()).chain(scripts);
        let files: Option<Vec<FileState>> = files.map(FileState::of).collect();
        Some(Fingerprint {
            files: files?,
            arguments: arguments
                .iter()
                .map(|argument| argument.to_string_lossy().into_owned())
                .collect(),
            path,
        })
    }
}

impl Fingerprint {
    /// Names the file of an executable; what is in it says whether it is still the same.
    fn file_name(&self) -> String {
        let text = format!("{:?} {:?}", self.path, self.arguments);
        // FNV-1a: short, and the same in every release of Rust.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("built-in-rules-{hash:016x}.json")
    }
}

impl FileState {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self {
            bytes: metadata.len(),
            changed_nanoseconds: changed.as_nanos(),
            inode: inode(&metadata),
        })
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

fn kept((file, fingerprint): (&Path, &Fingerprint)) -> Option<RuleList> {
    let bytes = fs::read(file).ok()?;
    let kept: Kept = serde_json::from_slice(&bytes).ok()?;
    if kept.executable != *fingerprint {
        return None;
    }
    let rules = kept.rules.as_str().as_bytes();
    let file = RuleFile::read(RuleScope::BuiltIn, Path::new(""), rules).ok()?;
    Some(RuleList {
        file: None,
        ..file.list
    })
}

fn keep(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut temporary, kept)?;
    temporary.persist(file)?;
    Ok(())
}
