//! The permission rules of a run whose calls are put to an approver.
//!
//! Amp walks an ordered list: the run's own rules, the user's, and last one that hands every call
//! to the helper. `--settings-file` replaces the user's file, so the user's rules are copied in.

use amp_protocol::{PermissionRule, SettingsKey};
use serde_json::{Map, Value, json};

use super::approver::Approval;
use super::helper;
use crate::config::{Executor, SessionConfig};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::permission::{Finding, RuleList, RuleScope, RuleSet, Severity, lint};
use crate::settings::{Effective, SettingsScope};

/// The arguments in which a call can name a project's `.amp`, by tool.
const NAMING: [(&str, &str); 8] = [
    ("Bash", "cmd"),
    ("Bash", "cwd"),
    ("shell_command", "command"),
    ("shell_command", "workdir"),
    ("create_file", "path"),
    ("edit_file", "path"),
    ("undo_edit", "path"),
    ("apply_patch", "patchText"),
];

/// Puts the rules of an approved run into `config`, and takes the user's rules out of `base`: those
/// of the run come first, then those that answers have `kept` for the folder, then the user's.
///
/// The user's `ask` goes to the helper, for a scripted run has nobody else to ask. On a build whose
/// reading of rules nobody measured no rule allows anything: a call that runs unasked could not be
/// told from one that bypassed its question.
///
/// Returns what the linter says of the rules before they were changed: warnings alone.
///
/// # Errors
///
/// [`Error::UnsafeRules`] when the linter finds an error in a rule;
/// [`Error::NoApproval`] when there can be no helper, when a rule lets another program decide, or
/// when the tools run elsewhere.
pub(crate) fn take_over(
    approval: &Approval,
    config: &mut SessionConfig,
    base: &mut Map<String, Value>,
    kept: Vec<Value>,
    settings: &Effective,
    dialect: &Dialect,
) -> Result<Vec<Finding>, Error> {
    let refused = |reason: String| Error::NoApproval { reason };
    if config.executor != Executor::Local {
        let reason = "the agent's tools run on another machine, which asks nobody here";
        return Err(refused(reason.to_owned()));
    }
    if !config.extra_arguments.is_empty() {
        let reason = "arguments that are passed on to Amp could name other settings";
        return Err(refused(reason.to_owned()));
    }
    let helper = helper::program(approval)?;
    let helper = helper
        .to_str()
        .ok_or_else(|| refused(format!("{} is no path in UTF-8", helper.display())))?;
    let key = SettingsKey::PERMISSIONS.as_str();
    let own = config.settings.remove(key).unwrap_or_else(|| json!([]));
    let Value::Array(own) = own else {
        // The guard says what is wrong with it.
        config.settings.insert(key.to_owned(), own);
        return Ok(Vec::new());
    };
    let users = match base.remove(key) {
        Some(Value::Array(rules)) => rules,
        _ => Vec::new(),
    };
    let all: Vec<Value> = own.iter().chain(&kept).chain(&users).cloned().collect();
    let findings = lint(&deciding(settings, &Value::Array(all)), dialect);
    let is_error = |finding: &&Finding| finding.severity == Severity::Error;
    if let Some(error) = findings.iter().find(is_error) {
        return Err(Error::UnsafeRules {
            reason: in_words(error),
            advice: "`ampctl permissions lint` explains what Amp makes of rules",
        });
    }
    let mut rules = Vec::new();
    let mut guarded = false;
    for mut rule in own.into_iter().chain(kept).chain(users) {
        match rule["action"].as_str() {
            Some("allow") if dialect.rule_semantics().is_none() => continue,
            // What follows an allow may never be reached, and these calls are asked about always.
            Some("allow") if !guarded => {
                guarded = true;
                let naming = NAMING.iter().map(|(tool, argument)| {
                    let rule = PermissionRule::delegate(*tool, helper);
                    json!(rule.with_match(*argument, "/[.]amp/"))
                });
                rules.extend(naming);
            }
            Some("ask") => {
                rule["action"] = json!("delegate");
                rule["to"] = json!(helper);
            }
            Some("delegate") if rule["to"].as_str() != Some(helper) => {
                let to = &rule["to"];
                let reason = format!("a rule lets {to} decide, whose answers nobody here hears");
                return Err(refused(reason));
            }
            _ => {}
        }
        rules.push(rule);
    }
    rules.push(json!(PermissionRule::delegate("*", helper)));
    config.settings.insert(key.to_owned(), Value::Array(rules));
    Ok(findings)
}

/// Returns the rules that decide in a run: the project's, which only restrict, and its own.
pub(super) fn deciding(settings: &Effective, own: &Value) -> RuleSet {
    let key = SettingsKey::PERMISSIONS.as_str();
    let projects = settings
        .values(key)
        .filter(|(file, _)| file.scope == SettingsScope::Workspace)
        .map(|(file, rules)| RuleList::from_value(RuleScope::Workspace, Some(&file.path), rules));
    let own = RuleList::from_value(RuleScope::User, None, own);
    RuleSet::of(projects.chain([own]).collect())
}

/// Returns what is wrong, and with which rule.
fn in_words(finding: &Finding) -> String {
    let rule = finding.number.map(|number| format!("rule {number}: "));
    let safer = finding.safer.as_ref();
    let safer = safer.map(|safer| format!("; rather {safer}"));
    format!(
        "{}{}{}",
        rule.unwrap_or_default(),
        finding.message,
        safer.unwrap_or_default()
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::approval::RejectAll;

    const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

    /// Settings of a home in which there is nothing.
    fn settings() -> Effective {
        Effective::read(
            &crate::Environment::new(),
            std::path::Path::new("/nowhere"),
            None,
        )
    }

    fn taken_over(
        version: &str,
        own: Value,
        users: Value,
    ) -> Result<(Vec<Value>, Map<String, Value>), Error> {
        let helper = std::env::current_exe().unwrap();
        let approval = Approval::by(RejectAll).with_helper_program(helper);
        let mut config = SessionConfig::new().with_setting("amp.permissions", own);
        let mut base = Map::from_iter([("amp.permissions".to_owned(), users)]);
        let dialect = Dialect::for_version(&version.into());
        take_over(
            &approval,
            &mut config,
            &mut base,
            Vec::new(),
            &settings(),
            &dialect,
        )?;
        let rules = config.settings["amp.permissions"].as_array().cloned();
        Ok((rules.unwrap(), base))
    }

    #[test]
    fn what_answers_have_kept_for_the_folder_comes_before_the_users_rules() {
        let helper = std::env::current_exe().unwrap();
        let approval = Approval::by(RejectAll).with_helper_program(helper);
        let mut config = SessionConfig::new();
        let users = json!([{"tool": "Bash", "action": "reject"}]);
        let mut base = Map::from_iter([("amp.permissions".to_owned(), users)]);
        let kept = vec![json!({"tool": "Bash", "matches": {"cmd": "ls"}, "action": "allow"})];
        let dialect = Dialect::for_version(&SEPTEMBER.into());
        take_over(
            &approval,
            &mut config,
            &mut base,
            kept,
            &settings(),
            &dialect,
        )
        .unwrap();
        let rules = config.settings["amp.permissions"].as_array().cloned();
        let actions = rules.unwrap();
        let position = |action: &str| actions.iter().position(|rule| rule["action"] == action);
        assert!(position("allow").unwrap() < position("reject").unwrap());
    }

    fn actions(rules: &[Value]) -> Vec<(&str, &str)> {
        let word = |rule: &'static str| rule;
        let (tool, action) = (word("tool"), word("action"));
        rules
            .iter()
            .map(|rule| (rule[tool].as_str().unwrap(), rule[action].as_str().unwrap()))
            .collect()
    }

    #[test]
    fn the_runs_rules_come_first_then_the_users_and_the_helper_last() {
        let own = json!([{"tool": "Bash", "action": "reject"}]);
        let users = json!([{"tool": "Grep", "action": "ask"}, {"tool": "Read", "action": "allow"}]);
        let (rules, base) = taken_over(SEPTEMBER, own, users).unwrap();
        let actions = actions(&rules);
        assert_eq!(actions[..2], [("Bash", "reject"), ("Grep", "delegate")]);
        assert_eq!(
            actions[actions.len() - 2..],
            [("Read", "allow"), ("*", "delegate")]
        );
        assert!(base.is_empty());
    }

    #[test]
    fn a_call_that_names_amps_own_files_is_asked_about_before_any_allow() {
        let users = json!([{"tool": "*", "action": "allow"}]);
        let (rules, _) = taken_over(SEPTEMBER, json!([]), users).unwrap();
        let allow = rules.iter().position(|rule| rule["action"] == "allow");
        for (tool, argument) in NAMING {
            let asked = rules
                .iter()
                .position(|rule| rule["tool"] == tool && rule["matches"][argument] == "/[.]amp/");
            assert!(asked.unwrap() < allow.unwrap(), "{tool} {argument}");
        }
    }

    #[test]
    fn on_a_build_nobody_measured_no_rule_allows() {
        let users = json!([{"tool": "*", "action": "allow"}, {"tool": "Bash", "action": "reject"}]);
        let (rules, _) = taken_over("0.0.1799999999-gabcdef", json!([]), users).unwrap();
        assert_eq!(actions(&rules), [("Bash", "reject"), ("*", "delegate")]);
    }

    #[test]
    fn a_rule_that_lets_another_program_decide_is_refused() {
        let users = json!([{"tool": "Bash", "action": "delegate", "to": "/bin/true"}]);
        let error = taken_over(SEPTEMBER, json!([]), users).unwrap_err();
        assert!(error.to_string().contains("/bin/true"), "{error}");
    }

    #[test]
    fn a_rule_with_an_error_is_refused_and_one_with_a_warning_is_told_of() {
        let wrong =
            json!([{"tool": "shell_command", "matches": {"cmd": "ls"}, "action": "reject"}]);
        let error = taken_over(SEPTEMBER, wrong, json!([])).unwrap_err();
        assert!(
            matches!(&error, Error::UnsafeRules { reason, .. } if reason.starts_with("rule 1: "))
        );
        let loose = json!([{"tool": "shell_command", "matches": {"command": "git push*"}, "action": "reject"}]);
        let dialect = Dialect::for_version(&SEPTEMBER.into());
        let findings = lint(&deciding(&settings(), &loose), &dialect);
        assert!(
            findings
                .iter()
                .all(|finding| finding.severity == Severity::Warning)
        );
        assert!(!findings.is_empty());
    }

    #[test]
    fn arguments_that_are_passed_on_are_refused() {
        let helper = std::env::current_exe().unwrap();
        let approval = Approval::by(RejectAll).with_helper_program(helper);
        let mut config = SessionConfig::new();
        config.extra_arguments = vec!["--settings-file=/other".into()];
        let dialect = Dialect::for_version(&SEPTEMBER.into());
        let taken = take_over(
            &approval,
            &mut config,
            &mut Map::new(),
            Vec::new(),
            &settings(),
            &dialect,
        );
        assert!(matches!(taken, Err(Error::NoApproval { .. })));
    }
}
