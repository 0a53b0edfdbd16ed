//! `ampctl threads`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ExportFormat;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ThreadsCommand {
    /// List the threads of the service, the one used last first
    ///
    /// Since July 2026 Amp archives a new thread when its run is over, so those of `ampctl run` are
    /// among the archived ones.
    List {
        /// Show at most this many
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
        limit: usize,
        /// Show the archived ones too
        #[arg(long)]
        archived: bool,
    },
    /// Search the threads of the service
    ///
    /// The service searches, in its own language: words, "several words", `file:PATH`, `repo:URL`.
    /// `ampctl sessions search` looks through what is recorded here.
    Search {
        /// What to search for
        #[arg(required = true)]
        words: Vec<String>,
        /// Show at most this many
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
        limit: usize,
    },
    /// Show a thread as a run looks
    Show {
        /// Its `T-…` id or its link
        thread: String,
    },
    /// Write a thread as a document
    Export {
        /// Its `T-…` id or its link
        thread: String,
        /// The document to write
        #[arg(long, short, default_value = "markdown")]
        format: ExportFormat,
        /// Write to this file instead of standard output
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}
