//! Which Amp the settings choose, and who said so.

use std::fmt;
use std::path::PathBuf;

use amp_bootstrap::{EXECUTABLE_VARIABLE, VersionSpec};

use super::Layer;

/// The variable that pins the version.
pub(super) const VERSION_VARIABLE: &str = "AMPCTL_VERSION";

/// Holds which Amp is to run.
///
/// The strongest place that names an executable or a version decides alone; where one place names
/// both, the executable counts and the version is for `ampctl install`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AmpChoice {
    /// Nobody chose: the first that is found.
    Found,
    /// The executable at this path.
    Executable { path: PathBuf, by: Origin },
    /// A version of the store.
    Version { version: VersionSpec, by: Origin },
}

/// Represents a place that says something about an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    File { path: PathBuf, key: &'static str },
}

/// Represents a kind of place, from the strongest to the weakest.
pub(super) enum Place {
    Flags,
    Environment,
    File(PathBuf),
}

impl AmpChoice {
    /// Takes the word of the strongest of several places that says anything.
    pub(super) fn of_strongest<'a>(
        places: impl IntoIterator<Item = (&'a Layer, &'a Place)>,
    ) -> Self {
        let mut choices = places
            .into_iter()
            .filter_map(|(layer, place)| Self::of(layer, place));
        choices.next().unwrap_or(Self::Found)
    }

    fn of(layer: &Layer, place: &Place) -> Option<Self> {
        match (&layer.amp, &layer.version) {
            (Some(path), _) => Some(Self::Executable {
                path: path.clone(),
                by: place.origin("--amp", EXECUTABLE_VARIABLE, "amp"),
            }),
            // The newest in the store is found first anyway, and is not all that there may be.
            (None, Some(VersionSpec::Latest)) => Some(Self::Found),
            (None, Some(version)) => Some(Self::Version {
                version: version.clone(),
                by: place.origin("the version given", VERSION_VARIABLE, "version"),
            }),
            (None, None) => None,
        }
    }
}

impl Place {
    fn origin(&self, flag: &'static str, variable: &'static str, key: &'static str) -> Origin {
        match self {
            Self::Flags => Origin::Flag(flag),
            Self::Environment => Origin::Variable(variable),
            Self::File(path) => Origin::File {
                path: path.clone(),
                key,
            },
        }
    }
}

/// Names the place as the subject of a sentence: "AMPCTL_VERSION asks for …".
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => formatter.write_str(name),
            Self::File { path, key } => write!(formatter, "`{key}` in {}", path.display()),
        }
    }
}
