//! Where Amp looks for settings, and what is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::jsonc;
use crate::config::SessionConfig;
use crate::dialect::Generation;
use crate::environment::{self, Environment};
use crate::error::Error;

/// One settings file that Amp would look at, and what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SettingsFile {
    /// Whose settings they are.
    pub scope: SettingsScope,
    /// Where the file is or would be.
    pub path: PathBuf,
    /// What was found.
    pub state: SettingsState,
    /// The keys in it that start with `amp.`, sorted; never their values.
    pub keys: Vec<String>,
}

/// Whose settings a file holds; the first of these wins over the later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SettingsScope {
    /// The administrator's; not reported by `amp permissions`, but enforced in runs.
    Managed,
    /// The repository's: they outrank the user's, whoever wrote them.
    Workspace,
    /// The user's, or the file that stands in for it.
    User,
}

/// What was found at the place of a settings file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
#[non_exhaustive]
pub enum SettingsState {
    /// Amp reads it.
    Used,
    /// Amp reads another file of the same scope instead.
    Shadowed,
    /// There is no file.
    Absent,
    /// It cannot be read.
    Unreadable(String),
    /// It is not valid; Amp refuses to start with such a file of the user or the workspace.
    Invalid(String),
}

/// Reports every settings file of a run in its order of precedence, highest first.
///
/// `explicit` is the file that stands in for the user's own, as `--settings-file` does. The order
/// was measured on the builds of 2026-01-08 and 2026-05-04: workspace rules come before the
/// user's, and managed ones win over both.
#[must_use]
pub fn settings_files(
    environment: &Environment,
    working_directory: &Path,
    explicit: Option<&Path>,
) -> Vec<SettingsFile> {
    let mut files = vec![inspect(SettingsScope::Managed, managed_file())];
    files.extend(alternatives(
        SettingsScope::Workspace,
        &workspace_folder(working_directory),
    ));
    match explicit
        .map(Path::to_path_buf)
        .or_else(|| overridden(environment))
    {
        Some(path) => files.push(inspect(SettingsScope::User, path)),
        None => {
            if let Some(folder) = user_folder(environment) {
                files.extend(alternatives(SettingsScope::User, &folder));
            }
        }
    }
    files
}

/// Returns the user's settings file: the one given, else `AMP_SETTINGS_FILE`, else the default.
pub(crate) fn user_file(environment: &Environment, explicit: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = explicit
        .map(Path::to_path_buf)
        .or_else(|| overridden(environment))
    {
        return Some(path);
    }
    let folder = user_folder(environment)?;
    let [json, jsonc] = candidates(&folder);
    Some(if !json.exists() && jsonc.exists() {
        jsonc
    } else {
        json
    })
}

/// Reads the settings that an overlay goes over; a missing file counts as an empty one.
pub(crate) fn read_base(path: &Path) -> Result<Map<String, Value>, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => {
            return Err(Error::Settings {
                path: path.to_path_buf(),
                reason: "cannot be read".to_owned(),
                source: Some(error),
            });
        }
    };
    jsonc::parse(&text).map_err(|error| Error::Settings {
        path: path.to_path_buf(),
        reason: format!("is not valid JSON: {error}"),
        source: None,
    })
}

/// Reads every settings file of a run that can be read.
pub(crate) fn all(environment: &Environment, config: &SessionConfig) -> Vec<Map<String, Value>> {
    let explicit = config.settings_path();
    let folder = config.working_directory.as_deref();
    let folder = folder.unwrap_or(Path::new("."));
    settings_files(environment, folder, explicit.as_deref())
        .iter()
        .filter(|file| file.state == SettingsState::Used)
        .filter_map(|file| read_base(&file.path).ok())
        .collect()
}

/// What the settings say about credentials.
#[derive(Debug, Default)]
pub(crate) struct CredentialSettings {
    /// The service's address; `AMP_URL` wins over it.
    pub(crate) service_url: Option<String>,
    /// Whether keys are kept in the operating system's store.
    pub(crate) native_store: bool,
}

/// Returns what the settings say about credentials.
///
/// The builds with a local loop honour `amp.url` of the workspace, and prefer it; the later ones
/// ignore it there. Files that cannot be read say nothing here: the CLI tells about them itself.
pub(crate) fn credential_settings(
    environment: &Environment,
    working_directory: Option<&Path>,
    explicit: Option<&Path>,
    generation: Generation,
) -> CredentialSettings {
    let mut paths = Vec::new();
    if let (Some(folder), Generation::LocalLoop) = (working_directory, generation) {
        paths.extend(candidates(&workspace_folder(folder)));
    }
    paths.extend(user_file(environment, explicit));
    let mut settings = CredentialSettings::default();
    for file in paths.iter().filter_map(|path| read_base(path).ok()) {
        let url = file.get("amp.url").and_then(Value::as_str);
        if settings.service_url.is_none() {
            settings.service_url = url.filter(|url| !url.is_empty()).map(str::to_owned);
        }
        let native = file.get("amp.experimental.cli.nativeSecretsStorage.enabled");
        settings.native_store |= native == Some(&Value::Bool(true));
    }
    settings
}

/// `settings.json` wins over `settings.jsonc` where both are present.
fn candidates(folder: &Path) -> [PathBuf; 2] {
    [folder.join("settings.json"), folder.join("settings.jsonc")]
}

fn alternatives(scope: SettingsScope, folder: &Path) -> Vec<SettingsFile> {
    let [json, jsonc] = candidates(folder).map(|path| inspect(scope, path));
    match (&json.state, &jsonc.state) {
        (_, SettingsState::Absent) => vec![json],
        (SettingsState::Absent, _) => vec![jsonc],
        _ => vec![
            json,
            SettingsFile {
                state: SettingsState::Shadowed,
                ..jsonc
            },
        ],
    }
}

fn inspect(scope: SettingsScope, path: PathBuf) -> SettingsFile {
    let (state, keys) = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (SettingsState::Absent, vec![]),
        Err(error) => (SettingsState::Unreadable(error.to_string()), vec![]),
        Ok(text) => match jsonc::parse(&text) {
            Err(error) => (SettingsState::Invalid(error.to_string()), vec![]),
            Ok(map) => {
                let mut keys: Vec<String> = map
                    .into_iter()
                    .map(|(key, _)| key)
                    .filter(|key| key.starts_with("amp."))
                    .collect();
                keys.sort();
                (SettingsState::Used, keys)
            }
        },
    };
    SettingsFile {
        scope,
        path,
        state,
        keys,
    }
}

fn overridden(environment: &Environment) -> Option<PathBuf> {
    environment::value(environment, "AMP_SETTINGS_FILE").map(PathBuf::from)
}

fn user_folder(environment: &Environment) -> Option<PathBuf> {
    environment::base_folder(environment, "XDG_CONFIG_HOME", ".config").map(|base| base.join("amp"))
}

/// Returns the nearest `.amp` folder with settings, up to the root of the git repository.
///
/// Outside a repository only the working folder itself counts.
fn workspace_folder(working_directory: &Path) -> PathBuf {
    let here = working_directory.join(".amp");
    let Some(root) = working_directory
        .ancestors()
        .find(|folder| folder.join(".git").exists())
    else {
        return here;
    };
    working_directory
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .map(|folder| folder.join(".amp"))
        .find(|folder| candidates(folder).iter().any(|path| path.exists()))
        .unwrap_or(here)
}

fn managed_file() -> PathBuf {
    let folder = if cfg!(windows) {
        r"C:\ProgramData\ampcode"
    } else if cfg!(target_os = "macos") {
        "/Library/Application Support/ampcode"
    } else {
        "/etc/ampcode"
    };
    Path::new(folder).join("managed-settings.json")
}
