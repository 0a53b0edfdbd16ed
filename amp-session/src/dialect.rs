//! What one build of the Amp CLI understands, chosen from one data table by its version.

mod builds;
mod feature;
mod mode;
mod never_real;
mod rules;

use std::fmt;

use serde::Serialize;

pub use builds::{BUILDS, KnownBuild};
pub use feature::Feature;
pub use mode::{AgentMode, EffortLevels, ModeSource, Subagent};
pub(crate) use never_real::never_real;
pub use rules::{PatternEngine, RuleSemantics};

use crate::error::Error;
use crate::version::AmpVersion;

/// The language a build of the CLI speaks: its flags, modes, settings and habits.
///
/// ```
/// use amp_session::{Dialect, Feature};
///
/// let september = Dialect::for_version(&"0.0.1790142911-g7618fb".into());
/// assert!(september.supports(Feature::Title));
/// assert!(!september.supports(Feature::EffortOption));
/// assert_eq!(september.available_in(Feature::EffortOption), "only in 0.0.1777897475-g2324e1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The position of a measured build in [`BUILDS`].
    position: usize,
    /// How the version at hand relates to it.
    matched: Match,
}

/// How well the version at hand is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Match {
    /// This very build was measured.
    Exact,
    /// It lies between two measured builds; the older one's facts are used.
    Between,
    /// It is newer than every measured build; the newest one's facts are used.
    Newer,
    /// It is older than every measured build; the oldest one's facts are used.
    Older,
    /// The version has no build time in it; the newest build's facts are used.
    Unreadable,
}

/// Where the agent loop runs, which decides most of the CLI's behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Generation {
    /// JavaScript builds through May 2026: the loop runs in the CLI.
    LocalLoop,
    /// Native builds from July 2026 on: the loop runs on the service, tools on the client.
    ServerThreads,
}

impl Dialect {
    /// Chooses the dialect of a version: the newest measured build that is not newer than it.
    #[must_use]
    pub fn for_version(version: &AmpVersion) -> Self {
        let newest = BUILDS.len() - 1;
        let older = |built_at| BUILDS.partition_point(|build| build.built_at <= built_at);
        let (position, matched) = match version.built_at() {
            None => (newest, Match::Unreadable),
            Some(built_at) => match older(built_at).checked_sub(1) {
                None => (0, Match::Older),
                Some(position) if BUILDS[position].built_at == built_at => (position, Match::Exact),
                Some(position) if position == newest => (position, Match::Newer),
                Some(position) => (position, Match::Between),
            },
        };
        Self { position, matched }
    }

    /// Returns where the agent loop runs.
    #[must_use]
    pub fn generation(&self) -> Generation {
        match self.position {
            builds::JUL_15.. => Generation::ServerThreads,
            _ => Generation::LocalLoop,
        }
    }

    /// Returns the measured build whose facts are used.
    #[must_use]
    pub fn build(&self) -> &'static KnownBuild {
        &BUILDS[self.position]
    }

    /// Returns how the version at hand relates to that build.
    #[must_use]
    pub fn matched(&self) -> Match {
        self.matched
    }

    /// Returns a note for the user when the facts were not measured on this very build.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let relation = match self.matched {
            Match::Exact | Match::Between => return None,
            Match::Newer => "newer than every build this release knows",
            Match::Older => "older than every build this release knows",
            Match::Unreadable => "without a build time",
        };
        let build = self.build().version;
        Some(format!(
            "this Amp's version is {relation}; treating it like {build}"
        ))
    }

    /// Tells whether this build has a feature.
    #[must_use]
    pub fn supports(&self, feature: Feature) -> bool {
        feature.row().is_some_and(|row| row.covers(self.position))
    }

    /// Refuses a feature that this build lacks, naming the builds that have it.
    pub(crate) fn require(&self, version: &AmpVersion, feature: Feature) -> Result<(), Error> {
        if self.supports(feature) {
            return Ok(());
        }
        Err(Error::UnsupportedOption {
            option: feature.spelling(),
            version: version.to_string(),
            available: self.available_in(feature),
        })
    }

    /// Names the builds that have a feature, as words to put behind its name.
    #[must_use]
    pub fn available_in(&self, feature: Feature) -> String {
        let Some(row) = feature.row() else {
            return "in no known version".to_owned();
        };
        let version = |position: usize| BUILDS[position].version;
        let spans = row.spans.iter().map(|span| match *span {
            (builds::JAN_08, None) => "in every measured version".to_owned(),
            (since, None) => format!("since {}", version(since)),
            (builds::JAN_08, Some(until)) => format!("until {}", version(until)),
            (since, Some(until)) if since == until && row.spans.len() == 1 => {
                format!("only in {}", version(until))
            }
            (since, Some(until)) if since == until => format!("in {}", version(until)),
            (since, Some(until)) => format!("from {} to {}", version(since), version(until)),
        });
        spans.collect::<Vec<_>>().join(" and ")
    }

    /// Returns the name of the tool that runs shell commands.
    #[must_use]
    pub fn shell_tool(&self) -> &'static str {
        match self.generation() {
            Generation::ServerThreads => "shell_command",
            Generation::LocalLoop => "Bash",
        }
    }

    /// Returns the visibility values that this build's help names.
    #[must_use]
    pub fn visibilities(&self) -> &'static [&'static str] {
        match self.generation() {
            Generation::LocalLoop => &["private", "public", "workspace", "group"],
            Generation::ServerThreads => &["private", "unlisted", "workspace", "group"],
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = self.build();
        write!(formatter, "{} ({})", build.version, build.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(version: &str) -> Dialect {
        Dialect::for_version(&AmpVersion::new(version))
    }

    #[test]
    fn a_version_takes_the_newest_measured_build_that_is_not_newer() {
        let cases = [
            (
                "0.0.1700000000-gabc",
                "0.0.1767830505-ga62310",
                Match::Older,
            ),
            (
                "0.0.1767830505-ga62310",
                "0.0.1767830505-ga62310",
                Match::Exact,
            ),
            (
                "0.0.1770000000-gabc",
                "0.0.1769314944-g5070a1",
                Match::Between,
            ),
            (
                "0.0.1790142911-g7618fb",
                "0.0.1790142911-g7618fb",
                Match::Exact,
            ),
            (
                "0.0.1890142911-gabc",
                "0.0.1790142911-g7618fb",
                Match::Newer,
            ),
            ("nightly", "0.0.1790142911-g7618fb", Match::Unreadable),
        ];
        for (version, build, matched) in cases {
            let dialect = dialect(version);
            assert_eq!(dialect.build().version, build, "{version}");
            assert_eq!(dialect.matched(), matched, "{version}");
        }
    }

    #[test]
    fn an_unknown_newer_version_says_so() {
        let note = dialect("0.0.1890142911-gabc").note().unwrap();
        assert!(note.contains("newer than every build"), "{note}");
        assert_eq!(dialect("0.0.1790142911-g7618fb").note(), None);
    }

    #[test]
    fn availability_names_the_versions() {
        let any = dialect("0.0.1790142911-g7618fb");
        assert_eq!(
            any.available_in(Feature::Execute),
            "in every measured version"
        );
        assert_eq!(
            any.available_in(Feature::Thinking),
            "since 0.0.1769314944-g5070a1"
        );
        assert_eq!(
            any.available_in(Feature::Toolbox),
            "until 0.0.1777897475-g2324e1"
        );
        assert_eq!(
            any.available_in(Feature::Archive),
            "from 0.0.1771243550-geaf318 to 0.0.1777897475-g2324e1"
        );
    }
}
