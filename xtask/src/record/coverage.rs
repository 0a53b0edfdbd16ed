//! Which recordings of a version a check says something about, and which it does not.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, bail};
use fixtures::recording::Recording;
use fixtures::scenario::Scenario;

use super::keeper::Mode;
use super::play::is_live;

/// What is said about the recordings of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How many were played again and compared.
    pub compared: usize,
    /// How many could have been and were not asked for.
    pub not_asked_for: usize,
    /// How many come from the real service, which nobody plays again.
    pub live: usize,
    /// Those that a race in the CLI decides.
    pub settled: Vec<String>,
}

impl Coverage {
    /// Sorts the recordings of one version, of which those with these names were compared.
    #[must_use]
    pub fn of(
        recordings: &[Recording],
        compared: &[&str],
        scenarios: &BTreeMap<String, Scenario>,
    ) -> Self {
        let mut coverage = Self {
            compared: compared.len(),
            ..Self::default()
        };
        for recording in recordings {
            let name = &recording.scenario;
            if is_live(&recording.folder) {
                coverage.live += 1;
            } else if scenarios.get(name).is_some_and(|scenario| scenario.varies) {
                coverage.settled.push(name.clone());
            } else if !compared.contains(&name.as_str()) {
                coverage.not_asked_for += 1;
            }
        }
        coverage
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} recordings compared; not compared: {} not asked for, {} of the real service, {} \
             that a race in the CLI decides ({})",
            self.compared,
            self.not_asked_for,
            self.live,
            self.settled.len(),
            self.settled.join(", ")
        )
    }
}

/// Returns whether a recording stays as it is: a race in the CLI decides what it shows, so a new
/// one would neither confirm nor refute it.
#[must_use]
pub fn is_settled(version: &str, name: &str, scenarios: &BTreeMap<String, Scenario>) -> bool {
    let varies = scenarios.get(name).is_some_and(|scenario| scenario.varies);
    varies && fixtures::recording(version, name).is_ok()
}

/// Says what came of it when so many scenarios were played and so many files differ.
///
/// # Errors
/// When nothing was played, and in a check when anything differs.
pub fn judge(played: usize, different: usize, mode: Mode) -> Result<String> {
    match (played, different, mode) {
        (0, _, _) => bail!("no scenario was played, so nothing was recorded or compared"),
        (_, 0, _) => Ok("the recordings are what the CLIs write".to_owned()),
        (_, changed, Mode::Write) => Ok(format!("{changed} files changed")),
        (_, different, Mode::Check) => bail!(
            "{different} files differ; `cargo xtask record-fixtures` without --check writes them"
        ),
    }
}
