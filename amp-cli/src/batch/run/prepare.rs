//! What a process needs before it works on its shard.

use std::io::Write;
use std::path::Path;
use std::rc::Rc;

use amp_session::{Retry, SessionConfig};

use super::conclude::conclude;
use super::dry_run;
use crate::amp_in_use::{self, Found};
use crate::approve::approval;
use crate::arguments::{Approver, BatchRunArguments, GlobalArguments};
use crate::batch::common::{Batch, Limits};
use crate::batch::detect::detect;
use crate::batch::events::Events;
use crate::batch::folder::{Folder, Identity};
use crate::batch::journal::Journal;
use crate::batch::on_result::OnResult;
use crate::batch::shard_lock::ShardLock;
use crate::batch::slots::Slots;
use crate::batch::stop::Stop;
use crate::batch::task_file::TaskFile;
use crate::batch::view::View;
use crate::command::run::prepare::{service_with_key, session_config};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;
use crate::settings::{APPROVE, Layer, Origin, RETRY, Settings};

/// How often a task goes on after limits, unless it is said.
const RETRIES: u32 = 5;

/// What all tasks have in common.
struct Common {
    settings: Settings,
    config: SessionConfig,
    service_url: String,
    found: Found,
}

/// Runs `ampctl batch run`.
///
/// # Errors
/// Fails when nothing can be begun, when tasks have failed, and when the batch was paused.
pub(crate) fn run(
    arguments: &BatchRunArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let tasks = TaskFile::read(&context.resolve(&arguments.tasks))?;
    let detected = detect(arguments.shard, context)?;
    let folder = Folder::new(context.resolve(&arguments.results));
    if arguments.dry_run {
        return dry_run::show(arguments, &tasks, &detected, &folder, global, context);
    }
    let common = common(arguments, global, tasks.folder(), context)?;
    let identity = folder.open(&Identity::new(&tasks, detected.shard))?;
    let events = Rc::new(Events::new(global.json, context)?);
    let on_result = arguments.on_result.as_ref();
    let on_result = on_result.map(|program| OnResult::new(program, context));
    let view = View::new(&common.settings, global, Rc::clone(&events), context);
    let ended = runtime::block_on(async {
        let mut signals = context.signals.listen()?;
        let shard = detected.shard;
        let longest = arguments
            .wait_for_shard
            .duration()
            .unwrap_or(std::time::Duration::MAX);
        let lock = ShardLock::take(&folder, shard, longest, || {
            view.says(&format!(
                "another process works on shard {shard}: waiting for it"
            ));
        });
        let lock = tokio::select! {
            lock = lock => lock?,
            signal = signals.next() => return Err(nothing_begun(Failure::interrupted(signal))),
        };
        let state = folder.state(Some(shard))?;
        let identified = common
            .found
            .identify(common.config.sandbox.as_ref(), context);
        let amp = tokio::select! {
            amp = identified => amp?,
            signal = signals.next() => return Err(nothing_begun(Failure::interrupted(signal))),
        };
        // What would be refused for every task is refused before the first.
        let any = amp.start(common.config.clone())?;
        any.rule_warnings()?;
        any.sandbox()?;
        drop(any);
        let journal = Journal::begin(&folder, shard).map_err(|error| folder.unusable(&error))?;
        let jobs = usize::try_from(arguments.jobs.get()).unwrap_or(usize::MAX);
        let work = match &arguments.work_dir {
            Some(path) => context.resolve(path),
            None => folder.root.join("work"),
        };
        let batch = Batch {
            folder,
            identity,
            shard,
            tasks,
            amp,
            config: common.config,
            retry: retry(&common.settings),
            check: common.settings.check.clone(),
            attempts: common.settings.attempts,
            strict: arguments.fail_on_refusal,
            confirms: common.settings.confirm_end,
            service_url: common.service_url,
            environment: context.environment_without_key(),
            isolate: arguments.isolate,
            work,
            journal,
            slots: Slots::new(jobs),
            stop: Stop::new(),
            view,
            events: Rc::clone(&events),
            on_result,
            limits: Limits {
                jobs,
                failures: arguments.stop_after_failures,
                tokens: arguments.stop_after_tokens.and_then(|amount| amount.0),
                on_interrupted: arguments.on_interrupted,
                rerun_failed: arguments.rerun_failed,
            },
            _found: common.found,
            _lock: lock,
        };
        let tally = batch.work(&state, &mut signals).await?;
        Ok((tally, batch.stop.why()))
    });
    let (tally, why) = match ended? {
        Ok(ended) => ended,
        Err(failure) if events.have_begun() => {
            let ended = Err(failure.in_json(false));
            if let Some(loss) = events.batch_ended(&ended, None) {
                writeln!(context.stderr, "{loss}")?;
            }
            return ended;
        }
        Err(failure) => return Err(failure),
    };
    conclude(arguments, &tally, why.as_deref(), &events, global, context)
}

fn nothing_begun(failure: Failure) -> Failure {
    failure
        .with_code(ExitCode::Paused)
        .because("nothing was begun")
}

/// Gathers what all tasks have in common; starts nothing.
fn common(
    arguments: &BatchRunArguments,
    global: &GlobalArguments,
    folder: &Path,
    context: &mut Context,
) -> Result<Common, Failure> {
    let agent = arguments.of_agent();
    let mut settings = Settings::resolve(Layer::from(&agent), global, context)?;
    if arguments.work.attempts.is_some() && settings.check.is_none() {
        // Tasks may have checks of their own, which are tried as often.
        settings.attempts = arguments.work.attempts.unwrap_or(settings.attempts);
    }
    let is_unsaid = settings.places.origin(&APPROVE) == Origin::Default;
    if is_unsaid && !arguments.work.dangerously_allow_all {
        settings.approve = Approver::Deny;
    }
    if settings.approve == Approver::Ask {
        let what = "nobody can be asked about the tool calls of a batch";
        return Err(Failure::new(ExitCode::Usage, what)
            .hint("--approve deny, read-only, none or a program decides"));
    }
    let mut config = session_config(&agent, &settings, folder.to_owned(), context)?;
    let style = settings.color.style(context, &context.stderr);
    config.approval = match arguments.work.dangerously_allow_all {
        true => None,
        false => approval(&settings.approve, style, context)?.0,
    };
    // A patch says what was done, and the work trees are gone afterwards.
    config.snapshots = false;
    let service_url = service_with_key(&config, global, context)?;
    let found = amp_in_use::find(&settings, context)?;
    Ok(Common {
        settings,
        config,
        service_url,
        found,
    })
}

/// Returns how often, and for how long, a task goes on after limits.
fn retry(settings: &Settings) -> Retry {
    settings.retry.unwrap_or_else(|| {
        let is_said = settings.places.origin(&RETRY) != Origin::Default;
        Retry::default().with_tries(if is_said { 0 } else { RETRIES })
    })
}
