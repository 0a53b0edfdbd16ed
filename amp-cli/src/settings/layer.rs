//! One place that may say something about each option.

use std::num::NonZeroU32;
use std::path::PathBuf;

use amp_bootstrap::{Source, VersionSpec};
use amp_session::default_deadlines;
use amp_session::process::sandbox::HostRule;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::key::{self, Key};
use crate::arguments::{
    Allowances, Amount, Approver, GlobalArguments, Limit, Notifier, OutputFormat, ResourceLimit,
    SandboxArguments, SandboxMode,
};
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
    pub(crate) max_tokens: Option<Amount>,
    pub(crate) max_tool_calls: Option<Amount>,
    pub(crate) max_turns: Option<Amount>,
    pub(crate) retry: Option<u32>,
    pub(crate) wait_for_limits: Option<Limit>,
    pub(crate) check: Option<String>,
    pub(crate) attempts: Option<NonZeroU32>,
    pub(crate) confirm_end: Option<bool>,
    pub(crate) color: Option<ColorChoice>,
    pub(crate) progress: Option<bool>,
    pub(crate) record: Option<bool>,
    pub(crate) snapshots: Option<bool>,
    pub(crate) update_notice: Option<bool>,
    #[serde(deserialize_with = "version")]
    pub(crate) version: Option<VersionSpec>,
    pub(crate) sources: Option<Vec<String>>,
    pub(crate) install: Option<bool>,
    pub(crate) pin_key: Option<String>,
    pub(crate) cross_check: Option<String>,
    pub(crate) allow_http: Option<Vec<String>>,
    pub(crate) approve: Option<Approver>,
    pub(crate) notify: Option<Vec<Notifier>>,
    pub(crate) sandbox: Option<SandboxMode>,
    #[serde(deserialize_with = "rules")]
    pub(crate) allow_host: Vec<HostRule>,
    pub(crate) allow_read: Vec<PathBuf>,
    pub(crate) allow_write: Vec<PathBuf>,
    pub(crate) allow_env: Vec<String>,
    pub(crate) limit: Vec<ResourceLimit>,
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

/// What is allowed adds up, because each place may allow more; what is limited has the stronger
/// word first.
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
            limits,
        } = arguments.allowances.clone();
        Self {
            sandbox: arguments.sandbox,
            allow_host: hosts,
            allow_read: readable,
            allow_write: writable,
            allow_env: variables,
            limit: limits,
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
            max_tokens: self.max_tokens.or(lower.max_tokens),
            max_tool_calls: self.max_tool_calls.or(lower.max_tool_calls),
            max_turns: self.max_turns.or(lower.max_turns),
            retry: self.retry.or(lower.retry),
            wait_for_limits: self.wait_for_limits.or(lower.wait_for_limits),
            check: self.check.or(lower.check),
            attempts: self.attempts.or(lower.attempts),
            confirm_end: self.confirm_end.or(lower.confirm_end),
            color: self.color.or(lower.color),
            progress: self.progress.or(lower.progress),
            record: self.record.or(lower.record),
            snapshots: self.snapshots.or(lower.snapshots),
            update_notice: self.update_notice.or(lower.update_notice),
            version: self.version.or(lower.version),
            sources: self.sources.or(lower.sources),
            install: self.install.or(lower.install),
            pin_key: self.pin_key.or(lower.pin_key),
            cross_check: self.cross_check.or(lower.cross_check),
            allow_http: self.allow_http.or(lower.allow_http),
            approve: self.approve.or(lower.approve),
            notify: self.notify.or(lower.notify),
            sandbox: self.sandbox.or(lower.sandbox),
            allow_host: both(self.allow_host, lower.allow_host),
            allow_read: both(self.allow_read, lower.allow_read),
            allow_write: both(self.allow_write, lower.allow_write),
            allow_env: both(self.allow_env, lower.allow_env),
            limit: both(self.limit, lower.limit),
        }
    }

    /// Returns the first flag that says something about a sandbox.
    pub(super) fn first_of_sandbox(&self) -> Option<&'static str> {
        let mut of_sandbox = key::ALL.iter().filter(|key| key.adds_up);
        Some(of_sandbox.find(|key| self.value(key).is_some())?.flag)
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

    /// Returns what holds where nobody says anything.
    pub(super) fn of_defaults() -> Self {
        let deadlines = default_deadlines();
        Self {
            labels: Some(Vec::new()),
            output: Some(OutputFormat::default()),
            thinking: Some(false),
            timeout: Some(deadlines.total.into()),
            idle_timeout: Some(deadlines.idle.into()),
            startup_timeout: Some(deadlines.startup.into()),
            max_tokens: Some(Amount(None)),
            max_tool_calls: Some(Amount(None)),
            max_turns: Some(Amount(None)),
            attempts: Some(NonZeroU32::MIN),
            confirm_end: Some(false),
            color: Some(ColorChoice::default()),
            progress: Some(true),
            record: Some(true),
            snapshots: Some(true),
            update_notice: Some(true),
            approve: Some(Approver::default()),
            notify: Some(Vec::new()),
            sandbox: Some(SandboxMode::default()),
            ..Self::default()
        }
    }

    /// Returns the first key a project file may not set.
    pub(super) fn key_reserved_for_user(&self) -> Option<&'static str> {
        let mut reserved = key::ALL.iter().filter(|key| key.is_reserved_for_user);
        Some(reserved.find(|key| self.value(key).is_some())?.name)
    }

    /// Returns what this place says about one setting, if anything; without the credentials of an
    /// address.
    pub(super) fn value(&self, key: &Key) -> Option<Value> {
        let path = |path: &PathBuf| Value::from(path.to_string_lossy());
        let list = |values: Vec<Value>| (!values.is_empty()).then_some(Value::Array(values));
        let paths = |paths: &[PathBuf]| list(paths.iter().map(path).collect());
        match *key {
            key::AMP => self.amp.as_ref().map(path),
            key::MODE => self.mode.clone().map(Value::from),
            key::EFFORT => self.effort.clone().map(Value::from),
            key::VISIBILITY => self.visibility.clone().map(Value::from),
            key::LABELS => self.labels.clone().map(Value::from),
            key::OUTPUT => self.output.map(|output| json!(output)),
            key::THINKING => self.thinking.map(Value::from),
            key::TIMEOUT => self.timeout.as_ref().map(text),
            key::IDLE_TIMEOUT => self.idle_timeout.as_ref().map(text),
            key::STARTUP_TIMEOUT => self.startup_timeout.as_ref().map(text),
            key::MAX_TOKENS => self.max_tokens.as_ref().map(text),
            key::MAX_TOOL_CALLS => self.max_tool_calls.as_ref().map(text),
            key::MAX_TURNS => self.max_turns.as_ref().map(text),
            key::RETRY => self.retry.map(Value::from),
            key::WAIT_FOR_LIMITS => self.wait_for_limits.as_ref().map(text),
            key::CHECK => self.check.clone().map(Value::from),
            key::ATTEMPTS => self.attempts.map(|attempts| attempts.get().into()),
            key::CONFIRM_END => self.confirm_end.map(Value::from),
            key::COLOR => self.color.map(|color| json!(color)),
            key::PROGRESS => self.progress.map(Value::from),
            key::RECORD => self.record.map(Value::from),
            key::SNAPSHOTS => self.snapshots.map(Value::from),
            key::UPDATE_NOTICE => self.update_notice.map(Value::from),
            key::VERSION => self.version.as_ref().map(text),
            key::SOURCES => {
                let sources = self.sources.as_ref()?.iter();
                Some(sources.map(|source| without_credentials(source)).collect())
            }
            key::INSTALL => self.install.map(Value::from),
            key::PIN_KEY => self.pin_key.clone().map(Value::from),
            key::CROSS_CHECK => {
                let source = self.cross_check.as_deref()?;
                Some(without_credentials(source).into())
            }
            key::ALLOW_HTTP => self.allow_http.clone().map(Value::from),
            key::APPROVE => self.approve.as_ref().map(text),
            key::NOTIFY => {
                let notifiers = self.notify.as_ref()?.iter();
                Some(Value::Array(notifiers.map(text).collect()))
            }
            key::SANDBOX => self.sandbox.map(|sandbox| json!(sandbox)),
            key::ALLOW_HOST => list(self.allow_host.iter().map(text).collect()),
            key::ALLOW_READ => paths(&self.allow_read),
            key::ALLOW_WRITE => paths(&self.allow_write),
            key::ALLOW_ENV => list(self.allow_env.iter().map(text).collect()),
            key::LIMIT => list(self.limit.iter().map(text).collect()),
            _ => None,
        }
    }
}

fn text(value: &impl ToString) -> Value {
    Value::String(value.to_string())
}

/// Returns a source as it may be shown.
fn without_credentials(source: &str) -> String {
    match source.parse::<Source>() {
        Ok(source) => source.to_string(),
        Err(_) if source.contains("://") => "an address that cannot be used".to_owned(),
        // A folder below the current one.
        Err(_) => source.to_owned(),
    }
}
