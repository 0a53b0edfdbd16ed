//! `ampctl batch`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{AgentArguments, Amount, Approver, Limit, SandboxArguments, Variable};
use crate::batch::options::Isolate;
use crate::batch::plan::OnInterrupted;
use crate::batch::shard::Shard;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Work on a file of tasks, or on one shard of it
    ///
    /// Each line of the file is one JSON object: `{"id": "one", "prompt": "…", "repo": "…"}`. Started
    /// again with the same folder of results, it goes on with what is left.
    Run(Box<BatchRunArguments>),
    /// Show how far a batch is
    Status {
        /// Its folder of results
        #[arg(value_name = "DIR")]
        results: PathBuf,
    },
    /// Put the results of a batch together, from one folder or from those of several machines
    Report {
        /// Folders of results of the same batch
        #[arg(value_name = "DIR", required = true)]
        results: Vec<PathBuf>,
        /// Write JUnit XML, which CI systems show
        #[arg(long)]
        junit: bool,
        /// Write a page for a browser
        #[arg(long, conflicts_with = "junit")]
        html: bool,
    },
    /// Write the job file of an engine that works on a batch in shards, and hand it over with `--yes`
    Submit(SubmitArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct BatchRunArguments {
    /// The file of tasks
    #[arg(value_name = "TASKS")]
    pub(crate) tasks: PathBuf,

    /// The folder of results; all shards of a batch share it, or each has one of its own
    #[arg(long, value_name = "DIR")]
    pub(crate) results: PathBuf,

    /// How many agents work at once
    #[arg(long, short = 'j', value_name = "COUNT", default_value = "4")]
    pub(crate) jobs: NonZeroU32,

    /// Work on this part of the tasks alone: `3/8` by their places in the file, `hash:3/8` by their
    /// ids [default: what the engine says that has started it, or all]
    #[arg(long, value_name = "NUMBER/TOTAL")]
    pub(crate) shard: Option<Shard>,

    /// Where the agent of a task with a `repo` works
    #[arg(long, value_name = "HOW", default_value = "worktree")]
    pub(crate) isolate: Isolate,

    /// Where the work trees are, on a fast disk of this machine [default: `work` in the results]
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    /// What becomes of tasks whose process died after their prompt may have been sent
    #[arg(long, value_name = "HOW", default_value = "hold")]
    pub(crate) on_interrupted: OnInterrupted,

    /// Begin tasks anew that have failed
    #[arg(long)]
    pub(crate) rerun_failed: bool,

    /// Begin no more tasks when so many have failed
    #[arg(long, value_name = "COUNT")]
    pub(crate) stop_after_failures: Option<u64>,

    /// Begin no more tasks when so many tokens are used, for example `20M`
    #[arg(long, value_name = "COUNT")]
    pub(crate) stop_after_tokens: Option<Amount>,

    /// Wait so long for another process that works on the same shard
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    pub(crate) wait_for_shard: Limit,

    /// Run this program after each task, with the task's folder as its argument and its result on
    /// standard input
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) on_result: Option<PathBuf>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Go on so many times after limits and failures of the service [default: 5]
    #[arg(long, value_name = "COUNT")]
    pub(crate) retry: Option<u32>,

    /// Wait up to this long in total for the service's limits, for each task [default: 30m]
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait_for_limits: Option<Limit>,

    /// Run this command of the shell when the agent is done with a task, unless that has its own
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,

    /// Give the agent up to this many turns until the check passes [default: 1]
    #[arg(long, value_name = "COUNT")]
    pub(crate) attempts: Option<NonZeroU32>,

    /// Count a task as failed when one of its tool calls was refused
    #[arg(long)]
    pub(crate) fail_on_refusal: bool,

    /// Ask each thread afterwards whether the model was cut off or refused
    #[arg(long)]
    pub(crate) confirm_end: bool,

    /// Who decides about tool calls that no rule allows: `deny`, `read-only`, `none` (Amp's own rules
    /// alone), or a program by its path [default: deny]
    #[arg(
        long,
        value_name = "APPROVER",
        conflicts_with = "dangerously_allow_all"
    )]
    pub(crate) approve: Option<Approver>,

    /// Let the agents use every tool; overrides even reject rules
    #[arg(long)]
    pub(crate) dangerously_allow_all: bool,

    /// Permission rules for every task: a JSON file with a list of rules
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArguments,

    /// The agent mode of tasks that name none (see `ampctl modes`)
    #[arg(long, short, value_name = "MODE")]
    pub(crate) mode: Option<String>,

    /// The reasoning effort, where the Amp in use knows it
    #[arg(long, value_name = "EFFORT")]
    pub(crate) effort: Option<String>,

    /// A label for every thread; may be given several times
    #[arg(long = "label", short = 'l', value_name = "LABEL")]
    pub(crate) labels: Vec<String>,

    /// Who may see the threads on the service
    #[arg(long, value_name = "VISIBILITY")]
    pub(crate) visibility: Option<String>,

    /// Stop a task after this long, unless it says so itself, for example `30m` [default: none]
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<Limit>,

    /// Stop a task when its agent writes nothing for this long [default: 1h]
    #[arg(long, value_name = "DURATION")]
    pub(crate) idle_timeout: Option<Limit>,

    /// Stop a task when its agent has not written anything after this long [default: 2m]
    #[arg(long, value_name = "DURATION")]
    pub(crate) startup_timeout: Option<Limit>,

    /// Stop a task when it wants more tokens than this, for example `200k`
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_tokens: Option<Amount>,

    /// Stop a task when it makes more tool calls than this
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_tool_calls: Option<Amount>,

    /// Stop a task when it wants more messages of the model than this
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_turns: Option<Amount>,

    /// Use this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,

    /// MCP servers for every task, as Amp's `--mcp-config` takes them
    #[arg(long, value_name = "FILE")]
    pub(crate) mcp_config: Option<PathBuf>,

    /// Let the agents use this tool and others named so, and no other
    #[arg(long = "enable-tool", value_name = "TOOL")]
    pub(crate) tools_enabled: Vec<String>,

    /// Keep this tool from the agents; may be given several times
    #[arg(long = "disable-tool", value_name = "TOOL")]
    pub(crate) tools_disabled: Vec<String>,

    /// A variable for the agents, over those they have anyway; an empty value removes it
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) environment: Vec<Variable>,
}

impl BatchRunArguments {
    /// Returns what a run of the command line would have been told.
    pub(crate) fn of_agent(&self) -> AgentArguments {
        AgentArguments {
            mode: self.mode.clone(),
            effort: self.effort.clone(),
            labels: self.labels.clone(),
            visibility: self.visibility.clone(),
            timeout: self.timeout,
            idle_timeout: self.idle_timeout,
            startup_timeout: self.startup_timeout,
            max_tokens: self.max_tokens,
            max_tool_calls: self.max_tool_calls,
            max_turns: self.max_turns,
            retry: self.retry,
            wait_for_limits: self.wait_for_limits,
            check: self.check.clone(),
            attempts: self.attempts,
            fail_on_refusal: self.fail_on_refusal,
            confirm_end: self.confirm_end,
            approve: self.approve.clone(),
            dangerously_allow_all: self.dangerously_allow_all,
            rules: self.rules.clone(),
            sandbox: self.sandbox.clone(),
            amp: self.amp.clone(),
            mcp_config: self.mcp_config.clone(),
            tools_enabled: self.tools_enabled.clone(),
            tools_disabled: self.tools_disabled.clone(),
            environment: self.environment.clone(),
            ..AgentArguments::default()
        }
    }
}

/// What starts the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// HyperQueue, alone or on top of Slurm or PBS
    Hyperqueue,
    /// Slurm, as an array
    Slurm,
    /// Kubernetes, as an Indexed Job
    Kubernetes,
    /// GNU parallel, on this machine
    Parallel,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = "What follows `--` is passed on to `ampctl batch run`.")]
pub(crate) struct SubmitArguments {
    /// What starts the shards
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Engine,

    /// The file of tasks, where the engine's machines see it
    #[arg(value_name = "TASKS")]
    pub(crate) tasks: PathBuf,

    /// The folder of results, where the engine's machines see it
    #[arg(long, value_name = "DIR")]
    pub(crate) results: PathBuf,

    /// In how many shards
    #[arg(long, value_name = "COUNT", default_value = "8")]
    pub(crate) shards: NonZeroU32,

    /// How many shards work at once
    #[arg(long, value_name = "COUNT", default_value = "4")]
    pub(crate) at_once: NonZeroU32,

    /// How long a shard may take before the engine stops it
    #[arg(long, value_name = "DURATION", default_value = "2h")]
    pub(crate) time_limit: Limit,

    /// Kubernetes: an image with `ampctl`, Amp and Git
    #[arg(long, value_name = "IMAGE", required_if_eq("engine", "kubernetes"))]
    pub(crate) image: Option<String>,

    /// Kubernetes: the secret whose entry `AMP_API_KEY` is the key
    #[arg(long, value_name = "NAME", default_value = "amp-api-key")]
    pub(crate) secret: String,

    /// Kubernetes: the volume claim that is mounted at `/batch`, with tasks and results
    #[arg(long, value_name = "NAME", default_value = "amp-batch")]
    pub(crate) claim: String,

    /// Write the job file here [default: `submit` in the folder of results]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,

    /// Hand it over to the engine
    #[arg(long)]
    pub(crate) yes: bool,

    /// Options of `ampctl batch run`
    #[arg(last = true, value_name = "OPTION", hide = true)]
    pub(crate) passed_on: Vec<String>,
}
