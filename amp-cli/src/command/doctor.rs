//! `ampctl doctor`: everything a run needs, and how to fix what is missing.

mod agent;
mod check;
#[cfg(feature = "acp")]
mod editors;
mod files;
mod machine;
mod network;

use std::io::Write;

use serde::Serialize;

use self::check::{Check, State};
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::style::Style;
use crate::text::wrap_plain;
use crate::{json, runtime};

/// The columns of a report that goes to no terminal.
const WIDE: u16 = 100;

/// The columns of the names in front of the findings.
const NAME_COLUMNS: usize = 14;

pub(super) fn run(
    network: bool,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let examination = async { Ok(examine(network, global, context).await) };
    let checks = runtime::interruptible(&context.signals, examination)?;
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            checks: &'a [Check],
        }
        json::write(&Document { checks: &checks }, &mut context.stdout)?;
    } else {
        let style = Settings::color_or_flag(global, context).style(context, &context.stdout);
        write_report(&checks, style, global, context)?;
    }
    let first_red = checks.iter().find(|check| check.state == State::Red);
    Ok(first_red.map_or(ExitCode::Done, |check| check.exit_code))
}

async fn examine(network: bool, global: &GlobalArguments, context: &Context) -> Vec<Check> {
    let settings = Settings::of(global, context);
    let mut checks = vec![machine::platform()];
    let (agent, amp) = match &settings {
        Ok(settings) => agent::examine(&settings.amp, context).await,
        Err(failure) => (vec![agent::not_chosen(failure)], None),
    };
    checks.extend(agent);
    checks.push(agent::key(context));
    checks.extend(files::amp_settings(context));
    checks.push(files::configuration(settings.map(drop), global, context));
    checks.push(machine::containment(amp.as_ref()).await);
    checks.push(files::store(context));
    checks.push(files::sessions(context));
    checks.push(machine::clock(amp.as_ref()));
    #[cfg(feature = "acp")]
    checks.extend(editors::examine(context));
    if network {
        checks.push(network::service(context).await);
    }
    checks
}

fn write_report(
    checks: &[Check],
    style: Style,
    global: &GlobalArguments,
    context: &mut Context,
) -> std::io::Result<()> {
    let columns = context.columns(WIDE);
    // On a narrow terminal a finding stands below its name.
    let is_narrow = columns < 2 * (NAME_COLUMNS + 3);
    let indent = if is_narrow { 2 } else { NAME_COLUMNS + 3 };
    let (room, margin) = (columns.saturating_sub(indent), " ".repeat(indent));
    let to = &mut context.stdout;
    for check in checks {
        if global.quiet && check.state == State::Green {
            continue;
        }
        let mark = match check.state {
            State::Green => style.success("✓"),
            State::Yellow => style.warning("!"),
            State::Red => style.error("✗"),
        };
        let mut lines = wrap_plain(&check.finding, room).into_iter();
        if is_narrow {
            writeln!(to, "{mark} {}", style.strong(check.name))?;
        } else {
            let name = style.strong(format!("{:<NAME_COLUMNS$}", check.name));
            writeln!(to, "{mark} {name} {}", lines.next().unwrap_or_default())?;
        }
        for line in lines {
            writeln!(to, "{margin}{line}")?;
        }
        if let Some(fix) = &check.fix {
            writeln!(to, "{margin}{} {}", style.dim("fix:"), style.command(fix))?;
        }
    }
    Ok(())
}
