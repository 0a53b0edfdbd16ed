//! `ampctl sessions`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

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
        /// A `T-…` id, a name, or `last`
        session: String,
    },
    /// Write a session as a document
    Export {
        /// A `T-…` id, a name, or `last`
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
        /// A `T-…` id, a name, or `last`
        session: String,
    },
    /// Delete recorded sessions; the service keeps its copy
    Delete {
        /// `T-…` ids or names
        #[arg(required = true)]
        sessions: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
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
