//! `ampctl batch status`: how far a batch is, from its journals alone, so that a hundred thousand
//! tasks are counted at once.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::folder::Folder;
use super::state::{Phase, State, TaskStatus};
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;

/// How far a batch is, as data.
#[derive(Debug, Default, Serialize)]
struct Document {
    tasks: usize,
    done: usize,
    /// By status.
    counts: BTreeMap<&'static str, usize>,
    /// With a process that works on them.
    working: usize,
    /// Stopped, and gone on with by the next start.
    paused: usize,
    /// Their process died, or nothing says how to go on: somebody has to decide.
    held: usize,
    waiting: usize,
    shards: Vec<OfShard>,
}

/// How far a shard is that was begun.
#[derive(Debug, Serialize)]
struct OfShard {
    name: String,
    /// Whether a process of this machine, or of one that shares the locks, works on it.
    is_working: bool,
    done: usize,
    /// Why its last process stopped before its tasks were done.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

/// Shows how far a batch is.
///
/// # Errors
/// Fails when there is none, and when a journal cannot be read.
pub(crate) fn show(
    results: &Path,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let folder = Folder::new(context.resolve(results));
    let document = document(&folder)?;
    if global.json {
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let Document {
        tasks,
        done,
        counts,
        working,
        paused,
        held,
        waiting,
        shards,
    } = &document;
    let to = &mut context.stdout;
    writeln!(to, "{done} of {tasks} tasks are done")?;
    let statuses = TaskStatus::ALL.iter().map(|status| status.name());
    let ended = statuses.filter_map(|name| Some((name, *counts.get(name)?)));
    let others = [
        ("working", *working),
        ("paused", *paused),
        ("held", *held),
        ("waiting", *waiting),
    ];
    for (name, count) in ended.chain(others).filter(|(_, count)| *count > 0) {
        writeln!(to, "  {count:>6}  {}", name.replace('_', " "))?;
    }
    for shard in shards {
        match (&shard.stopped, shard.is_working) {
            (_, true) => writeln!(to, "shard {} is worked on", shard.name)?,
            (Some(why), false) => writeln!(to, "shard {} stopped: {why}", shard.name)?,
            (None, false) => {}
        }
    }
    Ok(ExitCode::Done)
}

fn document(folder: &Folder) -> Result<Document, Failure> {
    let identity = folder.existing()?;
    let mut document = Document {
        tasks: identity.tasks,
        ..Document::default()
    };
    for name in folder.shards()? {
        let state = folder.state_of(&name)?;
        let is_working = is_locked(&folder.journals().join(format!("{name}.lock")));
        let done = document.count(&state, is_working, folder);
        document.shards.push(OfShard {
            name,
            is_working,
            done,
            stopped: state.stopped.filter(|why| !why.is_empty()),
        });
    }
    let begun = document.done + document.working + document.paused + document.held;
    document.waiting = document.tasks.saturating_sub(begun);
    Ok(document)
}

impl Document {
    /// Counts the tasks of a shard; returns how many are done.
    fn count(&mut self, state: &State, is_working: bool, folder: &Folder) -> usize {
        let before = self.done;
        for (id, progress) in &state.tasks {
            let status = match progress.phase {
                Phase::Finished(status) => Some(status),
                Phase::Waiting => None,
                // Only what died between its result and its journal is looked for.
                _ => folder.result(id).ok().flatten().and_then(|result| {
                    (result.attempt == progress.attempt).then_some(result.status)
                }),
            };
            match (status, progress.phase) {
                (Some(status), _) => {
                    self.done += 1;
                    *self.counts.entry(status.name()).or_default() += 1;
                }
                (None, Phase::Sent | Phase::Waiting) if is_working => self.working += 1,
                (None, Phase::Paused) => self.paused += 1,
                (None, Phase::Waiting | Phase::Finished(_)) => {}
                (None, Phase::Sent | Phase::Held) => self.held += 1,
            }
        }
        self.done - before
    }
}

/// Tells whether a process holds a lock.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::options().append(true).open(path) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

impl Folder {
    /// Returns the names of the shards that were begun.
    ///
    /// # Errors
    /// Fails when the folder of journals cannot be read.
    pub(super) fn shards(&self) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.journals()).map_err(|error| self.unusable(&error))? {
            let name = entry.map_err(|error| self.unusable(&error))?.file_name();
            if let Some(name) = name.to_string_lossy().strip_suffix(".lock") {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}
