//! `ampctl sandbox`: what a sandboxed run could reach, and a way to try it.

mod exec;
mod explain;

use amp_session::process::sandbox::Sandbox;
use amp_session::{Amp, SandboxConfig, SessionConfig};

use crate::amp_in_use;
use crate::arguments::{GlobalArguments, SandboxCommand, SandboxMode, SandboxSubject};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;
use crate::settings::{Layer, Settings};

/// Runs the chosen command.
pub(super) fn run(
    command: &SandboxCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    match command {
        SandboxCommand::Explain { subject } => explain::run(subject, global, context),
        SandboxCommand::Exec { subject, command } => exec::run(subject, command, global, context),
    }
}

/// Returns what the settings ask for; `None` when no sandbox is wanted.
///
/// # Errors
/// Fails when something is said about a sandbox that is not there.
pub(super) fn config(
    settings: &Settings,
    context: &Context,
) -> Result<Option<SandboxConfig>, Failure> {
    let wanted = &settings.sandbox;
    if wanted.mode == SandboxMode::Off {
        return match wanted.flag {
            None => Ok(None),
            Some(flag) => Err(Failure::new(
                ExitCode::Usage,
                format!("{flag} is about a sandbox, and there is none"),
            )
            .hint("--sandbox makes one; without it the agent may do all that you may")),
        };
    }
    let resolved = |paths: &[std::path::PathBuf]| {
        let paths = paths.iter().map(|path| context.resolve(path));
        paths.collect::<Vec<_>>()
    };
    let mut config = SandboxConfig::new();
    config.best_effort = wanted.mode == SandboxMode::BestEffort;
    config.hosts.clone_from(&wanted.hosts);
    config.readable = resolved(&wanted.readable);
    config.writable = resolved(&wanted.writable);
    config.variables = wanted.variables.iter().map(Into::into).collect();
    for limit in wanted.limits.iter().rev() {
        limit.apply(&mut config.limits);
    }
    Ok(Some(config))
}

/// A sandbox as a run would have it, and the Amp and the folder it is for.
struct Prepared {
    sandbox: Sandbox,
    directory: std::path::PathBuf,
}

/// Makes the sandbox that a run with these options would have.
fn prepare(
    subject: &SandboxSubject,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<Prepared, Failure> {
    let mut flags = Layer::of_sandbox(&subject.sandbox);
    flags.amp.clone_from(&subject.amp);
    let mut settings = Settings::resolve(flags, global, context)?;
    if settings.sandbox.mode == SandboxMode::Off {
        settings.sandbox.mode = SandboxMode::Full;
    }
    let directory = subject.directory.as_deref();
    let directory = directory.map_or_else(
        || context.directory.clone(),
        |directory| context.resolve(directory),
    );
    let mut session = SessionConfig::new().with_working_directory(&directory);
    session.sandbox = config(&settings, context)?;
    let amp = match amp_in_use::find_if_any(&settings, context)? {
        Some(found) => {
            let identified = found.identify(session.sandbox.as_ref(), context);
            runtime::interruptible(&context.signals, identified)?
        }
        // Without an Amp there is a sandbox all the same, as for the newest build.
        None => Amp::new("amp", "").with_environment(context.environment.clone()),
    };
    let sandbox = amp.start(session)?.sandbox()?;
    let sandbox = sandbox.ok_or_else(|| Failure::new(ExitCode::Failed, "there is no sandbox"))?;
    Ok(Prepared { sandbox, directory })
}
