//! `ampctl run` and `ampctl continue`: one prompt, one turn.

mod check;
mod dry_run;
mod newer;
pub(crate) mod prepare;
mod present;
mod remarks;
mod retry;
mod schema;
mod start;
mod turns;
mod work;

use std::io::Write;

use amp_session::process::release_program_pages;
use amp_session::{Answers, SessionId};

use self::prepare::{Asked, Prepared, Which, prepare};
use self::present::{conclude, view};
use self::remarks::Remarks;
use self::retry::Persistence;
use self::start::{Begun, Start};
use self::turns::Turns;
use crate::arguments::{ContinueArguments, GlobalArguments, OutputFormat, RunArguments};
use crate::context::Context;
use crate::drive::{Driven, begin};
use crate::events::{Event, Events};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::notice::Notices;
use crate::runtime;
use crate::settings::{Layer, Settings};

/// Runs `ampctl run`.
pub(super) fn run(
    arguments: &RunArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let RunArguments {
        prompt,
        continued,
        agent,
    } = arguments;
    let asked = Asked {
        which: continued.as_deref().map_or(Which::New, Which::Named),
        prompt,
        agent,
        global,
    };
    turn(asked, context)
}

/// Runs `ampctl continue`.
pub(super) fn go_on(
    arguments: &ContinueArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let ContinueArguments {
        prompt,
        session,
        agent,
    } = arguments;
    let asked = Asked {
        which: session.as_deref().map_or(Which::LastHere, Which::Named),
        prompt,
        agent,
        global,
    };
    turn(asked, context)
}

fn turn(asked: Asked<'_>, context: &mut Context) -> Result<ExitCode, Failure> {
    // What has read the arguments is not needed any more.
    release_program_pages();
    let settings = Settings::resolve(Layer::from(asked.agent), asked.global, context)?;
    let as_json = settings.output == OutputFormat::Json;
    let mut notices = Notices::new(&settings.notify, context);
    let events = match asked.agent.dry_run {
        true => Ok(Events::default()),
        false => Events::new(asked.agent.events.as_deref(), context),
    };
    let ended = events.and_then(|mut events| {
        let ended = take_turn(asked, &settings, &mut notices, &mut events, context);
        for loss in events.run_ended(&ended) {
            // Whoever lost its events may have taken standard error along.
            let _ = writeln!(context.stderr, "note: {loss}");
        }
        ended
    });
    let ended = ended.map_err(|failure| failure.in_json_by_default(as_json));
    if !asked.agent.dry_run {
        context.at_work.extend(notices.of_end(&ended));
    }
    ended
}

fn take_turn(
    asked: Asked<'_>,
    settings: &Settings,
    notices: &mut Notices,
    events: &mut Events,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let Asked { agent, global, .. } = asked;
    let prepared = prepare(asked, settings, context)?;
    if agent.dry_run {
        return dry_run::show(prepared, settings, context);
    }
    let Prepared {
        prompt,
        mut config,
        thread,
        record,
        amp: found,
        service_url,
        questions,
        schema,
    } = prepared;
    let strict = agent.fail_on_refusal;
    let folder = config.working_directory.clone();
    let folder = folder.unwrap_or_else(|| context.directory.clone());
    notices.know(|run| {
        run.folder.clone_from(&folder);
        run.thread = thread.as_ref().map(ToString::to_string);
    });
    let mut view = view(settings, global, context);
    let mut remarks = Remarks::new(global, context);
    let (amp, recorded, left) = runtime::block_on(async {
        let mut signals = context.signals.listen()?;
        let amp = begin(
            found.identify(config.sandbox.as_ref(), context),
            &mut view,
            &mut signals,
        )
        .await?;
        remarks.on_amp(&amp, &config, &mut view)?;
        if let Some(notice) = newer::notice(amp.version().as_str(), settings, global, context) {
            view.remark(&notice, &mut context.stderr)?;
        }
        let persistence = settings.retry.map(|retry| {
            config.limits_from_log = true;
            Persistence::new(retry, &amp, prompt.clone(), thread.is_some(), context)
        });
        let start = Start {
            prompt,
            config,
            thread,
            record,
            name: agent.name.as_deref(),
            is_recorded: settings.record,
        };
        let Begun {
            turn,
            session,
            recorded,
            goes_on_here,
            warnings,
        } = begin(start.begin(&amp, context), &mut view, &mut signals).await?;
        remarks.on_rules(&warnings, &mut view)?;
        if goes_on_here {
            view.goes_on_with("ampctl continue \"…\"");
        }
        remarks.on_record(recorded.as_ref(), &mut view)?;
        events.tell(&Event::RunBegan {
            amp_version: amp.version().as_str(),
            folder: folder.display().to_string(),
            session: recorded.as_ref().map(SessionId::as_str),
            thread: session.thread().as_ref().map(ToString::to_string),
        });
        notices.know(|run| run.session = recorded.as_ref().map(ToString::to_string));
        let questions = questions.map(|questions| {
            questions
                .with_dialect(*amp.dialect())
                .with_notices(notices.clone())
        });
        let _limit = context.signals.limit_writes(settings.deadlines.total);
        let turns = Turns {
            answers: schema.map(Answers::new),
            attempts: check::attempts(settings, &session, context)?,
            persistence,
            confirms: settings.confirm_end,
            session,
            strict,
            view: &mut view,
            signals: &mut signals,
            questions,
            remarks: &mut remarks,
            events,
        };
        let left = turns.drive(turn).await?;
        Ok::<_, Failure>((amp, recorded, left))
    })??;
    if let Driven::Ended { outcome, .. } = &left.driven {
        notices.know(|run| {
            run.thread = outcome.thread.as_ref().map(ToString::to_string);
            run.answer = outcome.text.clone().unwrap_or_default();
        });
        remarks.on_sandbox(outcome.sandbox.as_ref(), &mut view)?;
        remarks.on_lost_record(outcome.ledger_failure.as_deref(), &mut view)?;
    }
    let recorded = recorded.as_ref();
    conclude(left, strict, &mut view, recorded, &amp, &service_url)
}
