//! What an installation writes down so that runs use it: the project's lock, or the user's file.

use std::fs;
use std::io;
use std::path::Path;

use amp_bootstrap::{Installed, VersionSpec};

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::{AmpChoice, Files, LockFile, Settings};

/// Writes `ampctl.lock`, and says so.
pub(super) fn lock(
    installed: &Installed,
    applies: Option<&LockFile>,
    context: &Context,
) -> Result<String, Failure> {
    let lock = LockFile::written_by(
        applies.cloned(),
        &installed.version,
        &installed.platform,
        &installed.sha256,
        context,
    );
    write(&lock.path, &lock.text())?;
    Ok(format!(
        "{} has version and sum for {}; commit it",
        lock.path.display(),
        installed.platform
    ))
}

/// Sets `version` in the user's file, and says so, and what is stronger.
pub(super) fn use_it(
    installed: &Installed,
    settings: &Settings,
    global: &GlobalArguments,
    context: &Context,
) -> Result<String, Failure> {
    let files = Files::find(global.config.as_deref(), context)?;
    let path = files.user.ok_or_else(|| {
        Failure::new(ExitCode::Usage, "there is no folder for your configuration")
            .next("ampctl --config FILE install --use", "names a file")
    })?;
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(not_written(&path, &cause)),
    };
    let version = installed.version.to_string();
    write(&path, &with_version(&text, &version))?;
    let now = Settings::of(global, context)?;
    let said = format!("runs use Amp {version}, as {} says", path.display());
    Ok(match &now.amp {
        AmpChoice::Version {
            version: VersionSpec::Exact(chosen),
            ..
        } if *chosen == installed.version => said,
        AmpChoice::Version { by, .. } | AmpChoice::Executable { by, .. } => {
            format!("{said}; but here {by} decides")
        }
        AmpChoice::Found => {
            let place = settings.places.origin(&crate::settings::VERSION);
            format!("{said}; but here {place} decides")
        }
    })
}

/// Puts a version into a configuration file and leaves everything else as it is; its keys are on
/// lines of their own, for it has no tables.
fn with_version(text: &str, version: &str) -> String {
    let line = format!("version = \"{version}\"");
    let sets_it = |line: &str| {
        let (key, _) = line.split_once('=').unwrap_or_default();
        key.trim() == "version"
    };
    if !text.lines().any(sets_it) {
        return format!("{line}\n{text}");
    }
    let lines = text.lines().map(|old| match sets_it(old) {
        true => line.as_str(),
        false => old,
    });
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(path).map_or(0o644, |old| old.permissions().mode());
            let permissions = fs::Permissions::from_mode(mode);
            file.as_file().set_permissions(permissions)?;
        }
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|cause| not_written(path, &cause))
}

fn not_written(path: &Path, cause: &io::Error) -> Failure {
    let what = format!("{} cannot be written", path.display());
    Failure::new(ExitCode::Usage, what).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_put_into_a_file_and_the_rest_stays() {
        let set = |text: &str| with_version(text, "0.0.2-ga");
        assert_eq!(set(""), "version = \"0.0.2-ga\"\n");
        assert_eq!(
            set("# mine\nmode = \"smart\"\n"),
            "version = \"0.0.2-ga\"\n# mine\nmode = \"smart\"\n"
        );
        assert_eq!(
            set("# mine\nversion=\"0.0.1-ga\" # old\nmode = \"smart\""),
            "# mine\nversion = \"0.0.2-ga\"\nmode = \"smart\"\n"
        );
    }
}
