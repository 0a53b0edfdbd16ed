//! The options of an agent, in a run and in a batch.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{Amount, Limit, SandboxArguments};

// How an agent works, and how far it may go.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct WorkArguments {
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

    /// Go on up to this many times after limits and failures of the service [default: 0, in a
    /// batch 5]
    ///
    /// It waits first, and longer each time, or as long as the service asks. Then it asks the thread
    /// what it holds, and goes on there: a prompt is never sent twice, and what ran is not run again.
    #[arg(long, value_name = "COUNT")]
    pub(crate) retry: Option<u32>,

    /// Wait up to this long in total for the service's limits, for example `2h` [default: 30m with
    /// retries, else no wait]
    ///
    /// Alone it goes on as often as there is time for.
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait_for_limits: Option<Limit>,

    /// Give the agent up to this many turns until the check passes [default: 1]
    ///
    /// Each but the first is told what the check wrote. Without a sandbox, no more follow when
    /// nothing has changed in the Git work tree since the turn before.
    #[arg(long, value_name = "COUNT")]
    pub(crate) attempts: Option<NonZeroU32>,

    /// Use this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,

    /// MCP servers, as Amp's `--mcp-config` takes them
    #[arg(long, value_name = "FILE")]
    pub(crate) mcp_config: Option<PathBuf>,

    /// Let the agent use this tool and others named so, such as `Bash` or `mcp__*`, and no other
    #[arg(long = "enable-tool", value_name = "TOOL")]
    pub(crate) tools_enabled: Vec<String>,

    /// Keep this tool from the agent; may be given several times
    #[arg(long = "disable-tool", value_name = "TOOL")]
    pub(crate) tools_disabled: Vec<String>,

    /// A variable for the agent, over those it has anyway; an empty value removes it
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) environment: Vec<Variable>,

    /// Permission rules, before those on file: a JSON file with a list of rules
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,

    /// Let the agent use every tool without asking; overrides even its reject rules
    #[arg(long)]
    pub(crate) dangerously_allow_all: bool,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArguments,
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
