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
    /// Search all sessions for words, newest first
    Search(SearchArguments),
    /// Show what a session was about, how it ended, and its last answer
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
    /// Give a session a name to find it by
    Rename {
        /// Its name or id, the `T-…` id of its thread, or `last`
        session: String,
        /// The new name
        name: String,
    },
    /// Open the thread of a session in the browser
    Open {
        /// Its name or id, the `T-…` id of its thread, or `last`
        session: String,
        /// Only print the address
        #[arg(long)]
        print: bool,
    },
    /// Add up turns, tokens, tool calls and time
    Stats(StatsArguments),
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

/// What to search for, and where.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "All the words have to stand in one text: a prompt, an answer, a tool call or its \
    result. A word without capitals is found whatever its capitals; with quotes around them, \
    several words are one."
)]
pub(crate) struct SearchArguments {
    /// The words
    #[arg(required = true)]
    pub(crate) words: Vec<String>,
    /// Only sessions of this folder and those below it
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Only sessions used since then, for example `7d` or `12h` ago
    #[arg(long, value_name = "DURATION")]
    pub(crate) since: Option<humantime::Duration>,
    /// Only what this tool was asked and has answered, for example `Bash`
    #[arg(long, value_name = "TOOL")]
    pub(crate) tool: Option<String>,
    /// Only sessions whose last turn ended so
    #[arg(long)]
    pub(crate) outcome: Option<EndedAs>,
    /// Show at most this many sessions
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub(crate) limit: usize,
}

/// What to add up, and by what.
#[derive(Clone, Debug, Args)]
pub(crate) struct StatsArguments {
    /// What makes a row
    #[arg(long, value_name = "WHAT", default_value = "day")]
    pub(crate) by: StatsBy,
    /// Only turns begun since then, for example `30d` ago
    #[arg(long, value_name = "DURATION")]
    pub(crate) since: Option<humantime::Duration>,
}

/// What makes a row of `sessions stats`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatsBy {
    /// The day a turn began, in UTC
    Day,
    /// The folder the agent worked in
    Folder,
    /// The agent mode
    Mode,
}

/// How the last turn of a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EndedAs {
    Completed,
    Failed,
    NoResult,
    TimedOut,
    Cancelled,
    Capped,
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
    /// A page to share: one file, without known secrets and what looks like a key
    Html,
    /// One JSON object
    Json,
    /// The agent's own lines, unchanged
    StreamJson,
}
