//! `ampctl sessions replay`.

use amp_session::SessionRecord;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::drive::{Driven, Watch, drive};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;
use crate::screen::Screen;
use crate::settings::Settings;
use crate::view::{LiveOptions, LiveView, Size, View};

/// The columns of a replay that goes to a file.
const WIDE: u16 = 100;

pub(in crate::command) fn run(
    record: &SessionRecord,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let options = LiveOptions {
        style: Settings::of(global, context)?
            .color
            .style(context, &context.stdout),
        prompts: true,
        times: false,
        tools: !global.quiet,
        summary: false,
        goes_on: None,
        verbose: global.verbose,
    };
    let size = Size {
        columns: context.columns(WIDE),
        rows: context.rows(),
    };
    let screen = Screen::with_status(context.stdout.clone(), false);
    let mut view = LiveView::new(screen, move || size, options);
    for turn in record.turns()? {
        view.begin_turn();
        let mut turn_view = View::Live(view);
        let turn = turn.replay()?;
        let driven = runtime::block_on(async {
            let mut signals = context.signals.listen()?;
            let nobody = Watch {
                see: |_: &_| {},
                remark: |_: &_, _: &mut _| Ok(()),
            };
            Ok::<_, Failure>(drive(turn, &mut turn_view, &mut signals, &mut None, nobody).await)
        })??;
        let View::Live(played) = turn_view else { break };
        view = played;
        match driven {
            Driven::Ended {
                signal: None,
                write_error: None,
                outcome,
            } => {
                view.finish(&outcome)?;
                if let Some(failure) = &outcome.failure {
                    view.remark(&format!("{}: {}", outcome.status, failure.message))?;
                }
                if let Some(reason) = outcome.ledger_failure {
                    let what = "the rest of the record cannot be read";
                    return Err(Failure::new(ExitCode::Failed, what).because(reason));
                }
            }
            Driven::Ended {
                write_error: Some(error),
                ..
            } => return Err(error.into()),
            _ => return Ok(ExitCode::Interrupted),
        }
    }
    Ok(ExitCode::Done)
}
