//! `ampctl permissions add` and `remove`.

use std::io::Write;

use amp_session::permission::{RuleChange, RuleStore};
use amp_session::protocol::{PermissionAction, PermissionContext, PermissionRule};
use amp_session::{Error, SettingsScope};
use serde_json::Value;

use super::build::Build;
use super::judge::from_words;
use super::print::write_findings;
use crate::arguments::{AddArguments, GlobalArguments, RemoveArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::Settings;

/// Options of `add`, which an argument of the tool may not be taken for.
const OPTIONS: [&str; 8] = [
    "to",
    "context",
    "message",
    "workspace",
    "rule",
    "build",
    "json",
    "quiet",
];

pub(super) fn add(
    arguments: &AddArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let rule = rule_of(arguments)?;
    let store = store(arguments.build.as_deref(), global, context)?;
    let change = store.add(scope(arguments.workspace), &rule);
    let change = change.map_err(not_changed)?;
    if !global.json && !global.quiet {
        let verb = match change.written {
            true => "added to",
            false => "stands in front already in",
        };
        say(&change, verb, context)?;
        let style = Settings::of(global, context)?
            .color
            .style(context, &context.stderr);
        write_findings(&change.findings, style, &mut context.stderr)?;
    }
    finish(&change, global, context)
}

pub(super) fn remove(
    arguments: &RemoveArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let store = store(arguments.build.as_deref(), global, context)?;
    let change = store.remove(scope(arguments.workspace), arguments.number);
    let change = change.map_err(not_changed)?;
    if !global.json && !global.quiet {
        say(&change, "removed from", context)?;
    }
    finish(&change, global, context)
}

fn finish(
    change: &RuleChange,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    if global.json {
        json::write(change, &mut context.stdout)?;
    }
    Ok(ExitCode::Done)
}

fn say(change: &RuleChange, verb: &str, context: &mut Context) -> Result<(), Failure> {
    let (rule, file) = (change.rule.as_str(), change.file.display());
    writeln!(context.stderr, "{rule} {verb} {file}")?;
    Ok(())
}

fn scope(workspace: bool) -> SettingsScope {
    match workspace {
        true => SettingsScope::Workspace,
        false => SettingsScope::User,
    }
}

fn store(
    build: Option<&str>,
    global: &GlobalArguments,
    context: &Context,
) -> Result<RuleStore, Failure> {
    let build = Build::find(build, global, context)?;
    let (environment, directory) = (context.environment.clone(), &context.directory);
    Ok(RuleStore::new(environment, directory, &build.version))
}

/// Puts the rule together that the arguments describe.
fn rule_of(arguments: &AddArguments) -> Result<PermissionRule, Failure> {
    if let Some(rule) = &arguments.rule {
        return serde_json::from_str(rule).map_err(|error| {
            Failure::new(ExitCode::Usage, "--rule is not a permission rule")
                .caused_by(&error)
                .hint(r#"it looks like this: --rule '{"tool": "Bash", "action": "ask"}'"#)
        });
    }
    let (Some(action), Some(tool)) = (&arguments.action, &arguments.tool) else {
        return Err(Failure::new(ExitCode::Usage, "no rule is given")
            .hint("name an action and a tool, such as: ampctl permissions add ask Read"));
    };
    let mut rule = PermissionRule::ask(tool);
    rule.action = PermissionAction::from(action.as_str());
    for (argument, value) in from_words(&arguments.words, &OPTIONS)? {
        if let Value::String(value) = value {
            rule = rule.with_match(argument, value);
        }
    }
    rule.to.clone_from(&arguments.to);
    rule.message.clone_from(&arguments.message);
    rule.context = arguments.context.map(PermissionContext::from);
    Ok(rule)
}

/// Tells why nothing was changed.
fn not_changed(error: Error) -> Failure {
    match error {
        Error::UnsafeRules { reason, .. } => Failure::new(
            ExitCode::Refused,
            "the rule was not added: it would not do what it says",
        )
        .because(reason)
        .next("ampctl permissions lint", "checks the rules that are there"),
        Error::Settings { .. } => Failure::new(ExitCode::Failed, error.to_string())
            .hint("nothing was changed; put the file right by hand"),
        Error::InvalidOption { reason, .. } => Failure::new(ExitCode::Usage, reason).next(
            "ampctl permissions list",
            "shows the rules with their numbers",
        ),
        other => Failure::from(other),
    }
}
