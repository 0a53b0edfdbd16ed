//! How a process says what its shard has come to.

use std::io::Write;

use crate::arguments::{BatchRunArguments, GlobalArguments};
use crate::batch::events::Events;
use crate::batch::tally::Tally;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::text::counted;

/// Says what the shard has come to.
///
/// # Errors
/// Fails when tasks have failed or are held, and when the batch was paused.
pub(super) fn conclude(
    arguments: &BatchRunArguments,
    tally: &Tally,
    paused: Option<&str>,
    events: &Events,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let Tally {
        ok,
        failed,
        left,
        held,
        ..
    } = *tally;
    let results = arguments.results.display().to_string();
    let paused = paused.or((left > 0).then_some("tasks are left"));
    if !global.json {
        let counts = [(failed, "failed"), (held, "held"), (left, "left")];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let others: String = counts
            .map(|(count, what)| format!(", {count} {what}"))
            .collect();
        writeln!(context.stdout, "{ok} ok{others}")?;
    }
    let tasks = |count: u64| counted(usize::try_from(count).unwrap_or(usize::MAX), "task");
    let run = format!(
        "ampctl batch run {} --results {results}",
        arguments.tasks.display()
    );
    let ended = if left > 0 {
        let what = format!("the batch was paused with {} left", tasks(left));
        let failure = Failure::new(ExitCode::Paused, what);
        let failure = paused.into_iter().fold(failure, Failure::because);
        Err(failure.next(format!("{run} …"), "goes on with them"))
    } else if held > 0 {
        let what = format!("how to go on with {} is for you to say", tasks(held));
        Err(Failure::new(ExitCode::Failed, what)
            .because("the prompt may have been sent, and nothing says what came of it")
            .next(
                format!("{run} --on-interrupted continue …"),
                "asks each thread, and goes on where that is safe",
            )
            .next(
                format!("{run} --on-interrupted rerun …"),
                "begins them anew, and pays again",
            ))
    } else if failed > 0 {
        Err(
            Failure::new(ExitCode::Failed, format!("{} failed", tasks(failed)))
                .next(format!("ampctl batch report {results}"), "says why")
                .next(format!("{run} --rerun-failed …"), "begins them anew"),
        )
    } else {
        Ok(ExitCode::Done)
    };
    if let Some(loss) = events.batch_ended(&ended, Some((tally, paused))) {
        writeln!(context.stderr, "{loss}")?;
    }
    // The last event says it.
    ended.map_err(|failure| failure.in_json(false))
}
