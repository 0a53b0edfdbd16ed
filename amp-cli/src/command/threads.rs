//! `ampctl threads`: the threads of the service, through the Amp in use.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use amp_session::{Amp, Ledger, SessionRecord, ThreadId, ThreadList, ThreadSummary};
use serde::Serialize;

use super::{credentials, sessions};
use crate::arguments::{ExportFormat, GlobalArguments, ThreadsCommand};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::text::{ago, fit, one_line};
use crate::{amp_in_use, json, runtime};

/// The columns of a list that goes to no terminal.
const WIDE: u16 = 120;

/// The columns before a title: an id, an age, and the spaces between.
const BEFORE_TITLE: usize = 38 + 2 + 12 + 2;

pub(super) fn run(
    command: &ThreadsCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    match command {
        ThreadsCommand::List { limit, archived } => {
            let list = ThreadList::at_most(*limit).with_archived(*archived);
            let threads = ask(global, context, async |amp, service| {
                Ok(amp.threads(service, list).await?)
            })?;
            let none = match archived {
                true => "the service has no threads",
                false => "the service has no threads but archived ones, which `--archived` shows",
            };
            write_list(&threads, none, global, context)
        }
        ThreadsCommand::Search { words, limit } => {
            let query = words.join(" ");
            let threads = ask(global, context, async |amp, service| {
                Ok(amp.search_threads(service, &query, *limit).await?)
            })?;
            write_list(&threads, "the service has no such threads", global, context)
        }
        ThreadsCommand::Show { thread } => {
            with_record(thread, global, context, |record, context| {
                match global.json {
                    true => sessions::export(record, ExportFormat::Json, None, context),
                    false => sessions::replay(record, global, context),
                }
            })
        }
        ThreadsCommand::Export { thread, format, to } => {
            with_record(thread, global, context, |record, context| {
                sessions::export(record, *format, to.as_deref(), context)
            })
        }
    }
}

/// Asks the Amp in use, with the key and the service of a run here.
///
/// # Errors
/// Fails without a key, for which Amp would wait, and when Amp does.
fn ask<T>(
    global: &GlobalArguments,
    context: &Context,
    question: impl AsyncFnOnce(&Amp, &amp_session::ServiceAddress) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let settings = Settings::of(global, context)?;
    let credentials = credentials::of(None, context);
    credentials.check()?;
    let found = amp_in_use::find(&settings, context)?;
    runtime::interruptible(&context.signals, async {
        let amp = found.identify(None, context).await?;
        question(&amp, credentials.service()).await
    })
}

/// Makes a record of a thread that is gone when it has been shown.
fn with_record(
    thread: &str,
    global: &GlobalArguments,
    context: &mut Context,
    show: impl FnOnce(&SessionRecord, &mut Context) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let thread: ThreadId = thread.parse()?;
    let exported = ask(global, context, async |amp, service| {
        Ok(amp.export_thread(service, &thread).await?)
    })?;
    let folder = tempfile::tempdir()?;
    let record = Ledger::new(folder.path()).import(&exported)?;
    show(&record, context)
}

/// Writes threads, or to a person that there are `none`.
fn write_list(
    threads: &[ThreadSummary],
    none: &str,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            threads: &'a [ThreadSummary],
        }
        json::write(&Document { threads }, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    if threads.is_empty() && !global.quiet {
        writeln!(context.stderr, "{none}")?;
    }
    let settings = Settings::of(global, context)?;
    let style = settings.color.style(context, &context.stdout);
    let width = context.columns(WIDE);
    for thread in threads {
        let id = style.command(&thread.id);
        let updated = thread.updated.as_deref().and_then(milliseconds);
        let when = updated.map_or_else(String::new, ago);
        let when = format!("{when:>12}");
        let title = one_line(thread.title.as_deref().unwrap_or("(no title)"));
        let (when, room) = (style.dim(when), width.saturating_sub(BEFORE_TITLE));
        if room < 12 {
            let title = fit(&title, width.saturating_sub(2));
            writeln!(context.stdout, "{id}\n  {title}")?;
        } else {
            writeln!(context.stdout, "{id}  {when}  {}", fit(&title, room))?;
        }
    }
    Ok(ExitCode::Done)
}

/// Returns a moment that Amp wrote, in milliseconds since the UNIX epoch.
fn milliseconds(moment: &str) -> Option<u64> {
    let moment: SystemTime = humantime::parse_rfc3339_weak(moment).ok()?;
    let since = moment.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}
