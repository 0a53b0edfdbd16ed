//! Which registries sign what they have, and from which repository it was built: one that did may
//! not stop without a word.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::latest::short_digest;
use super::{Store, staging};
use crate::error::Result;

#[derive(Serialize, Deserialize)]
struct Signs {
    source: String,
}

#[derive(Serialize, Deserialize)]
struct Proves {
    source: String,
    repository: String,
}

impl Store {
    /// Returns the file that says that a registry signs, if it is there.
    pub(crate) fn signing_noted(&self, source: &str) -> Option<PathBuf> {
        let path = self.note_path("signing", source);
        let signs: Signs = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        (signs.source == source).then_some(path)
    }

    /// Notes that a registry signs.
    pub(crate) fn note_signing(&self, source: &str) -> Result<()> {
        if self.signing_noted(source).is_some() {
            return Ok(());
        }
        let signs = Signs {
            source: source.to_owned(),
        };
        staging::write_whole(&self.note_path("signing", source), &signs)
    }

    /// Returns the repository that what a registry has was built from, and the file that says so.
    pub(crate) fn provenance_noted(&self, source: &str) -> Option<(PathBuf, String)> {
        let path = self.note_path("provenance", source);
        let proves: Proves = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        (proves.source == source).then_some((path, proves.repository))
    }

    /// Notes the repository that what a registry has was built from.
    pub(crate) fn note_provenance(&self, source: &str, repository: &str) -> Result<()> {
        let proves = Proves {
            source: source.to_owned(),
            repository: repository.to_owned(),
        };
        staging::write_whole(&self.note_path("provenance", source), &proves)
    }

    fn note_path(&self, kind: &str, source: &str) -> PathBuf {
        let name = format!("{}.json", short_digest(source));
        self.root().join(kind).join(name)
    }
}

#[cfg(test)]
mod tests {
    use crate::store::tests::store;

    #[test]
    fn notes_speak_of_one_registry() {
        let (_folder, store) = store();
        assert_eq!(store.provenance_noted("https://a"), None);
        store.note_provenance("https://a", "https://b/c").unwrap();
        store.note_signing("https://a").unwrap();
        let (_, repository) = store.provenance_noted("https://a").unwrap();
        assert_eq!(repository, "https://b/c");
        assert!(store.signing_noted("https://a").is_some());
        assert_eq!(store.provenance_noted("https://b"), None);
        assert_eq!(store.signing_noted("https://b"), None);
    }
}
