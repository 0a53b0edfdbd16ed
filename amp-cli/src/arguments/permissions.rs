//! `ampctl permissions`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PermissionsCommand {
    /// Say what the rules make of a call
    Test(JudgeArguments),
    /// Say of each rule why it decides about a call, or does not
    Explain(JudgeArguments),
    /// Find rules that do not do what they say
    Lint(LintArguments),
}

/// Which rules are looked at.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Without a file the rules in force here are looked at. Exit code 1 says \
    that a rule is wrong; warnings alone are no failure."
)]
pub(crate) struct LintArguments {
    /// Look at the rules of these files: lists, or settings
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// For this build [default: the newest measured]
    #[arg(long, value_name = "VERSION")]
    pub(crate) build: Option<String>,
}

/// A call, and which rules judge it.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Without --rules and --workspace-rules the rules in force here judge: \
    those of the settings that a run in this folder would read. Exit code 0 says that there is an \
    answer, whatever it is."
)]
pub(crate) struct JudgeArguments {
    /// The tool that is called, such as `Bash` or `shell_command`
    pub(crate) tool: String,

    /// The call's arguments, as `--name value`; each value is a text
    #[arg(
        value_name = "--NAME VALUE",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        conflicts_with = "arguments"
    )]
    pub(crate) words: Vec<String>,

    /// The call's arguments as a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) arguments: Option<String>,

    /// Judge by the rules of this file: a list, or settings
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,

    /// Put the rules of this file before those, as a run does with the workspace's
    #[arg(long, value_name = "FILE")]
    pub(crate) workspace_rules: Option<PathBuf>,

    /// Take Amp's own rules from this file, or `none` [default: ask the Amp in use]
    #[arg(long, value_name = "FILE")]
    pub(crate) builtin: Option<PathBuf>,

    /// Judge as this build does [default: the Amp in use, else the newest measured]
    #[arg(long, value_name = "VERSION")]
    pub(crate) build: Option<String>,

    /// Where the call is made
    #[arg(long, short, value_name = "CONTEXT")]
    pub(crate) context: Option<CallContext>,

    /// Use this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,
}

/// Where a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallContext {
    /// In the conversation itself
    Thread,
    /// In a subagent
    Subagent,
}
