//! `cargo xtask sessions-bench`: how fast records are listed, searched and added up.
//!
//! Thousands of records are made from lines that a real CLI wrote. Searches are measured in pairs
//! with `rg` over the same files, in one run; the processes of a pair see the same machine, so the
//! ratio is theirs.

mod records;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use futures::executor::block_on;

use self::records::{FOREIGN, RARE, Records};
use crate::built_ampctl::BuiltAmpctl;
use crate::machine;
use crate::pairs::{interleaved_when_warm, median};

/// `sessions list` takes at most this long at the median, in ms.
const LIST_LIMIT: f64 = 100.0;

/// A search is at least this fast, as a part of the speed of `rg`.
const SEARCH_LIMIT: f64 = 0.5;

/// `sessions stats` takes at most this long at the median, in ms: as long as a list, and a look into
/// the folder of every session.
const STATS_LIMIT: f64 = 200.0;

/// A search of everything takes at most this much more memory than one of a tenth, in KiB.
const GROWTH_LIMIT: u64 = 4 << 10;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(2);

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

/// Measures and prints the medians and ratios beside the bars.
///
/// # Errors
/// When `ampctl` or `rg` is not there, something is not found, or a bar is missed.
pub fn run(options: &Options) -> Result<()> {
    let rg = machine::find_program("rg").context("no rg on the path")?;
    let records = Records::make(options.records, options.megabytes << 20)?;
    let bench = Bench {
        ampctl: options.ampctl.path()?,
        rg,
        records,
        rounds: options.rounds,
    };
    let mut missed = Vec::new();
    let mut hold = |name: &str, holds: bool, said: String| {
        let bar = if holds { "holds" } else { "MISSED" };
        crate::say(format!("{name}: {said}: {bar}"));
        if !holds {
            missed.push(name.to_owned());
        }
    };
    for (name, words, limit) in [
        ("list", &["sessions", "list"][..], LIST_LIMIT),
        ("list --json", &["sessions", "list", "--json"], LIST_LIMIT),
        (
            "stats by folder",
            &["sessions", "stats", "--by", "folder"],
            STATS_LIMIT,
        ),
        ("stats by day", &["sessions", "stats"], STATS_LIMIT),
    ] {
        let list = |(): &()| Ok(bench.ampctl(words, "")?.milliseconds);
        let took = median(&bench.rounds(&[()], list)?[0]);
        hold(name, took <= limit, format!("{took:.0} ms (bar {limit})"));
    }
    for (name, word) in [("search", RARE), ("search, other alphabet", FOREIGN)] {
        let searches = [Searcher::Ampctl, Searcher::Rg];
        let taken = bench.rounds(&searches, |searcher| bench.search(searcher, word))?;
        let (ours, theirs) = (&taken[0], &taken[1]);
        let ratios: Vec<f64> = theirs.iter().zip(ours).map(|(rg, own)| rg / own).collect();
        let (ratio, ours, theirs) = (median(&ratios), median(ours), median(theirs));
        hold(
            name,
            ratio >= SEARCH_LIMIT,
            format!(
                "{ratio:.2} of the speed of rg, {ours:.0} ms to {theirs:.0} ms (bar {SEARCH_LIMIT})"
            ),
        );
    }
    let search = ["sessions", "search", "--limit", "1000", RARE];
    let all = bench.ampctl(&search, RARE)?.peak;
    let tenth = records::TENTH.display().to_string();
    let of_tenth = [&search[..], &["--folder", &tenth]].concat();
    let tenth = bench.ampctl(&of_tenth, RARE)?.peak;
    hold(
        "memory of a search",
        all <= tenth + GROWTH_LIMIT,
        format!("{all} KiB, of a tenth {tenth} KiB (bar +{GROWTH_LIMIT})"),
    );
    ensure!(missed.is_empty(), "bars were missed: {}", missed.join(", "));
    Ok(())
}

struct Bench {
    ampctl: PathBuf,
    rg: PathBuf,
    records: Records,
    rounds: usize,
}

/// Who searches.
enum Searcher {
    Ampctl,
    Rg,
}

/// What a process took.
struct Taken {
    milliseconds: f64,
    /// The most memory it had, in KiB.
    peak: u64,
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

    #[expect(
        clippy::disallowed_methods,
        reason = "amp-process has a cost of its own, which would be measured too"
    )]
    fn process(&self, program: &Path, words: &[OsString], proof: &str) -> Result<Taken> {
        let output = tempfile::tempfile()?;
        let begun = Instant::now();
        let mut child = Command::new(program)
            .args(words)
            .env_clear()
            .envs(self.records.environment())
            .current_dir(self.records.home())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .spawn()?;
        let (status, peak) = wait(&mut child)?;
        let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        ensure!(status, "{} {words:?} failed", program.display());
        let mut written = String::new();
        let mut output = output;
        std::io::Seek::rewind(&mut output)?;
        std::io::Read::read_to_string(&mut output, &mut written)?;
        let written = written.to_lowercase();
        ensure!(
            !written.is_empty() && written.contains(proof),
            "{words:?} found nothing"
        );
        Ok(Taken { milliseconds, peak })
    }
}

/// Waits for a process, and looks at its memory meanwhile.
fn wait(child: &mut Child) -> Result<(bool, u64)> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.success(), peak));
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let seen = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let seen = seen.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak = peak.max(seen.unwrap_or(0));
        std::thread::sleep(LOOK);
    }
}
