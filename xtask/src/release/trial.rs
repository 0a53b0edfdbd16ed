//! Every artefact installed and run, as far as this machine can.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::build::Checkout;
use super::target::Target;
use crate::command::{self, Finished};
use crate::windows::Wine;
use crate::{machine, note, say};

/// Time for one command.
const LIMIT: Duration = Duration::from_secs(180);

/// Tries what was made for a target.
pub(super) async fn target(
    checkout: &Checkout,
    target: &Target,
    files: &[PathBuf],
    version: &str,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let archive = files.first().context("there is no archive")?;
    let program = unpack(archive, folder.path(), target)?;
    if target.system == "windows" {
        return windows(&program, version).await;
    }
    if target.runs_here() && target.system == "linux" {
        bare_root(checkout, target, &program, version).await?;
    } else if target.runs_here() {
        says_version(ProcessSpec::new(&program), version).await?;
    } else if let Some(emulator) = machine::find_program("qemu-aarch64-static") {
        says_version(ProcessSpec::new(emulator).with_argument(&program), version).await?;
        say(format!("tried under emulation: {}", archive.display()));
    } else {
        note(format!(
            "not tried, for want of an emulator: {}",
            archive.display()
        ));
    }
    let is_package = |path: &&PathBuf| path.extension().is_some_and(|end| end == "deb");
    if let Some(package) = files.iter().find(is_package) {
        debian(package, target, version).await?;
    }
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
    let asked = program
        .with_environment(machine::environment())
        .with_argument("--version");
    let said = command::output(asked, LIMIT).await?;
    ensure!(
        said.starts_with(&format!("ampctl {version}")),
        "it says {said:?}"
    );
    Ok(())
}

/// A root file system with nothing in it but what is put there, and no network.
struct Root {
    folder: tempfile::TempDir,
    processes: &'static [&'static str],
}

/// Process numbers of its own, and a view of these alone.
const OWN_PROCESSES: &[&str] = &["--unshare-pid", "--proc", "/proc"];

/// Those of this machine, where a container keeps programs from mounting `/proc`.
const PROCESSES_OF_MACHINE: &[&str] = &["--bind", "/proc", "/proc"];

impl Root {
    async fn new() -> Result<Self> {
        let probe = ProcessSpec::new("bwrap")
            .with_environment(machine::environment())
            .with_arguments(["--bind", "/", "/"])
            .with_arguments(OWN_PROCESSES.iter().copied())
            .with_argument("true");
        let processes = match command::output(probe, LIMIT).await {
            Ok(_) => OWN_PROCESSES,
            Err(_) => PROCESSES_OF_MACHINE,
        };
        let folder = tempfile::tempdir()?;
        for name in ["home", "work"] {
            fs::create_dir(folder.path().join(name))?;
        }
        Ok(Self { folder, processes })
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Returns a program of the root, with the root around it.
    fn program(&self, program: &str) -> ProcessSpec {
        let outer = ProcessSpec::new("bwrap").with_environment(machine::environment());
        outer
            .with_arguments(["--unshare-net", "--die-with-parent", "--clearenv", "--bind"])
            .with_argument(self.folder.path())
            .with_arguments(["/", "--dev", "/dev", "--tmpfs", "/tmp"])
            .with_arguments(self.processes.iter().copied())
            .with_arguments(["--chdir", "/work", "--setenv", "HOME", "/home"])
            .with_arguments(["--setenv", "AMP_API_KEY", "a-key-for-trials"])
            .with_arguments([
                "--setenv",
                "FAKE_AGENT_REPLAY",
                "/replay/first:/replay/second",
            ])
            .with_argument(program)
    }

    async fn run(&self, program: &str, arguments: &[&str]) -> Result<Finished> {
        let spec = self
            .program(program)
            .with_arguments(arguments.iter().copied());
        let finished = command::run(spec, LIMIT).await?;
        ensure!(
            finished.exit.status().is_success(),
            "{program} {arguments:?} in an empty root: {}\n{}{}",
            finished.exit.status(),
            finished.stdout,
            finished.exit.stderr()
        );
        Ok(finished)
    }
}

/// Puts the static program alone into a root: it installs, runs, goes on with a thread, and finds
/// nothing wrong. Amp is the fake agent, for Amp itself needs a C library.
async fn bare_root(
    checkout: &Checkout,
    target: &Target,
    program: &Path,
    version: &str,
) -> Result<()> {
    if machine::find_program("bwrap").is_none() {
        note("not tried in an empty root, for want of bwrap");
        return says_version(ProcessSpec::new(program), version).await;
    }
    let root = Root::new().await?;
    fs::copy(program, root.path("ampctl"))?;
    let agent = checkout.build_fake_agent(target).await?;
    let platform = amp_bootstrap::Platform::detect()?.to_string();
    mirror(&root.path("mirror"), &fs::read(agent)?, &platform, "")?;
    for (turn, scenario) in [("first", "continue-first"), ("second", "continue-second")] {
        let recording = fixtures::recording(fixtures::NEWEST_VERSION, scenario);
        let recording = recording.with_context(|| format!("there is no recording {scenario}"))?;
        let into = root.path("replay").join(turn);
        fs::create_dir_all(&into)?;
        for entry in fs::read_dir(&recording.folder)? {
            let entry = entry?;
            fs::copy(entry.path(), into.join(entry.file_name()))?;
        }
    }
    root.run("/ampctl", &["install", "--source", "/mirror"])
        .await?;
    let run = root.run("/ampctl", &["run", "hello"]).await?;
    ensure!(
        !run.stdout.trim().is_empty(),
        "`ampctl run` answers nothing"
    );
    let went_on = root.run("/ampctl", &["continue", "and again"]).await?;
    ensure!(
        !went_on.stdout.trim().is_empty(),
        "`ampctl continue` answers nothing"
    );
    root.run("/ampctl", &["doctor"]).await?;
    say("tried in an empty root: install, run, continue, doctor");
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

/// Installs the package into a root, runs what it brought, and removes it without a trace.
async fn debian(package: &Path, target: &Target, version: &str) -> Result<()> {
    let tools = ["dpkg", "bwrap"];
    if let Some(tool) = tools
        .iter()
        .find(|tool| machine::find_program(tool).is_none())
    {
        note(format!(
            "the Debian package was not tried, for want of {tool}"
        ));
        return Ok(());
    }
    let root = Root::new().await?;
    for folder in [
        "var/lib/dpkg/info",
        "var/lib/dpkg/updates",
        "var/lib/dpkg/triggers",
    ] {
        fs::create_dir_all(root.path(folder))?;
    }
    fs::write(root.path("var/lib/dpkg/status"), "")?;
    let architecture = target.debian.unwrap_or_default();
    let dpkg = |arguments: &[&str]| {
        ProcessSpec::new("dpkg")
            .with_environment(machine::environment())
            .with_argument(format!("--root={}", root.folder.path().display()))
            .with_arguments([
                "--force-not-root",
                "--force-architecture",
                "--force-depends",
            ])
            .with_arguments(arguments.iter().copied())
    };
    command::output(dpkg(&["--install"]).with_argument(package), LIMIT).await?;
    for path in [
        "usr/share/man/man1/ampctl.1.gz",
        "usr/share/bash-completion/completions/ampctl",
        "usr/share/doc/ampctl/copyright",
    ] {
        ensure!(root.path(path).is_file(), "the package has no {path}");
    }
    let program = root.path("usr/bin/ampctl");
    let mode = fs::metadata(&program)?.permissions().mode();
    ensure!(mode & 0o777 == 0o755, "its program has mode {mode:o}");
    if target.runs_here() {
        let said = root.run("/usr/bin/ampctl", &["--version"]).await?.stdout;
        ensure!(said.contains(version), "it says {said:?}");
    }
    command::output(dpkg(&["--purge", "ampctl"]), LIMIT).await?;
    ensure!(!program.exists(), "the package leaves its program behind");
    say(format!(
        "tried: Debian package for {architecture}, installed and removed"
    ));
    Ok(())
}

/// Runs the program for Windows under Wine: it installs from a mirror and finds what it installed.
async fn windows(program: &Path, version: &str) -> Result<()> {
    let prefix = tempfile::tempdir()?;
    let wine = match Wine::boot(prefix.path()).await {
        Ok(wine) => wine,
        Err(missing) => {
            note(format!("not tried for Windows: {missing:#}"));
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    // Any program for Windows will do as an Amp that is installed and not run.
    mirror(
        &folder.path().join("mirror"),
        &fs::read(program)?,
        "windows-x64",
        ".exe",
    )?;
    mirror(
        &folder.path().join("mirror"),
        &fs::read(program)?,
        "windows-x64-baseline",
        ".exe",
    )?;
    let run = async |arguments: &[&str]| -> Result<Finished> {
        let spec = wine
            .program(program)
            .with_arguments(arguments.iter().copied());
        command::run(spec.with_working_directory(folder.path()), LIMIT).await
    };
    let said = run(&["--version"]).await?.stdout;
    ensure!(
        said.starts_with(&format!("ampctl {version}")),
        "it says {said:?}"
    );
    let installed = run(&["install", "--source", "mirror"]).await?;
    ensure!(
        installed.exit.status().is_success(),
        "`ampctl.exe install`: {}\n{}",
        installed.exit.status(),
        installed.exit.stderr()
    );
    let which = run(&["which"]).await?.stdout;
    ensure!(
        which.trim() == installed.stdout.trim(),
        "it finds {which:?}"
    );
    let versions = run(&["versions", "--verify"]).await?;
    ensure!(versions.exit.status().is_success(), "{}", versions.stdout);
    say("tried under Wine: install, which, versions");
    Ok(())
}

/// Runs the shell installer over the archives of a folder, and over one that was changed.
pub(super) async fn installer(out: &Path, version: &str) -> Result<()> {
    let name = format!(
        "ampctl-{version}-{}-unknown-linux-musl.tar.gz",
        std::env::consts::ARCH
    );
    if std::env::consts::OS != "linux" || !out.join(&name).exists() {
        note("the installer was not tried: there is no archive for this machine");
        return Ok(());
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
    says_version(ProcessSpec::new(home.path().join("bin/ampctl")), version).await?;
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
