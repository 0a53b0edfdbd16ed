//! What the run in the picture needs: the programs, a throw-away home, a project and a service.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fixtures::backend::{Backend, Options};
use fixtures::script::Script;
use serde::Deserialize;
use tempfile::TempDir;

use crate::demo::{self, Environment};
use crate::machine;
use crate::workspace_cargo::cargo;

/// The prompt of the shell, below a blank line.
pub(super) const PROMPT: &str = "\x1b[1;32m$\x1b[0m ";

/// The project that the conversation is about; its test fails.
const PROJECT: [(&str, &str); 2] = [
    (
        "slug.sh",
        "#!/bin/sh\n# Makes a slug of a title.\nprintf '%s' \"$1\" | tr 'A-Z' 'a-z' | tr ' ' '-'\n",
    ),
    (
        "test.sh",
        "check() {\n  found=$(sh slug.sh \"$1\")\n  [ \"$found\" = \"$2\" ] || { echo \"$1: $found, not $2\"; exit 1; }\n}\ncheck Hello hello\ncheck 'Hello  World' hello-world\n",
    ),
];

/// Holds everything until the recording is over.
pub(super) struct Setup {
    pub(super) environment: Environment,
    pub(super) project: PathBuf,
    _home: TempDir,
    _service: Backend,
}

#[derive(Deserialize)]
struct Conversation {
    script: Vec<Script>,
}

impl Setup {
    /// Builds `ampctl`, finds or installs the real CLI, and starts the stand-in service.
    pub(super) fn new() -> Result<Self> {
        let programs = build_ampctl()?;
        let cli = demo::installed()?.context("the real CLI cannot be installed")?;
        let home = tempfile::tempdir().context("cannot make a throw-away home")?;
        let project = home.path().join("project");
        std::fs::create_dir(&project)?;
        for (name, text) in PROJECT {
            std::fs::write(project.join(name), text)?;
        }
        let conversation: Conversation =
            toml::from_str(include_str!("conversation.toml")).context("conversation.toml")?;
        let mut options = Options::for_workspace(&project);
        for script in conversation.script {
            options = options.with_script(&script.summary.clone(), script);
        }
        options.thinking_time = std::time::Duration::from_millis(700);
        let service = Backend::start_blocking(options)?;
        let environment = environment(home.path(), &cli.path, &service.url(), &programs)?;
        Ok(Self {
            environment,
            project,
            _home: home,
            _service: service,
        })
    }
}

/// Builds the program and returns its folder.
fn build_ampctl() -> Result<PathBuf> {
    cargo(&["build", "--quiet", "-p", "amp-cli", "--bin", "ampctl"])?;
    // This program was built into the same folder.
    let this = std::env::current_exe().context("this program has no path")?;
    let folder = this.parent().context("a program without a folder")?;
    Ok(folder.to_owned())
}

/// Returns the environment of the shell: nothing of the maintainer's own, and a plain prompt.
fn environment(home: &Path, cli: &Path, service: &str, programs: &Path) -> Result<Environment> {
    let mut environment = demo::environment(home, cli, service);
    let path = machine::search_path();
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path));
    let own: [(&str, OsString); 4] = [
        ("PATH", std::env::join_paths(path).context("PATH")?),
        ("TERM", "xterm-256color".into()),
        ("LANG", "C.UTF-8".into()),
        ("PS1", format!("\n{PROMPT}").into()),
    ];
    for name in ["NO_COLOR", "CI", "COLORTERM"] {
        environment.remove(std::ffi::OsStr::new(name));
    }
    environment.extend(own.map(|(name, value)| (name.into(), value)));
    Ok(environment)
}
