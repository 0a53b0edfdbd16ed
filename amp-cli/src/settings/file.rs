//! The configuration files and where they are.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Layer;
use super::project::{self, ProjectFile};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::named_file;

/// The longest configuration file that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Holds the places of the configuration files that apply.
#[derive(Debug)]
pub(crate) struct Files {
    /// The nearest project file.
    pub(crate) project: Option<PathBuf>,
    /// A project file that is not read because it is not the user's.
    pub(crate) foreign_project: Option<PathBuf>,
    /// The user's file, whether or not it exists.
    pub(crate) user: Option<PathBuf>,
    user_was_named: bool,
}

impl Files {
    /// Looks for the files.
    ///
    /// # Errors
    /// Fails when a file named by the user does not exist.
    pub(crate) fn find(named: Option<&Path>, context: &Context) -> Result<Self, Failure> {
        let named = named
            .or_else(|| context.variable("AMPCTL_CONFIG").map(Path::new))
            .map(|path| context.resolve(path));
        if let Some(path) = named.as_deref().filter(|path| !path.is_file()) {
            return Err(Failure::new(
                ExitCode::Usage,
                format!("configuration file {} not found", path.display()),
            )
            .hint("--config or AMPCTL_CONFIG names it"));
        }
        let (project, foreign_project) = match project::nearest_file(project::NAME, context) {
            Some(ProjectFile::Own(path)) => (Some(path), None),
            Some(ProjectFile::Foreign(path)) => (None, Some(path)),
            None => (None, None),
        };
        Ok(Self {
            project,
            foreign_project,
            user_was_named: named.is_some(),
            user: named.or_else(|| Self::of_user(context)),
        })
    }

    /// Returns where the user's file is expected when nobody names another one.
    pub(crate) fn of_user(context: &Context) -> Option<PathBuf> {
        Some(configuration_folder(context)?.join("config.toml"))
    }

    /// Reads the project file.
    ///
    /// # Errors
    /// Fails when it cannot be read or sets what only the user may set.
    pub(super) fn project_layer(&self) -> Result<Layer, Failure> {
        let Some(path) = self.project.as_deref() else {
            return Ok(Layer::default());
        };
        let layer = read(path, false)?;
        match layer.key_reserved_for_user() {
            None => Ok(layer),
            Some(key) => Err(unusable(path)
                .because(format!(
                    "`{key}` may only be set by the user, not by a project"
                ))
                .next(
                    format!("ampctl --config FILE …, with `{key}` in FILE"),
                    "sets it for yourself",
                )),
        }
    }

    /// Reads the user's file; without one, nothing is set.
    ///
    /// # Errors
    /// Fails when it exists and cannot be read.
    pub(super) fn user_layer(&self) -> Result<Layer, Failure> {
        let Some(path) = self.user.as_deref() else {
            return Ok(Layer::default());
        };
        read(path, !self.user_was_named)
    }
}

/// Returns the folder of the user's configuration.
fn configuration_folder(context: &Context) -> Option<PathBuf> {
    let base = if cfg!(windows) {
        context.variable("APPDATA").map(PathBuf::from)
    } else {
        context
            .variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(context.home()?.join(".config")))
    };
    Some(base?.join("ampctl"))
}

fn read(path: &Path, may_be_missing: bool) -> Result<Layer, Failure> {
    let bytes = match named_file::read(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) if may_be_missing && error.kind() == ErrorKind::NotFound => {
            return Ok(Layer::default());
        }
        Err(error) => return Err(unusable(path).caused_by(&error)),
    };
    let text = String::from_utf8(bytes).map_err(|error| unusable(path).caused_by(&error))?;
    toml::from_str(&text).map_err(|error| unusable(path).because(error.to_string()))
}

fn unusable(path: &Path) -> Failure {
    Failure::new(
        ExitCode::Usage,
        format!("configuration file {} cannot be used", path.display()),
    )
    .hint("correct the file, or move it away to run without it")
}
