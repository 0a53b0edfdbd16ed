//! What a batch is told on its command line, beside what every run is told.

use clap::ValueEnum;

/// Where the agent of a task with a `repo` works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolate {
    /// A linked work tree for each task: quick, but repositories share references and configuration
    #[default]
    Worktree,
    /// A clone for each task, which shares nothing that can be written
    Clone,
    /// The repository itself, as it is; several agents get in each other's way there
    None,
}
