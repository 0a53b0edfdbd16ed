//! Which Amp the settings choose, and who said so.

use std::path::PathBuf;

use amp_bootstrap::VersionSpec;

use super::place::{Origin, Place};
use super::{Layer, LockFile, key};

/// Holds which Amp is to run.
///
/// The strongest place that names an executable or a version decides alone; where one place names
/// both, the executable counts and the version is for `ampctl install`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AmpChoice {
    /// No place chooses: the first that is found.
    Found,
    /// The executable at this path.
    Executable { path: PathBuf, by: Origin },
    /// A version of the store.
    Version {
        version: VersionSpec,
        by: Origin,
        /// The file that demands a digest as well.
        lock: Option<LockFile>,
    },
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
                by: place.origin(&key::AMP),
            }),
            // The newest in the store is found first anyway, and is not all that there may be.
            (None, Some(VersionSpec::Latest)) => Some(Self::Found),
            (None, Some(version)) => Some(Self::Version {
                version: version.clone(),
                by: place.origin(&key::VERSION),
                lock: place.lock().cloned(),
            }),
            (None, None) => None,
        }
    }
}
