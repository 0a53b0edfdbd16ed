//! `ampctl acp`.

use std::path::PathBuf;

use clap::Args;

use super::{AgentArguments, Approver, Limit, SandboxArguments, WorkArguments};

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AcpArguments {
    /// Log in with a browser, as `ampctl login` does, and end
    ///
    /// An editor runs this in a terminal of its own when a key is missing.
    #[arg(long)]
    pub(crate) login: bool,

    /// The agent mode that a session begins with (see `ampctl modes`)
    #[arg(long, short, value_name = "MODE")]
    pub(crate) mode: Option<String>,

    /// Who decides about tool calls at first: `ask` (the editor), `read-only`, `deny`, `none`, or a
    /// program by its path [default: ask]
    ///
    /// Your own rules come first. `read-only` asks about all but `Read`, `Grep` and `glob`, `deny`
    /// refuses what no rule allows, and with `none` Amp's rules decide alone. A session can change it.
    #[arg(long, value_name = "APPROVER")]
    pub(crate) approve: Option<Approver>,

    /// How long a question may wait in the editor before the call is refused [default: 1h]
    #[arg(long, value_name = "DURATION")]
    pub(crate) question_timeout: Option<Limit>,

    /// Stop a turn after this long in total, for example `30m` [default: none]
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<Limit>,

    /// Stop a turn when the agent writes nothing for this long [default: 1h]
    #[arg(long, value_name = "DURATION")]
    pub(crate) idle_timeout: Option<Limit>,

    /// Use this Amp executable
    #[arg(long, value_name = "PATH")]
    pub(crate) amp: Option<PathBuf>,

    /// Permission rules for every session: a JSON file with a list of rules
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArguments,

    /// Do not record sessions; the editor can neither list nor load them then
    #[arg(long)]
    pub(crate) no_record: bool,
}

impl AcpArguments {
    /// Returns what a run of the command line would have been told.
    pub(crate) fn of_agent(&self) -> AgentArguments {
        AgentArguments {
            work: WorkArguments {
                mode: self.mode.clone(),
                timeout: self.timeout,
                idle_timeout: self.idle_timeout,
                amp: self.amp.clone(),
                rules: self.rules.clone(),
                sandbox: self.sandbox.clone(),
                ..WorkArguments::default()
            },
            approve: self.approve.clone(),
            no_record: self.no_record,
            ..AgentArguments::default()
        }
    }
}
