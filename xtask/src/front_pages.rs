//! The front page of each crate is a short program that a test runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The crates that are shipped.
const CRATES: [&str; 5] = [
    "amp-bootstrap",
    "amp-cli",
    "amp-process",
    "amp-protocol",
    "amp-session",
];

/// The most lines between the braces of `main`.
const LONGEST_BODY: usize = 10;

/// Returns one sentence for each crate below `root` whose front page breaks the rule.
///
/// # Errors
/// When a file cannot be read.
pub fn violations(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in CRATES {
        let folder = root.join(name);
        let library = read(&folder.join("src/lib.rs"))?;
        let programs: Result<Vec<_>> = programs(&folder)?.iter().map(|path| read(path)).collect();
        if let Some(problem) = problem(&library, &programs?) {
            found.push(format!("{name}/src/lib.rs: {problem}"));
        }
    }
    Ok(found)
}

/// Returns what is wrong with the first program of a library's documentation, given the files of
/// which one is to hold it.
pub fn problem(library: &str, programs: &[String]) -> Option<String> {
    let page = library.lines().filter_map(|line| line.strip_prefix("//!"));
    let page: Vec<&str> = page
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let mut fences = page
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("```"));
    let (Some((start, _)), Some((end, _))) = (fences.next(), fences.next()) else {
        return Some("it shows no program".to_owned());
    };
    let shown = essence(&page[start + 1..end].join("\n"));
    let Some(main) = shown.iter().position(|line| line.contains("fn main(")) else {
        return Some("what it shows has no `main`".to_owned());
    };
    // The line of `main` and its last brace are no part of the body.
    let body = shown.len() - main - 2;
    if body > LONGEST_BODY {
        return Some(format!(
            "the body of `main` has {body} lines, more than {LONGEST_BODY}"
        ));
    }
    let holds_it = |program: &String| {
        let program = essence(program);
        program.windows(shown.len()).any(|part| part == shown)
    };
    let is_run = programs.iter().any(holds_it);
    (!is_run).then(|| "no test runs what it shows".to_owned())
}

/// Returns the lines of a program, without blank ones, comments and what says only to whom it is
/// visible and which lints do not count.
fn essence(program: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut in_lints = false;
    for line in program.lines().map(str::trim_end) {
        in_lints |= line.starts_with("#[expect(");
        let is_shown = !in_lints && !line.is_empty() && !line.trim_start().starts_with("//");
        in_lints &= !line.ends_with(")]");
        if is_shown {
            lines.push(line.replacen("pub(crate) ", "", 1));
        }
    }
    lines
}

/// Returns the files of a crate that tests run as programs.
fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![folder.join("tests/it/front_page.rs")];
    let examples = folder.join("examples");
    if examples.is_dir() {
        for example in fs::read_dir(&examples)? {
            found.push(example?.path());
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
