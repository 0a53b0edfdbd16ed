//! `ampctl permissions`.

use std::path::PathBuf;

use amp_session::protocol::PermissionContext;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PermissionsCommand {
    /// Say what the rules make of a call
    Test(JudgeArguments),
    /// Say of each rule why it decides about a call, or does not
    Explain(JudgeArguments),
    /// Find rules that do not do what they say
    Lint(LintArguments),
    /// List the rules in force here, with their numbers
    List(ListArguments),
    /// Put a rule in front of yours, or of the workspace's
    Add(AddArguments),
    /// Take a rule out of yours, or of the workspace's
    Remove(RemoveArguments),
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

    /// For this build [default: the Amp in use, else the newest measured]
    #[arg(long, value_name = "VERSION")]
    pub(crate) build: Option<String>,

    /// Write the findings as SARIF 2.1.0, for code review
    #[arg(long, conflicts_with = "json")]
    pub(crate) sarif: bool,
}

/// Which rules are listed.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The first rule that matches a call decides. Rules of the workspace come before \
    yours, and Amp's own come last."
)]
pub(crate) struct ListArguments {
    /// List the rules of the workspace alone
    #[arg(long, short, conflicts_with = "builtin")]
    pub(crate) workspace: bool,

    /// List the rules that Amp brings along instead
    #[arg(long)]
    pub(crate) builtin: bool,

    /// Use this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,
}

/// A rule to add.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Example: ampctl permissions add -w reject shell_command --command '*git push*'\n\n\
    A rule that would not do what it says is refused with exit code 6. A file that cannot be read as \
    Amp reads it is left alone."
)]
pub(crate) struct AddArguments {
    /// What becomes of the call: `allow`, `ask`, `reject` or `delegate`
    #[arg(required_unless_present = "rule")]
    pub(crate) action: Option<String>,

    /// The tool: a glob, such as `Bash` or `mcp__*`
    #[arg(required_unless_present = "rule")]
    pub(crate) tool: Option<String>,

    /// What the call's arguments must look like, as `--name pattern`
    #[arg(
        value_name = "--NAME PATTERN",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) words: Vec<String>,

    /// The whole rule as JSON
    #[arg(long, value_name = "JSON", conflicts_with_all = ["action", "tool", "words", "to", "message", "context"])]
    pub(crate) rule: Option<String>,

    /// The program that decides, for `delegate`
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) to: Option<String>,

    /// What the agent is told, for `reject`
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,

    /// Where the rule holds [default: everywhere]
    #[arg(long, short, value_name = "CONTEXT")]
    pub(crate) context: Option<CallContext>,

    /// Add it to the settings of the workspace instead of yours
    #[arg(long, short)]
    pub(crate) workspace: bool,

    /// Check it for this build [default: the Amp in use, else the newest measured]
    #[arg(long, value_name = "VERSION")]
    pub(crate) build: Option<String>,
}

/// A rule to remove.
#[derive(Clone, Debug, Args)]
pub(crate) struct RemoveArguments {
    /// Its number, as `ampctl permissions list` shows it
    pub(crate) number: usize,

    /// Remove it from the settings of the workspace instead of yours
    #[arg(long, short)]
    pub(crate) workspace: bool,

    /// Read the settings as this build does [default: the Amp in use, else the newest measured]
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

    /// Judge by the workspace's rules alone, as `amp permissions test -w` does; a run goes by yours
    /// as well
    #[arg(long, short)]
    pub(crate) workspace: bool,

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
    /// In the thread itself
    Thread,
    /// In a subagent
    Subagent,
}

impl From<CallContext> for PermissionContext {
    fn from(context: CallContext) -> Self {
        match context {
            CallContext::Thread => Self::THREAD,
            CallContext::Subagent => Self::SUBAGENT,
        }
    }
}
