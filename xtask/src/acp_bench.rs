//! `cargo xtask acp-bench`: what `ampctl acp` takes between an agent and an editor.
//!
//! The agent is the fake one, which writes the time into its lines; the editor reads them by hand from
//! the pipe. The same lines straight from the agent's own pipe say what of it is the machine's.

use anyhow::Result;
use clap::Args;
use fixtures::benchmark::{Bar, Row};

use crate::acp_editor::{Agent, Bridge, INIT, environment};
use crate::benchmark_rows;
use crate::built_ampctl::BuiltAmpctl;

/// From a line of the agent to the update on the wire at most this long at the median, in ms.
const LATENCY_LIMIT: f64 = 3.0;

/// Sessions in one process, each in the middle of a turn.
const SESSIONS: usize = 16;

/// What they may take together, in MiB.
const MEMORY_LIMIT: f64 = 40.0;

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Measure this many lines
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    lines: usize,
    #[command(flatten)]
    ampctl: BuiltAmpctl,
}

/// Measures and prints the rows beside their bars.
///
/// # Errors
/// As for [`rows`], and when a bar is missed.
pub fn run(options: &Options) -> Result<()> {
    benchmark_rows::report_and_judge(&rows(options)?)
}

/// Measures what `ampctl acp` takes.
///
/// # Errors
/// When `ampctl` is not there, or a turn does not go as it should.
pub fn rows(options: &Options) -> Result<Vec<Row>> {
    let ampctl = options.ampctl.path()?;
    let stamps = format!("{INIT}; repeat {} stamp 5ms; hang", options.lines);
    let home = tempfile::tempdir()?;
    let script = |script: &str| environment(home.path(), script);

    let amp = fixtures::fake_agent();
    let mut bridge = Bridge::start(&ampctl, amp, &[], &script(&stamps))?;
    let session = bridge.new_session(home.path())?;
    bridge.prompt(&session)?;
    let through = bridge.agent.latencies(options.lines)?;
    drop(bridge);

    let mut agent = Agent::start(amp, &[], &script(&stamps))?;
    let straight = agent.latencies(options.lines)?;
    drop(agent);

    let stay = format!("{INIT}; stamp 1ms; hang");
    let mut bridge = Bridge::start(&ampctl, amp, &[], &script(&stay))?;
    let mut of_one = 0.0;
    for number in 0..SESSIONS {
        let session = bridge.new_session(home.path())?;
        bridge.prompt(&session)?;
        bridge.agent.latencies(1)?;
        if number == 0 {
            of_one = bridge.agent.memory()?;
        }
    }
    let of_all = bridge.agent.memory()?;
    Ok(vec![
        Row::of(
            "acp: from a line of the agent to the update",
            "ms",
            &through,
            "the line itself",
            &straight,
        )
        .with_bar(Bar::OursAtMost(LATENCY_LIMIT)),
        Row::of(
            "acp: memory of 16 sessions in the middle of a turn",
            "MiB",
            &[of_all],
            "of one",
            &[of_one],
        )
        .with_bar(Bar::OursAtMost(MEMORY_LIMIT)),
    ])
}
