//! One place that may say something about each option.

use std::path::PathBuf;

use amp_bootstrap::VersionSpec;
use amp_session::process::sandbox::HostRule;
use serde::{Deserialize, Deserializer};

use super::Limit;
use crate::arguments::{Allowances, GlobalArguments, OutputFormat, SandboxArguments, SandboxMode};
use crate::style::ColorChoice;

/// Holds what one place says; `None` leaves the word to the next.
///
/// Its fields are the keys of the configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Layer {
    pub(crate) amp: Option<PathBuf>,
    pub(crate) mode: Option<String>,
    pub(crate) effort: Option<String>,
    pub(crate) visibility: Option<String>,
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) output: Option<OutputFormat>,
    pub(crate) thinking: Option<bool>,
    pub(crate) timeout: Option<Limit>,
    pub(crate) idle_timeout: Option<Limit>,
    pub(crate) startup_timeout: Option<Limit>,
    pub(crate) color: Option<ColorChoice>,
    pub(crate) progress: Option<bool>,
    pub(crate) record: Option<bool>,
    #[serde(deserialize_with = "version")]
    pub(crate) version: Option<VersionSpec>,
    pub(crate) sources: Option<Vec<String>>,
    pub(crate) sandbox: Option<SandboxMode>,
    #[serde(deserialize_with = "rules")]
    pub(crate) allow_host: Vec<HostRule>,
    pub(crate) allow_read: Vec<PathBuf>,
    pub(crate) allow_write: Vec<PathBuf>,
    pub(crate) allow_env: Vec<String>,
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VersionSpec>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HostRule>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let rules = texts.iter().map(|text| text.parse());
    rules
        .collect::<Result<_, _>>()
        .map_err(serde::de::Error::custom)
}

/// What is allowed adds up: each place may allow more.
fn both<T>(mut stronger: Vec<T>, weaker: Vec<T>) -> Vec<T> {
    stronger.extend(weaker);
    stronger
}

impl Layer {
    /// Returns what the options of a sandbox say.
    pub(crate) fn of_sandbox(arguments: &SandboxArguments) -> Self {
        let Allowances {
            hosts,
            readable,
            writable,
            variables,
        } = arguments.allowances.clone();
        Self {
            sandbox: arguments.sandbox,
            allow_host: hosts,
            allow_read: readable,
            allow_write: writable,
            allow_env: variables,
            ..Self::default()
        }
    }

    /// Returns what this place says, and what the lower one says where this one is silent.
    pub(crate) fn over(self, lower: Self) -> Self {
        Self {
            amp: self.amp.or(lower.amp),
            mode: self.mode.or(lower.mode),
            effort: self.effort.or(lower.effort),
            visibility: self.visibility.or(lower.visibility),
            labels: self.labels.or(lower.labels),
            output: self.output.or(lower.output),
            thinking: self.thinking.or(lower.thinking),
            timeout: self.timeout.or(lower.timeout),
            idle_timeout: self.idle_timeout.or(lower.idle_timeout),
            startup_timeout: self.startup_timeout.or(lower.startup_timeout),
            color: self.color.or(lower.color),
            progress: self.progress.or(lower.progress),
            record: self.record.or(lower.record),
            version: self.version.or(lower.version),
            sources: self.sources.or(lower.sources),
            sandbox: self.sandbox.or(lower.sandbox),
            allow_host: both(self.allow_host, lower.allow_host),
            allow_read: both(self.allow_read, lower.allow_read),
            allow_write: both(self.allow_write, lower.allow_write),
            allow_env: both(self.allow_env, lower.allow_env),
        }
    }

    /// Returns the flag of the first thing that is allowed in a sandbox.
    pub(super) fn first_allowance(&self) -> Option<&'static str> {
        [
            ("--allow-host", self.allow_host.is_empty()),
            ("--allow-read", self.allow_read.is_empty()),
            ("--allow-write", self.allow_write.is_empty()),
            ("--allow-env", self.allow_env.is_empty()),
        ]
        .into_iter()
        .find_map(|(flag, empty)| (!empty).then_some(flag))
    }

    /// Returns what the options of every command say.
    pub(super) fn of_global_arguments(global: &GlobalArguments) -> Self {
        Self {
            color: global.color,
            progress: (global.no_progress || global.quiet).then_some(false),
            output: global.json.then_some(OutputFormat::Json),
            ..Self::default()
        }
    }

    /// Returns the first key a project file may not set.
    ///
    /// A project file arrives with a clone; it must not choose the program that runs, where that
    /// comes from, what it may reach, or who sees the conversation.
    pub(super) fn key_reserved_for_user(&self) -> Option<&'static str> {
        [
            ("amp", self.amp.is_some()),
            ("visibility", self.visibility.is_some()),
            ("record", self.record.is_some()),
            ("version", self.version.is_some()),
            ("sources", self.sources.is_some()),
            ("sandbox", self.sandbox.is_some()),
            ("allow-host", !self.allow_host.is_empty()),
            ("allow-read", !self.allow_read.is_empty()),
            ("allow-write", !self.allow_write.is_empty()),
            ("allow-env", !self.allow_env.is_empty()),
        ]
        .into_iter()
        .find_map(|(key, set)| set.then_some(key))
    }
}
