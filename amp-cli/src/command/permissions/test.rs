//! `ampctl permissions test`.

use std::io::Write;
use std::path::Path;

use amp_session::permission::{Decision, Opinion, RuleScope};
use amp_session::protocol::{PermissionContext, PermissionRule};
use serde::Serialize;
use serde_json::{Map, Value};

use super::judge::Judgement;
use crate::arguments::{GlobalArguments, JudgeArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::Settings;

/// The object that `--json` writes: what `amp permissions test` says, and what a run does.
#[derive(Serialize)]
struct Document<'a> {
    tool: &'a str,
    arguments: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    build: &'a str,
    #[serde(flatten)]
    test: View<'a>,
    /// What a run does: it drops bad rules, obeys allow-all, and asks where no rule matches.
    run: View<'a>,
}

/// An opinion as data.
#[derive(Serialize)]
struct View<'a> {
    action: Option<&'static str>,
    /// Whether it is known; what is not is asked about.
    known: bool,
    match_index: Option<usize>,
    source: Option<&'static str>,
    reason: &'a str,
    scope: Option<RuleScope>,
    file: Option<&'a Path>,
    line: Option<usize>,
    rule_number: Option<usize>,
    rule: Option<&'a PermissionRule>,
}

impl<'a> View<'a> {
    fn of(opinion: &'a Opinion) -> Self {
        let matched = opinion.matched.as_ref();
        Self {
            action: opinion.decision.action(),
            known: opinion.decision != Decision::Unknown,
            match_index: matched.map(|matched| matched.index),
            source: matched.map(|matched| matched.scope.source()),
            reason: &opinion.reason,
            scope: matched.map(|matched| matched.scope),
            file: matched.and_then(|matched| matched.file.as_deref()),
            line: matched.and_then(|matched| matched.line),
            rule_number: matched.map(|matched| matched.number),
            rule: matched.map(|matched| &matched.rule),
        }
    }
}

pub(super) fn run(
    arguments: &JudgeArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let judgement = Judgement::prepare(arguments, global, context)?;
    let call = judgement.call();
    let (test, run) = (
        judgement.evaluator.test(&call),
        judgement.evaluator.run(&call),
    );
    if global.json {
        let document = Document {
            tool: &judgement.tool,
            arguments: &judgement.arguments,
            context: judgement.context.as_ref().map(PermissionContext::as_str),
            build: judgement.build.as_str(),
            test: View::of(&test),
            run: View::of(&run),
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let style = Settings::of(global, context)?
        .color
        .style(context, &context.stdout);
    let action = |opinion: &Opinion| opinion.decision.action().unwrap_or("no rule matches");
    writeln!(
        context.stdout,
        "{}  {}",
        style.strong(action(&run)),
        run.reason
    )?;
    if !global.quiet && (action(&test) != action(&run) || test.matched != run.matched) {
        writeln!(
            context.stdout,
            "`amp permissions test` says: {}  {}",
            style.strong(action(&test)),
            test.reason
        )?;
    }
    Ok(ExitCode::Done)
}
