//! `ampctl permissions list`.

use std::io::Write;
use std::path::Path;

use amp_session::Effective;
use amp_session::permission::{RuleList, RuleScope, RuleSet, WrittenRule};
use amp_session::protocol::RawJson;
use serde::Serialize;

use super::build::{Build, amp_if_any};
use crate::arguments::{GlobalArguments, ListArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{json, runtime};

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document<'a> {
    build: &'a str,
    /// Who allows everything, whatever the rules say.
    allow_all: Option<&'a str>,
    /// Why it is not known what a run would read.
    doubt: Option<&'a str>,
    rules: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    scope: RuleScope,
    file: Option<&'a Path>,
    line: Option<usize>,
    number: usize,
    rule: &'a RawJson,
    /// Why Amp drops it.
    problems: Vec<String>,
}

pub(super) fn run(
    arguments: &ListArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let (build, set) = rules(arguments, global, context)?;
    let wanted = |list: &&RuleList| !arguments.workspace || list.scope == RuleScope::Workspace;
    let lists = set.lists().iter().filter(wanted);
    let rows: Vec<Row<'_>> = lists
        .flat_map(|list| list.rules.iter().map(|written| Row::of(list, written)))
        .collect();
    if global.json {
        let document = Document {
            build: build.version.as_str(),
            allow_all: set.allow_all.as_deref(),
            doubt: set.doubt.as_deref(),
            rules: rows,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let style = Settings::of(global, context)?
        .color
        .style(context, &context.stdout);
    let mut last = None;
    for row in &rows {
        let place = (row.scope, row.file);
        if last.replace(place) != Some(place) {
            let file = row
                .file
                .map(|file| format!(" {}", style.dim(file.display())));
            let scope = style.strong(row.scope.as_str());
            writeln!(context.stdout, "{scope}{}", file.unwrap_or_default())?;
        }
        writeln!(context.stdout, "{:>4}  {}", row.number, row.rule.as_str())?;
        for problem in &row.problems {
            let mark = style.error("dropped:");
            writeln!(context.stdout, "      {mark} {problem}")?;
        }
    }
    if let Some(allow_all) = &set.allow_all {
        writeln!(context.stderr, "note: {allow_all} allows every tool")?;
    }
    if let Some(doubt) = &set.doubt {
        writeln!(context.stderr, "note: not all is known: {doubt}")?;
    }
    Ok(ExitCode::Done)
}

/// Returns the rules of the files, or those that Amp brings along.
fn rules(
    arguments: &ListArguments,
    global: &GlobalArguments,
    context: &Context,
) -> Result<(Build, RuleSet), Failure> {
    let amp = amp_if_any(arguments.amp.clone(), global, context)?;
    let build = Build::choose(None, amp.as_ref());
    if !arguments.builtin {
        let settings = Effective::read(&context.environment, &context.directory, None);
        let set = RuleSet::in_force(&settings.as_read_by(&build.version));
        return Ok((build, set));
    }
    let amp = amp.ok_or_else(|| {
        Failure::new(
            ExitCode::NoUsableAmp,
            "there is no Amp to ask for its rules",
        )
        .next("ampctl install", "installs one")
    })?;
    let asked = async { Ok(amp.built_in_rules().await?) };
    let list = runtime::interruptible(&context.signals, asked)?;
    Ok((build, RuleSet::of(Vec::new()).with_built_in(list)))
}

impl<'a> Row<'a> {
    fn of(list: &'a RuleList, written: &'a WrittenRule) -> Self {
        let problems = written.rule.as_ref().err();
        Self {
            scope: list.scope,
            file: list.file.as_deref(),
            line: written.line,
            number: written.number,
            rule: &written.json,
            problems: problems
                .into_iter()
                .flatten()
                .map(ToString::to_string)
                .collect(),
        }
    }
}
