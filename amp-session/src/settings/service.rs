//! Which service the key goes to: the one that the user named, never one that a project names.
//!
//! Every build tried (2026-01-08 to 2026-09-23) honours `amp.url` of the workspace and sends it the
//! key of `AMP_API_KEY`; `AMP_URL` in the environment outranks it. So every run gets `AMP_URL`.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};

use super::effective::Effective;
use super::file::SettingsScope;
use crate::environment::{self, Environment};

/// The service that every build talks to unless it is told otherwise.
pub const DEFAULT_SERVICE_URL: &str = "https://ampcode.com/";

/// The setting that names a service.
const SETTING: &str = "amp.url";

/// The service of a run, and who named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServiceAddress {
    /// The address, verbatim.
    pub url: String,
    /// Who named it.
    pub named_by: NamedBy,
    /// The service that the project names instead, which gets neither key nor prompt.
    pub refused: Option<RefusedService>,
}

/// Who named a service; the first of these wins over the later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NamedBy {
    /// The administrator, in `amp.url` of the managed settings, which outranks the variable in the
    /// builds of 2026-05-04 and 2026-09-23.
    Administrator,
    /// The variable `AMP_URL`.
    Variable,
    /// Whoever starts the run, in the settings that it adds.
    Run,
    /// The user, in `amp.url` of the own settings or of the file that stands in for them.
    User,
    /// Nobody: it is the service that every build talks to.
    Default,
}

/// A service that the settings of a project name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RefusedService {
    /// The settings file.
    pub path: PathBuf,
    /// The address in it; `None` when it cannot be told whether the file names one.
    pub url: Option<String>,
}

impl ServiceAddress {
    /// Returns the service of a run that adds settings of its own, which come before the user's.
    pub(crate) fn with_settings_of_run(mut self, settings: &Map<String, Value>) -> Self {
        let named = settings.get(SETTING).and_then(address);
        if let (Some(url), NamedBy::User | NamedBy::Default) = (named, self.named_by) {
            url.clone_into(&mut self.url);
            self.named_by = NamedBy::Run;
            self.refused = self
                .refused
                .filter(|other| other.url.as_deref() != Some(url));
        }
        self
    }
}

impl Effective {
    /// Returns the service that a run with this environment talks to.
    #[must_use]
    pub fn service(&self, environment: &Environment) -> ServiceAddress {
        let named = |scope| self.of(scope).find_map(|file| address(file.get(SETTING)?));
        let (url, named_by) = if let Some(url) = named(SettingsScope::Managed) {
            (url, NamedBy::Administrator)
        } else if let Some(url) = environment::text(environment, "AMP_URL") {
            (url, NamedBy::Variable)
        } else if let Some(url) = named(SettingsScope::User) {
            (url, NamedBy::User)
        } else {
            (DEFAULT_SERVICE_URL, NamedBy::Default)
        };
        let refused = self.of(SettingsScope::Workspace).find_map(|file| {
            let other = file.get(SETTING).and_then(address);
            let is_other = other.is_some_and(|other| other != url) || !file.state.is_known();
            is_other.then(|| RefusedService {
                path: file.path.clone(),
                url: other.map(str::to_owned),
            })
        });
        ServiceAddress {
            url: url.to_owned(),
            named_by,
            refused,
        }
    }

    /// Tells whether the user keeps keys in the operating system's store.
    ///
    /// Every build has the setting: those of 2026-07-15 and 2026-09-23, started with it, moved the
    /// keys of their file to that store and did not read the file. It counts with any value that is
    /// true in JavaScript, and in the user's file alone (build of 2026-05-04).
    pub(crate) fn native_store(&self) -> bool {
        const SETTING: &str = "amp.experimental.cli.nativeSecretsStorage.enabled";
        let value = self.user().and_then(|file| file.get(SETTING));
        value.is_some_and(|value| match value {
            Value::Null => false,
            Value::Bool(enabled) => *enabled,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(_) | Value::Object(_) => true,
        })
    }
}

/// Returns an address as Amp takes it; an empty one counts as none.
fn address(value: &Value) -> Option<&str> {
    value.as_str().filter(|url| !url.is_empty())
}
