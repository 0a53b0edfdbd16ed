//! `ampctl sandbox exec`: runs a command where the agent's tools would run.

use std::ffi::OsString;
use std::io::Write;

use amp_session::process::sandbox::SandboxStatus;
use amp_session::process::{ErrorKind, ProcessSpec};

use super::prepare;
use crate::arguments::{GlobalArguments, SandboxSubject};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;

pub(super) fn run(
    subject: &SandboxSubject,
    command: &[OsString],
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let prepared = prepare(subject, global, context)?;
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::new(ExitCode::Usage, "there is no command"));
    };
    let spec = ProcessSpec::new(program)
        .with_arguments(arguments)
        .with_environment(context.environment.clone())
        .with_working_directory(&prepared.directory)
        .with_sandbox(prepared.sandbox);
    let mut output = context.stdout.clone();
    let work = async {
        let mut process = spec.spawn().await.map_err(|error| failure(&error))?;
        while let Some(line) = process.next_line().await.map_err(|error| failure(&error))? {
            output.write_all(line.bytes())?;
            output.write_all(b"\n")?;
        }
        let status = process.sandbox().cloned();
        Ok((process.finish().await, status))
    };
    let (exit, status) = runtime::interruptible(&context.signals, work)?;
    context.stdout.flush()?;
    let said = exit.stderr().to_string();
    if !said.is_empty() {
        writeln!(context.stderr, "{}", said.trim_end())?;
    }
    if !global.quiet {
        tell(status.as_ref(), context)?;
    }
    match exit.status().is_success() {
        true => Ok(ExitCode::Done),
        false => Err(Failure::new(
            ExitCode::Failed,
            format!("the command ended with {}", exit.status()),
        )),
    }
}

/// Tells what was missing, and what the network refused.
fn tell(status: Option<&SandboxStatus>, context: &mut Context) -> Result<(), Failure> {
    let Some(status) = status else { return Ok(()) };
    for layer in status.layers().iter().filter(|layer| layer.is_missing()) {
        if let Some(absence) = &layer.absence {
            writeln!(
                context.stderr,
                "note: no protection of {}: {absence}",
                layer.layer
            )?;
        }
    }
    for decision in status.network().decisions() {
        if decision.refusal.is_some() {
            writeln!(context.stderr, "note: the sandbox refused {decision}")?;
        }
    }
    Ok(())
}

/// Tells why a command was not run in a sandbox, or could not be.
pub(super) fn failure(error: &amp_session::process::Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::SandboxRefused => ExitCode::Refused,
        _ => ExitCode::Failed,
    };
    let failure = Failure::new(code, error.to_string());
    let failure = match std::error::Error::source(error) {
        Some(cause) => failure.caused_by(cause),
        None => failure,
    };
    match code {
        ExitCode::Refused => failure.next("ampctl sandbox explain", "shows what is missing here"),
        _ => failure,
    }
}
