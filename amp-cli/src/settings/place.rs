//! The places that may say something about a setting, and what they say together.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::key::{self, Key};
use super::{Files, Layer, LockFile, environment};
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::failure::Failure;

/// A kind of place.
#[derive(Debug)]
pub(super) enum Place {
    Flags,
    Environment,
    LockFile(LockFile),
    ProjectFile(PathBuf),
    UserFile(PathBuf),
    Defaults,
}

/// A place as the one that has set a certain key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Origin {
    Flag { name: &'static str },
    Variable { name: &'static str },
    LockFile { path: PathBuf },
    ProjectFile { path: PathBuf, key: &'static str },
    UserFile { path: PathBuf, key: &'static str },
    Default,
}

/// What every place says, the strongest first.
#[derive(Debug)]
pub(crate) struct Places([(Layer, Place); 6]);

/// A setting with its value, and the place that it comes from.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    /// `null` where no place says anything and Amp or its publisher decides.
    pub(crate) value: Value,
    pub(crate) from: Origin,
}

impl Place {
    /// Returns the lock file, if it is one.
    pub(super) fn lock(&self) -> Option<&LockFile> {
        match self {
            Self::LockFile(lock) => Some(lock),
            _ => None,
        }
    }

    pub(super) fn origin(&self, key: &Key) -> Origin {
        let (path, key) = match self {
            Self::Flags => return Origin::Flag { name: key.flag },
            Self::Environment => {
                let name = key.variable.unwrap_or_default();
                return Origin::Variable { name };
            }
            Self::Defaults => return Origin::Default,
            Self::LockFile(lock) => {
                let path = lock.path.clone();
                return Origin::LockFile { path };
            }
            Self::ProjectFile(path) | Self::UserFile(path) => (path.clone(), key.name),
        };
        match self {
            Self::ProjectFile(_) => Origin::ProjectFile { path, key },
            _ => Origin::UserFile { path, key },
        }
    }
}

impl Places {
    /// Asks every place below the given flags.
    ///
    /// # Errors
    /// Fails when a variable or a file cannot be understood.
    pub(super) fn read(
        flags: Layer,
        files: &Files,
        global: &GlobalArguments,
        context: &Context,
    ) -> Result<Self, Failure> {
        let path = |path: &Option<PathBuf>| path.clone().unwrap_or_default();
        Ok(Self([
            (flags.over(Layer::of_global_arguments(global)), Place::Flags),
            (environment::layer(context)?, Place::Environment),
            match LockFile::find(context)? {
                Some(lock) => (lock.layer(), Place::LockFile(lock)),
                None => (Layer::default(), Place::Defaults),
            },
            (
                files.project_layer()?,
                Place::ProjectFile(path(&files.project)),
            ),
            (files.user_layer()?, Place::UserFile(path(&files.user))),
            (Layer::of_defaults(), Place::Defaults),
        ]))
    }

    /// Returns the lock file, if there is one.
    pub(super) fn lock(&self) -> Option<&LockFile> {
        self.0.iter().find_map(|(_, place)| place.lock())
    }

    /// Returns the places, the strongest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Layer, &Place)> {
        self.0.iter().map(|(layer, place)| (layer, place))
    }

    /// Returns what they say together.
    pub(super) fn together(&self) -> Layer {
        let layers = self.0.iter().map(|(layer, _)| layer.clone());
        layers.reduce(Layer::over).unwrap_or_default()
    }

    /// Returns the strongest place that says something about a setting.
    pub(crate) fn origin(&self, key: &Key) -> Origin {
        let says = |(layer, _): &(&Layer, &Place)| layer.value(key).is_some();
        let strongest = self.iter().find(says);
        strongest.map_or(Origin::Default, |(_, place)| place.origin(key))
    }

    /// Returns every setting with its value; one whose places add up is there once for each.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let of_key = |key: &&'static Key| {
            let said = self
                .iter()
                .filter_map(|(layer, place)| Some((layer.value(key)?, place.origin(key))));
            let most = if key.adds_up { usize::MAX } else { 1 };
            let mut said: Vec<_> = said.take(most).collect();
            if said.is_empty() {
                let nothing = if key.adds_up {
                    Value::Array(Vec::new())
                } else {
                    Value::Null
                };
                said.push((nothing, Origin::Default));
            }
            let name = key.name;
            let setting = move |(value, from)| Setting {
                key: name,
                value,
                from,
            };
            said.into_iter().map(setting)
        };
        key::ALL.iter().flat_map(of_key).collect()
    }
}

/// Names the place as the subject of a sentence: "AMPCTL_VERSION asks for …".
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag { name } | Self::Variable { name } => formatter.write_str(name),
            Self::ProjectFile { path, key } | Self::UserFile { path, key } => {
                write!(formatter, "`{key}` in {}", path.display())
            }
            Self::LockFile { path } => path.display().fmt(formatter),
            Self::Default => formatter.write_str("the default"),
        }
    }
}
