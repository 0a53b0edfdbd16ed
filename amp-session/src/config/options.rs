//! One builder method for each option of a session.

use std::ffi::OsString;
use std::path::PathBuf;

use amp_process::Deadlines;
use amp_protocol::{McpServer, PermissionRule, SettingsKey};
use serde_json::{Value, json};

use super::{Executor, SessionConfig};
use crate::approval::approver::Approval;
use crate::policy::caps::Caps;
use crate::sandbox::SandboxConfig;

impl SessionConfig {
    /// Returns this configuration with an agent mode.
    #[must_use]
    pub fn with_mode(mut self, mode: impl Into<String>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// Returns this configuration with a reasoning effort.
    #[doc(alias = "effort")]
    #[must_use]
    pub fn with_reasoning_effort(mut self, effort: impl Into<String>) -> Self {
        self.reasoning_effort = Some(effort.into());
        self
    }

    /// Returns this configuration with thinking blocks in the stream.
    #[must_use]
    pub fn with_thinking(mut self) -> Self {
        self.thinking = true;
        self
    }

    /// Returns this configuration with another folder to work in.
    #[doc(alias = "cwd")]
    #[must_use]
    pub fn with_working_directory(mut self, folder: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(folder.into());
        self
    }

    /// Returns this configuration with the agent in a sandbox.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: SandboxConfig) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// Returns this configuration with somebody who is asked about tool calls.
    #[must_use]
    pub fn with_approval(mut self, approval: Approval) -> Self {
        self.approval = Some(approval);
        self
    }

    /// Returns this configuration with the files of the Git work tree kept before and after each
    /// recorded turn: [`TurnFiles`](crate::TurnFiles) tells what it did, and undoes it.
    #[must_use]
    pub fn with_snapshots(mut self) -> Self {
        self.snapshots = true;
        self
    }

    /// Returns this configuration with limits of what a turn may use.
    #[doc(alias = "max_turns")]
    #[must_use]
    pub fn with_caps(mut self, caps: Caps) -> Self {
        self.caps = caps;
        self
    }

    /// Returns this configuration with other deadlines.
    #[must_use]
    pub fn with_deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Returns this configuration with Amp's own log read for the service's limits.
    #[must_use]
    pub fn with_limits_from_log(mut self) -> Self {
        self.limits_from_log = true;
        self
    }

    /// Returns this configuration with permission rules, which come before the user's own.
    ///
    /// A session refuses rules that would not hold ([`Error::UnsafeRules`](crate::Error)): one that
    /// Amp would drop, or any of them beside an allow-all, or with settings of the project or the
    /// administrator that outrank them. An allow-all of the user's own settings is switched off.
    #[doc(alias = "permissions")]
    #[must_use]
    pub fn with_permission_rules(self, rules: &[PermissionRule]) -> Self {
        self.with_setting(SettingsKey::PERMISSIONS.as_str(), json!(rules))
    }

    /// Returns this configuration with a model, as `PROVIDER:MODEL`.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Returns this configuration with a visibility of the thread, such as `private`.
    #[must_use]
    pub fn with_visibility(mut self, visibility: impl Into<String>) -> Self {
        self.visibility = Some(visibility.into());
        self
    }

    /// Returns this configuration with one more label for the thread.
    #[doc(alias = "labels")]
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
        self
    }

    /// Returns this configuration with a title for a new thread.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Returns this configuration with a file of MCP servers.
    #[must_use]
    pub fn with_mcp_config_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.mcp_config_file = Some(file.into());
        self
    }

    /// Returns this configuration with a folder of toolbox programs.
    #[must_use]
    pub fn with_toolbox(mut self, folder: impl Into<PathBuf>) -> Self {
        self.toolbox = Some(folder.into());
        self
    }

    /// Returns this configuration with one more folder of skills.
    #[must_use]
    pub fn with_skills(mut self, folder: impl Into<PathBuf>) -> Self {
        self.skills.push(folder.into());
        self
    }

    /// Returns this configuration with one more pattern of the only tools to enable.
    #[doc(alias = "enabled_tools")]
    #[must_use]
    pub fn with_tool_enabled(mut self, pattern: impl Into<String>) -> Self {
        self.tools_enabled.push(pattern.into());
        self
    }

    /// Returns this configuration with one more tool to disable.
    #[must_use]
    pub fn with_tool_disabled(mut self, name: impl Into<String>) -> Self {
        self.tools_disabled.push(name.into());
        self
    }

    /// Returns this configuration with a settings file in place of the user's own.
    #[must_use]
    pub fn with_settings_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings_file = Some(file.into());
        self
    }

    /// Returns this configuration with a level of the CLI's own log.
    #[must_use]
    pub fn with_log_level(mut self, level: impl Into<String>) -> Self {
        self.log_level = Some(level.into());
        self
    }

    /// Returns this configuration with a file for the CLI's own log.
    #[must_use]
    pub fn with_log_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.log_file = Some(file.into());
        self
    }

    /// Returns this configuration with the thread archived after a turn, or not.
    #[doc(alias = "no_archive_after_execute")]
    #[must_use]
    pub fn with_archive(mut self, archive: bool) -> Self {
        self.archive = Some(archive);
        self
    }

    /// Returns this configuration with another place for the agent's tools to run.
    #[doc(alias = "runner_id")]
    #[doc(alias = "runner_dir")]
    #[doc(alias = "project")]
    #[must_use]
    pub fn with_executor(mut self, executor: Executor) -> Self {
        self.executor = executor;
        self
    }

    /// Returns this configuration with every tool allowed, even against reject rules.
    #[must_use]
    pub fn with_dangerously_allow_all(mut self) -> Self {
        self.dangerously_allow_all = true;
        self
    }

    /// Returns this configuration with one more argument for the CLI, behind everything else.
    #[must_use]
    pub fn with_extra_argument(mut self, argument: impl Into<OsString>) -> Self {
        self.extra_arguments.push(argument.into());
        self
    }

    /// Returns this configuration with one more MCP server.
    #[doc(alias = "mcp_config")]
    #[doc(alias = "mcpServers")]
    #[must_use]
    pub fn with_mcp_server(mut self, name: impl Into<String>, server: &McpServer) -> Self {
        self.mcp_servers.insert(name.into(), json!(server));
        self
    }

    /// Returns this configuration with one more setting, by full key such as `amp.permissions`.
    #[doc(alias = "systemPrompt")]
    #[must_use]
    pub fn with_setting(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.insert(key.into(), value.into());
        self
    }

    /// Returns this configuration with one more variable in the agent's environment.
    #[doc(alias = "env")]
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use amp_protocol::McpStdioServer;

    use super::*;
    use crate::approval::RejectAll;
    use crate::config::no_deadlines;

    #[test]
    fn every_field_has_a_builder() {
        let server = McpServer::Stdio(McpStdioServer::new("server"));
        let executor = Executor::Orb { project: None };
        // A new field does not compile here until it is named, and fails until it is built.
        let SessionConfig {
            mode,
            reasoning_effort,
            model,
            thinking,
            visibility,
            labels,
            title,
            mcp_servers,
            mcp_config_file,
            toolbox,
            skills,
            tools_enabled,
            tools_disabled,
            settings,
            settings_file,
            log_level,
            log_file,
            archive,
            executor: executor_set,
            dangerously_allow_all,
            sandbox,
            approval,
            extra_arguments,
            environment,
            working_directory,
            snapshots,
            caps,
            deadlines,
            limits_from_log,
        } = SessionConfig::new()
            .with_mode("smart")
            .with_reasoning_effort("high")
            .with_model("provider:model")
            .with_thinking()
            .with_visibility("private")
            .with_label("label")
            .with_title("title")
            .with_mcp_server("name", &server)
            .with_mcp_config_file("mcp.json")
            .with_toolbox("toolbox")
            .with_skills("skills")
            .with_tool_enabled("Read")
            .with_tool_disabled("Bash")
            .with_setting("amp.key", true)
            .with_settings_file("settings.json")
            .with_log_level("debug")
            .with_log_file("amp.log")
            .with_archive(false)
            .with_executor(executor.clone())
            .with_dangerously_allow_all()
            .with_sandbox(SandboxConfig::default())
            .with_approval(Approval::by(RejectAll))
            .with_extra_argument("--fast")
            .with_variable("NAME", "value")
            .with_working_directory("folder")
            .with_snapshots()
            .with_caps(Caps::default().with_messages(1))
            .with_deadlines(no_deadlines())
            .with_limits_from_log();
        let texts = [mode, reasoning_effort, model, visibility, title, log_level];
        assert!(texts.iter().all(Option::is_some), "{texts:?}");
        let paths = [
            mcp_config_file,
            toolbox,
            settings_file,
            log_file,
            working_directory,
        ];
        assert!(paths.iter().all(Option::is_some), "{paths:?}");
        let lists = [
            labels.len(),
            skills.len(),
            tools_enabled.len(),
            tools_disabled.len(),
        ];
        assert_eq!(lists, [1; 4]);
        let maps = [
            mcp_servers.len(),
            settings.len(),
            environment.len(),
            extra_arguments.len(),
        ];
        assert_eq!(maps, [1; 4]);
        assert!(thinking && snapshots && dangerously_allow_all && limits_from_log);
        assert!(sandbox.is_some() && approval.is_some());
        assert_eq!((archive, executor_set), (Some(false), executor));
        assert_eq!((caps.messages, deadlines.startup), (Some(1), None));
    }
}
