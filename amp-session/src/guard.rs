//! The permission rules of a run: refused where they would not hold.
//!
//! Amp fails open. It drops a rule that it does not understand and runs with the others, an
//! allow-all overrides every rule, and the settings of a project come before those of the user. So
//! rules are checked together with everything that outranks them, before anything is started; what
//! cannot be judged is refused.

mod arguments;
mod programs;

use std::path::{Path, PathBuf};

use amp_protocol::{PermissionAction, PermissionRule, RawJson, SettingsKey};
use serde_json::Value;

use crate::config::{SessionConfig, is_off};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::settings::{Effective, SettingsFile, SettingsScope};

/// What decides on the rules of a run besides themselves.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings<'a> {
    pub(crate) settings: &'a Effective,
    pub(crate) dialect: &'a Dialect,
    /// The folders in which the build looks for a project's `.amp`.
    pub(crate) workspace: &'a [PathBuf],
    /// The user's plugins, where they count: they change a call after it was allowed.
    pub(crate) own_plugins: Option<PathBuf>,
    /// The home of the user, whose own files are no project's.
    pub(crate) home: Option<&'a Path>,
}

/// Refuses permission rules that would not hold; without any, there is nothing to hold.
///
/// # Errors
///
/// [`Error::UnsafeRules`].
pub(crate) fn check(config: &SessionConfig, around: Surroundings<'_>) -> Result<(), Error> {
    let Some(rules) = config.settings.get(SettingsKey::PERMISSIONS.as_str()) else {
        return Ok(());
    };
    let restricts = check_rules(rules)?;
    if config.allows_all() {
        if restricts {
            return Err(refused(
                "allow-all overrides every rule that does not allow",
                "leave out one of the two",
            ));
        }
        return Ok(());
    }
    check_arguments(config)?;
    check_managed(around.settings)?;
    check_workspace(around.settings)?;
    programs::check(around)
}

/// Checks the rules themselves and tells whether one of them restricts anything.
fn check_rules(rules: &Value) -> Result<bool, Error> {
    let Value::Array(rules) = rules else {
        return Err(refused("they are not a list", "Amp would ignore them"));
    };
    let mut restricts = false;
    for (index, rule) in rules.iter().enumerate() {
        let raw = serde_json::value::to_raw_value(rule).map(RawJson::from);
        let read = raw.map(|raw| PermissionRule::read(&raw));
        let problems = match read {
            Ok(Ok(rule)) => {
                restricts |= rule.action != PermissionAction::ALLOW;
                continue;
            }
            Ok(Err(problems)) => problems.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        return Err(refused(
            format!("rule {}: {}", index + 1, problems.join("; ")),
            "Amp drops a rule like this and runs with the others",
        ));
    }
    Ok(restricts)
}

/// What is passed on could undo the rules.
fn check_arguments(config: &SessionConfig) -> Result<(), Error> {
    match arguments::first_doubtful(&config.extra_arguments) {
        None => Ok(()),
        Some(argument) => Err(refused(
            format!("{argument:?}, passed on to Amp, may undo them"),
            "leave out the argument or the rules",
        )),
    }
}

/// Rules of the administrator count alone, so that those of the run would not be looked at.
fn check_managed(settings: &Effective) -> Result<(), Error> {
    const ADVICE: &str = "ask who manages this machine, and run without rules if those there do";
    refuse_doubt(settings, SettingsScope::Managed)?;
    for file in settings.of(SettingsScope::Managed) {
        let allow_all = file.get(SettingsKey::DANGEROUSLY_ALLOW_ALL.as_str());
        let decides = file.get(SettingsKey::PERMISSIONS.as_str()).is_some();
        if decides || !allow_all.is_none_or(is_off) {
            let reason = format!(
                "{} decides on permissions, and an administrator's settings outrank a run",
                file.path.display()
            );
            return Err(refused(reason, ADVICE));
        }
    }
    Ok(())
}

/// Rules of a project come before those of a run (measured on six builds, 2026-01-08 to
/// 2026-09-23), so that a clone could allow what the run rejects. What only restricts may stay.
fn check_workspace(settings: &Effective) -> Result<(), Error> {
    refuse_doubt(settings, SettingsScope::Workspace)?;
    let loosens = |file: &&SettingsFile| {
        let allow_all = file.get(SettingsKey::DANGEROUSLY_ALLOW_ALL.as_str());
        let rules = file.get(SettingsKey::PERMISSIONS.as_str());
        !allow_all.is_none_or(is_off) || !rules.is_none_or(only_restrict)
    };
    match settings.of(SettingsScope::Workspace).find(loosens) {
        None => Ok(()),
        Some(file) => Err(refused(
            format!(
                "{} decides on permissions, and a project outranks the rules of a run",
                file.path.display()
            ),
            "review that file, and run without rules if what it says will do",
        )),
    }
}

fn refuse_doubt(settings: &Effective, scope: SettingsScope) -> Result<(), Error> {
    let doubtful = settings.doubt(&[scope]);
    let doubt = doubtful.and_then(|file| Some((file, file.state.doubt()?)));
    match doubt {
        None => Ok(()),
        Some((file, doubt)) => Err(refused(
            format!(
                "{} outranks them, and what it says cannot be told: {doubt}",
                file.path.display()
            ),
            "put that file right, or move it away",
        )),
    }
}

/// Tells whether rules can only make a run stricter: an action that is not exactly one of these may
/// be another one to some build.
fn only_restrict(rules: &Value) -> bool {
    rules.as_array().is_some_and(|rules| {
        let mut actions = rules.iter().map(|rule| rule["action"].as_str());
        actions.all(|action| matches!(action, Some("reject" | "ask")))
    })
}

fn refused(reason: impl Into<String>, advice: &'static str) -> Error {
    Error::UnsafeRules {
        reason: reason.into(),
        advice,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::environment::Environment;
    use crate::settings::NamedBy;
    use crate::version::AmpVersion;

    fn managed(content: &str) -> Effective {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("managed-settings.json");
        fs::write(&path, content).unwrap();
        Effective::managed(path)
    }

    fn holds(content: &str) -> bool {
        let around = Surroundings {
            settings: &managed(content),
            dialect: &Dialect::for_version(&AmpVersion::new("0.0.1790142911-g7618fb")),
            workspace: &[],
            own_plugins: None,
            home: None,
        };
        let rules = json!([{"tool": "Bash", "action": "reject"}]);
        let config = SessionConfig::new().with_setting("amp.permissions", rules);
        check(&config, around).is_ok()
    }

    #[test]
    fn rules_do_not_hold_where_an_administrator_decides_or_may_decide() {
        for content in [
            r#"{"amp.permissions": []}"#,
            r#"{"amp.permissions": null}"#,
            r#"{"amp.dangerouslyAllowAll": true}"#,
            r#"{"amp.dangerouslyAllowAll": "yes"}"#,
            "{",
        ] {
            assert!(!holds(content), "{content}");
        }
        assert!(holds(
            r#"{"amp.dangerouslyAllowAll": false, "amp.showCosts": true}"#
        ));
    }

    #[test]
    fn the_service_of_an_administrator_comes_before_the_variable() {
        let variable = ("AMP_URL".into(), "https://variable.example/".into());
        let environment = Environment::from([variable]);
        let service = managed(r#"{"amp.url": "https://managed.example/"}"#).service(&environment);
        assert_eq!(service.url, "https://managed.example/");
        assert_eq!(service.named_by, NamedBy::Administrator);
    }
}
