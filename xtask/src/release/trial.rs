//! Every artefact installed and run, as far as this machine can.

mod debian;
mod emulation;
mod root;
mod windows;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_bootstrap::Platform;
use amp_process::ProcessSpec;
use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::build::Checkout;
use super::target::Target;
use crate::command;
use crate::{machine, note, say};
use emulation::Emulator;

/// Time for one command.
const LIMIT: Duration = Duration::from_secs(180);

/// Tries what was made for a target. What cannot be tried for want of a tool is said, or fails where
/// everything is required.
pub(super) async fn target(
    checkout: &Checkout,
    target: &Target,
    files: &[PathBuf],
    version: &str,
    required: bool,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let archive = files.first().context("there is no archive")?;
    let program = unpack(archive, folder.path(), target)?;
    if target.system == "windows" {
        return windows::program(checkout, target, &program, version, required).await;
    }
    let emulator = Emulator::find(target);
    let runs = Runs::of(target, emulator.clone()).await;
    if let Runs::Not = runs {
        match emulator {
            Some(emulator) => {
                says_version(emulator.alone(&program), version).await?;
                let what = "what it starts, so no more than `--version`: this kernel lets no user \
                    namespace have an emulator of its own";
                untried(&format!("{}: {what}", target.triple), required)?;
            }
            None => untried(
                &format!("{}, for want of an emulator", target.triple),
                required,
            )?,
        }
    } else {
        if target.system == "linux" && machine::find_program("bwrap").is_some() {
            root::program(checkout, target, &program, &runs).await?;
        } else if target.system == "linux" {
            untried("an empty root, for want of bwrap", required)?;
        }
        says_version(runs.program(&program), version).await?;
    }
    let is_package = |path: &&PathBuf| path.extension().is_some_and(|end| end == "deb");
    if let Some(package) = files.iter().find(is_package) {
        debian::package(package, target, &runs, version, required).await?;
    }
    Ok(())
}

/// How programs of a target are started here.
#[derive(Debug)]
enum Runs {
    /// As any other.
    Natively,
    /// Under an emulator, and so is what they start.
    Emulated(Emulator),
    /// Not at all.
    Not,
}

impl Runs {
    async fn of(target: &Target, emulator: Option<Emulator>) -> Self {
        match emulator {
            _ if target.runs_here() => Self::Natively,
            Some(emulator) if emulator.takes_children().await => Self::Emulated(emulator),
            _ => Self::Not,
        }
    }

    /// Returns a start of a program: one of the target, if these can be started, or one of this machine.
    fn program(&self, program: impl AsRef<Path>) -> ProcessSpec {
        match self {
            Self::Natively | Self::Not => {
                ProcessSpec::new(program.as_ref()).with_environment(machine::environment())
            }
            Self::Emulated(emulator) => emulator.around(program),
        }
    }

    /// Returns what Amp has to be built for.
    fn platform(&self) -> Result<Platform> {
        Ok(match self {
            Self::Natively | Self::Not => Platform::detect()?,
            Self::Emulated(_) => emulation::PLATFORM,
        })
    }

    /// Returns what is said of the trials.
    fn manner(&self) -> &'static str {
        match self {
            Self::Natively | Self::Not => "",
            Self::Emulated(_) => ", emulated",
        }
    }
}

/// Says what was not tried.
///
/// # Errors
/// Where everything is required.
fn untried(what: &str, required: bool) -> Result<()> {
    ensure!(!required, "not tried: {what}");
    note(format!("not tried: {what}"));
    Ok(())
}

/// Unpacks an archive and returns the program in it.
fn unpack(archive: &Path, into: &Path, target: &Target) -> Result<PathBuf> {
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    let folder = match name.strip_suffix(".zip") {
        Some(folder) => {
            zip::ZipArchive::new(fs::File::open(archive)?)?.extract(into)?;
            folder
        }
        None => {
            let packed = flate2::read::GzDecoder::new(fs::File::open(archive)?);
            tar::Archive::new(packed).unpack(into)?;
            name.trim_end_matches(".tar.gz")
        }
    };
    let program = into.join(folder).join(target.executable());
    ensure!(program.is_file(), "{name} has no program");
    for path in ["completions/_ampctl", "man/ampctl.1", "LICENSE-MIT"] {
        ensure!(
            into.join(folder).join(path).is_file(),
            "{name} has no {path}"
        );
    }
    Ok(program)
}

async fn says_version(program: ProcessSpec, version: &str) -> Result<()> {
    let said = command::output(program.with_argument("--version"), LIMIT).await?;
    ensure!(
        said.starts_with(&format!("ampctl {version}")),
        "it says {said:?}"
    );
    Ok(())
}

/// Writes a mirror of the bucket with one version.
fn mirror(folder: &Path, executable: &[u8], platform: &str, extension: &str) -> Result<()> {
    let version = fixtures::NEWEST_VERSION;
    let below = folder.join("cli").join(version);
    fs::create_dir_all(&below)?;
    fs::write(folder.join("cli/cli-version.txt"), version)?;
    fs::write(below.join(format!("amp-{platform}{extension}")), executable)?;
    let digest = Sha256::digest(executable);
    let sum: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(below.join(format!("{platform}-amp.sha256")), sum)?;
    Ok(())
}

/// The recordings of a thread of two turns.
const TURNS: [(&str, &str); 2] = [("first", "continue-first"), ("second", "continue-second")];

/// Writes the recordings for the fake agent below a folder.
fn recordings(folder: &Path) -> Result<()> {
    for (turn, scenario) in TURNS {
        let recording = fixtures::recording(fixtures::NEWEST_VERSION, scenario);
        let recording = recording.with_context(|| format!("there is no recording {scenario}"))?;
        let into = folder.join(turn);
        fs::create_dir_all(&into)?;
        for entry in fs::read_dir(&recording.folder)? {
            let entry = entry?;
            fs::copy(entry.path(), into.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Runs the shell installer over the archives of a folder, and over one that was changed.
pub(super) async fn installer(out: &Path, version: &str) -> Result<()> {
    let name = format!(
        "ampctl-{version}-{}-unknown-linux-musl.tar.gz",
        std::env::consts::ARCH
    );
    if std::env::consts::OS != "linux" || !out.join(&name).exists() {
        return untried(
            "the installer, for want of an archive for this machine",
            false,
        );
    }
    let home = tempfile::tempdir()?;
    let install = |from: &Path, into: &str| {
        ProcessSpec::new("sh")
            .with_environment(machine::environment())
            .with_argument(out.join("install.sh"))
            .with_variable("AMPCTL_DOWNLOAD", from)
            .with_variable("AMPCTL_INSTALL_DIR", home.path().join(into))
    };
    command::output(install(out, "bin"), LIMIT).await?;
    says_version(
        Runs::Natively.program(home.path().join("bin/ampctl")),
        version,
    )
    .await?;
    let changed = home.path().join("changed");
    fs::create_dir(&changed)?;
    let mut bytes = fs::read(out.join(&name))?;
    bytes.push(0);
    fs::write(changed.join(&name), bytes)?;
    let refused = command::run(install(&changed, "nothing"), LIMIT).await?;
    let is_refused = !refused.exit.status().is_success()
        && refused
            .exit
            .stderr()
            .to_string()
            .contains("is not the one of this release");
    ensure!(is_refused, "a changed archive was installed");
    ensure!(
        !home.path().join("nothing").exists(),
        "a changed archive left something"
    );
    say("tried: the installer, with a sound archive and a changed one");
    Ok(())
}
