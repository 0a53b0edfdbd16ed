//! Runs of the fake agent, and a look at the process table for what they left.

use std::time::Duration;

use amp_process::{Deadlines, Error, Exit, Line, Process, ProcessSpec};

/// Longer than anything here takes, and short enough to end a test that hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Deadlines under which nothing but the behaviour under test ends a run soon.
pub(crate) fn deadlines() -> Deadlines {
    Deadlines::default()
        .with_startup(Some(LIMIT))
        .with_idle(Some(LIMIT))
        .with_total(Some(LIMIT))
        .with_drain(Duration::from_secs(10))
        .with_grace(Duration::from_secs(10))
}

/// Describes a fake agent that plays `script`.
pub(crate) fn fake(script: &str) -> ProcessSpec {
    ProcessSpec::new(fixtures::fake_agent())
        .with_variable("FAKE_AGENT_SCRIPT", script)
        .with_deadlines(deadlines())
}

/// Reads every line up to the end.
pub(crate) async fn lines(process: &mut Process) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    while let Some(line) = process.next_line().await? {
        lines.push(line);
    }
    Ok(lines)
}

/// Runs `spec` to its end and returns its lines as text.
pub(crate) async fn run(spec: ProcessSpec) -> (Vec<String>, Exit) {
    let mut process = spec.spawn().await.expect("the fake agent starts");
    let lines = lines(&mut process).await.expect("no deadline passes");
    let lines = lines.iter().map(text).collect();
    (lines, process.finish().await)
}

/// Returns a line as text.
pub(crate) fn text(line: &Line) -> String {
    String::from_utf8_lossy(line.bytes()).into_owned()
}
