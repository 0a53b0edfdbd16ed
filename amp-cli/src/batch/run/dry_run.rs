//! What a process would do, without doing it.

use std::io::Write;

use serde::Serialize;

use crate::arguments::{BatchRunArguments, GlobalArguments};
use crate::batch::detect::Detected;
use crate::batch::folder::Folder;
use crate::batch::plan::{Step, step};
use crate::batch::state::State;
use crate::batch::task_file::TaskFile;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;

/// What would be done, as data.
#[derive(Serialize, Default)]
struct Document {
    shard: String,
    /// Who says so.
    shard_by: &'static str,
    /// How many agents would work at once, here and in all shards together.
    jobs: u64,
    jobs_of_all_shards: u64,
    tasks: usize,
    tasks_of_shard: usize,
    done: usize,
    begin: usize,
    go_on: usize,
    held: usize,
}

/// Shows what would be done.
///
/// # Errors
/// Fails where a journal cannot be read, and where the folder is about other tasks.
pub(super) fn show(
    arguments: &BatchRunArguments,
    tasks: &TaskFile,
    detected: &Detected,
    folder: &Folder,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let shard = detected.shard;
    let state = match folder.identity()? {
        Some(identity) => {
            folder.is_about(identity, tasks, shard)?;
            folder.state(Some(shard))?
        }
        None => State::default(),
    };
    let jobs = u64::from(arguments.jobs.get());
    let mut document = Document {
        shard: shard.to_string(),
        shard_by: detected.by,
        jobs,
        jobs_of_all_shards: jobs.saturating_mul(shard.total()),
        tasks: tasks.entries.len(),
        ..Document::default()
    };
    for (place, entry) in tasks.entries.iter().enumerate() {
        if !shard.has(place, &entry.id) {
            continue;
        }
        document.tasks_of_shard += 1;
        let result = |attempt| {
            let result = folder.result(&entry.id).ok().flatten();
            let result = result.filter(|result| result.attempt == attempt);
            result.map(|result| result.status)
        };
        let progress = state.tasks.get(&entry.id);
        let count = match step(
            progress,
            result,
            arguments.on_interrupted,
            arguments.rerun_failed,
        ) {
            Step::Done(_) | Step::Found { .. } => &mut document.done,
            Step::Run { .. } => &mut document.begin,
            Step::GoOn { .. } => &mut document.go_on,
            Step::Hold => &mut document.held,
        };
        *count += 1;
    }
    if global.json {
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let facts = [
        (
            "shard",
            format!("{} (by {})", document.shard, document.shard_by),
        ),
        (
            "tasks",
            format!("{} of {}", document.tasks_of_shard, document.tasks),
        ),
        (
            "agents",
            format!(
                "{} at once; {} if all shards work at once",
                document.jobs, document.jobs_of_all_shards
            ),
        ),
        ("done", document.done.to_string()),
        ("begin", document.begin.to_string()),
        ("go on", document.go_on.to_string()),
        ("held", document.held.to_string()),
    ];
    for (name, fact) in facts {
        writeln!(context.stdout, "{name:<7} {fact}")?;
    }
    Ok(ExitCode::Done)
}
