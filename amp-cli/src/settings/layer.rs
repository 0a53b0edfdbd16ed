//! One place that may say something about each option.

use std::path::PathBuf;

use amp_bootstrap::VersionSpec;
use serde::{Deserialize, Deserializer};

use super::Limit;
use crate::arguments::{GlobalArguments, OutputFormat};
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
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VersionSpec>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

impl Layer {
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
        }
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
    /// comes from, or who sees the conversation.
    pub(super) fn key_reserved_for_user(&self) -> Option<&'static str> {
        [
            ("amp", self.amp.is_some()),
            ("visibility", self.visibility.is_some()),
            ("record", self.record.is_some()),
            ("version", self.version.is_some()),
            ("sources", self.sources.is_some()),
        ]
        .into_iter()
        .find_map(|(key, set)| set.then_some(key))
    }
}
