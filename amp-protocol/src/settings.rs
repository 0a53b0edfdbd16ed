//! The keys of the settings file.
//!
//! The file is one flat object: the CLI ignores nested objects, keys without the `amp.` prefix
//! and keys it does not know, silently. The names are those in the help texts of the January, May
//! and September 2026 builds.

use crate::open_string::open_string;

open_string! {
    /// A key of the settings file.
    pub struct SettingsKey {
        /// Which tools may run: an array of [`PermissionRule`](crate::PermissionRule).
        PERMISSIONS = "amp.permissions",
        /// Lets every tool run, even against a `reject` rule.
        DANGEROUSLY_ALLOW_ALL = "amp.dangerouslyAllowAll",
        /// MCP servers by name: [`McpConfig`](crate::McpConfig).
        MCP_SERVERS = "amp.mcpServers",
        /// Tools that the model gets, all others switched off.
        TOOLS_ENABLE = "amp.tools.enable",
        /// Tools that the model does not get.
        TOOLS_DISABLE = "amp.tools.disable",
        /// A folder of programs offered as tools; without effect since July 2026.
        TOOLBOX_PATH = "amp.toolbox.path",
        /// Folders of skills.
        SKILLS_PATH = "amp.skills.path",
        /// Leaves out the skills of another agent.
        SKILLS_DISABLE_CLAUDE_CODE = "amp.skills.disableClaudeCodeSkills",
        /// Leaves out the skills shared by agents.
        SKILLS_DISABLE_GLOBAL_AGENTS = "amp.skills.disableGlobalAgentsSkills",
        /// Agent modes to switch on.
        EXPERIMENTAL_MODES = "amp.experimental.modes",
        /// The visibility of new threads.
        DEFAULT_VISIBILITY = "amp.defaultVisibility",
        /// The service's address; `AMP_URL` beats it. Not in the help text.
        URL = "amp.url",
        /// The proxy for requests to the service.
        PROXY = "amp.proxy",
        /// How long a request may take, in seconds.
        NETWORK_TIMEOUT = "amp.network.timeout",
        /// `disabled` switches updates off.
        UPDATES_MODE = "amp.updates.mode",
        /// Files that may be written although they are guarded.
        GUARDED_FILES_ALLOWLIST = "amp.guardedFiles.allowlist",
        /// Files that searches find although they are ignored.
        FUZZY_ALWAYS_INCLUDE_PATHS = "amp.fuzzy.alwaysIncludePaths",
        /// Names the thread in commit messages.
        GIT_COMMIT_AMP_THREAD = "amp.git.commit.ampThread.enabled",
        /// Names Amp as a co-author in commit messages.
        GIT_COMMIT_COAUTHOR = "amp.git.commit.coauthor.enabled",
        /// Sounds and bells.
        NOTIFICATIONS = "amp.notifications.enabled",
        /// Notifications of the desktop.
        SYSTEM_NOTIFICATIONS = "amp.notifications.system.enabled",
        /// Shows what a thread costs.
        SHOW_COSTS = "amp.showCosts",
        /// Starts threads from elsewhere on this machine.
        REMOTE_THREAD_CREATION = "amp.remoteThreadCreation.enabled",
        /// Archives a thread when the terminal program ends.
        THREAD_AUTO_ARCHIVE_ON_QUIT = "amp.thread.autoArchiveOnQuit",
    }
}
