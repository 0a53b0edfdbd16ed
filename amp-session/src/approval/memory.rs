//! Where the rules are kept that answers ask to be remembered.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use amp_protocol::PermissionRule;
use serde_json::Value;

use super::answer::Remember;
use crate::environment::{Environment, state_folder};
use crate::error::Error;
use crate::permission::{RuleFile, RuleScope, RuleStore};
use crate::settings::SettingsScope;
use crate::version::AmpVersion;

/// The folder, below the user's state, that holds the rules of folders.
const FOLDERS: &str = "folders";
/// The settings file of a folder there.
const FILE: &str = "amp-settings.json";

/// The files that keep rules for more than a session.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    users: RuleStore,
    /// The rules of the folder that the agent works in, and their file.
    folders: Option<(RuleStore, PathBuf)>,
}

impl Memory {
    /// Names the files; none is read or made.
    pub(crate) fn new(
        environment: &Environment,
        folder: &Path,
        settings_file: Option<&Path>,
        version: &AmpVersion,
    ) -> Self {
        let store = RuleStore::new(environment.clone(), folder, version);
        let users = match settings_file {
            Some(file) => store.clone().with_settings_file(file),
            None => store.clone(),
        };
        let folders = file_of_folder(environment, folder);
        Self {
            users,
            folders: folders.map(|file| (store.with_settings_file(&file), file)),
        }
    }

    /// Returns the file with the rules of the folder.
    pub(super) fn file_of_folder(&self) -> Option<&Path> {
        self.folders.as_ref().map(|(_, file)| file.as_path())
    }

    /// Writes a rule to where it is to be kept; returns the file, unless it is the session alone.
    pub(super) fn keep(
        &self,
        rule: &PermissionRule,
        remember: Remember,
    ) -> Result<Option<PathBuf>, Error> {
        let store = match remember {
            Remember::Session => return Ok(None),
            Remember::User => &self.users,
            Remember::Folder => match &self.folders {
                Some((store, _)) => store,
                None => {
                    return Err(Error::InvalidOption {
                        option: "remember",
                        reason: "there is no home folder to keep rules in".to_owned(),
                    });
                }
            },
        };
        let change = store.add(SettingsScope::User, rule)?;
        Ok(Some(change.file))
    }
}

/// Returns the rules that answers have kept for a folder.
///
/// # Errors
///
/// [`Error::Settings`] when their file cannot be read as Amp would read it.
pub(crate) fn rules_of_folder(
    environment: &Environment,
    folder: &Path,
) -> Result<Vec<Value>, Error> {
    let Some(path) = file_of_folder(environment, folder) else {
        return Ok(Vec::new());
    };
    let unusable = |reason: String| Error::Settings {
        path: path.clone(),
        reason,
    };
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let file = RuleFile::read(RuleScope::User, &path, &bytes).map_err(unusable)?;
    if let Some(problem) = file.list.problem {
        return Err(unusable(problem));
    }
    let rules = file.list.rules.iter().map(|written| written.json.parse());
    let rules: Result<Vec<Value>, _> = rules.collect();
    rules.map_err(|error| unusable(error.to_string()))
}

/// Returns where the rules of a folder are kept: its own path again, below the user's state.
fn file_of_folder(environment: &Environment, folder: &Path) -> Option<PathBuf> {
    let state = state_folder(environment)?;
    let folder = fs::canonicalize(folder).ok()?;
    let parts = folder.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let below: PathBuf = parts.collect();
    Some(state.join(FOLDERS).join(below).join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::permission::{Decision, Evaluator, RuleSet, ToolCall};
    use crate::settings::Effective;

    #[test]
    fn a_rule_of_a_folder_is_kept_outside_of_it_and_found_again_there_alone() {
        let world = tempfile::tempdir().unwrap();
        let (home, project) = (world.path().join("home"), world.path().join("project"));
        fs::create_dir_all(project.join("inner")).unwrap();
        let environment = Environment::from([("HOME".into(), home.into())]);
        let version = AmpVersion::from("0.0.1790142911-g7618fb");
        let memory = Memory::new(&environment, &project, None, &version);
        let rule = PermissionRule::allow("shell_command").with_match("command", "cargo test");
        let file = memory.keep(&rule, Remember::Folder).unwrap().unwrap();
        assert!(!file.starts_with(project.canonicalize().unwrap()));
        let rules = rules_of_folder(&environment, &project).unwrap();
        assert_eq!(rules, [serde_json::to_value(&rule).unwrap()]);
        let inner = rules_of_folder(&environment, &project.join("inner"));
        assert_eq!(inner.unwrap(), [] as [Value; 0]);
        fs::write(file, "{").unwrap();
        let broken = rules_of_folder(&environment, &project);
        assert!(matches!(broken, Err(Error::Settings { .. })));
    }

    #[test]
    fn a_rule_for_the_user_stands_in_their_settings_with_its_comments() {
        let world = tempfile::tempdir().unwrap();
        let home = world.path().join("home");
        let settings = home.join(".config/amp/settings.json");
        fs::create_dir_all(settings.parent().unwrap()).unwrap();
        fs::write(&settings, "{\n  // mine\n  \"amp.permissions\": []\n}\n").unwrap();
        let environment = Environment::from([("HOME".into(), home.into())]);
        let version = AmpVersion::from("0.0.1790142911-g7618fb");
        let memory = Memory::new(&environment, world.path(), None, &version);
        let rule = PermissionRule::allow("shell_command").with_match("command", "cargo test");
        memory.keep(&rule, Remember::User).unwrap();
        let text = fs::read_to_string(&settings).unwrap();
        assert!(
            text.contains("// mine") && text.contains("cargo test"),
            "{text}"
        );
    }

    #[test]
    fn a_kept_rule_counts_unless_an_administrator_decides() {
        let world = tempfile::tempdir().unwrap();
        let environment = Environment::from([("HOME".into(), world.path().join("home").into())]);
        let version = AmpVersion::from("0.0.1790142911-g7618fb");
        let memory = Memory::new(&environment, world.path(), None, &version);
        let rule = PermissionRule::allow("shell_command").with_match("command", "cargo test");
        memory.keep(&rule, Remember::User).unwrap();
        let arguments = serde_json::json!({"command": "cargo test"});
        let call = ToolCall {
            tool: "shell_command",
            arguments: arguments.as_object().unwrap(),
            context: None,
        };
        let decision = |managed: &str| {
            let path = world.path().join("managed-settings.json");
            fs::write(&path, managed).unwrap();
            let settings = Effective::read(&environment, world.path(), None).with_managed(path);
            let rules = RuleSet::in_force(&settings);
            let evaluator = Evaluator::new(rules, &Dialect::for_version(&version));
            evaluator.run(&call).decision
        };
        assert_eq!(decision(r#"{"amp.showCosts": true}"#), Decision::Allow);
        // The guard refuses a run whose calls are put to somebody where this is so.
        let rejects = r#"{"amp.permissions": [{"tool": "*", "action": "reject"}]}"#;
        assert_eq!(decision(rejects), Decision::Reject);
        assert_eq!(decision("{"), Decision::Unknown);
    }
}
