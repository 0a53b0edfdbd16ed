//! The options of a sandbox, and `ampctl sandbox`.

use std::ffi::OsString;
use std::path::PathBuf;

use amp_session::process::sandbox::HostRule;
use clap::{Args, Subcommand, ValueEnum};

use super::ResourceLimit;

// What the agent and its tools may reach.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SandboxArguments {
    /// Let the agent reach its folder and its service, and nothing else
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "full"
    )]
    pub(crate) sandbox: Option<SandboxMode>,

    #[command(flatten)]
    pub(crate) allowances: Allowances,
}

// What is allowed in a sandbox beyond the default, and how much of it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Allowances {
    /// A service to reach from the sandbox: NAME, *.NAME, NAME:PORT, NAME=ADDRESS, or a port of
    /// this machine as 127.0.0.1:PORT
    #[arg(long = "allow-host", value_name = "RULE")]
    pub(crate) hosts: Vec<HostRule>,

    /// A file or folder to read from the sandbox
    #[arg(long = "allow-read", value_name = "PATH")]
    pub(crate) readable: Vec<PathBuf>,

    /// A file or folder to change from the sandbox
    #[arg(long = "allow-write", value_name = "PATH")]
    pub(crate) writable: Vec<PathBuf>,

    /// A variable to see in the sandbox, or the beginning of some as NAME*
    #[arg(long = "allow-env", value_name = "NAME")]
    pub(crate) variables: Vec<String>,

    /// How much may be used in the sandbox: processes=NUMBER, memory=SIZE, file-size=SIZE,
    /// open-files=NUMBER or cpu=TIME; each but the first is for one process
    #[arg(long = "limit", value_name = "WHAT=AMOUNT")]
    pub(crate) limits: Vec<ResourceLimit>,
}

/// Whether the agent runs in a sandbox.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SandboxMode {
    /// No sandbox
    #[default]
    Off,
    /// All of it, or the run is refused
    Full,
    /// As much as this machine can do; what is missing is said
    BestEffort,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Show what a sandboxed run could reach, and what enforces it here
    Explain {
        #[command(flatten)]
        subject: SandboxSubject,
    },
    /// Run a command in the sandbox of a run, to try it
    Exec {
        #[command(flatten)]
        subject: SandboxSubject,

        /// The command and its arguments
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
}

/// What a sandbox would be made for.
#[derive(Clone, Debug, Args)]
pub(crate) struct SandboxSubject {
    #[command(flatten)]
    pub(crate) sandbox: SandboxArguments,

    /// The folder the agent would work in
    #[arg(long, short = 'C', value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,

    /// Use this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,
}
