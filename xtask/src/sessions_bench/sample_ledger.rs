//! SampleLedger by the thousand, made from lines that a real CLI wrote.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use amp_session::{Ledger, NewSession, SessionMetadata, Status, Totals};
use anyhow::{Context, Result};
use serde_json::json;
use tempfile::TempDir;

/// A word that stands in a few of the records, in capitals and small.
pub(super) const RARE: &str = "zwischenspeicher";

/// The same in an alphabet that is not ASCII.
pub(super) const FOREIGN: &str = "предохранитель";

/// The folder that a tenth of the sessions worked in.
pub(super) static TENTH: LazyLock<PathBuf> = LazyLock::new(|| PathBuf::from("/srv/project-0"));

/// One record of so many has the words.
const WITH_WORDS: usize = 1000;

/// An hour, in milliseconds; sessions begin at this distance.
const HOUR: u64 = 3_600_000;

/// When the first of them began, in milliseconds since the UNIX epoch (2026-01-01).
const FIRST: u64 = 1_767_225_600_000;

/// SampleLedger in a home folder that is gone with this.
pub(crate) struct SampleLedger {
    home: TempDir,
}

impl SampleLedger {
    /// Makes so many records of so many bytes together.
    pub(crate) fn make(count: usize, bytes: usize) -> Result<Self> {
        let home = tempfile::tempdir().context("no temporary folder")?;
        let records = Self { home };
        let recording = fixtures::recording(fixtures::NEWEST_VERSION, "files")?;
        let lines = fs::read(recording.folder.join("stdout.jsonl"))?;
        let turn = lines.repeat((bytes / count).div_ceil(lines.len()).max(1));
        // One is made as every session is, and the others after it.
        let ledger = Ledger::new(records.folder());
        let first = ledger.create(NewSession::new())?;
        let (mut metadata, folder) = (first.metadata().clone(), first.folder().to_owned());
        let template = metadata.id.to_string();
        let id = |index: usize| {
            let end = format!("{index:x}");
            format!("{}{end}", &template[..template.len() - end.len()])
        };
        for index in 0..count {
            metadata.id = id(index).parse()?;
            describe(&mut metadata, index);
            let folder = folder.with_file_name(metadata.id.as_str());
            let words = (index % WITH_WORDS == WITH_WORDS / 2).then(|| words(index));
            write(&folder, &metadata, &turn, words.as_deref())?;
        }
        if !(0..count).any(|index| id(index) == template) {
            ledger.delete(&first.metadata().id)?;
        }
        Ok(records)
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns where the records lie.
    pub(super) fn folder(&self) -> PathBuf {
        self.home.path().join("ampctl/sessions")
    }

    pub(crate) fn environment(&self) -> BTreeMap<OsString, OsString> {
        let home = || self.home.path().as_os_str().to_owned();
        [
            ("HOME".into(), home()),
            ("XDG_STATE_HOME".into(), home()),
            ("LANG".into(), "C.UTF-8".into()),
        ]
        .into()
    }
}

fn describe(metadata: &mut SessionMetadata, index: usize) {
    metadata.created_at = FIRST + index as u64 * HOUR;
    metadata.updated_at = metadata.created_at + 60_000;
    metadata.title = Some(format!(
        "prompt {index}: why does the build of this project fail?"
    ));
    metadata.mode = Some(["high", "medium", "low"][index % 3].to_owned());
    metadata.working_directory = Some(PathBuf::from(format!("/srv/project-{}", index % 10)));
    metadata.last_status = Some(Status::Completed);
    metadata.amp_version = Some(fixtures::NEWEST_VERSION.to_owned());
    let mut totals = Totals::default();
    totals.turns = 1;
    totals.tool_calls = 7;
    totals.wall_time = 60_000;
    metadata.totals = totals;
}

/// A line of the agent that has the words, in capitals in every other record.
fn words(index: usize) -> String {
    let words = format!("about the {RARE} and the {FOREIGN} here");
    let words = match (index / WITH_WORDS) % 2 {
        0 => words,
        _ => words.to_uppercase(),
    };
    let message = json!({"role": "assistant", "content": [{"type": "text", "text": words}]});
    json!({"type": "assistant", "message": message}).to_string()
}

fn write(
    folder: &Path,
    metadata: &SessionMetadata,
    turn: &[u8],
    words: Option<&str>,
) -> Result<()> {
    let files = folder.join("turns/0001");
    fs::create_dir_all(&files)?;
    fs::write(folder.join("lock"), "")?;
    fs::write(folder.join("session.lock"), "")?;
    fs::write(
        folder.join("session.json"),
        serde_json::to_vec_pretty(metadata)?,
    )?;
    let start = json!({"started_at": metadata.created_at, "amp_version": fixtures::NEWEST_VERSION,
        "prompt": metadata.title});
    fs::write(files.join("turn.json"), serde_json::to_vec_pretty(&start)?)?;
    let mut lines = turn.to_vec();
    if let Some(words) = words {
        lines.extend_from_slice(format!("{words}\n").as_bytes());
    }
    fs::write(files.join("events.jsonl"), lines)?;
    let end = json!({"ended_at": metadata.updated_at, "status": Status::Completed, "failure": null,
        "wall_time": 60_000, "exit": "exit code 0", "redacted_lines": 0, "totals": metadata.totals});
    fs::write(files.join("end.json"), serde_json::to_vec_pretty(&end)?)?;
    Ok(())
}
