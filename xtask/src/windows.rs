//! `cargo xtask windows`: the tests of the system's own corners, built for Windows, run by Wine.
//!
//! Wine has the calls and the errors of Windows on a Linux file system: open files that can be
//! neither replaced nor removed, locks that others cannot read through, job objects. How Windows
//! itself keeps its word, on NTFS and with a virus scanner looking on, only Windows shows; CI runs
//! the same tests there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result, bail};

use crate::{command, machine};

const TARGET: &str = "x86_64-pc-windows-gnu";

/// What `cargo test` runs: everything of these two that compiles for Windows.
const TESTS: &[&str] = &[
    "--package",
    "amp-bootstrap",
    "--package",
    "amp-process",
    "--lib",
    "--test",
    "it",
    "--test",
    "windows",
];

/// Time for a build from nothing and the tests.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// Time for Wine to make a folder for itself, or for one of its tools.
const SHORT: Duration = Duration::from_secs(120);

/// The library behind `ProcessPrng`, which Rust's standard library asks for random numbers and
/// Wine before version 9 does not have. The function it leads to does the same.
const RANDOM_NUMBERS: &str = "LIBRARY bcryptprimitives
EXPORTS
  ProcessPrng = advapi32.SystemFunction036
";

/// Builds and runs the tests; without the tools for it, says so and does nothing but in CI.
///
/// # Errors
/// When a test fails, or the tools do; in CI also when they are missing.
pub fn run() -> Result<()> {
    // Windows itself, as far as Wine keeps one: registry, drives, system folder.
    let prefix = tempfile::tempdir()?;
    machine::runtime()?.block_on(async {
        let tools = async {
            let tools = Tools::find().await?;
            tools.boot(prefix.path()).await?;
            Ok::<_, anyhow::Error>(tools)
        };
        match tools.await {
            Ok(tools) => tools.test(prefix.path()).await,
            Err(missing) => skip(missing, machine::is_in_ci()),
        }
    })
}

/// Says that the tests are skipped, and why.
///
/// # Errors
/// In CI, where they have to run: with the same reason.
pub fn skip(missing: anyhow::Error, in_ci: bool) -> Result<()> {
    if in_ci {
        return Err(missing.context("the tests for Windows have to run in CI"));
    }
    crate::note(format!("skipped: {missing:#}"));
    Ok(())
}

/// Wine with a folder of its own.
pub(crate) struct Wine {
    tools: Tools,
    prefix: PathBuf,
}

impl Wine {
    /// Has Wine make a folder for itself.
    ///
    /// # Errors
    /// When a tool is missing, or fails.
    pub(crate) async fn boot(prefix: &Path) -> Result<Self> {
        let tools = Tools::find().await?;
        tools.boot(prefix).await?;
        let prefix = prefix.to_owned();
        Ok(Self { tools, prefix })
    }

    /// Returns a program for Windows as one of this machine.
    pub(crate) fn program(&self, program: &Path) -> ProcessSpec {
        let wine = spec(&self.tools.wine).with_argument(program);
        self.tools.in_wine(wine, &self.prefix)
    }
}

/// What it takes to build for Windows and to run the result.
struct Tools {
    wine: PathBuf,
    linker: PathBuf,
    cargo: PathBuf,
}

impl Tools {
    async fn find() -> Result<Self> {
        let program = |name: &str| {
            machine::find_program(name).with_context(|| format!("{name} is not on the path"))
        };
        let tools = Self {
            wine: program("wine")?,
            linker: program("x86_64-w64-mingw32-gcc")?,
            cargo: program("cargo")?,
        };
        let rustc = spec(&program("rustc")?).with_arguments([
            "--print",
            "target-libdir",
            "--target",
            TARGET,
        ]);
        let libraries = command::output(rustc, SHORT).await?;
        if !Path::new(libraries.trim()).is_dir() {
            bail!("the Rust target {TARGET} is not installed");
        }
        Ok(tools)
    }

    async fn boot(&self, prefix: &Path) -> Result<()> {
        // The registry is written when Wine's server ends, and whatever a command leaves running
        // ends with it at once.
        let boot = "\"$0\" wineboot --init && wineserver --wait";
        let shell = spec(Path::new("sh")).with_arguments(["-c", boot]);
        let shell = self.in_wine(shell.with_argument(&self.wine), prefix);
        command::output(shell, SHORT).await?;
        self.provide_random_numbers(prefix).await
    }

    async fn test(&self, prefix: &Path) -> Result<()> {
        let cargo = self.in_wine(spec(&self.cargo), prefix);
        let cargo = cargo
            .with_arguments(["test", "--locked", "--no-fail-fast", "--target", TARGET])
            .with_arguments(TESTS.iter().copied())
            // Linking is most of the work, and debug information most of that.
            .with_variable("CARGO_PROFILE_DEV_DEBUG", "false")
            .with_variable("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.wine)
            .with_working_directory(crate::workspace_root());
        let finished = command::run(cargo, LIMIT).await?;
        if !finished.exit.status().is_success() {
            bail!("{}\n{}", finished.exit.stderr(), finished.stdout);
        }
        let results = finished.stdout.lines();
        for line in results.filter(|line| line.starts_with("test result: ok")) {
            crate::say(line);
        }
        Ok(())
    }

    async fn provide_random_numbers(&self, prefix: &Path) -> Result<()> {
        let library = prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
        if library.exists() {
            return Ok(());
        }
        let definition = prefix.join("bcryptprimitives.def");
        std::fs::write(&definition, RANDOM_NUMBERS)?;
        let linker = spec(&self.linker)
            .with_arguments(["-shared", "-nostdlib", "-Wl,--entry=0", "-o"])
            .with_argument(library)
            .with_argument(definition);
        command::output(linker, SHORT).await.map(drop)
    }

    fn in_wine(&self, spec: ProcessSpec, prefix: &Path) -> ProcessSpec {
        spec.with_variable("WINEPREFIX", prefix)
            .with_variable("WINEDEBUG", "-all")
            // Neither .NET nor a browser is to be offered for download.
            .with_variable("WINEDLLOVERRIDES", "mscoree,mshtml=")
    }
}

fn spec(program: &Path) -> ProcessSpec {
    ProcessSpec::new(program).with_environment(machine::environment())
}
