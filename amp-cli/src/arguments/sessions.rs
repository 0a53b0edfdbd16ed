//! `ampctl sessions`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::ByteSize;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List recorded sessions, newest first
    List {
        /// Show at most this many
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
        limit: usize,
        /// Only sessions of this folder
        #[arg(long)]
        here: bool,
    },
    /// Show what a session was about and how it ended
    Show {
        /// Its name or id, the `T-…` id of its thread, or `last`
        session: String,
    },
    /// Write a session as a document
    Export {
        /// Its name or id, the `T-…` id of its thread, or `last`
        session: String,
        /// The document to write
        #[arg(long, short, default_value = "markdown")]
        format: ExportFormat,
        /// Write to this file instead of standard output
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Play a session again as it looked, without the agent
    Replay {
        /// Its name or id, the `T-…` id of its thread, or `last`
        session: String,
    },
    /// Delete recorded sessions; the service keeps its copy
    Delete {
        /// Their names or ids, or the `T-…` ids of their threads
        #[arg(required = true)]
        sessions: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Delete recorded sessions that are old or take too much room
    Prune(PruneArguments),
}

/// Which sessions go, and how surely.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Nothing is ever pruned by itself. A session that is being recorded is \
    kept, and the service keeps its copy of every thread."
)]
#[command(group(ArgGroup::new("limits").required(true).multiple(true)))]
#[group(skip)]
pub(crate) struct PruneArguments {
    /// Delete sessions last used longer ago than this, for example `30d` or `12h`
    #[arg(long, value_name = "DURATION", group = "limits")]
    pub(crate) older_than: Option<humantime::Duration>,
    /// Keep at most this much, for example `500M` or `2G`; the oldest go first
    #[arg(long, value_name = "SIZE", group = "limits")]
    pub(crate) max_size: Option<ByteSize>,
    /// Only say what would be deleted
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// What `sessions export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A readable transcript
    Markdown,
    /// One JSON object
    Json,
    /// The agent's own lines, unchanged
    StreamJson,
}
