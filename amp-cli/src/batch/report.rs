//! `ampctl batch report`: the results of a batch, put together. What it says depends on the files
//! alone, not on the order in which folders are named or tasks have ended.

mod html;
mod junit;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::folder::{Folder, Identity};
use super::result::{TaskResult, Usage};
use super::state::{Phase, TaskStatus};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::text::{elapsed, one_line, tokens};

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    Junit,
    Html,
}

impl Form {
    /// Returns the form that was asked for.
    pub(crate) fn of(json: bool, junit: bool, html: bool) -> Self {
        match (junit, html, json) {
            (true, _, _) => Self::Junit,
            (_, true, _) => Self::Html,
            (_, _, true) => Self::Json,
            _ => Self::Text,
        }
    }
}

/// The results of a batch.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The name that its branches have in common.
    name: String,
    tasks_sha256: String,
    tasks: usize,
    done: usize,
    counts: BTreeMap<&'static str, usize>,
    usage: Usage,
    /// What was begun and has no result, and how far it is.
    open: BTreeMap<String, &'static str>,
    /// In the order of their ids.
    results: Vec<TaskResult>,
}

/// Puts results together and writes them.
///
/// # Errors
/// Fails when the folders are of several batches, and when a task has two results.
pub(crate) fn write(
    folders: &[PathBuf],
    form: Form,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let folders = folders
        .iter()
        .map(|path| Folder::new(context.resolve(path)));
    let report = Report::read(&folders.collect::<Vec<_>>())?;
    let to = &mut context.stdout;
    match form {
        Form::Json => json::write(&report, to)?,
        Form::Junit => junit::write(&report, to)?,
        Form::Html => html::write(&report, to)?,
        Form::Text => report.write_text(to)?,
    }
    Ok(ExitCode::Done)
}

impl Report {
    fn read(folders: &[Folder]) -> Result<Self, Failure> {
        let mut found: Option<(Identity, &Folder)> = None;
        let mut results: BTreeMap<String, (TaskResult, &Path)> = BTreeMap::new();
        let mut open = BTreeMap::new();
        for folder in folders {
            let identity = folder.existing()?;
            let (first, other) = found.get_or_insert_with(|| (identity.clone(), folder));
            if first.tasks_sha256 != identity.tasks_sha256 {
                let what = "the folders have the results of different tasks";
                return Err(Failure::new(ExitCode::Usage, what)
                    .because(format!("{}: {}", other.root.display(), first.tasks_sha256))
                    .because(format!(
                        "{}: {}",
                        folder.root.display(),
                        identity.tasks_sha256
                    )));
            }
            for id in folder.ids()? {
                let Some(result) = folder.result(&id)? else {
                    continue;
                };
                match results.get(&id) {
                    Some((known, elsewhere)) if *known != result => {
                        let what = format!("task {id} has two results");
                        return Err(Failure::new(ExitCode::Failed, what)
                            .because(format!("one in {}", elsewhere.display()))
                            .because(format!("another in {}", folder.root.display()))
                            .hint("a shard was worked on in two folders: one of them is the right one"));
                    }
                    _ => {
                        results.insert(id, (result, &folder.root));
                    }
                }
            }
            for (id, progress) in folder.state(None)?.tasks {
                let how = match progress.phase {
                    Phase::Finished(_) => continue,
                    Phase::Waiting => "waiting",
                    Phase::Sent => "sent",
                    Phase::Paused => "paused",
                    Phase::Held => "held",
                };
                open.insert(id.into_string(), how);
            }
        }
        open.retain(|id, _| !results.contains_key(id));
        let (identity, _) = found.ok_or_else(|| Failure::new(ExitCode::Usage, "no folder"))?;
        let results: Vec<TaskResult> = results.into_values().map(|(result, _)| result).collect();
        let (mut counts, mut usage) = (BTreeMap::new(), Usage::default());
        for result in &results {
            *counts.entry(result.status.name()).or_default() += 1;
            usage.add(&result.usage);
        }
        Ok(Self {
            name: identity.name,
            tasks_sha256: identity.tasks_sha256,
            tasks: identity.tasks,
            done: results.len(),
            counts,
            usage,
            open,
            results,
        })
    }

    fn write_text(&self, mut to: impl Write) -> std::io::Result<()> {
        let widest = self.results.iter().map(|result| result.id.len()).max();
        let widest = widest.unwrap_or(0);
        for result in &self.results {
            let TaskResult { id, status, .. } = result;
            let what = match (&result.message, &result.work) {
                (Some(message), _) => one_line(message),
                (None, Some(work)) => format!("{} files changed", work.files.len()),
                (None, None) => String::new(),
            };
            let line = format!("{id:<widest$}  {:<12}  {what}", status.name());
            writeln!(to, "{}", line.trim_end())?;
            if let Some(left_at) = result.work.as_ref().and_then(|work| work.left_at.as_ref()) {
                writeln!(to, "{:<widest$}  its work is in {left_at}", "")?;
            }
        }
        for (id, how) in &self.open {
            writeln!(to, "{id:<widest$}  {how}")?;
        }
        writeln!(to, "{}", self.summary())
    }

    /// Returns what it all comes to, in a line.
    fn summary(&self) -> String {
        let statuses = TaskStatus::ALL.iter().map(|status| status.name());
        let counts = statuses.filter_map(|name| Some((self.counts.get(name)?, name)));
        let counts: String = counts
            .map(|(count, name)| format!(", {count} {}", name.replace('_', " ")))
            .collect();
        format!(
            "{} of {} tasks{counts}; {} tokens",
            self.done,
            self.tasks,
            tokens(self.usage.tokens())
        )
    }
}

/// Returns how long a task took, for people.
fn took(result: &TaskResult) -> String {
    elapsed(std::time::Duration::from_millis(result.wall_time))
}

impl Folder {
    /// Returns the ids of the tasks that have a folder.
    fn ids(&self) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(self.tasks()).map_err(|error| self.unusable(&error))? {
            let name = entry.map_err(|error| self.unusable(&error))?.file_name();
            ids.extend(name.into_string().ok());
        }
        Ok(ids)
    }
}

#[cfg(test)]
mod tests;
