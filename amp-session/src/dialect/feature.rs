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
    /// `threads list --json`: the threads of the service.
    ThreadsList,
    /// `threads search --json`: those of them that fit a query.
    ThreadsSearch,
    /// `threads export`: a thread as JSON; the help of older builds does not name it.
    ThreadsExport,
    /// `--mode`: choose the agent mode.
    Mode,
    /// `--model`: override the model of the mode; accepted but absent from the help.
    Model,
    /// `--effort`: choose the reasoning effort.
    EffortOption,
    /// `amp.agent.deepReasoningEffort` changes what the `deep` mode asks of its model.
    ///
    /// The builds of 2026-04-05 and 2026-04-21 know the setting and ignore it; those of
    /// February have another one, and cannot stream JSON in that mode.
    DeepEffortSetting,
    /// `amp.anthropic.effort` changes what the `smart` mode asks of its model.
    ///
    /// Builds from February on know the setting; only this one acts on it.
    SmartEffortSetting,
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
    /// `"steer": true` is accepted on `--stream-json-input`. The build of 2026-05-04 cancels the tool
    /// that is running for such a message, that of 2026-09-23 lets it end.
    Steer,
    /// Assistant lines of subagents appear in the stream with `parent_tool_use_id`.
    SubagentLines,
    /// The init line names the agent mode.
    AgentModeInInit,
    /// The helper of a `delegate` rule is told the tool-use id.
    DelegateToolUseId,
    /// A failed start still writes an init and a result line.
    StartFailureInStream,
    /// A service that fails while a run starts is told as a wrong key.
    MisleadingKeyError,
    /// The `delegate` action of permission rules.
    DelegateRule,
    /// Workspace settings are read again during a run.
    SettingsReadDuringRun,
    /// TypeScript plugins are loaded from the workspace and the user's configuration.
    Plugins,
    /// Tool names in permission rules match whatever their case.
    CaseInsensitiveToolRules,
    /// A permission rule for `Bash` or `shell_command` holds for the other as well.
    ShellToolAliases,
    /// So does one for `async_shell_command`.
    AsyncShellToolAlias,
    /// `usage.max_tokens`, the size of the context window, is in the stream.
    ContextWindowInUsage,
    /// A tool call is in the stream before it runs: what was not shown has not run.
    ///
    /// Builds of January to March 2026 run a tool up to 0.1 s before its line, and not always show
    /// it. Those of April were not measured.
    CallsShownFirst,
    /// A tool call without a result is told to the model as cancelled, and not run, when the thread
    /// goes on.
    ///
    /// The build of May 2026 starts such a call, and then cancels it: fast ones ran to their end.
    OpenCallsCancelled,
}

/// One row of the table: a feature, how the CLI spells it, and the builds that have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) feature: Feature,
    pub(super) spelling: &'static str,
    pub(super) spans: &'static [Span],
}

/// The first and the last build of a feature; without a last one, it is still there.
pub(super) type Span = (usize, Option<usize>);

const ALWAYS: &[Span] = &[(JAN_08, None)];
const THROUGH_MAY_04: &[Span] = &[(JAN_08, Some(MAY_04))];
const SINCE_JAN_25: &[Span] = &[(JAN_25, None)];
const SINCE_MAY_04: &[Span] = &[(MAY_04, None)];
const SINCE_JUL_15: &[Span] = &[(JUL_15, None)];
const SINCE_SEP_08: &[Span] = &[(SEP_08, None)];

const fn row(feature: Feature, spelling: &'static str, spans: &'static [Span]) -> Row {
    Row {
        feature,
        spelling,
        spans,
    }
}

impl Row {
    pub(super) fn covers(&self, position: usize) -> bool {
        self.spans
            .iter()
            .any(|(since, until)| *since <= position && until.is_none_or(|until| position <= until))
    }
}

/// Every feature, once.
pub(super) const TABLE: &[Row] = &[
    row(Feature::Execute, "--execute", ALWAYS),
    row(Feature::StreamJson, "--stream-json", ALWAYS),
    row(Feature::StreamJsonInput, "--stream-json-input", ALWAYS),
    row(Feature::Thinking, "--stream-json-thinking", SINCE_JAN_25),
    row(Feature::ContinueThread, "threads continue", ALWAYS),
    row(Feature::ThreadsList, "threads list --json", SINCE_MAY_04),
    row(
        Feature::ThreadsSearch,
        "threads search --json",
        &[(FEB_10, None)],
    ),
    row(Feature::ThreadsExport, "threads export", SINCE_JAN_25),
    row(Feature::Mode, "--mode", ALWAYS),
    row(Feature::Model, "--model", &[(APR_21, None)]),
    row(Feature::EffortOption, "--effort", &[(MAY_04, Some(MAY_04))]),
    row(
        Feature::DeepEffortSetting,
        "amp.agent.deepReasoningEffort",
        &[(MAR_13, Some(MAR_13)), (APR_27, Some(APR_27))],
    ),
    row(
        Feature::SmartEffortSetting,
        "amp.anthropic.effort",
        &[(APR_27, Some(APR_27))],
    ),
    row(
        Feature::ExperimentalModesSetting,
        "amp.experimental.modes",
        &[(JAN_25, Some(MAY_04))],
    ),
    row(Feature::Visibility, "--visibility", ALWAYS),
    row(Feature::Label, "--label", SINCE_JAN_25),
    row(Feature::Title, "--title", SINCE_SEP_08),
    row(Feature::McpConfig, "--mcp-config", ALWAYS),
    row(Feature::Toolbox, "AMP_TOOLBOX", THROUGH_MAY_04),
    row(Feature::SkillsPathSetting, "amp.skills.path", SINCE_JAN_25),
    row(
        Feature::ToolsEnableSetting,
        "amp.tools.enable",
        SINCE_JAN_25,
    ),
    row(Feature::ToolsDisableSetting, "amp.tools.disable", ALWAYS),
    row(Feature::SettingsFile, "--settings-file", ALWAYS),
    row(Feature::LogLevel, "--log-level", ALWAYS),
    row(Feature::LogFile, "--log-file", ALWAYS),
    row(Feature::Archive, "--archive", &[(FEB_16, Some(MAY_04))]),
    row(
        Feature::NoArchiveAfterExecute,
        "--no-archive-after-execute",
        SINCE_JUL_15,
    ),
    row(Feature::Executor, "--executor", SINCE_SEP_08),
    row(Feature::OrbExecute, "--orb-execute", SINCE_JUL_15),
    row(Feature::Project, "--project", SINCE_SEP_08),
    row(Feature::RunnerDirectory, "--runner-dir", &[(SEP_23, None)]),
    row(
        Feature::DangerouslyAllowAll,
        "--dangerously-allow-all",
        ALWAYS,
    ),
    row(
        Feature::StreamJsonInEveryMode,
        "--stream-json with any mode",
        &[(MAR_13, None)],
    ),
    row(Feature::ModeChecked, "checked mode names", THROUGH_MAY_04),
    row(
        Feature::ImageInput,
        "image blocks on standard input",
        &[(APR_05, None)],
    ),
    row(Feature::Steer, "steer on standard input", SINCE_MAY_04),
    row(
        Feature::SubagentLines,
        "subagent lines in the stream",
        &[(JAN_08, Some(JAN_10))],
    ),
    row(
        Feature::AgentModeInInit,
        "agent_mode in the init line",
        SINCE_MAY_04,
    ),
    row(
        Feature::DelegateToolUseId,
        "AGENT_TOOL_USE_ID",
        THROUGH_MAY_04,
    ),
    row(
        Feature::StartFailureInStream,
        "result line after a failed start",
        &[(JAN_08, Some(JAN_25))],
    ),
    row(
        Feature::MisleadingKeyError,
        "a failing service told as a wrong key",
        &[(FEB_10, Some(MAR_13))],
    ),
    row(Feature::DelegateRule, "delegate rules", ALWAYS),
    row(
        Feature::SettingsReadDuringRun,
        "settings read during a run",
        SINCE_MAY_04,
    ),
    row(Feature::Plugins, "plugins", SINCE_JUL_15),
    row(
        Feature::CaseInsensitiveToolRules,
        "case-insensitive tool rules",
        &[(JAN_10, None)],
    ),
    row(
        Feature::ShellToolAliases,
        "shell tool rules for Bash and shell_command alike",
        &[(APR_05, None)],
    ),
    row(
        Feature::AsyncShellToolAlias,
        "shell tool rules for async_shell_command too",
        SINCE_JUL_15,
    ),
    row(
        Feature::ContextWindowInUsage,
        "usage.max_tokens",
        &[(JAN_08, Some(JUL_15))],
    ),
    row(
        Feature::CallsShownFirst,
        "tool calls shown before they run",
        SINCE_MAY_04,
    ),
    row(
        Feature::OpenCallsCancelled,
        "open tool calls cancelled when a thread goes on",
        &[(JAN_08, Some(MAR_13))],
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
            assert!(!row.spans.is_empty());
            for (since, until) in row.spans {
                let last = until.unwrap_or(BUILDS.len() - 1);
                assert!(*since <= last && last < BUILDS.len(), "{:?}", row.feature);
            }
            assert!(!row.spelling.is_empty());
        }
    }
}
