//! Every settings file of a run, read once, and the order in which they count.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::file::{SettingsFile, SettingsScope, SettingsState};
use super::workspace;
use crate::environment::{self, Environment};
use crate::error::Error;
use crate::version::AmpVersion;

/// The first build that takes a comma in front of a closing bracket: 2026-03-13; the one of
/// 2026-01-08 refuses it, those between were not tried.
const TRAILING_COMMAS_SINCE: u64 = 1_773_432_280;

/// The settings of a run: every file that Amp would look at, read as Amp reads it.
///
/// # Precedence
///
/// Measured on the builds of 2026-01-08 and 2026-05-04, and read in the latter:
///
/// 1. A setting of the administrator ([`SettingsScope::Managed`]) counts alone.
/// 2. Lists (`amp.permissions`, `amp.tools.enable`, `amp.tools.disable`,
///    `amp.guardedFiles.allowlist`) are joined: the workspace's entries, then the user's, then
///    Amp's own.
/// 3. Of any other setting the workspace's value counts before the user's, where it is not null.
///
/// # Doubt
///
/// A file whose content is not known as Amp knows it is no reason to go on as if it said nothing:
/// who asks a question of control asks [`doubt`](Self::doubt) as well, and refuses.
///
/// ```
/// use std::path::Path;
/// use amp_session::{Effective, Environment, SettingsScope};
///
/// let environment = Environment::from([("HOME".into(), "/home/somebody".into())]);
/// let settings = Effective::read(&environment, Path::new("/"), None);
/// for file in settings.of(SettingsScope::Workspace) {
///     assert!(file.get("amp.permissions").is_none());
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Effective {
    files: Vec<SettingsFile>,
}

impl Effective {
    /// Reads the settings of a run in `working_directory` with this environment.
    ///
    /// `explicit` is the file that stands in for the user's own, as `--settings-file` does; a
    /// relative one is looked for from the working folder, as Amp does.
    #[must_use]
    pub fn read(
        environment: &Environment,
        working_directory: &Path,
        explicit: Option<&Path>,
    ) -> Self {
        let folders = workspace::folders(environment, working_directory);
        Self::read_in(&folders, environment, working_directory, explicit)
    }

    /// Reads them in the [folders](workspace::folders) of a workspace.
    pub(crate) fn read_in(
        folders: &[PathBuf],
        environment: &Environment,
        working_directory: &Path,
        explicit: Option<&Path>,
    ) -> Self {
        let mut files = vec![SettingsFile::read(SettingsScope::Managed, managed_file())];
        files.extend(workspace_files(folders));
        let named = explicit
            .map(Path::to_path_buf)
            .or_else(|| environment::value(environment, "AMP_SETTINGS_FILE").map(PathBuf::from));
        if let Some(path) = named {
            let path = working_directory.join(path);
            files.push(SettingsFile::read(SettingsScope::User, path));
        } else if let Some(folder) = user_folder(environment) {
            files.extend(alternatives(
                SettingsScope::User,
                &working_directory.join(folder),
            ));
        }
        Self { files }
    }

    /// Returns the settings of a machine with this one file, an administrator's.
    #[cfg(test)]
    pub(crate) fn managed(path: PathBuf) -> Self {
        Self {
            files: vec![SettingsFile::read(SettingsScope::Managed, path)],
        }
    }

    /// Returns these settings with those of another administrator's file.
    #[cfg(test)]
    pub(crate) fn with_managed(mut self, path: PathBuf) -> Self {
        self.files
            .retain(|file| file.scope != SettingsScope::Managed);
        let file = SettingsFile::read(SettingsScope::Managed, path);
        self.files.insert(0, file);
        self
    }

    /// Returns these settings as one build reads them.
    #[must_use]
    pub fn as_read_by(self, version: &AmpVersion) -> Self {
        match version.built_at() {
            Some(time) if time < TRAILING_COMMAS_SINCE => Self {
                files: self
                    .files
                    .into_iter()
                    .map(SettingsFile::without_trailing_commas)
                    .collect(),
            },
            _ => self,
        }
    }

    /// Returns every file, the highest scope first; absent and shadowed ones too.
    #[must_use]
    pub fn files(&self) -> &[SettingsFile] {
        &self.files
    }

    /// Returns the files of one scope; at most one of them is read by Amp.
    pub fn of(&self, scope: SettingsScope) -> impl Iterator<Item = &SettingsFile> {
        self.files.iter().filter(move |file| file.scope == scope)
    }

    /// Returns the first file of these scopes whose content is not known as Amp knows it.
    #[must_use]
    pub fn doubt(&self, scopes: &[SettingsScope]) -> Option<&SettingsFile> {
        self.files
            .iter()
            .find(|file| scopes.contains(&file.scope) && !file.state.is_known())
    }

    /// Returns the values of a setting with the files that set it, the highest scope first.
    pub fn values<'a>(
        &'a self,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a SettingsFile, &'a Value)> {
        self.files
            .iter()
            .filter_map(move |file| Some((file, file.get(key)?)))
    }

    /// Returns the value that counts of a setting that is no joined list, and who sets it.
    #[must_use]
    pub fn value<'a>(&'a self, key: &'a str) -> Option<(&'a SettingsFile, &'a Value)> {
        self.values(key)
            .find(|(file, value)| file.scope == SettingsScope::Managed || !value.is_null())
    }

    /// Returns the user's file, or the one that stands in for it; `None` without a home folder.
    #[must_use]
    pub fn user(&self) -> Option<&SettingsFile> {
        self.of(SettingsScope::User)
            .find(|file| file.state != SettingsState::Shadowed)
    }

    /// Returns the workspace's file: the one that Amp reads, or would read if it were there.
    #[must_use]
    pub fn workspace(&self) -> Option<&SettingsFile> {
        self.of(SettingsScope::Workspace)
            .find(|file| file.state != SettingsState::Shadowed)
    }

    /// Returns what an overlay goes over: the user's settings, nothing when there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] when the file is there and its content is not known as Amp knows it.
    pub(crate) fn base(&self) -> Result<Map<String, Value>, Error> {
        let Some(file) = self.user() else {
            return Ok(Map::new());
        };
        match file.state.doubt() {
            None => Ok(file.all().clone()),
            Some(doubt) => Err(Error::Settings {
                path: file.path.clone(),
                reason: doubt.to_owned(),
            }),
        }
    }
}

/// Returns the files of the nearest `.amp` folder that has any; where none has, those that
/// `amp permissions add -w` would make, at the root of the repository or else here (builds of
/// 2026-05-04 and 2026-09-23).
fn workspace_files(folders: &[PathBuf]) -> Vec<SettingsFile> {
    let nearest = folders
        .iter()
        .map(|folder| folder.join(".amp"))
        .find(|folder| candidates(folder).iter().any(|path| path.exists()));
    let root = || {
        let root = folders.last().filter(|root| root.join(".git").exists());
        root.or(folders.first()).map(|folder| folder.join(".amp"))
    };
    nearest
        .or_else(root)
        .map(|folder| alternatives(SettingsScope::Workspace, &folder))
        .unwrap_or_default()
}

/// Returns where settings may be in a folder; the first wins where both are present.
pub(crate) fn candidates(folder: &Path) -> [PathBuf; 2] {
    [folder.join("settings.json"), folder.join("settings.jsonc")]
}

fn alternatives(scope: SettingsScope, folder: &Path) -> Vec<SettingsFile> {
    let [json, jsonc] = candidates(folder).map(|path| SettingsFile::read(scope, path));
    match (&json.state, &jsonc.state) {
        (_, SettingsState::Absent) => vec![json],
        (SettingsState::Absent, _) => vec![jsonc],
        _ => vec![json, jsonc.shadowed()],
    }
}

fn user_folder(environment: &Environment) -> Option<PathBuf> {
    environment::base_folder(environment, "XDG_CONFIG_HOME", ".config").map(|base| base.join("amp"))
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
