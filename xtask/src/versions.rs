//! The manifest of the CLI versions that recordings are made from.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// All versions of the manifest, oldest first.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The scenarios that a version with [`Selection::Core`] is recorded in.
    pub core: Vec<String>,
    /// One entry a version.
    #[serde(rename = "version")]
    pub versions: Vec<Version>,
}

/// One CLI version and how it is run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The published number, such as `0.0.1790142911-g7618fb`.
    pub number: String,
    /// How the CLI is shipped.
    pub packaging: Packaging,
    /// Which scenarios are recorded.
    pub scenarios: Selection,
}

/// How a CLI version is shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packaging {
    /// A bundle that Node.js runs.
    Javascript,
    /// One executable for each platform.
    Native,
}

/// Which scenarios are recorded from a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selection {
    /// Every scenario of the generation.
    All,
    /// Those that the manifest lists as core.
    Core,
}

impl Manifest {
    /// Reads the workspace's manifest.
    ///
    /// # Errors
    /// When it cannot be read, or a number has not the published form, or the order is not by age.
    pub fn read() -> Result<Self> {
        let path = path();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a manifest", path.display()))
    }

    /// Parses a manifest.
    ///
    /// # Errors
    /// As for [`Manifest::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        let mut previous = 0;
        for version in &manifest.versions {
            let build_time = version.build_time()?;
            if build_time <= previous {
                bail!("{} is not in order of age", version.number);
            }
            previous = build_time;
        }
        Ok(manifest)
    }

    /// Returns the version with that number.
    ///
    /// # Errors
    /// When the manifest has no such version; the text lists those that it has.
    pub fn find(&self, number: &str) -> Result<&Version> {
        self.versions
            .iter()
            .find(|version| version.number == number)
            .with_context(|| {
                let known: Vec<&str> = self
                    .versions
                    .iter()
                    .map(|version| version.number.as_str())
                    .collect();
                format!(
                    "fixtures/versions.toml has no {number}; it has {}",
                    known.join(", ")
                )
            })
    }

    /// Returns the versions that were asked for, by number or as `native` or `javascript` for the
    /// newest of a kind; all of them when none was.
    ///
    /// # Errors
    /// When the manifest lacks one.
    pub fn select(&self, asked: &[String]) -> Result<Vec<&Version>> {
        if asked.is_empty() {
            return Ok(self.versions.iter().collect());
        }
        let find = |asked: &String| match asked.as_str() {
            "native" => self.newest(Packaging::Native),
            "javascript" => self.newest(Packaging::Javascript),
            number => self.find(number),
        };
        asked.iter().map(find).collect()
    }

    /// Returns the newest version of a packaging.
    ///
    /// # Errors
    /// When the manifest has none.
    pub fn newest(&self, packaging: Packaging) -> Result<&Version> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.packaging == packaging)
            .with_context(|| format!("fixtures/versions.toml has no {packaging:?} version"))
    }
}

impl Version {
    /// Returns the seconds since 1970 that the number carries.
    ///
    /// # Errors
    /// When the number is not of the form `0.0.SECONDS-gHASH`.
    pub fn build_time(&self) -> Result<u64> {
        build_time(&self.number)
    }
}

/// Returns the seconds since 1970 that a published number carries.
///
/// # Errors
/// When the number is not of the form `0.0.SECONDS-gHASH`.
pub fn build_time(number: &str) -> Result<u64> {
    number
        .strip_prefix("0.0.")
        .and_then(|rest| rest.split_once("-g"))
        .filter(|(_, hash)| hash.chars().all(|letter| letter.is_ascii_hexdigit()))
        .and_then(|(seconds, _)| seconds.parse().ok())
        .with_context(|| format!("`{number}` is not of the form 0.0.SECONDS-gHASH"))
}

fn path() -> PathBuf {
    crate::workspace_root().join(Path::new("fixtures/versions.toml"))
}
