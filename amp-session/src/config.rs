//! What a caller asks of a session, independent of the CLI that will run it.

mod deadlines;
mod options;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use amp_process::Deadlines;
use amp_protocol::SettingsKey;
use serde_json::{Map, Value};

pub use deadlines::{default_deadlines, five_minute_deadlines, no_deadlines};

use crate::approval::approver::Approval;
use crate::environment::{Environment, NamesOf};
use crate::policy::caps::Caps;
use crate::sandbox::SandboxConfig;

/// The options of a session; everything is off or the CLI's own default until it is asked for.
///
/// The same value works with any Amp: [`Amp::start`](crate::Amp::start) turns it into the flags,
/// settings and variables of the build at hand and refuses what that build lacks.
#[derive(Clone)]
#[non_exhaustive]
pub struct SessionConfig {
    /// The agent mode, such as `smart` or `high`; the CLI's default when absent.
    pub mode: Option<String>,
    /// The reasoning effort, such as `high`, for modes that let one be chosen.
    pub reasoning_effort: Option<String>,
    /// The model to use instead of the mode's own, as `PROVIDER:MODEL`.
    pub model: Option<String>,
    /// Whether thinking blocks appear in the stream.
    pub thinking: bool,
    /// Who can see the thread; `public` and `unlisted` mean the same, under either name.
    pub visibility: Option<String>,
    /// Labels to add to the thread: at most 20 of letters, digits and `-`, 32 bytes each.
    pub labels: Vec<String>,
    /// The title of a new thread, at most 256 bytes; refused for one that is resumed.
    pub title: Option<String>,
    /// MCP servers to add to those of the settings, by name, in the form of `amp.mcpServers`.
    pub mcp_servers: Map<String, Value>,
    /// A file with MCP servers, in the form that `--mcp-config` takes.
    pub mcp_config_file: Option<PathBuf>,
    /// A folder with toolbox programs.
    pub toolbox: Option<PathBuf>,
    /// More folders with skills.
    pub skills: Vec<PathBuf>,
    /// Patterns of the only tools to enable; all of them when empty.
    pub tools_enabled: Vec<String>,
    /// Names of tools to disable.
    pub tools_disabled: Vec<String>,
    /// More settings, by full key such as `amp.url`; they win over the user's own. Rules in
    /// `amp.permissions` come before the user's, and are held to
    /// [what is promised of them](Self::with_permission_rules).
    pub settings: Map<String, Value>,
    /// The settings file to use instead of the user's own.
    pub settings_file: Option<PathBuf>,
    /// How much the CLI logs.
    pub log_level: Option<String>,
    /// Where the CLI logs.
    pub log_file: Option<PathBuf>,
    /// Whether the thread is archived after a turn; the CLI's default when absent.
    ///
    /// Builds through May 2026 leave threads alone; later ones archive those they create, and only
    /// those: asking for it is refused when one is resumed.
    pub archive: Option<bool>,
    /// Where the agent's tools run.
    pub executor: Executor,
    /// Whether every tool runs without asking, even against reject rules.
    pub dangerously_allow_all: bool,
    /// What the agent and its tools may reach; everything that this program may, when absent.
    pub sandbox: Option<SandboxConfig>,
    /// Who is asked about tool calls; nobody when absent.
    pub approval: Option<Approval>,
    /// Arguments to pass to the CLI as they are, behind everything else.
    pub extra_arguments: Vec<OsString>,
    /// Variables to set over those of the [`Amp`](crate::Amp); an empty value unsets one.
    pub environment: Environment,
    /// The folder the agent works in; the host's own when absent.
    pub working_directory: Option<PathBuf>,
    /// Whether the files of the Git work tree are kept before and after each recorded turn, so that
    /// it can be undone; not unless set.
    pub snapshots: bool,
    /// The most that a turn may use; nothing is limited unless set.
    pub caps: Caps,
    /// How long to wait, and for what; [`default_deadlines`] unless set.
    pub deadlines: Deadlines,
    /// Whether Amp's own log of the thread is read after a turn that failed, where it tells more of
    /// the service's limits than the stream: its code for an error, when to try again, a connection
    /// that was lost (builds since July 2026).
    pub limits_from_log: bool,
}

/// Where the agent's tools run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Executor {
    /// On this machine.
    #[default]
    Local,
    /// In a machine of the service, on a project of it or on the one of the folder's remotes.
    Orb {
        /// The project, as `namespace/name`, `owner/repo` or an address.
        project: Option<String>,
    },
    /// On a runner that was started elsewhere.
    Runner {
        /// The runner's id.
        id: String,
        /// A folder that the runner serves; its starting folder when absent.
        directory: Option<PathBuf>,
    },
}

/// Tells whether `amp.dangerouslyAllowAll` of this value allows nothing; the build of 2026-05-04
/// takes `true` alone for an allow-all, of the later ones it is not known.
pub(crate) fn is_off(value: &Value) -> bool {
    matches!(value, Value::Bool(false) | Value::Null)
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            mode: None,
            reasoning_effort: None,
            model: None,
            thinking: false,
            visibility: None,
            labels: Vec::new(),
            title: None,
            mcp_servers: Map::new(),
            mcp_config_file: None,
            toolbox: None,
            skills: Vec::new(),
            tools_enabled: Vec::new(),
            tools_disabled: Vec::new(),
            settings: Map::new(),
            settings_file: None,
            log_level: None,
            log_file: None,
            archive: None,
            executor: Executor::default(),
            dangerously_allow_all: false,
            sandbox: None,
            approval: None,
            extra_arguments: Vec::new(),
            environment: Environment::new(),
            working_directory: None,
            snapshots: false,
            caps: Caps::default(),
            deadlines: default_deadlines(),
            limits_from_log: false,
        }
    }
}

impl SessionConfig {
    /// Returns a configuration that asks for nothing beyond the CLI's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the folder the agent works in.
    pub(crate) fn folder(&self) -> &Path {
        let folder = self.working_directory.as_deref();
        folder.unwrap_or(Path::new("."))
    }

    /// Tells whether the run asks, in any way, for every tool to be allowed.
    pub(crate) fn allows_all(&self) -> bool {
        let setting = SettingsKey::DANGEROUSLY_ALLOW_ALL;
        let setting = self.settings.get(setting.as_str());
        let by_argument = self.extra_arguments.iter().any(|argument| {
            let bytes = argument.as_encoded_bytes();
            bytes.starts_with(b"--dangerously-allow-all")
        });
        self.dangerously_allow_all || by_argument || !setting.is_none_or(is_off)
    }
}

/// Shows names of variables, MCP servers and settings, never what they hold.
impl fmt::Debug for SessionConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
        formatter
            .debug_struct("SessionConfig")
            .field("mode", &self.mode)
            .field("reasoning_effort", &self.reasoning_effort)
            .field("model", &self.model)
            .field("thinking", &self.thinking)
            .field("visibility", &self.visibility)
            .field("labels", &self.labels)
            .field("title", &self.title)
            .field("mcp_servers", &names(&self.mcp_servers))
            .field("mcp_config_file", &self.mcp_config_file)
            .field("toolbox", &self.toolbox)
            .field("skills", &self.skills)
            .field("tools_enabled", &self.tools_enabled)
            .field("tools_disabled", &self.tools_disabled)
            .field("settings", &names(&self.settings))
            .field("settings_file", &self.settings_file)
            .field("log_level", &self.log_level)
            .field("log_file", &self.log_file)
            .field("archive", &self.archive)
            .field("executor", &self.executor)
            .field("dangerously_allow_all", &self.dangerously_allow_all)
            .field("approval", &self.approval)
            .field("extra_arguments", &self.extra_arguments)
            .field("environment", &NamesOf(&self.environment))
            .field("working_directory", &self.working_directory)
            .field("snapshots", &self.snapshots)
            .field("caps", &self.caps)
            .field("deadlines", &self.deadlines)
            .field("limits_from_log", &self.limits_from_log)
            .finish()
    }
}
