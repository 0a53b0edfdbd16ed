//! Permission rules for one run, refused when they would not do what they say.

use std::path::Path;

use amp_session::protocol::{PermissionAction, PermissionRule, RawJson};
use amp_session::{SettingsScope, settings_files};
use serde_json::Value;

use crate::ExitCode;
use crate::context::Context;
use crate::failure::Failure;

/// The setting that holds the rules.
pub(crate) const SETTING: &str = "amp.permissions";

/// The setting that overrides them all.
const ALLOW_ALL_SETTING: &str = "amp.dangerouslyAllowAll";

/// What a file of rules holds.
const EXAMPLE: &str = r#"a list looks like this: [{"tool": "Bash", "action": "ask"}]"#;

/// Reads the rules of a file, a JSON list, for a run in `folder`.
///
/// # Errors
/// Refuses the run when Amp would drop a rule (a mistyped `reject` would let everything through),
/// when rules of the project outrank these, or when `allow_all` would override them.
pub(crate) fn read(
    path: &Path,
    folder: &Path,
    allow_all: bool,
    context: &Context,
) -> Result<Value, Failure> {
    let path = context.resolve(path);
    let name = path.display();
    let bytes = std::fs::read(&path).map_err(|error| {
        Failure::new(
            ExitCode::Usage,
            format!("permission rules {name} could not be read"),
        )
        .caused_by(&error)
        .hint(EXAMPLE)
    })?;
    let rules: Vec<RawJson> = serde_json::from_slice(&bytes).map_err(|error| {
        refused(format!("{name} is not a list of rules"))
            .caused_by(&error)
            .hint(EXAMPLE)
    })?;
    let mut rejects = false;
    for (index, rule) in rules.iter().enumerate() {
        match PermissionRule::read(rule) {
            Ok(rule) => rejects |= rule.action != PermissionAction::ALLOW,
            Err(problems) => {
                let reasons: Vec<String> = problems.iter().map(ToString::to_string).collect();
                return Err(refused(format!(
                    "rule {} of {name}: {}",
                    index + 1,
                    reasons.join("; ")
                ))
                .hint("Amp drops a rule like this and runs with the others"));
            }
        }
    }
    if allow_all && rejects {
        return Err(
            refused("--dangerously-allow-all overrides every rule that does not allow")
                .hint("leave out one of the two"),
        );
    }
    refuse_rules_of_the_project(folder, context)?;
    serde_json::from_slice(&bytes).map_err(|error| refused(format!("{name}: {error}")))
}

/// Rules in the settings of a project come before those of a run (measured with the versions of
/// 2026-01-08 and 2026-05-04), so that a clone could allow what the run rejects.
fn refuse_rules_of_the_project(folder: &Path, context: &Context) -> Result<(), Failure> {
    let files = settings_files(&context.environment, folder, None);
    let file = files.iter().find(|file| {
        file.scope == SettingsScope::Workspace
            && file
                .keys
                .iter()
                .any(|key| key.starts_with(SETTING) || key == ALLOW_ALL_SETTING)
    });
    match file {
        None => Ok(()),
        Some(file) => Err(refused(format!(
            "{} decides on permissions, and a project outranks the rules of a run",
            file.path.display()
        ))
        .hint("review that file, and run without --rules if what it says will do")),
    }
}

fn refused(reason: impl Into<String>) -> Failure {
    Failure::new(
        ExitCode::Refused,
        "the run was refused: its permission rules are not safe",
    )
    .because(reason)
}
