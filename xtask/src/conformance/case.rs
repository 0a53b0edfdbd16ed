//! The cases of the conformance check, read from `fixtures/conformance.toml`.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::versions::{Version, build_time};

/// All cases, in the order of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    #[serde(rename = "case")]
    cases: Vec<Case>,
}

/// One thread of the agent and how it should end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The case's name.
    pub name: String,
    /// What is sent, one turn each; as messages of a single turn with `messages`.
    pub prompts: Vec<String>,
    /// Whether all prompts are messages into one running turn.
    #[serde(default)]
    pub messages: bool,
    /// Whether an image goes with each prompt.
    #[serde(default)]
    pub image: bool,
    /// The agent mode.
    pub mode: Option<String>,
    /// Whether thinking is asked for.
    #[serde(default)]
    pub thinking: bool,
    /// Whether every tool runs without asking.
    #[serde(default)]
    pub allow_all: bool,
    /// The most tool calls of a turn.
    pub max_tool_calls: Option<u64>,
    /// The most messages of the model in a turn.
    pub max_messages: Option<u64>,
    /// Settings of the run, by full key.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Whether the test MCP server is configured.
    #[serde(default)]
    pub mcp_server: bool,
    /// The turn is cancelled once a line holds this text.
    pub cancel_after: Option<String>,
    /// The total deadline of a turn in seconds; two minutes unless set.
    #[serde(default = "two_minutes")]
    pub total_seconds: u64,
    /// What answers at the service's address.
    #[serde(default)]
    pub service: Service,
    /// What is asked of the service's threads once every turn has completed.
    pub then: Option<Question>,
    /// Whether the thread is asked whether the model finished its last message.
    #[serde(default)]
    pub confirm: bool,
    /// Whether no key is configured.
    #[serde(default)]
    pub without_key: bool,
    /// How it ends: the last entry that is not newer than the version counts.
    expected: Vec<Expected>,
}

/// What answers at the service's address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// The stand-in.
    #[default]
    StandIn,
    /// The stand-in, refusing every key.
    RefusesKeys,
    /// Nothing: the port is closed.
    Closed,
}

/// A question about the threads of the service, asked through the Amp at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Whether the thread is in the list.
    List,
    /// Whether it is in the list of all, the archived ones with them.
    ListArchived,
    /// Whether a word of its answer finds it, and one that nobody said does not.
    Search,
    /// Whether its export is a record with its prompt and its answer.
    Export,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The first version that ends so; the first entry has none.
    since: Option<String>,
    outcome: String,
}

impl Cases {
    /// Reads the workspace's cases.
    ///
    /// # Errors
    /// When the file cannot be read or is no list of cases.
    pub fn read() -> Result<Self> {
        let path = fixtures::folder().join("conformance.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no list of cases", path.display()))
    }

    /// Parses a list of cases.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// Returns the cases with these names, all of them when there are none.
    ///
    /// # Errors
    /// When no case has one of the names.
    pub fn select(self, names: &[String]) -> Result<Vec<Case>> {
        for name in names {
            if !self.cases.iter().any(|case| case.name == *name) {
                bail!("fixtures/conformance.toml has no case `{name}`");
            }
        }
        let wanted = |case: &Case| names.is_empty() || names.contains(&case.name);
        Ok(self.cases.into_iter().filter(wanted).collect())
    }
}

impl Case {
    /// Returns how it should end with a version.
    ///
    /// # Errors
    /// When no entry covers the version, or an entry names none.
    pub fn expected(&self, version: &Version) -> Result<&str> {
        let build = version.build_time()?;
        let mut found = None;
        for expected in &self.expected {
            let since = expected.since.as_deref().map_or(Ok(0), build_time)?;
            if since <= build {
                found = Some(expected.outcome.as_str());
            }
        }
        found.with_context(|| format!("case `{}` expects nothing of {}", self.name, version.number))
    }
}

fn two_minutes() -> u64 {
    120
}
