//! The rules in force somewhere: those of the settings that a run there would read.

use amp_protocol::SettingsKey;
use serde_json::Value;

use super::rule_set::RuleSet;
use super::rules::{RuleFile, RuleList, RuleScope};
use crate::ordinary_file;
use crate::settings::{Effective, SettingsFile, SettingsScope};

impl RuleSet {
    /// Takes the rules of the settings of a run, and whether these allow everything.
    ///
    /// Where a file could not be read as Amp reads it, [`doubt`](Self::doubt) says so.
    #[must_use]
    pub fn in_force(settings: &Effective) -> Self {
        let lists = settings
            .values(SettingsKey::PERMISSIONS.as_str())
            .map(|(file, rules)| list(file, rules));
        let mut set = Self::of(lists.collect());
        let allow_all = SettingsKey::DANGEROUSLY_ALLOW_ALL;
        set.allow_all = settings
            .value(allow_all.as_str())
            .filter(|(_, value)| **value == Value::Bool(true))
            .map(|(file, _)| format!("{allow_all} in {}", file.path.display()));
        let scopes = [
            SettingsScope::Managed,
            SettingsScope::Workspace,
            SettingsScope::User,
        ];
        set.doubt = settings.doubt(&scopes).map(|file| {
            let reason = file.state.doubt().unwrap_or_default();
            format!("{}: {reason}", file.path.display())
        });
        set
    }
}

impl From<SettingsScope> for RuleScope {
    fn from(scope: SettingsScope) -> Self {
        match scope {
            SettingsScope::Managed => Self::Managed,
            SettingsScope::Workspace => Self::Workspace,
            SettingsScope::User => Self::User,
        }
    }
}

/// Returns the rules with their lines, when the file is still as it was read.
fn list(file: &SettingsFile, rules: &Value) -> RuleList {
    let scope = RuleScope::from(file.scope);
    let known = RuleList::from_value(scope, Some(&file.path), rules);
    let with_lines = ordinary_file::read(&file.path)
        .ok()
        .and_then(|bytes| RuleFile::read(scope, &file.path, &bytes).ok())
        .map(|file| file.list);
    let same = |list: &RuleList| {
        let value = |json: &amp_protocol::RawJson| json.parse::<Value>().ok();
        list.problem == known.problem
            && list.rules.len() == known.rules.len()
            && list
                .rules
                .iter()
                .zip(&known.rules)
                .all(|(one, other)| value(&one.json) == value(&other.json))
    };
    with_lines.filter(same).unwrap_or(known)
}
