//! The agent modes and specialised subagents of each build, with the source of each fact.

use std::borrow::Cow;

use serde::Serialize;

use super::builds::{
    APR_05, APR_21, APR_27, BUILDS, FEB_10, FEB_16, JAN_08, JAN_25, JUL_15, MAR_13, MAY_04,
};
use super::{Dialect, Feature, Generation};

/// An agent mode: which model, prompt and tools a turn runs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AgentMode {
    /// The value that `--mode` takes.
    pub key: Cow<'static, str>,
    /// What the mode is for, in this project's words; empty for one known by name only.
    pub description: &'static str,
    /// The main model, as the mode table inside the published JavaScript builds names it.
    ///
    /// `None` where the service decides, which is every build from July 2026 on.
    pub model: Option<&'static str>,
    /// The reasoning efforts that can be chosen with it, lowest first; empty when there are none.
    pub efforts: EffortLevels,
    /// Whether it can run with `--stream-json`, and so through this crate.
    pub drivable: bool,
    /// Where the name comes from.
    pub source: ModeSource,
}

/// Reasoning efforts, lowest first.
pub type EffortLevels = &'static [&'static str];

/// How a mode's name came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModeSource {
    /// The help of the measured build names it.
    Help,
    /// The measured build accepts it although its help does not name it.
    Accepted,
    /// The help of the installed executable names it, and the table does not know it.
    Discovered,
}

/// A specialised agent that the main one calls as a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Subagent {
    /// The tool name that appears in the stream.
    pub tool: &'static str,
    /// What it is for, in this project's words.
    pub description: &'static str,
    /// The model, as the agent table inside the published JavaScript builds names it; `None`
    /// where the service decides or it takes the caller's.
    pub model: Option<&'static str>,
    /// The day of the build whose recorded tool list names it, as `YYYY-MM-DD`.
    ///
    /// It is this build's own day through May 2026. From July on the list comes from the service, and
    /// the recordings were made against a stand-in: the newest list of a build is that of 2026-05-04.
    pub listed: &'static str,
}

struct ModeRow {
    key: &'static str,
    description: &'static str,
    model: Option<&'static str>,
    in_help_since: Option<usize>,
    since: usize,
    until: Option<usize>,
}

const SMART: &str = "the default: the most capable model with every tool";
const RUSH: &str = "faster and cheaper, for small tasks that are well described";
const LARGE: &str = "the largest context window, for tasks that touch a lot of code";
const DEEP: &str = "long reasoning before acting, for hard problems";

const fn mode(
    key: &'static str,
    description: &'static str,
    model: &'static str,
    since: usize,
    until: usize,
) -> ModeRow {
    ModeRow {
        key,
        description,
        model: Some(model),
        in_help_since: Some(JAN_08),
        since,
        until: Some(until),
    }
}

const fn level(key: &'static str, description: &'static str) -> ModeRow {
    ModeRow {
        key,
        description,
        model: None,
        in_help_since: Some(JUL_15),
        since: JUL_15,
        until: None,
    }
}

impl ModeRow {
    const fn in_help_since(mut self, position: Option<usize>) -> Self {
        self.in_help_since = position;
        self
    }
}

const MODES: &[ModeRow] = &[
    mode("smart", SMART, "Claude Opus 4.5", JAN_08, JAN_25),
    mode("smart", SMART, "Claude Opus 4.6", FEB_10, APR_21),
    mode("smart", SMART, "Claude Opus 4.7", APR_27, MAY_04),
    mode("rush", RUSH, "Claude Haiku 4.5", JAN_08, MAY_04),
    mode(
        "free",
        "paid for by advertising; never in execute mode",
        "Claude Haiku 4.5",
        JAN_08,
        APR_05,
    ),
    mode(
        "large",
        LARGE,
        "Claude Sonnet 4.5, 1M tokens",
        JAN_08,
        FEB_16,
    )
    .in_help_since(None),
    mode(
        "large",
        LARGE,
        "Claude Sonnet 4.6, 1M tokens",
        MAR_13,
        MAR_13,
    )
    .in_help_since(None),
    mode("large", LARGE, "Claude Opus 4.6, 1M tokens", APR_05, MAY_04),
    mode("deep", DEEP, "GPT-5.2 Codex", JAN_25, FEB_16).in_help_since(Some(FEB_10)),
    mode("deep", DEEP, "GPT-5.3 Codex", MAR_13, MAR_13),
    mode("deep", DEEP, "GPT-5.4", APR_05, MAY_04),
    mode(
        "bombadil",
        "an open model, as an experiment",
        "Kimi K2.5",
        FEB_10,
        FEB_16,
    )
    .in_help_since(None),
    ModeRow {
        key: "internal",
        description: "",
        model: None,
        in_help_since: None,
        since: MAR_13,
        until: Some(APR_21),
    },
    level("low", "least reasoning: quick and cheap"),
    level("medium", "the default level"),
    level("high", "more reasoning, for harder tasks"),
    level("ultra", "most reasoning, for the hardest tasks"),
];

struct SubagentRow {
    tool: &'static str,
    description: &'static str,
    /// The model and the first build that names it, oldest first.
    models: &'static [(usize, &'static str)],
}

const SUBAGENTS: &[SubagentRow] = &[
    SubagentRow {
        tool: "Task",
        description: "carries out a piece of work in a context of its own, with the caller's model",
        models: &[],
    },
    SubagentRow {
        tool: "oracle",
        description: "a second opinion from a reasoning model: plans, reviews, debugging",
        models: &[(JAN_08, "GPT-5.2"), (MAR_13, "GPT-5.4")],
    },
    SubagentRow {
        tool: "finder",
        description: "searches the code base by meaning",
        models: &[(JAN_08, "Claude Haiku 4.5")],
    },
    SubagentRow {
        tool: "librarian",
        description: "reads other repositories and documentation",
        models: &[(JAN_08, "Claude Haiku 4.5"), (MAR_13, "Claude Sonnet 4.6")],
    },
];

impl Dialect {
    /// Returns the modes of this build, those of its help first.
    #[must_use]
    pub fn modes(&self) -> Vec<AgentMode> {
        let position = self.position;
        let mut modes: Vec<AgentMode> = MODES
            .iter()
            .filter(|row| row.since <= position && row.until.is_none_or(|until| position <= until))
            .map(|row| AgentMode {
                key: Cow::Borrowed(row.key),
                description: row.description,
                model: row.model,
                efforts: self.efforts(row.key),
                drivable: self.runs_mode(row.key),
                source: match row.in_help_since {
                    Some(since) if since <= position => ModeSource::Help,
                    _ => ModeSource::Accepted,
                },
            })
            .collect();
        modes.sort_by_key(|mode| mode.source != ModeSource::Help);
        modes
    }

    /// Returns the modes of this build and those that the installed executable's help adds.
    #[must_use]
    pub fn modes_with_help(&self, help: &str) -> Vec<AgentMode> {
        let mut modes = self.modes();
        for key in modes_in_help(help) {
            if modes.iter().all(|mode| mode.key != key) {
                modes.push(AgentMode {
                    drivable: self.runs_mode(&key),
                    key: Cow::Owned(key),
                    description: "",
                    model: None,
                    efforts: &[],
                    source: ModeSource::Discovered,
                });
            }
        }
        modes
    }

    /// Returns whether this build is known to have a mode of this name.
    ///
    /// From July 2026 on the CLI takes any word and says nothing of one it does not know (recording
    /// `mode-bogus`); case does not count there, and a plugin may bring more modes.
    #[must_use]
    pub fn knows_mode(&self, name: &str) -> bool {
        let modes = self.modes();
        let is_case_sensitive = self.supports(Feature::ModeChecked);
        modes.iter().any(|mode| match is_case_sensitive {
            true => mode.key == name,
            false => mode.key.eq_ignore_ascii_case(name),
        })
    }

    /// Returns the specialised agents that this build's main agent can call.
    #[must_use]
    pub fn subagents(&self) -> Vec<Subagent> {
        let position = self.position;
        let local = self.generation() == Generation::LocalLoop;
        SUBAGENTS
            .iter()
            .map(|row| Subagent {
                tool: row.tool,
                description: row.description,
                model: row
                    .models
                    .iter()
                    .rev()
                    .find(|(since, _)| local && *since <= position)
                    .map(|(_, model)| *model),
                listed: BUILDS[position.min(MAY_04)].date,
            })
            .collect()
    }

    /// Returns the reasoning efforts that can be chosen with a mode, lowest first.
    ///
    /// The levels of `--effort` are those that the build of 2026-05-04 names in its error text;
    /// those of the settings were seen to arrive in the requests to the model.
    #[must_use]
    pub fn efforts(&self, mode: &str) -> EffortLevels {
        let option = self.supports(Feature::EffortOption);
        match mode {
            "smart" if option => &["high", "xhigh", "max"],
            "smart" if self.supports(Feature::SmartEffortSetting) => {
                &["low", "medium", "high", "xhigh", "max"]
            }
            "deep" if option || self.supports(Feature::DeepEffortSetting) => {
                &["medium", "high", "xhigh"]
            }
            _ => &[],
        }
    }

    /// Tells whether a mode can run with `--stream-json`.
    ///
    /// Through February 2026 only `smart` can; `free` never runs in execute mode.
    pub(crate) fn runs_mode(&self, mode: &str) -> bool {
        mode != "free" && (mode == "smart" || self.supports(Feature::StreamJsonInEveryMode))
    }
}

/// Returns the mode names that a help text lists behind `--mode`.
///
/// Every measured build puts them into the first parentheses of the option's description:
/// `(deep, free, rush, smart)`. From September 2026 on the list ends in words about plugin modes:
/// the first entry of more than one word ends it.
fn modes_in_help(help: &str) -> Vec<String> {
    let Some((_, behind)) = help.split_once("--mode <") else {
        return Vec::new();
    };
    let description = behind.split("\n  -").next().unwrap_or(behind);
    let Some((_, list)) = description.split_once('(') else {
        return Vec::new();
    };
    let Some((list, _)) = list.split_once(')') else {
        return Vec::new();
    };
    list.split(',')
        .map(str::trim)
        .take_while(|key| {
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::BUILDS;

    fn keys(version: &str, drivable: bool) -> Vec<Cow<'static, str>> {
        let modes = Dialect::for_version(&version.into()).modes();
        modes
            .into_iter()
            .filter(|mode| mode.drivable == drivable)
            .map(|mode| mode.key)
            .collect()
    }

    #[test]
    fn only_smart_can_be_driven_through_february() {
        assert_eq!(keys("0.0.1770734955-g93e689", true), ["smart"]);
        let others = ["rush", "free", "deep", "large", "bombadil"];
        assert_eq!(keys("0.0.1770734955-g93e689", false), others);
        assert_eq!(
            keys("0.0.1777897475-g2324e1", true),
            ["smart", "rush", "large", "deep"]
        );
        let levels = ["low", "medium", "high", "ultra"];
        assert_eq!(keys("0.0.1790142911-g7618fb", true), levels);
    }

    /// What each build's own error text lists as accepted, and its help as a part of that.
    #[test]
    fn the_modes_of_a_build_are_those_that_it_names_itself() {
        let named = [
            ("0.0.1767830505-ga62310", "free rush smart", "large"),
            ("0.0.1768018268-gcd18ba", "free rush smart", "large"),
            ("0.0.1769314944-g5070a1", "free rush smart", "deep large"),
            (
                "0.0.1770734955-g93e689",
                "deep free rush smart",
                "bombadil large",
            ),
            (
                "0.0.1771243550-geaf318",
                "deep free rush smart",
                "bombadil large",
            ),
            (
                "0.0.1773432280-gcd86a7",
                "deep free rush smart",
                "internal large",
            ),
            (
                "0.0.1775390627-g406649",
                "deep free large rush smart",
                "internal",
            ),
            (
                "0.0.1776788459-gfad969",
                "deep large rush smart",
                "internal",
            ),
            ("0.0.1777266064-g47b6f7", "deep large rush smart", ""),
            ("0.0.1777897475-g2324e1", "deep large rush smart", ""),
            ("0.0.1784106548-gd81d8b", "high low medium ultra", ""),
            ("0.0.1788854443-g7f007d", "high low medium ultra", ""),
            ("0.0.1789582098-g39fff0", "high low medium ultra", ""),
            ("0.0.1790142911-g7618fb", "high low medium ultra", ""),
        ];
        assert_eq!(named.len(), BUILDS.len());
        for (version, help, accepted) in named {
            let modes = Dialect::for_version(&version.into()).modes();
            for (source, expected) in [(ModeSource::Help, help), (ModeSource::Accepted, accepted)] {
                let of_source = modes.iter().filter(|mode| mode.source == source);
                let mut keys: Vec<&str> = of_source.map(|mode| mode.key.as_ref()).collect();
                keys.sort_unstable();
                assert_eq!(keys.join(" "), expected, "{version}");
            }
        }
    }

    #[test]
    fn every_build_has_modes_and_each_key_only_once() {
        for build in BUILDS {
            let modes = Dialect::for_version(&build.version.into()).modes();
            assert!(modes.iter().any(|mode| mode.drivable), "{}", build.version);
            for mode in &modes {
                let same = modes.iter().filter(|other| other.key == mode.key).count();
                assert_eq!(same, 1, "{} {}", build.version, mode.key);
            }
        }
    }

    #[test]
    fn modes_are_discovered_in_a_help_text() {
        let help = "  -m, --mode <value>\n      Choose (low, brisk, ultra, or a plugin mode by \
                    key or label, case-insensitive) here\n  -x, --execute [message]\n      (not, this)";
        assert_eq!(modes_in_help(help), ["low", "brisk", "ultra"]);
        let newest = Dialect::for_version(&"0.0.1790142911-g7618fb".into());
        let found: Vec<_> = newest
            .modes_with_help(help)
            .into_iter()
            .filter(|mode| mode.source == ModeSource::Discovered)
            .map(|mode| mode.key)
            .collect();
        assert_eq!(found, ["brisk"]);
        assert!(modes_in_help("no modes here").is_empty());
    }

    #[test]
    fn subagent_models_follow_the_build_and_are_unknown_on_the_service() {
        let oracle = |version: &str| {
            let subagents = Dialect::for_version(&version.into()).subagents();
            subagents
                .into_iter()
                .find(|subagent| subagent.tool == "oracle")
                .unwrap()
        };
        assert_eq!(oracle("0.0.1770734955-g93e689").model, Some("GPT-5.2"));
        assert_eq!(oracle("0.0.1777897475-g2324e1").model, Some("GPT-5.4"));
        assert_eq!(oracle("0.0.1790142911-g7618fb").model, None);
        assert_eq!(oracle("0.0.1770734955-g93e689").listed, "2026-02-10");
        assert_eq!(oracle("0.0.1790142911-g7618fb").listed, "2026-05-04");
    }
}
