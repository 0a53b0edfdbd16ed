//! One settings file: whose it is, where, what became of reading it, and what it sets.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::jsonc::{self, Unread};
use crate::ordinary_file;

/// What the names of settings begin with; Amp ignores other keys silently.
const PREFIX: &str = "amp.";

/// One settings file that Amp would look at, and what was found there.
///
/// Only the names of settings are shown and serialised, never their values: they hold secrets.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SettingsFile {
    /// Whose settings they are.
    pub scope: SettingsScope,
    /// Where the file is or would be.
    pub path: PathBuf,
    /// What was found.
    pub state: SettingsState,
    /// The keys in it that start with `amp.`, sorted.
    pub keys: Vec<String>,
    #[serde(skip)]
    values: Map<String, Value>,
    #[serde(skip)]
    trailing_comma: bool,
}

/// Whose settings a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SettingsScope {
    /// The administrator's; not reported by `amp permissions`, but enforced in runs.
    Managed,
    /// The repository's: they outrank the user's, whoever wrote them.
    Workspace,
    /// The user's, or the file that stands in for it.
    User,
}

impl SettingsScope {
    /// Returns the scope in a word, such as `workspace`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Workspace => "workspace",
            Self::User => "user",
        }
    }
}

/// What was found at the place of a settings file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
#[non_exhaustive]
pub enum SettingsState {
    /// Amp reads it, and so did we.
    Used,
    /// Amp reads another file of the same scope instead.
    Shadowed,
    /// There is no file.
    Absent,
    /// It cannot be read; Amp fails at a file of the user or the workspace like this.
    Unreadable(String),
    /// It is not valid; Amp refuses to start with such a file of the user or the workspace, and
    /// reads what it can of an administrator's (build of 2026-05-04).
    Invalid(String),
    /// Amp may read it, and we cannot tell what it reads: it holds what only JavaScript can, or
    /// it is no ordinary file, or too large.
    Unclear(String),
}

impl SettingsState {
    /// Tells whether what the file sets is known; if not, a question of control is answered with
    /// a refusal, never with "nothing is set".
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.doubt().is_none()
    }

    /// Returns why it is not known what the file sets.
    #[must_use]
    pub fn doubt(&self) -> Option<&str> {
        match self {
            Self::Used | Self::Shadowed | Self::Absent => None,
            Self::Unreadable(reason) | Self::Invalid(reason) | Self::Unclear(reason) => {
                Some(reason)
            }
        }
    }
}

impl SettingsFile {
    /// Reads a file as Amp does.
    pub(super) fn read(scope: SettingsScope, path: PathBuf) -> Self {
        let mut file = Self {
            scope,
            state: SettingsState::Used,
            keys: Vec::new(),
            values: Map::new(),
            trailing_comma: false,
            path,
        };
        match content(&file.path).and_then(|bytes| Ok(jsonc::parse(&bytes)?)) {
            Ok(parsed) => {
                let own = |key: &&String| key.starts_with(PREFIX);
                file.keys = parsed.values.keys().filter(own).cloned().collect();
                file.keys.sort();
                file.values = parsed.values;
                file.trailing_comma = parsed.trailing_comma;
            }
            Err(state) => file.state = state,
        }
        file
    }

    /// Returns the file as one that Amp does not look into.
    pub(super) fn shadowed(self) -> Self {
        self.unread(SettingsState::Shadowed)
    }

    /// Returns the file as a build sees it that takes no comma in front of a closing bracket.
    pub(super) fn without_trailing_commas(self) -> Self {
        if self.trailing_comma && self.state == SettingsState::Used {
            let reason = "a comma stands in front of a closing bracket".to_owned();
            return self.unread(SettingsState::Invalid(reason));
        }
        self
    }

    fn unread(self, state: SettingsState) -> Self {
        Self {
            state,
            keys: Vec::new(),
            values: Map::new(),
            ..self
        }
    }

    /// Returns a setting by its full key, such as `amp.permissions`.
    ///
    /// Ask [`SettingsState::is_known`] first: a file that could not be read sets nothing here.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// Returns everything the file sets, keys that Amp ignores included.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.values
    }
}

impl fmt::Debug for SettingsFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SettingsFile")
            .field("scope", &self.scope)
            .field("path", &self.path)
            .field("state", &self.state)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// Returns what a file of the same form as the settings sets; `None` when that is not known.
pub(crate) fn values_of_file(path: PathBuf) -> Option<Map<String, Value>> {
    let file = SettingsFile::read(SettingsScope::User, path);
    file.state.is_known().then_some(file.values)
}

/// Returns what a text sets that stands in a settings file.
///
/// # Errors
/// Returns why it is not known what Amp reads in it.
pub(crate) fn values_of_text(text: &str) -> Result<Map<String, Value>, String> {
    match jsonc::parse(text.as_bytes()) {
        Ok(parsed) => Ok(parsed.values),
        Err(Unread::Invalid(reason) | Unread::Unclear(reason)) => Err(reason),
    }
}

/// Returns what a file holds, or the state of one that cannot be read.
fn content(path: &Path) -> Result<Vec<u8>, SettingsState> {
    ordinary_file::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SettingsState::Absent,
        io::ErrorKind::Unsupported | io::ErrorKind::FileTooLarge => {
            SettingsState::Unclear(error.to_string())
        }
        _ => SettingsState::Unreadable(error.to_string()),
    })
}

impl From<Unread> for SettingsState {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Invalid(reason) => Self::Invalid(reason),
            Unread::Unclear(reason) => Self::Unclear(reason),
        }
    }
}
