//! `ampctl run` and `ampctl continue`.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::{Amount, Approver, Limit, Notifier, PromptArguments, SandboxArguments};

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

/// How the agent runs and how its answer is shown.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AgentArguments {
    /// How to write the answer [default: text]
    #[arg(long, short, value_name = "FORMAT")]
    pub(crate) output: Option<OutputFormat>,

    /// The agent mode, for example `smart` or `medium` (see `ampctl modes`)
    #[arg(long, short, value_name = "MODE")]
    pub(crate) mode: Option<String>,

    /// The reasoning effort, where the Amp in use knows it
    #[arg(long, value_name = "EFFORT")]
    pub(crate) effort: Option<String>,

    /// Who may see the thread on the service
    #[arg(long, value_name = "VISIBILITY")]
    pub(crate) visibility: Option<String>,

    /// A label for the thread; may be given several times
    #[arg(long = "label", short = 'l', value_name = "LABEL")]
    pub(crate) labels: Vec<String>,

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

    /// Stop after this long in total, for example `90s` or `1h 30m` [default: none]
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<Limit>,

    /// Stop when the agent writes nothing for this long [default: 1h]
    #[arg(long, value_name = "DURATION")]
    pub(crate) idle_timeout: Option<Limit>,

    /// Stop when the agent has not written anything after this long [default: 2m]
    #[arg(long, value_name = "DURATION")]
    pub(crate) startup_timeout: Option<Limit>,

    /// Stop the agent when it wants more tokens than this, for example `200k`
    ///
    /// Counted are those read, without the cache, and those written, as far as the agent's lines
    /// tell; what subagents use is not always among them.
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_tokens: Option<Amount>,

    /// Stop the agent when it makes more tool calls than this
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_tool_calls: Option<Amount>,

    /// Stop the agent when it wants more messages of the model than this
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_turns: Option<Amount>,

    /// Go on up to this many times after limits and failures of the service [default: 0]
    ///
    /// It waits first, and longer each time, or as long as the service asks. Then it asks the thread
    /// what it holds, and goes on there: a prompt is never sent twice, and what ran is not run again.
    #[arg(long, value_name = "COUNT")]
    pub(crate) retry: Option<u32>,

    /// Wait up to this long in total for the service's limits, for example `2h` [default: 30m with
    /// `--retry`, else no wait]
    ///
    /// Alone it goes on as often as there is time for.
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait_for_limits: Option<Limit>,

    /// Run the agent in this folder
    #[arg(long, short = 'C', value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,

    /// Use this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,

    /// MCP servers for this run, as Amp's `--mcp-config` takes them
    #[arg(long, value_name = "FILE")]
    pub(crate) mcp_config: Option<PathBuf>,

    /// Let the agent use this tool and others named so, such as `Bash` or `mcp__*`, and no other
    #[arg(long = "enable-tool", value_name = "TOOL")]
    pub(crate) tools_enabled: Vec<String>,

    /// Keep this tool from the agent; may be given several times
    #[arg(long = "disable-tool", value_name = "TOOL")]
    pub(crate) tools_disabled: Vec<String>,

    /// One more folder with skills; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(crate) skills: Vec<PathBuf>,

    /// A variable for the agent, over those it has anyway; an empty value removes it
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) environment: Vec<Variable>,

    /// Permission rules for this run: a JSON file with a list of rules
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,

    /// Let the agent use every tool without asking; overrides even its reject rules
    #[arg(long)]
    pub(crate) dangerously_allow_all: bool,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArguments,

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

    /// With `--check`: give the agent up to this many turns until it passes [default: 1]
    ///
    /// Each but the first is told what the check wrote. Without a sandbox, no more follow when
    /// nothing has changed in the Git work tree since the turn before.
    #[arg(long, value_name = "COUNT")]
    pub(crate) attempts: Option<NonZeroU32>,

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

/// A variable for the agent.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("AMP_API_KEY", _)) => {
                Err("everybody on this machine can read a key among arguments".to_owned())
            }
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("write it like NAME=VALUE".to_owned()),
        }
    }
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
