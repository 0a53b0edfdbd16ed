//! What an Amp can and cannot do, for hosts that drive several kinds of agents.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dialect::{AgentMode, Dialect, Feature, Generation, Match, Subagent};
use crate::version::AmpVersion;

/// What one Amp can and cannot do.
///
/// It is a plain value that serialises to one JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The kind of agent: `amp`.
    pub agent: &'static str,
    /// The version at hand.
    pub version: AmpVersion,
    /// The measured build whose facts are used.
    pub build: &'static str,
    /// How the version relates to that build.
    pub matched: Match,
    /// Where the agent loop runs.
    pub generation: Generation,
    /// What it can do, and what it cannot.
    pub abilities: BTreeMap<Ability, Support>,
    /// The modes that a session can choose.
    pub modes: Vec<AgentMode>,
    /// The specialised agents that the main one can call.
    pub subagents: Vec<Subagent>,
    /// Who a thread can be made visible to.
    pub visibilities: &'static [&'static str],
    /// The tool that runs shell commands.
    pub shell_tool: &'static str,
}

/// Whether an ability is there, and what to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Support {
    /// Whether it is there.
    pub supported: bool,
    /// How it works, or what stands in the way; empty when there is nothing to say.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub note: &'static str,
}

/// Something that a host may want of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ability {
    /// Go on with a thread in a later process.
    Resume,
    /// Several messages in one process.
    StreamingInput,
    /// A message into a turn that runs.
    Steer,
    /// Images in a message.
    ImageInput,
    /// Cancel a turn and go on with the session.
    Cancel,
    /// Thinking blocks in the stream.
    Thinking,
    /// The answer word by word.
    TokenStreaming,
    /// What subagents do, in the stream.
    SubagentEvents,
    /// Tokens used.
    Usage,
    /// The size of the context window.
    ContextWindow,
    /// Money spent.
    Cost,
    /// Choose a mode.
    ModeChoice,
    /// Choose a model.
    ModelChoice,
    /// List the models.
    ModelList,
    /// Choose the reasoning effort.
    ReasoningEffort,
    /// Replace the system prompt.
    SystemPrompt,
    /// Limit the number of turns.
    TurnLimit,
    /// MCP servers for one session.
    McpServers,
    /// Toolbox programs.
    Toolbox,
    /// Folders with skills.
    Skills,
    /// Enable or disable tools.
    ToolSelection,
    /// Permission rules for one session.
    PermissionRules,
    /// A person or a program decides about each tool call.
    ApprovalByDelegation,
    /// Questions about tool calls in the stream itself.
    ApprovalInStream,
    /// Title and labels of a thread.
    TitleAndLabels,
    /// Machines of the service.
    RemoteExecution,
    /// Put commands of the host into the agent's session.
    CommandInjection,
    /// A terminal of the agent.
    Pty,
    /// Work without a network.
    Offline,
}

impl Capabilities {
    /// Returns what a version can do.
    #[must_use]
    pub fn of(version: &AmpVersion, dialect: &Dialect) -> Self {
        Self {
            agent: "amp",
            version: version.clone(),
            build: dialect.build().version,
            matched: dialect.matched(),
            generation: dialect.generation(),
            abilities: abilities(dialect),
            modes: dialect.modes(),
            subagents: dialect.subagents(),
            visibilities: dialect.visibilities(),
            shell_tool: dialect.shell_tool(),
        }
    }

    /// Tells whether an ability is there.
    #[must_use]
    pub fn supports(&self, ability: Ability) -> bool {
        self.abilities
            .get(&ability)
            .is_some_and(|support| support.supported)
    }
}

fn abilities(dialect: &Dialect) -> BTreeMap<Ability, Support> {
    let is = |feature: Feature, note: &'static str| Support {
        supported: dialect.supports(feature),
        note,
    };
    let yes = |note| Support {
        supported: true,
        note,
    };
    let no = |note| Support {
        supported: false,
        note,
    };
    let any = |features: &[Feature], note| Support {
        supported: features.iter().any(|feature| dialect.supports(*feature)),
        note,
    };
    BTreeMap::from([
        (
            Ability::Resume,
            is(
                Feature::ContinueThread,
                "only new messages are in the stream",
            ),
        ),
        (
            Ability::StreamingInput,
            is(
                Feature::StreamJsonInput,
                "one result for all messages, after the end of input",
            ),
        ),
        (Ability::Steer, is(Feature::Steer, "a field of a message")),
        (
            Ability::ImageInput,
            is(Feature::ImageInput, "as messages; the echo leaves them out"),
        ),
        (
            Ability::Cancel,
            yes("by a signal, answered with a result line"),
        ),
        (
            Ability::Thinking,
            is(Feature::Thinking, "without signatures"),
        ),
        (Ability::TokenStreaming, no("whole messages only")),
        (
            Ability::SubagentEvents,
            is(Feature::SubagentLines, "their tool results never appear"),
        ),
        (
            Ability::Usage,
            yes("per assistant message, when the service tells"),
        ),
        (
            Ability::ContextWindow,
            is(
                Feature::ContextWindowInUsage,
                "in the usage of assistant messages",
            ),
        ),
        (Ability::Cost, no("no build reports it")),
        (Ability::ModeChoice, is(Feature::Mode, "")),
        (
            Ability::ModelChoice,
            is(Feature::Model, "accepted, absent from the help"),
        ),
        (Ability::ModelList, no("modes choose models")),
        (
            Ability::ReasoningEffort,
            any(
                &[
                    Feature::EffortOption,
                    Feature::SmartEffortSetting,
                    Feature::DeepEffortSetting,
                ],
                "for some modes; from July 2026 on the modes are the levels",
            ),
        ),
        (Ability::SystemPrompt, no("not offered by this crate")),
        (Ability::TurnLimit, no("no build has one")),
        (
            Ability::McpServers,
            is(Feature::McpConfig, "from a private file"),
        ),
        (Ability::Toolbox, is(Feature::Toolbox, "")),
        (Ability::Skills, is(Feature::SkillsPathSetting, "")),
        (
            Ability::ToolSelection,
            any(
                &[Feature::ToolsEnableSetting, Feature::ToolsDisableSetting],
                "by settings of the run",
            ),
        ),
        (
            Ability::PermissionRules,
            is(
                Feature::SettingsFile,
                "settings of the workspace outrank them",
            ),
        ),
        (
            Ability::ApprovalByDelegation,
            is(
                Feature::DelegateRule,
                "a helper program decides, for as long as it takes",
            ),
        ),
        (
            Ability::ApprovalInStream,
            no("the stream carries no questions"),
        ),
        (
            Ability::TitleAndLabels,
            any(
                &[Feature::Title, Feature::Label],
                "labels since January, titles since September 2026",
            ),
        ),
        (
            Ability::RemoteExecution,
            is(
                Feature::OrbExecute,
                "local tools, rules and MCP servers do not apply",
            ),
        ),
        (Ability::CommandInjection, no("a prompt is all it takes")),
        (Ability::Pty, no("tools run without a terminal")),
        (Ability::Offline, no("every turn needs the service")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(version: &str) -> Capabilities {
        let version = AmpVersion::new(version);
        Capabilities::of(&version, &Dialect::for_version(&version))
    }

    #[test]
    fn abilities_follow_the_build() {
        let january = capabilities("0.0.1767830505-ga62310");
        let september = capabilities("0.0.1790142911-g7618fb");
        assert!(
            january.supports(Ability::SubagentEvents)
                && !september.supports(Ability::SubagentEvents)
        );
        assert!(!january.supports(Ability::Thinking) && september.supports(Ability::Thinking));
        for never in [
            Ability::CommandInjection,
            Ability::Pty,
            Ability::ModelList,
            Ability::Cost,
        ] {
            assert!(
                !january.supports(never) && !september.supports(never),
                "{never:?}"
            );
        }
    }

    #[test]
    fn they_are_one_json_object_with_names_for_keys() {
        let value = serde_json::to_value(capabilities("0.0.1790142911-g7618fb")).unwrap();
        assert_eq!(value["agent"], "amp");
        assert_eq!(value["version"], "0.0.1790142911-g7618fb");
        assert_eq!(value["abilities"]["streaming_input"]["supported"], true);
        assert_eq!(value["abilities"]["pty"]["supported"], false);
        assert_eq!(value["modes"][0]["key"], "low");
    }
}
