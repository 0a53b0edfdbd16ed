//! One run of a real CLI: fed, interrupted and limited as planned, everything it wrote kept.

use std::time::Duration;

use amp_process::{
    Completeness, Deadlines, Error, ExitStatus, ProcessSpec, Signal, StdinSource, StdinWriter,
    StopPolicy,
};
use anyhow::{Context, Result, bail};
use fixtures::recording::Exit;
use fixtures::run::{Run, SignalStep, StdinStep, Wait};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// What a run wrote and how it ended, nothing taken away yet.
#[derive(Debug)]
pub struct Capture {
    /// Standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Standard error, byte for byte.
    pub stderr: Vec<u8>,
    /// How the run ended.
    pub exit: Exit,
}

/// Runs a program as `run` plans it; the arguments and the environment are the spec's.
///
/// A run that reaches its deadline is killed outright, so that nothing it writes on SIGTERM
/// mixes with what it said by itself.
///
/// # Errors
/// When the program cannot be started or the plan names an unknown signal. However it ends is a
/// [`Capture`].
pub async fn capture(spec: ProcessSpec, run: &Run) -> Result<Capture> {
    let limit = run
        .deadline_seconds
        .unwrap_or(Run::DEFAULT_DEADLINE_SECONDS);
    let deadlines = Deadlines::default().with_total(Some(Duration::from_secs(limit)));
    let stdin = if run.stdin.is_empty() {
        StdinSource::Empty
    } else {
        StdinSource::Piped
    };
    let mut process = spec
        .with_deadlines(deadlines)
        .with_stop_policy(StopPolicy::default().with_signal(None))
        .with_stdin(stdin)
        .spawn()
        .await?;

    let (output, _) = watch::channel(Vec::new());
    let (send_signal, mut signals) = mpsc::unbounded_channel();
    let mut steps = JoinSet::new();
    if let Some(writer) = process.take_stdin() {
        steps.spawn(feed(writer, run.stdin.clone(), output.subscribe()));
    }
    let planned = parse_signals(&run.signals)?;
    steps.spawn(interrupt(send_signal, planned, output.subscribe()));

    let mut deadline_passed = false;
    loop {
        tokio::select! {
            line = process.next_line() => match line {
                Ok(Some(line)) => output.send_modify(|bytes| {
                    bytes.extend_from_slice(line.bytes());
                    if line.completeness() == Completeness::Complete {
                        bytes.push(b'\n');
                    }
                }),
                Ok(None) => break,
                Err(Error::DeadlinePassed(_)) => deadline_passed = true,
                Err(error) => return Err(error.into()),
            },
            Some(signal) = signals.recv() => process.send(signal)?,
        }
    }
    steps.shutdown().await;

    let exit = process.finish().await;
    if exit.stderr().omitted_bytes() > 0 {
        bail!("standard error is longer than a recording keeps");
    }
    Ok(Capture {
        stdout: output.borrow().clone(),
        stderr: [exit.stderr().head(), &exit.stderr().tail()].concat(),
        exit: end(exit.status(), deadline_passed)?,
    })
}

/// Says how the run ended, in the words of a recording.
fn end(status: ExitStatus, deadline_passed: bool) -> Result<Exit> {
    let mut end = Exit {
        deadline_passed,
        ..Exit::default()
    };
    match status {
        ExitStatus::Code(code) => end.code = Some(code),
        ExitStatus::Signal(signal) => end.signal = Some(signal.to_string()),
        _ => bail!("how the run ended is unknown"),
    }
    Ok(end)
}

/// Writes each step's text in its time, then closes standard input.
async fn feed(mut writer: StdinWriter, steps: Vec<StdinStep>, mut output: Output) {
    let mut position = 0;
    for step in steps {
        wait(&step.wait, &mut output, &mut position).await;
        if writer.send(step.text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Asks for each signal in its time.
async fn interrupt(
    sender: mpsc::UnboundedSender<Signal>,
    steps: Vec<(Wait, Signal)>,
    mut output: Output,
) {
    let mut position = 0;
    for (step, signal) in steps {
        wait(&step, &mut output, &mut position).await;
        if sender.send(signal).is_err() {
            return;
        }
    }
}

/// All standard output so far.
type Output = watch::Receiver<Vec<u8>>;

/// Waits for a piece of output at or after `position`, moves `position` behind it, then waits on.
async fn wait(wait: &Wait, output: &mut Output, position: &mut usize) {
    if let Some(text) = &wait.after_output {
        let mut found = None;
        let seen = output
            .wait_for(|bytes| {
                found = find(&bytes[*position..], text.as_bytes());
                found.is_some()
            })
            .await
            .is_ok();
        if !seen {
            // The run is over: nothing will be written any more, so the step never comes.
            return std::future::pending().await;
        }
        *position += found.unwrap_or_default() + text.len();
    }
    tokio::time::sleep(Duration::from_millis(wait.after_ms)).await;
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes
        .windows(text.len().max(1))
        .position(|window| window == text)
}

fn parse_signals(steps: &[SignalStep]) -> Result<Vec<(Wait, Signal)>> {
    steps
        .iter()
        .map(|step| {
            let signal = [
                Signal::HANG_UP,
                Signal::INTERRUPT,
                Signal::TERMINATE,
                Signal::KILL,
            ]
            .into_iter()
            .find(|signal| signal.to_string() == step.signal)
            .with_context(|| format!("no signal is called {}", step.signal))?;
            Ok((step.wait.clone(), signal))
        })
        .collect()
}
