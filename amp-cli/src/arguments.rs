//! The command line as types.

#[cfg(feature = "acp")]
mod acp;
mod amount;
mod approver;
mod batch;
mod byte_size;
mod config;
mod credentials;
mod global;
mod install;
mod limit;
mod near_miss;
mod notifier;
mod permissions;
mod prompt;
mod resource;
mod run;
mod sandbox;
mod sessions;
mod threads;
mod turn_files;
mod work;

use clap::{Parser, Subcommand};

#[cfg(feature = "acp")]
pub(crate) use self::acp::AcpArguments;
pub(crate) use self::amount::Amount;
pub(crate) use self::approver::Approver;
pub(crate) use self::batch::{BatchCommand, BatchRunArguments, Engine, SubmitArguments};
pub(crate) use self::byte_size::ByteSize;
pub(crate) use self::config::ConfigCommand;
pub(crate) use self::credentials::{CredentialsCommand, LoginArguments};
pub(crate) use self::global::GlobalArguments;
pub(crate) use self::install::{
    GcArguments, InstallArguments, MirrorCommand, MirrorExportArguments, TrustArguments,
    UninstallArguments, VersionsArguments, WhichArguments,
};
pub(crate) use self::limit::Limit;
pub(crate) use self::near_miss::meant;
pub(crate) use self::notifier::Notifier;
pub(crate) use self::permissions::{
    AddArguments, JudgeArguments, LintArguments, ListArguments, PermissionsCommand, RemoveArguments,
};
pub(crate) use self::prompt::PromptArguments;
pub(crate) use self::resource::ResourceLimit;
pub(crate) use self::run::{AgentArguments, ContinueArguments, OutputFormat, RunArguments};
pub(crate) use self::sandbox::{
    Allowances, SandboxArguments, SandboxCommand, SandboxMode, SandboxSubject,
};
pub(crate) use self::sessions::{
    EndedAs, ExportFormat, PruneArguments, SearchArguments, SessionsCommand, StatsArguments,
    StatsBy,
};
pub(crate) use self::threads::ThreadsCommand;
pub(crate) use self::turn_files::{DiffArguments, TurnArguments, UndoArguments};
pub(crate) use self::work::{Variable, WorkArguments};

/// Install, run and continue the Amp coding agent
#[derive(Debug, Parser)]
#[command(name = "ampctl", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) global: GlobalArguments,
}

#[derive(Debug, Subcommand)]
// Only the command that is asked for is described: all of them take longer than the rest of a start.
// The doc comment of a group of options would come last and replace the command's own, so those groups
// have plain comments.
#[command(defer = true)]
pub(crate) enum Command {
    /// Give the agent a prompt and wait for its answer
    Run(RunArguments),
    /// Continue the last session, or a chosen one
    Continue(ContinueArguments),
    /// Serve an editor that speaks the Agent Client Protocol
    ///
    /// It is started by the editor, not by hand: `ampctl doctor` says how to enter it there.
    #[cfg(feature = "acp")]
    Acp(AcpArguments),
    /// Work on a file of many tasks, here or on a cluster
    #[command(subcommand)]
    Batch(BatchCommand),
    /// List, search, show, export and delete recorded sessions, and add up what they took
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// List, search, show and export the threads of the service
    #[command(subcommand)]
    Threads(ThreadsCommand),
    /// Show what a turn did to the files of its Git work tree
    Diff(DiffArguments),
    /// Restore the files that a turn changed, as they were before it
    Undo(UndoArguments),
    /// Test, explain, check and change the rules that say what the agent may do
    #[command(subcommand)]
    Permissions(PermissionsCommand),
    /// Install a verified Amp executable
    Install(InstallArguments),
    /// Write mirrors for machines without a network
    #[command(subcommand)]
    Mirror(MirrorCommand),
    /// List installed versions
    Versions(VersionsArguments),
    /// Show which Amp executable would run, and why
    Which(WhichArguments),
    /// Remove installed versions
    Uninstall(UninstallArguments),
    /// Remove what is no longer needed from the store
    Gc(GcArguments),
    /// List the modes the Amp in use knows
    Modes(WhichArguments),
    /// Show, store or clear the key the agent needs
    #[command(subcommand)]
    Credentials(CredentialsCommand),
    /// Log in with a browser, as Amp itself does
    Login(LoginArguments),
    /// Show the settings of ampctl and where they come from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Show what the Amp in use can do
    Capabilities(WhichArguments),
    /// Show what a sandboxed run could reach, or run a command in its sandbox
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Check everything a run needs and say how to fix what is missing
    Doctor {
        /// Also try to reach the Amp service
        #[arg(long)]
        network: bool,
    },
    /// Print a completion script for a shell
    ///
    /// It asks ampctl for every word, so that it knows the modes of the Amp in use, recorded
    /// sessions and installed versions. `source <(ampctl completions bash)` loads it.
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Show the manual page
    ///
    /// On a terminal it is shown as `man` shows pages; in a pipe its source is written.
    Man {
        /// Show the page of this command
        #[arg(value_name = "COMMAND", conflicts_with = "directory")]
        command: Vec<String>,
        /// Write the pages of all commands into this folder instead
        #[arg(long, value_name = "DIR")]
        directory: Option<std::path::PathBuf>,
    },
}

/// Returns the table of exit codes that ends the help text and the manual page.
pub(crate) fn exit_codes() -> String {
    let mut table = String::from("Exit codes:\n");
    for code in crate::exit_code::ExitCode::ALL {
        table.push_str(&format!("  {:>3}  {}\n", code.number(), code.meaning()));
    }
    table
}
