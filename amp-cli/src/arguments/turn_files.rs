//! `ampctl diff` and `ampctl undo`.

use clap::Args;

// Which turns are meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct TurnArguments {
    /// Its name or id, the `T-…` id of its thread, or `last`; otherwise the last one of this folder
    pub(crate) session: Option<String>,

    /// The number of the turn, from 1; otherwise the last one
    pub(crate) turn: Option<u32>,

    /// All turns of the session
    #[arg(long, conflicts_with = "turn")]
    pub(crate) all: bool,
}

#[derive(Clone, Debug, Args)]
#[command(
    after_help = "What is ignored by Git is not looked at, nor are submodules and files of more \
    than 32 MiB. For a turn that was cut off, everything that has changed until now is shown."
)]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) turns: TurnArguments,
}

#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Only files that the turn changed are restored, byte for byte. When one of them \
    was changed since, nothing is. The index, branches and commits of Git stay as they are, and so \
    does everything that Git ignores."
)]
pub(crate) struct UndoArguments {
    #[command(flatten)]
    pub(crate) turns: TurnArguments,

    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}
