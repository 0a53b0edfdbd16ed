//! The programs of the drivers, built and installed below `target/` by the ordinary clients of their
//! registries.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};
use fixtures::benchmark::Row;

use super::driver::Driver;
use crate::bench::crates::rows_in;
use crate::built_ampctl::BuiltAmpctl;
use crate::npm::{JAVASCRIPT_PACKAGE, Npm};
use crate::{command, machine, python};

const PYTHON_LIBRARY: &str = "amp-sdk==0.1.20260918210324";
const TYPESCRIPT_LIBRARY: &str = "@sourcegraph/amp-sdk";
const TYPESCRIPT_VERSION: &str = "0.1.0-20260126121723-gc94da34";

/// The longest time to build the programs in Rust.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The programs that are there.
pub(super) struct Installed {
    rust: PathBuf,
    ampctl: PathBuf,
    /// The Python that has the library.
    python: Option<PathBuf>,
    /// The folder of the TypeScript library, and the node that runs it.
    typescript: Option<(PathBuf, PathBuf)>,
}

impl Installed {
    /// Builds ours and what is in Rust, and installs the others; says which cannot be.
    ///
    /// # Errors
    /// When what is in Rust does not build.
    pub(super) fn prepare(ampctl: &BuiltAmpctl) -> Result<Self> {
        let runtime = machine::runtime()?;
        let target = crate::workspace_root().join("target/peers");
        let sources = sources();
        let build = ["build", "--release", "--locked", "--quiet"];
        let cargo = machine::find_program("cargo").context("no cargo on the path")?;
        let spec = ProcessSpec::new(cargo)
            .with_arguments(build)
            .with_environment(machine::environment())
            .with_variable("CARGO_TARGET_DIR", &target)
            .with_working_directory(&sources);
        runtime.block_on(command::output(spec, BUILD_LIMIT))?;
        let folder = target.join("python");
        let python = runtime.block_on(python::with(PYTHON_LIBRARY, &folder));
        let folder = target.join("typescript");
        let typescript = runtime.block_on(typescript(&folder));
        Ok(Self {
            rust: target.join("release"),
            ampctl: ampctl.path()?,
            python: or_say("the Python library", python),
            typescript: or_say("the TypeScript library", typescript),
        })
    }

    /// Returns the drivers that are there, ours first.
    pub(super) fn drivers(&self) -> Vec<Driver> {
        let mut drivers = vec![
            Driver::Loop,
            Driver::Session,
            Driver::Run,
            Driver::RecordedRun,
            Driver::RustSdk,
            Driver::ClaudeCodes,
        ];
        drivers.extend(self.python.as_ref().map(|_| Driver::PythonSdk));
        drivers.extend(self.typescript.as_ref().map(|_| Driver::TypeScriptSdk));
        drivers
    }

    /// Returns the program of a driver and its arguments.
    pub(super) fn command(&self, driver: Driver) -> (PathBuf, Vec<OsString>) {
        let rust = |name: &str| (self.rust.join(name), Vec::new());
        let script = |program: &Option<PathBuf>, script: PathBuf| {
            (program.clone().unwrap_or_default(), vec![script.into()])
        };
        let run = |options: &[&str]| {
            let arguments = [&["run", "hi"], options].concat();
            let arguments = arguments.into_iter().map(OsString::from);
            (self.ampctl.clone(), arguments.collect())
        };
        match driver {
            Driver::Loop => rust("loop_of_ours"),
            Driver::Session => rust("session_of_ours"),
            Driver::Run => run(&["--no-record"]),
            Driver::RecordedRun => run(&[]),
            Driver::RustSdk => rust("amp_sdk"),
            Driver::ClaudeCodes => rust("claude_codes"),
            Driver::PythonSdk => script(&self.python, sources().join("drivers/python_sdk.py")),
            Driver::TypeScriptSdk => {
                let (folder, node) = self.typescript.clone().unwrap_or_default();
                (node, vec![folder.join(TYPESCRIPT_DRIVER).into()])
            }
        }
    }

    /// Runs the readers of JSON that other people keep, beside ours.
    ///
    /// # Errors
    /// When they fail, measure nothing, or write what is no row.
    pub(super) fn rows_of_readers(&self) -> Result<Vec<Row>> {
        let spec = ProcessSpec::new(self.rust.join("json_readers"))
            .with_argument("--json")
            .with_environment(machine::environment());
        let written = machine::runtime()?.block_on(command::output(spec, BUILD_LIMIT))?;
        rows_in(&written, "json_readers")
    }
}

const TYPESCRIPT_DRIVER: &str = "typescript_sdk.mjs";

/// What the TypeScript library starts with node as the agent: it hands on to the one on the path.
const LAUNCHER: &str = "const { spawnSync } = require('node:child_process');\n\
    const ended = spawnSync('amp', process.argv.slice(2), { stdio: 'inherit' });\n\
    process.exit(ended.status ?? 1);\n";

/// Says why something cannot be installed.
fn or_say<T>(name: &str, installed: Result<T>) -> Option<T> {
    if let Err(error) = &installed {
        crate::say(format!("{name} cannot be installed: {error:#}"));
    }
    installed.ok()
}

fn sources() -> PathBuf {
    crate::workspace_root().join("xtask/peers")
}

/// Installs the TypeScript library, with a launcher in place of the agent that it comes with.
async fn typescript(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let npm = Npm::find().context("no npm and node on the path")?;
    if !folder.exists() {
        npm.install(TYPESCRIPT_LIBRARY, TYPESCRIPT_VERSION, folder)
            .await?;
    }
    let agent = folder.join("node_modules").join(JAVASCRIPT_PACKAGE);
    std::fs::write(agent.join("launcher.cjs"), LAUNCHER)?;
    let manifest =
        serde_json::json!({ "name": JAVASCRIPT_PACKAGE, "bin": { "amp": "launcher.cjs" } });
    std::fs::write(agent.join("package.json"), manifest.to_string())?;
    let driver = Path::new("drivers").join(TYPESCRIPT_DRIVER);
    std::fs::copy(sources().join(driver), folder.join(TYPESCRIPT_DRIVER))?;
    Ok((folder.to_owned(), npm.node_folder().join("node")))
}
