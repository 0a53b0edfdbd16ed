//! Answers of real CLIs, kept for the tests.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, Result};
use fixtures::permissions::{AskedVersions, PermissionAnswer, PermissionCase, Verdict};

/// Appends questions with the answers of each version, and returns how many.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn append(
    asked: impl Iterator<Item = (PermissionCase, BTreeMap<String, Verdict>)>,
) -> Result<usize> {
    let path = fixtures::folder().join("permissions/answers.jsonl");
    let mut lines = String::new();
    let mut count = 0;
    for (mut case, answers) in asked {
        case.answers = grouped(answers);
        lines.push_str(&serde_json::to_string(&case)?);
        lines.push('\n');
        count += 1;
    }
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    file.write_all(lines.as_bytes())?;
    Ok(count)
}

/// Puts versions that answered alike together.
fn grouped(answers: BTreeMap<String, Verdict>) -> Vec<PermissionAnswer> {
    let mut given: Vec<(Verdict, Vec<String>)> = Vec::new();
    for (version, mut verdict) in answers {
        // Of the CLI's own rules nothing is kept but that they decided.
        if verdict.source.as_deref() == Some("built-in") {
            verdict.index = None;
        }
        match given.iter_mut().find(|(known, _)| *known == verdict) {
            Some((_, versions)) => versions.push(version),
            None => given.push((verdict, vec![version])),
        }
    }
    let answers = given
        .into_iter()
        .map(|(verdict, versions)| PermissionAnswer {
            verdict,
            versions: AskedVersions::Some(versions),
        });
    answers.collect()
}
