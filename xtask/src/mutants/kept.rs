//! The survivors that were read and change nothing anybody could notice: `xtask/mutants.toml`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::tally::Mutant;

/// The list as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// One entry a survivor.
    #[serde(default)]
    pub kept: Vec<Entry>,
}

/// One survivor that stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, from the root of the workspace.
    pub file: PathBuf,
    /// What was changed, in the words of `cargo mutants`.
    pub mutant: String,
    /// The line that was changed, without the space around it: it tells two mutants of one function
    /// apart, and unlike a number it moves with the code.
    pub line: String,
    /// Why no test can notice.
    pub reason: String,
}

impl Kept {
    /// Reads the list of a workspace.
    ///
    /// # Errors
    /// When it is missing or is not such a list.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join("xtask/mutants.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is no such list", path.display()))
    }

    /// Returns whether a survivor is on the list.
    #[must_use]
    pub fn has(&self, survivor: &Mutant) -> bool {
        self.kept.iter().any(|entry| entry.is(survivor))
    }
}

impl Entry {
    /// Returns whether this entry speaks of `mutant`.
    #[must_use]
    pub fn is(&self, mutant: &Mutant) -> bool {
        self.file == mutant.file && self.mutant == mutant.change && self.line == mutant.line
    }

    /// Returns the entry for a survivor, to be pasted into the list with a reason.
    #[must_use]
    pub fn proposal(mutant: &Mutant) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        format!(
            "[[kept]]\nfile = {}\nmutant = {}\nline = {}\nreason = \"\"",
            text(&mutant.file.to_string_lossy()),
            text(&mutant.change),
            text(&mutant.line)
        )
    }
}
