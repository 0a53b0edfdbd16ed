//! `cargo xtask bench`: where we stand, in one table of one run.
//!
//! Everything is built for release and measured beside something that users know: the same work by
//! a shell, by the usual code, by hand. The benchmarks of the crates and those of whole programs
//! all tell [`Row`]s, and the bars stand beside the code that measures.

mod crates;
mod growth;
mod long_turn;
mod page;
mod peers;
mod picture;
mod scale;
mod whole_run;

use anyhow::{Result, ensure};
use clap::Args;
use fixtures::benchmark::Row;

use crate::benchmark_rows::{judge, report};
use crate::control::{cost, start_cost};
use crate::{acp_bench, batch_bench, sessions_bench};

/// What to measure and how to print it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Print the rows as JSON: `{"rows": [{"name", "ours", "other", "ratio", "bar", "holds", …}]}`
    #[arg(long)]
    json: bool,
    /// Measure only what has this text in its name: `decode`, `end_to_end`, `spawn`, `sandbox`,
    /// `install`, `whole-run`, `scale`, `growth`, `start-cost`, `question-cost`, `acp`, `batch`, `sessions`
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Measure the drivers of other people beside ours instead, which are installed for it by the
    /// ordinary clients of their registries
    #[arg(long, conflicts_with = "only")]
    peers: bool,
    /// Write the tables and pictures of `PERFORMANCE.md` about what is measured
    #[arg(long)]
    page: bool,
}

/// One of the things to measure.
struct Part {
    name: &'static str,
    /// Whether it measures `ampctl` as a program.
    of_ampctl: bool,
    rows: fn() -> Result<Vec<Row>>,
}

/// Returns the options of a command that is called without any.
fn usual<T: Args>() -> Result<T> {
    let command = T::augment_args(clap::Command::new("bench"));
    Ok(T::from_arg_matches(
        &command.try_get_matches_from(["bench"])?,
    )?)
}

const PARTS: [Part; 13] = [
    Part {
        name: "decode",
        of_ampctl: false,
        rows: || crates::rows("amp-protocol", "decode"),
    },
    Part {
        name: "end_to_end",
        of_ampctl: false,
        rows: || crates::rows("amp-session", "end_to_end"),
    },
    Part {
        name: "whole-run",
        of_ampctl: true,
        rows: || whole_run::rows(&usual()?),
    },
    Part {
        name: "scale",
        of_ampctl: false,
        rows: scale::rows,
    },
    Part {
        name: "growth",
        of_ampctl: true,
        rows: || growth::rows(&usual()?),
    },
    Part {
        name: "start-cost",
        of_ampctl: true,
        rows: || start_cost::rows(&usual()?),
    },
    Part {
        name: "question-cost",
        of_ampctl: false,
        rows: || cost::rows(&usual()?),
    },
    Part {
        name: "spawn",
        of_ampctl: false,
        rows: || crates::rows("amp-process", "spawn"),
    },
    Part {
        name: "sandbox",
        of_ampctl: false,
        rows: || crates::rows("amp-process", "sandbox"),
    },
    Part {
        name: "install",
        of_ampctl: false,
        rows: || crates::rows("amp-bootstrap", "install"),
    },
    Part {
        name: "acp",
        of_ampctl: true,
        rows: || acp_bench::rows(&usual()?),
    },
    Part {
        name: "batch",
        of_ampctl: true,
        rows: || batch_bench::rows(&usual()?),
    },
    Part {
        name: "sessions",
        of_ampctl: true,
        rows: || sessions_bench::rows(&usual()?),
    },
];

/// Measures everything and prints it.
///
/// # Errors
/// When something cannot be measured, and when a bar is missed; the rest is measured all the same.
pub fn run(options: &Options) -> Result<()> {
    let (mut tables, mut failed) = (Vec::new(), Vec::new());
    let mut add = |name, measured: Result<Vec<Row>>| match measured {
        Ok(rows) => tables.push((name, rows)),
        Err(error) => failed.push(format!("{name} was not measured: {error:#}")),
    };
    let text = options.only.as_deref().unwrap_or_default();
    let parts = || {
        let is_meant = |part: &&Part| !options.peers && part.name.contains(text);
        PARTS.iter().filter(is_meant)
    };
    if options.peers || parts().any(|part| part.of_ampctl) {
        crates::build_ampctl()?;
    }
    for part in parts() {
        add(part.name, (part.rows)());
    }
    if options.peers {
        add("peers", peers::rows(&usual()?));
    }
    let rows: Vec<Row> = tables.iter().flat_map(|(_, rows)| rows).cloned().collect();
    report(&rows, options.json)?;
    ensure!(failed.is_empty(), "{}", failed.join("; "));
    if options.page {
        page::write(&tables)?;
    }
    judge(&rows)
}
