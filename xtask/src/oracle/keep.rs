//! Answers of real CLIs, kept for the tests.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::ask::Answer;
use super::question::Question;

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    rules: &'a RawValue,
    tool: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    arguments: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    answers: Vec<Given<'a>>,
}

/// What some versions answered.
#[derive(Serialize)]
struct Given<'a> {
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    versions: Vec<&'a str>,
}

/// Appends questions with the answers of each version, and returns how many.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn append<'a>(
    asked: impl Iterator<Item = (&'a Question, &'a BTreeMap<String, Answer>)>,
) -> Result<usize> {
    let path = crate::workspace_root().join("fixtures/permissions/answers.jsonl");
    let mut lines = String::new();
    let mut count = 0;
    for (question, answers) in asked {
        lines.push_str(&line(question, answers)?);
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

fn line(question: &Question, answers: &BTreeMap<String, Answer>) -> Result<String> {
    let mut given: Vec<Given<'_>> = Vec::new();
    for (version, answer) in answers {
        // Of the CLI's own rules nothing is kept but that they decided.
        let own = answer.source.as_deref() == Some("built-in");
        let index = answer.index.filter(|_| !own);
        let (action, source) = (answer.action.as_deref(), answer.source.as_deref());
        let same = |known: &&mut Given<'_>| {
            (known.action, known.index, known.source) == (action, index, source)
        };
        match given.iter_mut().find(same) {
            Some(known) => known.versions.push(version),
            None => given.push(Given {
                action,
                index,
                source,
                versions: vec![version],
            }),
        }
    }
    Ok(serde_json::to_string(&Line {
        name: &question.name,
        rules: &question.rules,
        tool: &question.tool,
        arguments: &question.arguments,
        context: question.context.as_deref(),
        answers: given,
    })?)
}
