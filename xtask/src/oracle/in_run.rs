//! Calls made in a run against the stand-in, many in one message: what is rejected, and by which
//! rule, stands in the results.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use fixtures::backend::{Backend, Options};
use fixtures::permissions::{PermissionCase, Verdict};
use fixtures::script::{Answer, Block, Script};
use serde_json::Value;

use super::ask;
use crate::command;
use crate::installed_cli::InstalledCli;

/// The longest time for one run.
const LIMIT: Duration = Duration::from_secs(120);

/// What a result says where a rule without a message has rejected the call. The position that
/// follows counts rules that a run has besides.
const REJECTED: &str = "Rejected by user permissions rule ";

/// What the messages of random rules begin with; the position of the rule follows.
pub(super) const MESSAGE: &str = "by the rule at ";

/// An argument that says which call it is; no rule is about it.
const NUMBER: &str = "number_of_the_call";

/// Returns the positions of calls that nobody could be asked about, those with the same rules
/// together.
///
/// A run shows what is rejected and by which rule; what is not was allowed by the CLI's own rule,
/// for every build has one for `Read`.
pub(super) fn batches(cases: &[PermissionCase], answers: &[Option<Verdict>]) -> Vec<Vec<usize>> {
    let mut batches: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, case) in cases.iter().enumerate() {
        let rules = case.rules.get();
        let shown = !["delegate", "ask", "allow"]
            .iter()
            .any(|action| rules.contains(action));
        let in_thread = case.context.as_deref() == Some("thread");
        if answers[position].is_none() && case.tool == "Read" && shown && in_thread {
            batches.entry(rules).or_default().push(position);
        }
    }
    batches.into_values().collect()
}

/// Makes the calls in one run, by the rules of the first.
///
/// # Errors
/// When there is no run, or it does not show a result for each call.
pub(super) async fn make(cli: &InstalledCli, calls: &[&PermissionCase]) -> Result<Vec<Verdict>> {
    let place = tempfile::tempdir()?;
    let (home, project) = (place.path().join("home"), place.path().join("project"));
    std::fs::create_dir(&project)?;
    ask::write_rules(&home, calls[0])?;
    let blocks = calls.iter().enumerate().map(|(number, call)| {
        let mut input = call.arguments.clone();
        input.insert(NUMBER.to_owned(), number.into());
        Block::Tool {
            name: call.tool.clone(),
            input: Value::Object(input),
        }
    });
    let answer = |blocks| Answer {
        blocks,
        ..Answer::default()
    };
    let script = Script {
        answers: vec![
            answer(blocks.collect()),
            answer(vec![Block::Text("It is done.".to_owned())]),
        ],
        ..Script::default()
    };
    let backend = Backend::start(Options::for_workspace(&project).with_script("calls", script));
    let backend = backend.await?;
    let mut environment = cli.environment(&home);
    environment.insert("AMP_API_KEY".into(), "fake".into());
    environment.insert("AMP_URL".into(), backend.url().into());
    let spec = cli
        .spec(&home)
        .with_environment(environment)
        .with_arguments(["--execute=SCN:calls", "--stream-json"])
        .with_working_directory(&project);
    let finished = command::run(spec, LIMIT).await?;
    let results = results(&finished.stdout);
    let in_order = (0..calls.len() as u64).map(|number| results.get(&number));
    let verdicts: Option<Vec<Verdict>> = in_order.map(|text| Some(verdict(text?))).collect();
    verdicts.with_context(|| {
        let (got, made) = (results.len(), calls.len());
        let (rules, stderr) = (calls[0].rules.get(), finished.exit.stderr());
        format!(
            "{}: {got} results of {made} calls: {rules}\n{stderr}",
            cli.version
        )
    })
}

/// Returns the text of the result of each call, by the number of the call.
fn results(stream: &str) -> BTreeMap<u64, String> {
    let lines = stream
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for line in lines {
        let line: Value = line;
        for block in line["message"]["content"].as_array().into_iter().flatten() {
            let id = |key: &str| block[key].as_str().unwrap_or_default().to_owned();
            match block["type"].as_str() {
                Some("tool_use") => {
                    let number = block["input"][NUMBER].as_u64().unwrap_or(u64::MAX);
                    numbers.insert(id("id"), number);
                }
                Some("tool_result") => {
                    let number = numbers.get(&id("tool_use_id")).copied();
                    texts.insert(number.unwrap_or(u64::MAX), block["content"].to_string());
                }
                _ => {}
            }
        }
    }
    texts
}

fn verdict(result: &str) -> Verdict {
    let position = result.split_once(MESSAGE).map(|(_, rest)| rest);
    let position = position.and_then(|rest| rest.split_once(';')?.0.parse().ok());
    let by = |action: &str, source: &str| Verdict {
        action: Some(action.to_owned()),
        index: position,
        source: Some(source.to_owned()),
    };
    match position.is_some() || result.contains(REJECTED) {
        true => by("reject", "user"),
        false => by("allow", "built-in"),
    }
}
