//! Which registries sign what they have: one that did may not stop without a word.

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

impl Store {
    /// Returns the file that says that a registry signs, if it is there.
    pub(crate) fn signing_noted(&self, source: &str) -> Option<PathBuf> {
        let path = self.signing_path(source);
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
        staging::write_whole(&self.signing_path(source), &signs)
    }

    fn signing_path(&self, source: &str) -> PathBuf {
        let name = format!("{}.json", short_digest(source));
        self.root().join("signing").join(name)
    }
}
