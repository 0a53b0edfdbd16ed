//! The version text of an Amp CLI and the build time inside it.

use std::fmt;

/// A version of the Amp CLI, such as `0.0.1790142911-g7618fb`.
///
/// The middle number of every published build is its UNIX build time, which is what the
/// [dialect](crate::Dialect) is chosen by. A text without one is kept and shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct AmpVersion {
    text: String,
}

impl AmpVersion {
    /// Takes a version text, or the first line that `amp --version` prints.
    ///
    /// Only the first word is kept: the tail `(released …, 3mo ago)` changes from day to day.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// Returns the version text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the build time in seconds since the UNIX epoch, when the text has one.
    #[must_use]
    pub fn built_at(&self) -> Option<u64> {
        let rest = self.text.strip_prefix("0.0.")?;
        let (seconds, commit) = rest.split_once('-')?;
        commit.strip_prefix('g')?;
        seconds.parse().ok()
    }
}

impl fmt::Display for AmpVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl From<&str> for AmpVersion {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for AmpVersion {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&AmpVersion> for AmpVersion {
    fn from(version: &AmpVersion) -> Self {
        version.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_time_is_read_from_the_version_line() {
        let version = AmpVersion::new("0.0.1790142911-g7618fb (released 2026-09-23T…, 2mo ago)");
        assert_eq!(version.as_str(), "0.0.1790142911-g7618fb");
        assert_eq!(version.built_at(), Some(1_790_142_911));
    }

    #[test]
    fn a_foreign_version_text_is_kept_without_a_build_time() {
        for text in ["1.2.3", "", "0.0.x-gabc", "0.0.17-abc"] {
            assert_eq!(AmpVersion::new(text).built_at(), None, "{text:?}");
            assert_eq!(AmpVersion::new(text).as_str(), text);
        }
    }
}
