//! The session of an attempt: a new one, or the one that is recorded, with what it has come to.

use std::ffi::OsStr;

use amp_session::{
    Ledger, NewSession, Outcome, Retries, Session, SessionConfig, SessionRecord, Status,
};

use super::ending::Used;
use super::{Attempt, How, is_of_everybody};
use crate::batch::isolation::{Space, without_gc};
use crate::batch::task::Task;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The folder of an attempt's session.
const SESSIONS: &str = "sessions";

/// A session that can be given its prompt, or gone on with.
pub(super) struct Begun {
    pub(super) session: Session,
    pub(super) retries: Retries,
    /// How its last turn ended, where that is how the attempt ended.
    pub(super) last: Option<Outcome>,
    /// What its turns have used so far.
    pub(super) used: Used,
    pub(super) prompt: String,
}

/// Begins the session of an attempt, or goes on with it.
///
/// # Errors
/// Fails when the task asks for what is not there; nothing was sent then.
pub(super) async fn begun(
    attempt: &Attempt<'_>,
    task: &Task,
    space: &Space,
) -> Result<Begun, Failure> {
    let batch = attempt.batch;
    let prompt = prompt(attempt, task)?;
    let config = config(attempt, task, space)?;
    let mut retries = Retries::new(batch.retry, *batch.amp.dialect(), prompt.as_str(), false);
    let mut used = Used::default();
    let folder = batch.folder.attempt(attempt.id(), attempt.number);
    let ledger = Ledger::new(folder.join(SESSIONS));
    let How::GoOn { host_died } = attempt.how else {
        if folder.exists() {
            // Of a process that died before it sent anything.
            std::fs::remove_dir_all(&folder).map_err(|error| batch.folder.unusable(&error))?;
        }
        let of_machine = |failure: Failure| failure.with_code(ExitCode::Paused);
        std::fs::create_dir_all(&folder)
            .map_err(|error| of_machine(batch.folder.unusable(&error)))?;
        let mut new = NewSession::new();
        new.working_directory.clone_from(&config.working_directory);
        new.mode.clone_from(&config.mode);
        let record = ledger.create(new);
        let record = record.map_err(|error| of_machine(error.into()))?;
        let session = batch.amp.start(config)?.recorded(record);
        return Ok(Begun {
            session,
            retries,
            last: None,
            used,
            prompt,
        });
    };
    let nothing = || Failure::new(ExitCode::Failed, "nothing is recorded of its session");
    let record = ledger.sessions()?.into_iter().next().ok_or_else(nothing)?;
    let last = recall(&record, host_died, &mut retries, &mut used).await?;
    let last = last.ok_or_else(nothing)?;
    let session = match record.metadata().thread.clone() {
        Some(thread) => batch.amp.resume(thread, config)?,
        None => batch.amp.start(config)?,
    };
    Ok(Begun {
        session: session.recorded(record),
        retries,
        last: last.filter(|outcome| is_final(outcome, host_died)),
        used,
        prompt,
    })
}

/// Tells whether a recorded turn is how its attempt ended: it is done, or has failed for good, and
/// its process died before it could say so.
fn is_final(outcome: &Outcome, host_died: bool) -> bool {
    outcome.is_success()
        || (host_died
            && outcome.status != Status::Cancelled
            && !is_of_everybody(outcome.reason())
            && !outcome
                .reason()
                .is_some_and(amp_session::Reason::is_transient))
}

/// Takes up what the turns of a session have come to; returns the outcome of the last if that has
/// ended, and nothing at all where no turn was begun.
async fn recall(
    record: &SessionRecord,
    host_died: bool,
    retries: &mut Retries,
    used: &mut Used,
) -> Result<Option<Option<Outcome>>, Failure> {
    let mut last = None;
    for turn in record.turns()? {
        // Without its beginning it was not begun: its process had not been started.
        let Some(start) = turn.start()? else { continue };
        let has_ended = turn.end()?.is_some();
        let outcome = turn.replay()?.finish().await;
        used.add(&outcome);
        let (retry, prompt) = (start.retry.as_ref(), start.prompt.as_deref());
        retries.recall(retry, prompt, &outcome, host_died && !has_ended);
        last = Some(has_ended.then_some(outcome));
    }
    Ok(last)
}

fn prompt(attempt: &Attempt<'_>, task: &Task) -> Result<String, Failure> {
    let Some(file) = &task.prompt_file else {
        return Ok(task.prompt.clone().unwrap_or_default());
    };
    let path = attempt.batch.tasks.folder().join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let what = format!("{} cannot be read", path.display());
        Failure::new(ExitCode::Usage, what).caused_by(&error)
    })?;
    match text.trim().is_empty() {
        true => Err(Failure::new(
            ExitCode::Usage,
            format!("{} is empty", path.display()),
        )),
        false => Ok(text),
    }
}

/// Returns what the session is told: what all are told, and over that what the task says.
fn config(attempt: &Attempt<'_>, task: &Task, space: &Space) -> Result<SessionConfig, Failure> {
    let batch = attempt.batch;
    let mut config = batch.config.clone();
    config.working_directory = Some(space.folder());
    config.limits_from_log = true;
    if task.mode.is_some() {
        config.mode.clone_from(&task.mode);
    }
    if task.effort.is_some() {
        config.reasoning_effort.clone_from(&task.effort);
    }
    config.labels.extend(task.labels.iter().cloned());
    if let Some(timeout) = task.timeout {
        config.deadlines = config.deadlines.with_total(timeout.duration());
    }
    config.mcp_servers.extend(task.mcp.clone());
    for (key, value) in &task.settings {
        config = config.with_setting(key, value.clone());
    }
    if !task.rules.is_empty() {
        let key = "amp.permissions";
        let others = config.settings.get(key).and_then(|rules| rules.as_array());
        let others = others.cloned().unwrap_or_default();
        let rules = [task.rules.clone(), others].concat();
        config = config.with_setting(key, rules);
    }
    if task.sandbox && config.sandbox.is_none() {
        config.sandbox = Some(amp_session::SandboxConfig::new());
    }
    for name in &task.env {
        if !batch.environment.contains_key(OsStr::new(name)) {
            let what = format!("the variable {name} is not set, and the task needs it");
            return Err(Failure::new(ExitCode::Usage, what));
        }
        if let Some(sandbox) = &mut config.sandbox {
            sandbox.variables.push(name.into());
        }
    }
    if let Space::Own(_) = space {
        for (name, value) in without_gc(&batch.environment) {
            config = config.with_variable(name, value);
        }
    }
    Ok(config)
}

/// Tells whether the last turn that is recorded of an attempt in this folder has ended.
pub(in crate::batch) fn has_ended(folder: &std::path::Path) -> bool {
    let last = || {
        let record = Ledger::new(folder.join(SESSIONS))
            .sessions()
            .ok()?
            .into_iter()
            .next()?;
        let turns = record.turns().ok()?;
        turns.last()?.end().ok()?
    };
    last().is_some_and(|end| end.status == Status::Completed)
}
