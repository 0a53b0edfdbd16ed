//! `ampctl permissions explain`.

use std::io::Write;

use amp_session::permission::{RuleScope, TracedRule};
use amp_session::protocol::PermissionRule;
use serde::Serialize;

use super::judge::Judgement;
use crate::arguments::{GlobalArguments, JudgeArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::Settings;

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document<'a> {
    build: &'a str,
    action: Option<&'static str>,
    reason: &'a str,
    rules: Vec<Traced<'a>>,
}

#[derive(Serialize)]
struct Traced<'a> {
    scope: RuleScope,
    name: &'a str,
    matches: bool,
    why: &'a str,
    rule: &'a PermissionRule,
}

pub(super) fn run(
    arguments: &JudgeArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let judgement = Judgement::prepare(arguments, global, context)?;
    let call = judgement.call();
    let run = judgement.evaluator.run(&call);
    let traced = judgement.evaluator.trace(&call);
    if global.json {
        let document = Document {
            build: judgement.build.as_str(),
            action: run.decision.action(),
            reason: &run.reason,
            rules: traced.iter().map(Traced::of).collect(),
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let style = Settings::of(global, context)?
        .color
        .style(context, &context.stdout);
    let dropped = judgement.evaluator.rules().problems();
    for problem in &dropped {
        writeln!(
            context.stdout,
            "  {} dropped: {problem}",
            style.warning("!")
        )?;
    }
    let (about_others, about_it): (Vec<_>, Vec<_>) =
        traced.iter().partition(|rule| !rule.tool_matches);
    for rule in about_it {
        let mark = match rule.matches {
            true => style.success("✓"),
            false => style.dim("·"),
        };
        let (name, action, why) = (&rule.name, &rule.rule.action, &rule.why);
        writeln!(context.stdout, "  {mark} {name}, {action}: {why}")?;
    }
    if !about_others.is_empty() {
        let count = about_others.len();
        let others = format!("{count} rules before it are about other tools");
        writeln!(context.stdout, "  {} {}", style.dim("·"), style.dim(others))?;
    }
    let action = run.decision.action().unwrap_or_default();
    writeln!(context.stdout, "{}  {}", style.strong(action), run.reason)?;
    Ok(ExitCode::Done)
}

impl<'a> Traced<'a> {
    fn of(rule: &'a TracedRule<'_>) -> Self {
        Self {
            scope: rule.scope,
            name: &rule.name,
            matches: rule.matches,
            why: &rule.why,
            rule: rule.rule,
        }
    }
}
