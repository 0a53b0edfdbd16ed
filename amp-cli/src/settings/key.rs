//! The settings by name: what sets each of them, and who may.

use amp_bootstrap::EXECUTABLE_VARIABLE;

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its name in a configuration file.
    pub(crate) name: &'static str,
    /// The flag that sets it, as users write it.
    pub(super) flag: &'static str,
    /// The variable that sets it, if one does.
    pub(super) variable: Option<&'static str>,
    /// A project file may not set it: it arrives with a clone, and must not choose the program that
    /// runs, where that comes from, what it may reach or use, or who sees the thread.
    pub(super) is_reserved_for_user: bool,
    /// Each place adds to what the others say, where else the strongest decides.
    pub(super) adds_up: bool,
}

impl Key {
    const fn new(name: &'static str, flag: &'static str, variable: &'static str) -> Self {
        Self {
            name,
            flag,
            variable: Some(variable),
            is_reserved_for_user: false,
            adds_up: false,
        }
    }

    /// A setting that a project file may not set.
    const fn of_user(name: &'static str, flag: &'static str, variable: &'static str) -> Self {
        Self {
            is_reserved_for_user: true,
            ..Self::new(name, flag, variable)
        }
    }

    /// A list about a sandbox: its places add up, and no variable is one of them.
    const fn of_sandbox(name: &'static str, flag: &'static str) -> Self {
        Self {
            name,
            flag,
            variable: None,
            is_reserved_for_user: true,
            adds_up: true,
        }
    }
}

pub(super) const AMP: Key = Key::of_user("amp", "--amp", EXECUTABLE_VARIABLE);
pub(crate) const MODE: Key = Key::new("mode", "--mode", "AMPCTL_MODE");
pub(super) const EFFORT: Key = Key::new("effort", "--effort", "AMPCTL_EFFORT");
pub(super) const VISIBILITY: Key = Key::of_user("visibility", "--visibility", "AMPCTL_VISIBILITY");
pub(super) const LABELS: Key = Key::new("labels", "--label", "AMPCTL_LABELS");
pub(super) const OUTPUT: Key = Key::new("output", "--output or --json", "AMPCTL_OUTPUT");
pub(super) const THINKING: Key = Key::new("thinking", "--thinking", "AMPCTL_THINKING");
pub(super) const TIMEOUT: Key = Key::new("timeout", "--timeout", "AMPCTL_TIMEOUT");
pub(super) const IDLE_TIMEOUT: Key =
    Key::new("idle-timeout", "--idle-timeout", "AMPCTL_IDLE_TIMEOUT");
pub(super) const STARTUP_TIMEOUT: Key = Key::new(
    "startup-timeout",
    "--startup-timeout",
    "AMPCTL_STARTUP_TIMEOUT",
);
pub(super) const MAX_TOKENS: Key = Key::of_user("max-tokens", "--max-tokens", "AMPCTL_MAX_TOKENS");
pub(super) const MAX_TOOL_CALLS: Key = Key::of_user(
    "max-tool-calls",
    "--max-tool-calls",
    "AMPCTL_MAX_TOOL_CALLS",
);
pub(super) const MAX_TURNS: Key = Key::of_user("max-turns", "--max-turns", "AMPCTL_MAX_TURNS");
pub(super) const CHECK: Key = Key::of_user("check", "--check", "AMPCTL_CHECK");
pub(super) const ATTEMPTS: Key = Key::of_user("attempts", "--attempts", "AMPCTL_ATTEMPTS");
pub(super) const CONFIRM_END: Key =
    Key::of_user("confirm-end", "--confirm-end", "AMPCTL_CONFIRM_END");
pub(crate) const RETRY: Key = Key::of_user("retry", "--retry", "AMPCTL_RETRY");
pub(super) const WAIT_FOR_LIMITS: Key = Key::of_user(
    "wait-for-limits",
    "--wait-for-limits",
    "AMPCTL_WAIT_FOR_LIMITS",
);
pub(super) const COLOR: Key = Key::new("color", "--color", "AMPCTL_COLOR");
pub(super) const PROGRESS: Key =
    Key::new("progress", "--no-progress or --quiet", "AMPCTL_PROGRESS");
pub(super) const RECORD: Key = Key::of_user("record", "--no-record", "AMPCTL_RECORD");
pub(super) const UPDATE_NOTICE: Key =
    Key::of_user("update-notice", "--quiet", "AMPCTL_UPDATE_NOTICE");
pub(super) const SNAPSHOTS: Key = Key::of_user("snapshots", "--no-snapshots", "AMPCTL_SNAPSHOTS");
pub(crate) const VERSION: Key = Key::of_user("version", "the version given", "AMPCTL_VERSION");
pub(super) const INSTALL: Key = Key::of_user("install", "--install", "AMPCTL_INSTALL");
pub(crate) const SOURCES: Key = Key::of_user("sources", "--source", "AMPCTL_SOURCES");
pub(super) const PIN_KEY: Key = Key::of_user("pin-key", "--pin-key", "AMPCTL_PIN_KEY");
pub(super) const CROSS_CHECK: Key =
    Key::of_user("cross-check", "--cross-check", "AMPCTL_CROSS_CHECK");
pub(super) const ALLOW_HTTP: Key = Key::of_user("allow-http", "--allow-http", "AMPCTL_ALLOW_HTTP");
pub(crate) const APPROVE: Key = Key::of_user("approve", "--approve", "AMPCTL_APPROVE");
pub(super) const NOTIFY: Key = Key::of_user("notify", "--notify", "AMPCTL_NOTIFY");
pub(super) const SANDBOX: Key = Key::of_user("sandbox", "--sandbox", "AMPCTL_SANDBOX");
pub(super) const ALLOW_HOST: Key = Key::of_sandbox("allow-host", "--allow-host");
pub(super) const ALLOW_READ: Key = Key::of_sandbox("allow-read", "--allow-read");
pub(super) const ALLOW_WRITE: Key = Key::of_sandbox("allow-write", "--allow-write");
pub(super) const ALLOW_ENV: Key = Key::of_sandbox("allow-env", "--allow-env");
pub(super) const LIMIT: Key = Key::of_sandbox("limit", "--limit");

/// Every setting, in the order in which they are shown.
pub(super) const ALL: [&Key; 37] = [
    &MODE,
    &EFFORT,
    &LABELS,
    &OUTPUT,
    &THINKING,
    &TIMEOUT,
    &IDLE_TIMEOUT,
    &STARTUP_TIMEOUT,
    &COLOR,
    &PROGRESS,
    &AMP,
    &VERSION,
    &SOURCES,
    &INSTALL,
    &UPDATE_NOTICE,
    &PIN_KEY,
    &CROSS_CHECK,
    &ALLOW_HTTP,
    &MAX_TOKENS,
    &MAX_TOOL_CALLS,
    &MAX_TURNS,
    &RETRY,
    &WAIT_FOR_LIMITS,
    &CHECK,
    &ATTEMPTS,
    &CONFIRM_END,
    &VISIBILITY,
    &RECORD,
    &SNAPSHOTS,
    &APPROVE,
    &NOTIFY,
    &SANDBOX,
    &ALLOW_HOST,
    &ALLOW_READ,
    &ALLOW_WRITE,
    &ALLOW_ENV,
    &LIMIT,
];
