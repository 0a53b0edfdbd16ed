//! `ampctl batch`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{AgentArguments, Amount, Approver, Limit, WorkArguments};
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

    /// Run this command of the shell when the agent is done with a task, unless that has its own
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,

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

    #[command(flatten, next_help_heading = "For each task, unless it says otherwise")]
    pub(crate) work: WorkArguments,
}

impl BatchRunArguments {
    /// Returns what a run of the command line would have been told.
    pub(crate) fn of_agent(&self) -> AgentArguments {
        AgentArguments {
            work: self.work.clone(),
            check: self.check.clone(),
            fail_on_refusal: self.fail_on_refusal,
            confirm_end: self.confirm_end,
            approve: self.approve.clone(),
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
