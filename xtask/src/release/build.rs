//! An export of the commit, and what is built of it without a trace of this machine.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};

use super::target::Target;
use crate::{command, machine, workspace_root};

/// Time for a build from nothing on a small machine; what optimises across crates takes most of it.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Time for a tool.
const SHORT: Duration = Duration::from_secs(120);

/// The sources of a commit in a folder of their own.
pub(super) struct Checkout {
    folder: PathBuf,
    /// Where programs are looked for, the tools of a release first.
    path: OsString,
    /// The moment of the commit, in seconds since the Unix epoch: the only time that a release
    /// knows.
    pub(super) epoch: u64,
}

impl Checkout {
    /// Exports a commit, to be built with the programs on a path; a folder that is there already is
    /// brought up to date.
    pub(super) async fn export(folder: &Path, commit: &str, path: &OsStr) -> Result<Self> {
        export(folder, commit).await?;
        let time = command::output(git(&["log", "-1", "--format=%ct", commit]), SHORT).await?;
        Ok(Self {
            folder: folder.to_owned(),
            path: path.to_owned(),
            epoch: time.trim().parse().context("git names no time")?,
        })
    }

    pub(super) fn source(&self) -> PathBuf {
        self.folder.join("src")
    }

    /// Builds the executable for a target, its dependencies listed in it.
    pub(super) async fn build(&self, target: &Target) -> Result<PathBuf> {
        let cargo = self
            .cargo(target)
            .with_arguments(["auditable", "build", "--locked", "--release"])
            .with_arguments(["--package", "amp-cli", "--bin", "ampctl"])
            .with_arguments(["--target", target.triple]);
        command::output(cargo, LIMIT).await?;
        let built = self.folder.join("target").join(target.triple);
        Ok(built.join("release").join(target.executable()))
    }

    /// Builds a program of the fixtures for a target, for its trial.
    pub(super) async fn build_fake_agent(&self, target: &Target) -> Result<PathBuf> {
        let cargo = self
            .cargo(target)
            .with_arguments(["build", "--locked", "--quiet"])
            .with_arguments(["--package", "fixtures", "--bin", "fake-agent"])
            .with_arguments(["--target", target.triple])
            .with_variable("CARGO_PROFILE_DEV_DEBUG", "false");
        command::output(cargo, LIMIT).await?;
        let built = self.folder.join("target").join(target.triple);
        let name = target.executable().replace("ampctl", "fake-agent");
        Ok(built.join("debug").join(name))
    }

    /// Returns the program of this commit, built for this machine where it is not yet: its pages are
    /// the same as those of one that does not run here.
    pub(super) fn program_of_this_machine(&self) -> ProcessSpec {
        ProcessSpec::new("cargo")
            .with_environment(machine::environment())
            .with_working_directory(self.source())
            .with_variable("CARGO_TARGET_DIR", self.folder.join("target"))
            .with_variable("CARGO_PROFILE_DEV_DEBUG", "false")
            .with_arguments(["run", "--quiet", "--locked"])
            .with_arguments(["--package", "amp-cli", "--bin", "ampctl", "--"])
    }

    /// Returns the list of what the executable is made of, as CycloneDX.
    pub(super) async fn sbom(&self, target: &Target) -> Result<String> {
        // The tool writes one beside the manifest of every member; that of the program counts.
        let cargo = self
            .cargo(target)
            .with_arguments(["cyclonedx", "--format", "json", "--spec-version", "1.5"])
            .with_arguments(["--manifest-path", "amp-cli/Cargo.toml"])
            .with_arguments(["--target", target.triple])
            .with_arguments(["--override-filename", "sbom"]);
        command::output(cargo, SHORT).await?;
        let text = fs::read_to_string(self.source().join("amp-cli/sbom.json"))?;
        let path = self.source().display().to_string();
        Ok(text.replace(&path, "/ampctl"))
    }

    /// Returns cargo in the sources, without the paths and the clock of this machine.
    fn cargo(&self, target: &Target) -> ProcessSpec {
        let environment = machine::environment();
        let home = environment
            .get("CARGO_HOME".as_ref() as &OsStr)
            .map(PathBuf::from)
            .or_else(|| {
                let home = environment.get("HOME".as_ref() as &OsStr)?;
                Some(Path::new(home).join(".cargo"))
            })
            .unwrap_or_default();
        let (source, home) = (self.source(), home.display().to_string());
        let mut flags = vec![
            format!("--remap-path-prefix={}=/ampctl", source.display()),
            format!("--remap-path-prefix={home}=/cargo"),
        ];
        flags.extend(target.link_arguments.iter().map(|&flag| flag.to_owned()));
        let cargo = ProcessSpec::new("cargo")
            .with_environment(environment)
            .with_working_directory(source)
            .with_variable("PATH", &self.path)
            .with_variable("CARGO_TARGET_DIR", self.folder.join("target"))
            // Separated by what no path holds.
            .with_variable("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .with_variable("CFLAGS", format!("-ffile-prefix-map={home}=/cargo"))
            .with_variable("SOURCE_DATE_EPOCH", self.epoch.to_string());
        let variables = target.variables.iter();
        variables.fold(cargo, |cargo, &(name, value)| {
            cargo.with_variable(name, value)
        })
    }
}

/// Returns the commit that is checked out, which may be another one a moment later.
pub(super) async fn commit() -> Result<String> {
    let commit = command::output(git(&["rev-parse", "HEAD"]), SHORT).await?;
    Ok(commit.trim().to_owned())
}

/// Exports a commit into `src` below a folder, and returns that.
pub(crate) async fn export(folder: &Path, commit: &str) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let archive = folder.join("source.tar");
    let export = git(&["archive", "--format=tar", "-o"])
        .with_argument(&archive)
        .with_argument(commit);
    command::output(export, SHORT).await?;
    let fresh = tempfile::tempdir_in(folder)?;
    let mut members = tar::Archive::new(fs::File::open(&archive)?);
    members.set_preserve_mtime(false);
    members.unpack(fresh.path())?;
    // Cargo goes by the times of files: those that are the same keep theirs.
    let source = folder.join("src");
    mirror(fresh.path(), &source)?;
    Ok(source)
}

/// Makes a folder hold what another one holds, and leaves files alone that are the same.
fn mirror(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        let source = from.join(entry.file_name());
        let is_folder = entry.file_type()?.is_dir();
        if is_folder && !source.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if !is_folder && !source.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            mirror(&entry.path(), &target)?;
        } else if fs::read(&target).ok() != Some(fs::read(entry.path())?) {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn git(arguments: &[&str]) -> ProcessSpec {
    ProcessSpec::new("git")
        .with_environment(machine::environment())
        .with_arguments(arguments.iter().copied())
        .with_working_directory(workspace_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_becomes_another_and_what_is_the_same_is_not_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |path: &str| folder.path().join(path);
        for (name, text) in [
            ("from/same", "same"),
            ("from/changed", "new"),
            ("from/below/added", "new"),
            ("to/same", "same"),
            ("to/changed", "old"),
            ("to/gone/file", "old"),
            ("to/gone-too", "old"),
        ] {
            fs::create_dir_all(path(name).parent().expect("a parent")).expect("a folder");
            fs::write(path(name), text).expect("a file");
        }
        let before = fs::metadata(path("to/same")).expect("its look").modified();
        mirror(&path("from"), &path("to")).expect("the same");
        let after = fs::metadata(path("to/same")).expect("its look").modified();
        assert_eq!(before.expect("a time"), after.expect("a time"));
        assert_eq!(fs::read(path("to/changed")).expect("a file"), b"new");
        assert_eq!(fs::read(path("to/below/added")).expect("a file"), b"new");
        assert!(!path("to/gone").exists() && !path("to/gone-too").exists());
    }
}
