//! The one data table: which builds have which flag, setting and behaviour.
//!
//! Every row was measured by running the builds named in [`BUILDS`](super::BUILDS) with a closed
//! or stand-in service, or read from a recording. A build between two measured ones is taken to
//! behave like the older of the two.

use std::fmt;

use serde::Serialize;

use super::builds::{
    APR_05, APR_21, APR_27, FEB_10, FEB_16, JAN_08, JAN_10, JAN_25, JUL_15, MAR_13, MAY_04, SEP_08,
    SEP_23,
};

/// Something that one build of the CLI has and another may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Feature {
    /// `--execute`: run one prompt and exit.
    Execute,
    /// `--stream-json`: one JSON object per line on standard output.
    StreamJson,
    /// `--stream-json-input`: user messages as JSON lines on standard input.
    StreamJsonInput,
    /// `--stream-json-thinking`: thinking blocks in the stream.
    Thinking,
    /// `threads continue`: go on with an existing thread.
    ContinueThread,
    /// `--mode`: choose the agent mode.
    Mode,
    /// `--model`: override the model of the mode; accepted but absent from the help.
    Model,
    /// `--effort`: choose the reasoning effort.
    EffortOption,
    /// `amp.internal.deepReasoningEffort`: reasoning effort of the `deep` mode.
    InternalDeepEffortSetting,
    /// `amp.agent.deepReasoningEffort`: reasoning effort of the `deep` mode.
    AgentDeepEffortSetting,
    /// `amp.anthropic.effort`: reasoning effort of the modes that run an Anthropic model.
    AnthropicEffortSetting,
    /// `amp.experimental.modes` lists `deep` among the modes it can turn on.
    ExperimentalModesSetting,
    /// `--visibility`: who can see the thread.
    Visibility,
    /// `--label`: label the thread.
    Label,
    /// `--title`: name the new thread.
    Title,
    /// `--mcp-config`: MCP servers to add to the settings.
    McpConfig,
    /// `AMP_TOOLBOX` has an effect.
    Toolbox,
    /// `amp.skills.path`: more folders with skills.
    SkillsPathSetting,
    /// `amp.tools.enable`: only these tools.
    ToolsEnableSetting,
    /// `amp.tools.disable`: not these tools.
    ToolsDisableSetting,
    /// `--settings-file`: settings to use instead of the user's own file.
    SettingsFile,
    /// `--log-level`: how much the CLI logs.
    LogLevel,
    /// `--log-file`: where the CLI logs.
    LogFile,
    /// `--archive`: archive the thread after the run.
    Archive,
    /// `--no-archive-after-execute`: leave the thread unarchived, which is no longer the default.
    NoArchiveAfterExecute,
    /// `--executor`: run locally or on a runner.
    Executor,
    /// `--orb-execute`: run in a machine of the service.
    OrbExecute,
    /// `--project`: the project an orb runs on.
    Project,
    /// `--runner-dir`: the folder of a runner.
    RunnerDirectory,
    /// `--dangerously-allow-all`: run every tool without asking, whatever the rules say.
    DangerouslyAllowAll,
    /// Every mode works with `--stream-json`, not only `smart`.
    StreamJsonInEveryMode,
    /// The CLI checks the mode's name before it runs.
    ModeChecked,
    /// Image blocks are accepted on `--stream-json-input`.
    ImageInput,
    /// `"steer": true` is accepted on `--stream-json-input`.
    Steer,
    /// Assistant lines of subagents appear in the stream with `parent_tool_use_id`.
    SubagentLines,
    /// The init line names the agent mode.
    AgentModeInInit,
    /// The helper of a `delegate` rule is told the tool-use id.
    DelegateToolUseId,
    /// A failed start still writes an init and a result line.
    StartFailureInStream,
    /// The `delegate` action of permission rules.
    DelegateRule,
    /// Workspace settings are read again during a run.
    SettingsReadDuringRun,
    /// TypeScript plugins are loaded from the workspace and the user's configuration.
    Plugins,
    /// Tool names in permission rules match whatever their case.
    CaseInsensitiveToolRules,
    /// `usage.max_tokens`, the size of the context window, is in the stream.
    ContextWindowInUsage,
}

/// One row of the table: a feature, how the CLI spells it, and the builds that have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) feature: Feature,
    pub(super) spelling: &'static str,
    pub(super) since: usize,
    pub(super) until: Option<usize>,
}

impl Row {
    /// A feature of every measured build.
    const fn always(feature: Feature, spelling: &'static str) -> Self {
        Self {
            feature,
            spelling,
            since: JAN_08,
            until: None,
        }
    }

    /// A feature that came with a build and is still there.
    const fn since(feature: Feature, spelling: &'static str, since: usize) -> Self {
        Self {
            feature,
            spelling,
            since,
            until: None,
        }
    }

    /// A feature that a build was the last to have.
    const fn between(feature: Feature, spelling: &'static str, since: usize, until: usize) -> Self {
        Self {
            feature,
            spelling,
            since,
            until: Some(until),
        }
    }

    pub(super) fn covers(&self, position: usize) -> bool {
        self.since <= position && self.until.is_none_or(|until| position <= until)
    }
}

/// Every feature, once.
pub(super) const TABLE: &[Row] = &[
    Row::always(Feature::Execute, "--execute"),
    Row::always(Feature::StreamJson, "--stream-json"),
    Row::always(Feature::StreamJsonInput, "--stream-json-input"),
    Row::since(Feature::Thinking, "--stream-json-thinking", JAN_25),
    Row::always(Feature::ContinueThread, "threads continue"),
    Row::always(Feature::Mode, "--mode"),
    Row::since(Feature::Model, "--model", APR_21),
    Row::between(Feature::EffortOption, "--effort", MAY_04, MAY_04),
    Row::between(
        Feature::InternalDeepEffortSetting,
        "amp.internal.deepReasoningEffort",
        FEB_10,
        FEB_16,
    ),
    Row::between(
        Feature::AgentDeepEffortSetting,
        "amp.agent.deepReasoningEffort",
        MAR_13,
        APR_27,
    ),
    Row::between(
        Feature::AnthropicEffortSetting,
        "amp.anthropic.effort",
        FEB_10,
        APR_27,
    ),
    Row::between(
        Feature::ExperimentalModesSetting,
        "amp.experimental.modes",
        JAN_25,
        MAY_04,
    ),
    Row::always(Feature::Visibility, "--visibility"),
    Row::since(Feature::Label, "--label", JAN_25),
    Row::since(Feature::Title, "--title", SEP_08),
    Row::always(Feature::McpConfig, "--mcp-config"),
    Row::between(Feature::Toolbox, "AMP_TOOLBOX", JAN_08, MAY_04),
    Row::since(Feature::SkillsPathSetting, "amp.skills.path", JAN_25),
    Row::since(Feature::ToolsEnableSetting, "amp.tools.enable", JAN_25),
    Row::always(Feature::ToolsDisableSetting, "amp.tools.disable"),
    Row::always(Feature::SettingsFile, "--settings-file"),
    Row::always(Feature::LogLevel, "--log-level"),
    Row::always(Feature::LogFile, "--log-file"),
    Row::between(Feature::Archive, "--archive", FEB_16, MAY_04),
    Row::since(
        Feature::NoArchiveAfterExecute,
        "--no-archive-after-execute",
        JUL_15,
    ),
    Row::since(Feature::Executor, "--executor", SEP_08),
    Row::since(Feature::OrbExecute, "--orb-execute", JUL_15),
    Row::since(Feature::Project, "--project", SEP_08),
    Row::since(Feature::RunnerDirectory, "--runner-dir", SEP_23),
    Row::always(Feature::DangerouslyAllowAll, "--dangerously-allow-all"),
    Row::since(
        Feature::StreamJsonInEveryMode,
        "--stream-json with any mode",
        MAR_13,
    ),
    Row::between(Feature::ModeChecked, "checked mode names", JAN_08, MAY_04),
    Row::since(
        Feature::ImageInput,
        "image blocks on standard input",
        APR_05,
    ),
    Row::since(Feature::Steer, "steer on standard input", MAY_04),
    Row::between(
        Feature::SubagentLines,
        "subagent lines in the stream",
        JAN_08,
        JAN_10,
    ),
    Row::since(
        Feature::AgentModeInInit,
        "agent_mode in the init line",
        MAY_04,
    ),
    Row::between(
        Feature::DelegateToolUseId,
        "AGENT_TOOL_USE_ID",
        JAN_08,
        MAY_04,
    ),
    Row::between(
        Feature::StartFailureInStream,
        "result line after a failed start",
        JAN_08,
        JAN_10,
    ),
    Row::always(Feature::DelegateRule, "delegate rules"),
    Row::since(
        Feature::SettingsReadDuringRun,
        "settings read during a run",
        MAY_04,
    ),
    Row::since(Feature::Plugins, "plugins", JUL_15),
    Row::since(
        Feature::CaseInsensitiveToolRules,
        "case-insensitive tool rules",
        JAN_10,
    ),
    Row::between(
        Feature::ContextWindowInUsage,
        "usage.max_tokens",
        JAN_08,
        JUL_15,
    ),
];

impl Feature {
    /// Returns every feature of the table, in its order.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.feature)
    }

    /// Returns how the CLI spells it: a flag, a setting, a variable, or a short description.
    #[must_use]
    pub fn spelling(self) -> &'static str {
        self.row().map_or("", |row| row.spelling)
    }

    pub(super) fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.feature == self)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.spelling())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dialect::BUILDS;

    #[test]
    fn every_feature_has_exactly_one_row_with_a_possible_span() {
        let distinct: BTreeSet<Feature> = Feature::all().collect();
        assert_eq!(distinct.len(), TABLE.len());
        for row in TABLE {
            let last = row.until.unwrap_or(BUILDS.len() - 1);
            assert!(
                row.since <= last && last < BUILDS.len(),
                "{:?}",
                row.feature
            );
            assert!(!row.spelling.is_empty());
        }
    }
}
