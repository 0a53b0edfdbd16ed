//! Short commands run to their end, each with a deadline and its whole process tree owned.

use std::time::Duration;

use amp_process::{Deadlines, Error, Exit, ProcessSpec};
use anyhow::{Context, Result, bail};

/// What a command wrote and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// Its standard output, line ends as `\n`.
    pub stdout: String,
    /// How it ended, with its standard error.
    pub exit: Exit,
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started, or takes longer than `limit`.
pub async fn run(spec: ProcessSpec, limit: Duration) -> Result<Finished> {
    let name = spec.program().display().to_string();
    let deadlines = Deadlines::default()
        .with_total(Some(limit))
        .with_grace(Duration::from_secs(1));
    let mut process = spec
        .with_deadlines(deadlines)
        .spawn()
        .await
        .with_context(|| format!("cannot start {name}"))?;
    let mut stdout = String::new();
    loop {
        match process.next_line().await {
            Ok(Some(line)) => {
                stdout.push_str(&String::from_utf8_lossy(line.bytes()));
                stdout.push('\n');
            }
            Ok(None) => break,
            Err(error @ Error::DeadlinePassed(_)) => {
                process.stop().await;
                return Err(error).context(name);
            }
            Err(error) => return Err(error).context(name),
        }
    }
    Ok(Finished {
        stdout,
        exit: process.finish().await,
    })
}

/// Runs a command that must succeed and returns its standard output.
///
/// # Errors
/// As for [`run`], and when its exit code is not 0; the text has what it wrote on standard error.
pub async fn output(spec: ProcessSpec, limit: Duration) -> Result<String> {
    let name = spec.program().display().to_string();
    let finished = run(spec, limit).await?;
    if !finished.exit.status().is_success() {
        bail!(
            "{name}: {}\n{}",
            finished.exit.status(),
            finished.exit.stderr()
        );
    }
    Ok(finished.stdout)
}
