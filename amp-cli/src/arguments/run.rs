//! `ampctl run` and `ampctl continue`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Approver, Notifier, PromptArguments, WorkArguments};

/// What the options do not say.
const PASSED_ON: &str = "What follows `--` is passed on to Amp as it is.";

#[derive(Clone, Debug, Args)]
#[command(after_help = PASSED_ON)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) prompt: PromptArguments,

    /// Continue this session (its name or id) or thread (a `T-…` id or a link)
    #[arg(long = "continue", short = 'c', value_name = "SESSION")]
    pub(crate) continued: Option<String>,

    #[command(flatten)]
    pub(crate) agent: AgentArguments,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = PASSED_ON)]
pub(crate) struct ContinueArguments {
    #[command(flatten)]
    pub(crate) prompt: PromptArguments,

    /// Continue this session instead of the last one of this folder
    ///
    /// Takes the name or id of a session, the `T-…` id or link of a thread, or `last` for the last
    /// session of any folder.
    #[arg(long, short, value_name = "SESSION")]
    pub(crate) session: Option<String>,

    #[command(flatten)]
    pub(crate) agent: AgentArguments,
}

// How the agent runs and how its answer is shown.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AgentArguments {
    /// How to write the answer [default: text]
    #[arg(long, short, value_name = "FORMAT")]
    pub(crate) output: Option<OutputFormat>,

    #[command(flatten)]
    pub(crate) work: WorkArguments,

    /// The title of a new thread, where the Amp in use takes one
    #[arg(long, value_name = "TITLE")]
    pub(crate) title: Option<String>,

    /// Archive the thread after the turn, where the Amp in use can
    #[arg(long, overrides_with = "no_archive")]
    pub(crate) archive: bool,

    /// Do not archive the thread after the turn
    #[arg(long, overrides_with = "archive")]
    pub(crate) no_archive: bool,

    /// A name to find the recorded session by
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Show the agent's thinking, where the Amp in use streams it
    #[arg(long)]
    pub(crate) thinking: bool,

    /// Run the agent in this folder
    #[arg(long, short = 'C', value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,

    /// One more folder with skills; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(crate) skills: Vec<PathBuf>,

    /// Show what would run, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Install the newest Amp if there is none
    #[arg(long)]
    pub(crate) install: bool,

    /// Put each tool call to `ask` (you, here), `read-only`, `deny`, or a program by its path
    ///
    /// `read-only` allows `Read`, `Grep` and `glob`, `deny` nothing, each beside what your rules
    /// allow. `none` is for nobody, where a configuration file names somebody.
    #[arg(
        long,
        value_name = "APPROVER",
        conflicts_with = "dangerously_allow_all"
    )]
    pub(crate) approve: Option<Approver>,

    /// Exit with 7 when a tool call was refused
    #[arg(long)]
    pub(crate) fail_on_refusal: bool,

    /// Have the agent answer with a JSON value that fits this JSON Schema; exit with 8 when it does not
    ///
    /// An answer that does not fit goes back to the agent once, with what is wrong.
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,

    /// Run this command of the shell when the agent is done; exit with 10 when it fails
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,

    /// Ask the thread afterwards whether the model was cut off or refused; exit with 12 or 13 then
    ///
    /// Amp since July 2026 says neither by itself. It takes one more start of Amp, and no request to
    /// the model. Of an older Amp that was cut off, the thread is asked anyway.
    #[arg(long)]
    pub(crate) confirm_end: bool,

    /// Tell of the end and of questions: `bell`, `osc9`, `osc777` (the desktop), or a program by its
    /// whole path; may be given several times
    #[arg(long, value_name = "NOTIFIER")]
    pub(crate) notify: Vec<Notifier>,

    /// Write what happens as lines of JSON to this descriptor, by its number, or file
    ///
    /// They are for programs that supervise runs: turns, tool calls, questions, caps, checks, the end.
    #[arg(long, value_name = "FD|FILE")]
    pub(crate) events: Option<String>,

    /// Do not record the session
    #[arg(long)]
    pub(crate) no_record: bool,

    /// Do not keep the files of the Git work tree as they were before the turn
    #[arg(long)]
    pub(crate) no_snapshots: bool,

    /// Arguments to pass on to Amp
    #[arg(last = true, value_name = "ARGUMENT", hide = true)]
    pub(crate) extra_arguments: Vec<OsString>,
}

/// How a run writes the agent's answer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OutputFormat {
    /// A live view on a terminal, otherwise the final text only
    #[default]
    Text,
    /// One JSON object with outcome, text, usage and session id
    Json,
    /// The agent's own lines, unchanged
    StreamJson,
}
