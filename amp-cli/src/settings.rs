//! Defaults for options, and which of several wins.
//!
//! From the strongest to the weakest: the flag, the environment variable, the project file
//! (`ampctl.lock`, which holds a version alone, and `.ampctl.toml` in the current folder or the
//! nearest of the user's own above it, up to the repository), the user file (`ampctl/config.toml` in
//! the configuration folder, or the file named by `--config` or `AMPCTL_CONFIG`), the built-in
//! default.

mod choice;
mod environment;
mod file;
mod key;
mod layer;
mod lock_file;
mod place;
mod project;

use std::num::NonZeroU32;
use std::path::PathBuf;

use amp_bootstrap::VersionSpec;
use amp_session::process::sandbox::HostRule;
use amp_session::{Caps, Deadlines, Retry, default_deadlines};

pub(crate) use self::choice::AmpChoice;
pub(crate) use self::file::Files;
pub(crate) use self::key::{APPROVE, MODE, RETRY, SOURCES, VERSION};
pub(crate) use self::layer::Layer;
pub(crate) use self::lock_file::LockFile;
#[cfg(fuzzing)]
pub(crate) use self::lock_file::check_promises as check_lock_file;
pub(crate) use self::place::{Origin, Places, Setting};
use crate::arguments::{
    AgentArguments, Amount, Approver, GlobalArguments, Limit, Notifier, OutputFormat,
    ResourceLimit, SandboxMode,
};
use crate::context::Context;
use crate::failure::Failure;
use crate::style::ColorChoice;

/// Holds every option after all places were asked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The Amp to run.
    pub(crate) amp: AmpChoice,
    pub(crate) mode: Option<String>,
    pub(crate) effort: Option<String>,
    pub(crate) visibility: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) output: OutputFormat,
    pub(crate) thinking: bool,
    pub(crate) deadlines: Deadlines,
    /// The most that a turn may use.
    pub(crate) caps: Caps,
    /// How often, and for how long, a run goes on after the service's limits; never without.
    pub(crate) retry: Option<Retry>,
    /// The command of the shell that the work is to pass.
    pub(crate) check: Option<String>,
    /// How many turns there may be until it passes.
    pub(crate) attempts: NonZeroU32,
    /// Whether the thread is asked how the model's last message ended.
    pub(crate) confirm_end: bool,
    pub(crate) color: ColorChoice,
    pub(crate) progress: bool,
    pub(crate) record: bool,
    pub(crate) snapshots: bool,
    pub(crate) update_notice: bool,
    /// A project file that is not read because it is not the user's.
    pub(crate) ignored_project: Option<PathBuf>,
    /// The version to install.
    pub(crate) version: Option<VersionSpec>,
    pub(crate) sources: Vec<String>,
    /// Whether the newest Amp is installed when a run finds none; `None` asks a person.
    pub(crate) install: Option<bool>,
    /// The key that must have signed what is installed.
    pub(crate) pin_key: Option<String>,
    /// A second source that must announce the same executable.
    pub(crate) cross_check: Option<String>,
    /// The hosts that may be asked over plain HTTP.
    pub(crate) allow_http: Vec<String>,
    /// Who is asked about tool calls.
    pub(crate) approve: Approver,
    /// Who hears of the end of a run and of its questions.
    pub(crate) notify: Vec<Notifier>,
    pub(crate) sandbox: SandboxSettings,
    /// What every place said.
    pub(crate) places: Places,
}

/// What the agent and its tools may reach.
#[derive(Debug)]
pub(crate) struct SandboxSettings {
    pub(crate) mode: SandboxMode,
    pub(crate) hosts: Vec<HostRule>,
    pub(crate) readable: Vec<PathBuf>,
    pub(crate) writable: Vec<PathBuf>,
    pub(crate) variables: Vec<String>,
    /// How much they may use, the strongest word first.
    pub(crate) limits: Vec<ResourceLimit>,
    /// The first flag that says something about it.
    pub(crate) flag: Option<&'static str>,
}

impl Settings {
    /// Asks every place for a command that takes no other option than which Amp it is about.
    ///
    /// # Errors
    /// As for [`resolve`](Self::resolve).
    pub(crate) fn about(
        amp: Option<PathBuf>,
        global: &GlobalArguments,
        context: &Context,
    ) -> Result<Self, Failure> {
        let flags = Layer {
            amp,
            ..Layer::default()
        };
        Self::resolve(flags, global, context)
    }

    /// Asks every place below the given flags.
    ///
    /// # Errors
    /// Fails when a variable or a file cannot be understood.
    pub(crate) fn resolve(
        flags: Layer,
        global: &GlobalArguments,
        context: &Context,
    ) -> Result<Self, Failure> {
        let flag_of_sandbox = flags.first_of_sandbox();
        let files = Files::find(global.config.as_deref(), context)?;
        let places = Places::read(flags, &files, global, context)?;
        let layer = places.together();
        Ok(Self {
            deadlines: deadlines(&layer),
            caps: caps(&layer),
            retry: retry(&layer),
            // An empty one lifts that of a weaker place.
            check: layer.check.filter(|command| !command.trim().is_empty()),
            attempts: layer.attempts.unwrap_or(NonZeroU32::MIN),
            confirm_end: layer.confirm_end.unwrap_or_default(),
            amp: AmpChoice::of_strongest(places.iter()),
            mode: layer.mode,
            effort: layer.effort,
            visibility: layer.visibility,
            labels: layer.labels.unwrap_or_default(),
            output: layer.output.unwrap_or_default(),
            thinking: layer.thinking.unwrap_or_default(),
            color: layer.color.unwrap_or_default(),
            progress: layer.progress.unwrap_or(true),
            record: layer.record.unwrap_or(true),
            snapshots: layer.snapshots.unwrap_or(true),
            update_notice: layer.update_notice.unwrap_or(true),
            ignored_project: files.foreign_project,
            version: layer.version,
            sources: layer.sources.unwrap_or_default(),
            install: layer.install,
            pin_key: layer.pin_key,
            cross_check: layer.cross_check,
            allow_http: layer.allow_http.unwrap_or_default(),
            approve: layer.approve.unwrap_or_default(),
            notify: layer.notify.unwrap_or_default(),
            sandbox: SandboxSettings {
                mode: layer.sandbox.unwrap_or_default(),
                hosts: layer.allow_host,
                readable: layer.allow_read,
                writable: layer.allow_write,
                variables: layer.allow_env,
                limits: layer.limit,
                flag: flag_of_sandbox,
            },
            places,
        })
    }

    /// Returns the lock file of the project, if it has one.
    pub(crate) fn lock(&self) -> Option<&LockFile> {
        self.places.lock()
    }

    /// Returns whether it is the lock file that says which version.
    pub(crate) fn is_version_locked(&self) -> bool {
        matches!(self.places.origin(&VERSION), Origin::LockFile { .. })
    }

    /// Asks every place for a command without options of its own.
    ///
    /// # Errors
    /// Fails when a variable or a file cannot be understood.
    pub(crate) fn of(global: &GlobalArguments, context: &Context) -> Result<Self, Failure> {
        Self::resolve(Layer::default(), global, context)
    }

    /// Returns when to use colours, from all places that may say it.
    ///
    /// Errors have to be shown when these places cannot be read as well: then the flag alone counts.
    pub(crate) fn color_or_flag(global: &GlobalArguments, context: &Context) -> ColorChoice {
        let flag = global.color.unwrap_or_default();
        Self::of(global, context).map_or(flag, |settings| settings.color)
    }
}

/// Returns the deadlines of a run.
///
/// An agent may work for days, so the whole turn has no limit unless one is asked for; but an Amp
/// that says nothing at all hangs, as every version of 2026 does when the service accepts a
/// connection and stays silent.
fn deadlines(layer: &Layer) -> Deadlines {
    let limit = |asked: Option<Limit>| asked.and_then(Limit::duration);
    default_deadlines()
        .with_total(limit(layer.timeout))
        .with_idle(limit(layer.idle_timeout))
        .with_startup(limit(layer.startup_timeout))
}

/// Returns the most that a turn may use.
fn caps(layer: &Layer) -> Caps {
    let most = |asked: Option<Amount>| asked.and_then(|Amount(most)| most);
    let mut caps = Caps::default();
    caps.tokens = most(layer.max_tokens);
    caps.tool_calls = most(layer.max_tool_calls);
    caps.messages = most(layer.max_turns);
    caps
}

/// Returns how often, and for how long, a run goes on after the service's limits.
///
/// Each of the two settings alone asks for it; no try, or no wait, asks for none.
fn retry(layer: &Layer) -> Option<Retry> {
    let mut retry = Retry::default();
    match (layer.retry, layer.wait_for_limits) {
        (Some(0), _) | (_, Some(Limit::Never)) | (None, None) => return None,
        (tries, wait) => {
            retry.tries = tries;
            if let Some(Limit::After(waiting)) = wait {
                retry.waiting = waiting;
            }
        }
    }
    Some(retry)
}

impl From<&AgentArguments> for Layer {
    fn from(arguments: &AgentArguments) -> Self {
        let work = &arguments.work;
        Self {
            amp: work.amp.clone(),
            mode: work.mode.clone(),
            effort: work.effort.clone(),
            visibility: work.visibility.clone(),
            labels: (!work.labels.is_empty()).then(|| work.labels.clone()),
            output: arguments.output,
            thinking: arguments.thinking.then_some(true),
            timeout: work.timeout,
            idle_timeout: work.idle_timeout,
            startup_timeout: work.startup_timeout,
            max_tokens: work.max_tokens,
            max_tool_calls: work.max_tool_calls,
            max_turns: work.max_turns,
            retry: work.retry,
            wait_for_limits: work.wait_for_limits,
            check: arguments.check.clone(),
            attempts: work.attempts,
            confirm_end: arguments.confirm_end.then_some(true),
            record: arguments.no_record.then_some(false),
            snapshots: arguments.no_snapshots.then_some(false),
            install: arguments.install.then_some(true),
            approve: arguments.approve.clone(),
            notify: (!arguments.notify.is_empty()).then(|| arguments.notify.clone()),
            ..Self::of_sandbox(&work.sandbox)
        }
    }
}

#[cfg(test)]
mod tests;
