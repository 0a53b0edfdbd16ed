//! `cargo xtask instructions`: how many instructions the reading of lines takes, held against what it
//! took before.
//!
//! Unlike time, instructions are the same on a busy machine. The program counted is the example
//! `inspect` of `amp-protocol`, which decodes every line and writes it back.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use fixtures::benchmark::{big_lines, small_lines};

use crate::callgrind::callgrind;
use crate::{command, machine, workspace_cargo, workspace_root};

/// The longest time to run it.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// So much more than was kept is growth.
const GROWTH: f64 = 1.05;

/// How often the lines are in the file that is read, so that the start counts little.
const REPEATS: usize = 20;

/// Where the numbers are kept.
const KEPT: &str = "xtask/instructions.json";

/// Whether to keep what is counted.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Keep what is counted now
    #[arg(long)]
    keep: bool,
}

/// How many instructions each kind of line takes.
type Counts = BTreeMap<String, u64>;

/// Counts, and compares with what was kept.
///
/// # Errors
/// When a count has grown by more than a twentieth and the change log says nothing of it; when the
/// program cannot be built, or valgrind is not there.
pub fn run(options: &Options) -> Result<()> {
    let program = workspace_cargo::build_example("amp-protocol", "inspect")?;
    let counted = machine::runtime()?.block_on(count(&program))?;
    let path = workspace_root().join(KEPT);
    if options.keep {
        let text = serde_json::to_string_pretty(&counted)?;
        return Ok(std::fs::write(path, text + "\n")?);
    }
    let kept: Counts = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let changes = std::fs::read_to_string(workspace_root().join("CHANGELOG.md"))?;
    let grown = compare(&counted, &kept, &changes);
    for (name, count) in &counted {
        let before = kept.get(name).copied().unwrap_or_default();
        crate::say(format!("{name}: {count} instructions, kept {before}"));
    }
    ensure!(grown.is_empty(), "{}", grown.join("\n"));
    Ok(())
}

/// Returns what has grown without a word in the unreleased part of the change log.
fn compare(counted: &Counts, kept: &Counts, changes: &str) -> Vec<String> {
    let unreleased = changes.split("\n## [").nth(1).unwrap_or_default();
    let grown = |(name, count): (&String, &u64)| {
        let before = kept.get(name).copied();
        let has_grown = before.is_none_or(|before| *count as f64 > before as f64 * GROWTH);
        (has_grown && !unreleased.contains(&format!("instructions of {name}"))).then(|| {
            format!(
                "{name} takes {count} instructions and took {before:?}: say why in CHANGELOG.md \
                 (\"instructions of {name}\"), or `cargo xtask instructions --keep` when it did"
            )
        })
    };
    counted.iter().filter_map(grown).collect()
}

async fn count(program: &Path) -> Result<Counts> {
    let folder = tempfile::tempdir()?;
    let mut counts = Counts::new();
    for (name, lines) in [("big lines", big_lines()), ("small lines", small_lines())] {
        let file = folder.path().join("lines.jsonl");
        std::fs::write(&file, (lines.join("\n") + "\n").repeat(REPEATS))?;
        counts.insert(name.to_owned(), instructions(program, &file).await?);
    }
    Ok(counts)
}

/// Returns how many instructions a program takes to read a file.
async fn instructions(program: &Path, file: &Path) -> Result<u64> {
    let output = file.with_extension("callgrind");
    let spec = callgrind(&output)?
        .with_argument(program)
        .with_argument(file);
    command::output(spec, LIMIT).await?;
    let seen = std::fs::read_to_string(output)?;
    let total = seen.lines().find_map(|line| line.strip_prefix("summary: "));
    let total = total.or_else(|| seen.lines().find_map(|line| line.strip_prefix("totals: ")));
    let total = total.context("valgrind tells no number of instructions")?;
    Ok(total.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::{Counts, compare};

    fn counts(count: u64) -> Counts {
        Counts::from([("big lines".to_owned(), count)])
    }

    #[test]
    fn growth_wants_a_word_in_the_change_log() {
        let silent = "# Changelog\n\n## [Unreleased]\n\n- More.\n\n## [0.1.0]\n\n- instructions of big lines";
        assert_eq!(compare(&counts(104), &counts(100), silent).len(), 0);
        assert_eq!(compare(&counts(106), &counts(100), silent).len(), 1);
        assert_eq!(compare(&counts(1), &Counts::new(), silent).len(), 1);
        let told = "## x\n## [Unreleased]\n\n- instructions of big lines: 6 % more, for safety";
        assert_eq!(compare(&counts(106), &counts(100), told).len(), 0);
    }
}
