//! Rules that are kept for good: written where Amp reads them, and nothing else changed there.

mod edit;
mod place;

use std::path::PathBuf;

use amp_protocol::{PermissionRule, RawJson, SettingsKey};
use serde::Serialize;
use serde_json::{Map, Value};

use self::place::Place;
use super::lint::{Finding, Severity, lint};
use super::rule_set::RuleSet;
use super::rules::{RuleFile, RuleScope};
use crate::dialect::Dialect;
use crate::environment::Environment;
use crate::error::Error;
use crate::settings::{Effective, SettingsFile, SettingsScope, values_of_text};
use crate::version::AmpVersion;

/// How often a change is tried again after somebody else changed the file meanwhile.
const TRIES: usize = 10;

/// The rules that Amp reads in a folder, and the files that they are kept in.
///
/// Every call reads the files anew. A file that cannot be read as Amp reads it is never written.
///
/// ```
/// use amp_session::permission::RuleStore;
/// use amp_session::protocol::PermissionRule;
/// use amp_session::{Environment, SettingsScope};
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let environment = Environment::from([("HOME".into(), folder.join("home").into())]);
/// let store = RuleStore::new(environment, folder, &"0.0.1790142911-g7618fb".into());
///
/// let rule = PermissionRule::reject("shell_command").with_match("command", "*git push*");
/// let change = store.add(SettingsScope::User, &rule)?;
/// assert!(change.written);
/// assert_eq!(change.file, folder.canonicalize()?.join("home/.config/amp/settings.json"));
///
/// let change = store.remove(SettingsScope::User, 1)?;
/// assert_eq!(change.rules, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RuleStore {
    environment: Environment,
    directory: PathBuf,
    settings_file: Option<PathBuf>,
    version: AmpVersion,
}

/// What a change of the rules came to.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct RuleChange {
    /// The file that holds the rules, links followed.
    pub file: PathBuf,
    /// The rule that was added or removed.
    pub rule: RawJson,
    /// How many rules the file holds now.
    pub rules: usize,
    /// Whether the file was written: a rule that stands in front already is not written again.
    pub written: bool,
    /// What the linter says of the rule, and of others that it made worse.
    pub findings: Vec<Finding>,
}

/// What is done to a list of rules.
enum Edit<'a> {
    Prepend(&'a RawJson),
    /// Takes out the rule at this position, from 0.
    TakeOut(usize),
}

impl RuleStore {
    /// Names the rules that a run of this build has in this folder with this environment.
    #[must_use]
    pub fn new(
        environment: Environment,
        directory: impl Into<PathBuf>,
        version: &AmpVersion,
    ) -> Self {
        Self {
            environment,
            directory: directory.into(),
            settings_file: None,
            version: version.clone(),
        }
    }

    /// Takes a file in place of the user's, as `--settings-file` does.
    #[must_use]
    pub fn with_settings_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings_file = Some(path.into());
        self
    }

    /// Returns the rules in force.
    #[must_use]
    pub fn rules(&self) -> RuleSet {
        RuleSet::in_force(&self.settings())
    }

    /// Puts a rule in front of a file's others, as `amp permissions add` does.
    ///
    /// The workspace's file is the one that Amp reads, else `.amp/settings.json` at the root of the
    /// repository (measured with `amp permissions add -w` of 2026-05-04 and 2026-09-23), or of the
    /// folder where there is none. Comments, order, mode and owner stay; a link is followed to
    /// its file, unless it leads out of the workspace.
    ///
    /// # Errors
    ///
    /// [`Error::UnsafeRules`] when the linter finds an error in the rule, or the rule would not
    /// count; [`Error::Settings`] when the file cannot be read as Amp reads it, or has no place for
    /// a rule; [`Error::WriteSettings`] when it cannot be written; [`Error::InvalidOption`] for a
    /// scope without a file to write. Nothing was written then.
    pub fn add(&self, scope: SettingsScope, rule: &PermissionRule) -> Result<RuleChange, Error> {
        let json = RawJson::from_value(rule)
            .map_err(|error| refused(format!("it cannot be written: {error}")))?;
        self.change(scope, &Edit::Prepend(&json))
    }

    /// Takes out the rule with this number, from 1, of a file.
    ///
    /// # Errors
    ///
    /// As for [`add`](Self::add); [`Error::InvalidOption`] when there is no such rule.
    pub fn remove(&self, scope: SettingsScope, number: usize) -> Result<RuleChange, Error> {
        let position = number.checked_sub(1).ok_or(Error::InvalidOption {
            option: "number",
            reason: "rules are counted from 1".to_owned(),
        })?;
        self.change(scope, &Edit::TakeOut(position))
    }

    fn change(&self, scope: SettingsScope, edit: &Edit<'_>) -> Result<RuleChange, Error> {
        for _ in 0..TRIES {
            let settings = self.settings();
            let file = file_of(&settings, scope)?;
            let failed = |source| Error::WriteSettings {
                path: file.path.clone(),
                source,
            };
            let place = Place::find(&file.path, scope).map_err(failed)?;
            let _lock = place.lock().map_err(failed)?;
            let before = place.read().map_err(failed)?;
            let Some(change) = self.prepare(&settings, file, before.as_deref(), edit)? else {
                continue;
            };
            let written = change.text.is_some();
            if let Some(text) = &change.text
                && !place.replace(before.as_deref(), text).map_err(failed)?
            {
                continue;
            }
            return Ok(RuleChange {
                file: place.file,
                rule: change.rule,
                rules: change.rules,
                written,
                findings: change.findings,
            });
        }
        Err(Error::Settings {
            path: file_of(&self.settings(), scope)?.path.clone(),
            reason: "it changes all the time".to_owned(),
        })
    }

    /// Makes the new text and judges it; `None` when the file has changed since it was read.
    fn prepare(
        &self,
        settings: &Effective,
        file: &SettingsFile,
        before: Option<&[u8]>,
        edit: &Edit<'_>,
    ) -> Result<Option<Prepared>, Error> {
        let unusable = |reason: String| Error::Settings {
            path: file.path.clone(),
            reason,
        };
        let text = match before {
            Some(bytes) => str::from_utf8(bytes)
                .map_err(|_| unusable("it holds bytes that are no UTF-8".to_owned()))?,
            None => edit::EMPTY,
        };
        let values = values_of_text(text).map_err(unusable)?;
        if values != *file.all() {
            return Ok(None);
        }
        let mut rules = rules_of(&values);
        let (rule, new_text) = match edit {
            Edit::Prepend(rule) => {
                let value = rule_value(rule).map_err(refused)?;
                let stands = rules.first() == Some(&value);
                if !stands {
                    rules.insert(0, value);
                }
                let new_text = match stands {
                    true => None,
                    false => Some(edit::prepend(text, rule).map_err(unusable)?),
                };
                ((*rule).clone(), new_text)
            }
            Edit::TakeOut(position) => {
                if *position >= rules.len() {
                    let (count, path) = (rules.len(), file.path.display());
                    return Err(Error::InvalidOption {
                        option: "number",
                        reason: format!("{path} holds {count} rules"),
                    });
                }
                let removed = rules.remove(*position);
                let rule = match as_written(file, text, *position) {
                    Some(rule) => rule,
                    None => RawJson::from(removed),
                };
                let new_text = edit::take_out(text, *position).map_err(unusable)?;
                (rule, Some(new_text))
            }
        };
        let after = new_text.as_deref().unwrap_or(text);
        let is_as_meant = values_of_text(after).is_ok_and(|new| {
            let rest = |values: &Map<String, Value>| {
                let mut rest = values.clone();
                rest.remove(SettingsKey::PERMISSIONS.as_str());
                rest
            };
            rules_of(&new) == rules && rest(&new) == rest(&values)
        });
        if !is_as_meant {
            return Err(unusable(
                "changing the rule would change more than the rule".to_owned(),
            ));
        }
        let findings = self.judge(settings, file, after, edit)?;
        Ok(Some(Prepared {
            text: new_text,
            rule,
            rules: rules.len(),
            findings,
        }))
    }

    /// Lints the rules as they would be; returns what is said of the new rule, and what is new of
    /// the others.
    fn judge(
        &self,
        settings: &Effective,
        file: &SettingsFile,
        after: &str,
        edit: &Edit<'_>,
    ) -> Result<Vec<Finding>, Error> {
        let dialect = Dialect::for_version(&self.version);
        let old = RuleSet::in_force(settings).without_built_in();
        let scope = RuleScope::from(file.scope);
        let list = RuleFile::read(scope, &file.path, after.as_bytes())
            .map_err(|reason| Error::Settings {
                path: file.path.clone(),
                reason,
            })?
            .list;
        let new = old.clone().with_list(list);
        let shift = match edit {
            Edit::TakeOut(_) => return Ok(Vec::new()),
            Edit::Prepend(_) => new.count(scope).saturating_sub(old.count(scope)),
        };
        if new.count(scope) == 0 {
            return Err(refused(
                "an administrator's settings decide on permissions, and no other rule counts"
                    .to_owned(),
            ));
        }
        let known: Vec<_> = lint(&old, &dialect)
            .into_iter()
            .map(|finding| {
                let moved = finding.scope == scope;
                let number = finding
                    .number
                    .map(|number| number + if moved { shift } else { 0 });
                (finding.check, finding.scope, number)
            })
            .collect();
        let mut findings = lint(&new, &dialect);
        let is_own = |finding: &Finding| finding.scope == scope && finding.number == Some(1);
        if let Some(error) = findings
            .iter()
            .find(|finding| is_own(finding) && finding.severity == Severity::Error)
        {
            let safer = error.safer.as_ref();
            let safer = safer.map_or(String::new(), |safer| format!("; rather {safer}"));
            return Err(refused(format!("{}{safer}", error.message)));
        }
        findings.retain(|finding| {
            is_own(finding)
                || finding.number.is_none()
                || !known.contains(&(finding.check, finding.scope, finding.number))
        });
        Ok(findings)
    }

    fn settings(&self) -> Effective {
        Effective::read(
            &self.environment,
            &self.directory,
            self.settings_file.as_deref(),
        )
        .as_read_by(&self.version)
    }
}

/// A change that is ready to be written.
struct Prepared {
    /// The new text, where it is another one.
    text: Option<String>,
    rule: RawJson,
    rules: usize,
    findings: Vec<Finding>,
}

/// Returns the file that Amp reads the rules of a scope from.
fn file_of(settings: &Effective, scope: SettingsScope) -> Result<&SettingsFile, Error> {
    let unusable = |reason: &str| Error::InvalidOption {
        option: "scope",
        reason: reason.to_owned(),
    };
    let file = match scope {
        SettingsScope::Managed => {
            return Err(unusable("an administrator's settings are theirs to change"));
        }
        SettingsScope::User => settings.user(),
        SettingsScope::Workspace => settings.workspace(),
    };
    let file = file.ok_or_else(|| unusable("there is no home folder to keep rules in"))?;
    match file.state.doubt() {
        None => Ok(file),
        Some(doubt) => Err(Error::Settings {
            path: file.path.clone(),
            reason: doubt.to_owned(),
        }),
    }
}

/// Returns a rule with its keys in their order.
fn as_written(file: &SettingsFile, text: &str, position: usize) -> Option<RawJson> {
    let file = RuleFile::read(file.scope.into(), &file.path, text.as_bytes()).ok()?;
    let rule = file.list.rules.into_iter().nth(position)?;
    Some(rule.json)
}

fn rules_of(values: &Map<String, Value>) -> Vec<Value> {
    let rules = values.get(SettingsKey::PERMISSIONS.as_str());
    rules.and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Returns a rule as the reader of settings sees it.
fn rule_value(rule: &RawJson) -> Result<Value, String> {
    values_of_text(rule.as_str()).map(Value::Object)
}

fn refused(reason: String) -> Error {
    Error::UnsafeRules {
        reason,
        advice: "`ampctl permissions lint` explains what Amp makes of rules",
    }
}

#[cfg(test)]
mod tests;
