//! `cargo xtask sessions-bench`: how fast records are listed, searched and added up.
//!
//! Thousands of records are made from lines that a real CLI wrote. Searches are measured in pairs
//! with `rg` over the same files, in one run; the processes of a pair see the same machine, so the
//! ratio is theirs.

pub(crate) mod sample_ledger;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use clap::Args;
use fixtures::benchmark::{Bar, Row};
use futures::executor::block_on;

use self::sample_ledger::{FOREIGN, RARE, SampleLedger};
use crate::built_ampctl::BuiltAmpctl;
use crate::measured_process::{self, Taken};
use crate::pairs::interleaved_when_warm;
use crate::{benchmark_rows, machine};

/// `sessions list` takes at most this long at the median, in ms.
const LIST_LIMIT: f64 = 100.0;

/// A search takes at most so many times what `rg` takes.
const SEARCH_LIMIT: f64 = 2.0;

/// `sessions stats` takes at most this long at the median, in ms: as long as a list, and a look into
/// the folder of every session.
const STATS_LIMIT: f64 = 200.0;

/// A search of everything takes at most this much more memory than one of a tenth, in KiB.
const GROWTH_LIMIT: f64 = 4096.0;

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Make this many records
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    records: usize,
    /// Make them so big that they take this many MB together
    #[arg(long, value_name = "MB", default_value_t = 1000)]
    megabytes: usize,
    /// Measure this often
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    rounds: usize,
    #[command(flatten)]
    ampctl: BuiltAmpctl,
}

/// Measures and prints what the commands take.
///
/// # Errors
/// As for [`rows`], and when a bar is missed.
pub fn run(options: &Options) -> Result<()> {
    benchmark_rows::report_and_judge(&rows(options)?)
}

/// Measures lists, sums and searches, and the memory of a search.
///
/// # Errors
/// When `ampctl` or `rg` is not there, or something is not found.
pub fn rows(options: &Options) -> Result<Vec<Row>> {
    let rg = machine::find_program("rg").context("no rg on the path")?;
    let records = SampleLedger::make(options.records, options.megabytes << 20)?;
    let bench = Bench {
        ampctl: options.ampctl.path()?,
        rg,
        records,
        rounds: options.rounds,
    };
    let mut rows = Vec::new();
    for (name, words, limit) in [
        ("sessions list", &["sessions", "list"][..], LIST_LIMIT),
        (
            "sessions list --json",
            &["sessions", "list", "--json"],
            LIST_LIMIT,
        ),
        (
            "sessions stats --by folder",
            &["sessions", "stats", "--by", "folder"],
            STATS_LIMIT,
        ),
        ("sessions stats", &["sessions", "stats"], STATS_LIMIT),
    ] {
        let ways = [words, &["--version"]];
        let taken = bench.rounds(&ways, |words| Ok(bench.ampctl(words, "")?.milliseconds))?;
        let row = Row::of(name, "ms", &taken[0], "ampctl --version", &taken[1]);
        rows.push(row.with_bar(Bar::OursAtMost(limit)));
    }
    for (name, word) in [
        ("sessions search", RARE),
        ("sessions search, other alphabet", FOREIGN),
    ] {
        let searches = [Searcher::Ampctl, Searcher::Rg];
        let taken = bench.rounds(&searches, |searcher| bench.search(searcher, word))?;
        let row = Row::of(name, "ms", &taken[0], "rg", &taken[1]);
        rows.push(row.with_bar(Bar::RatioAtMost(SEARCH_LIMIT)));
    }
    let search = ["sessions", "search", "--limit", "1000", RARE];
    let all = bench.ampctl(&search, RARE)?.peak;
    let tenth = sample_ledger::TENTH.display().to_string();
    let of_tenth = [&search[..], &["--folder", &tenth]].concat();
    let tenth = bench.ampctl(&of_tenth, RARE)?.peak;
    let peaks = [all, tenth].map(|peak| [peak as f64]);
    let row = Row::of(
        "memory of a search",
        "KiB",
        &peaks[0],
        "of a tenth",
        &peaks[1],
    );
    rows.push(row.with_bar(Bar::MoreAtMost(GROWTH_LIMIT)));
    Ok(rows)
}

struct Bench {
    ampctl: PathBuf,
    rg: PathBuf,
    records: SampleLedger,
    rounds: usize,
}

/// Who searches.
enum Searcher {
    Ampctl,
    Rg,
}

impl Bench {
    /// Measures every way as often as was asked for.
    fn rounds<W>(&self, ways: &[W], measure: impl Fn(&W) -> Result<f64>) -> Result<Vec<Vec<f64>>> {
        let measure = async |way: &W| measure(way);
        block_on(interleaved_when_warm(self.rounds, ways, measure))
    }

    /// Returns how long a search for a text takes, in ms.
    fn search(&self, searcher: &Searcher, word: &str) -> Result<f64> {
        let taken = match searcher {
            Searcher::Ampctl => {
                self.ampctl(&["sessions", "search", "--limit", "1000", word], word)?
            }
            Searcher::Rg => self.rg(word)?,
        };
        Ok(taken.milliseconds)
    }

    fn ampctl(&self, words: &[&str], proof: &str) -> Result<Taken> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        self.process(&self.ampctl, &words, proof)
    }

    /// Searches the same files for the same text, whatever its capitals.
    fn rg(&self, word: &str) -> Result<Taken> {
        let options = ["--no-config", "-i", "-F", "-c", word];
        let mut words: Vec<OsString> = options.iter().map(OsString::from).collect();
        words.push(self.records.folder().into());
        self.process(&self.rg, &words, "")
    }

    fn process(&self, program: &Path, words: &[OsString], proof: &str) -> Result<Taken> {
        let output = tempfile::tempfile()?;
        let records = &self.records;
        let mut command =
            measured_process::command(program, records.home(), &records.environment());
        command
            .args(words)
            .stdout(output.try_clone()?)
            .stderr(Stdio::inherit());
        let taken = measured_process::run(&mut command)?;
        ensure!(taken.is_success, "{} {words:?} failed", program.display());
        let mut written = String::new();
        let mut output = output;
        std::io::Seek::rewind(&mut output)?;
        std::io::Read::read_to_string(&mut output, &mut written)?;
        let written = written.to_lowercase();
        ensure!(
            !written.is_empty() && written.contains(proof),
            "{words:?} found nothing"
        );
        Ok(taken)
    }
}
