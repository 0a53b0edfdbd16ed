//! `cargo demo`: a thread of two turns with the real Amp CLI, as a user sees it.
//!
//! The setup is all that differs between the two ways to play it: the real CLI against the stand-in
//! service on loopback, or the fake agent replaying what the real CLI once wrote. Each line after a
//! `$` is run by `ampctl`'s own code, in this process.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use amp_cli::{Context, ExitCode, Output, Terminal};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use fixtures::backend::{Backend, Options};
use serde::Deserialize;

use crate::{machine, say};

pub(crate) type Environment = BTreeMap<OsString, OsString>;

/// Recordings of the same two turns, in the order in which they are replayed.
const RECORDINGS: [&str; 2] = ["demo-first", "demo-second"];

/// How the demo is played.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Replay recordings: no network, no real CLI
    #[arg(long)]
    offline: bool,
}

/// Runs the two turns.
///
/// # Errors
/// When a turn does not end well, or there is no room for a throw-away home.
pub fn run(arguments: &Arguments) -> Result<()> {
    let home = tempfile::tempdir().context("cannot make a throw-away home")?;
    let setup = if arguments.offline {
        Setup::of_recordings(home.path())?
    } else {
        match installed()? {
            Some(cli) => Setup::of_real_cli(&cli, home.path())?,
            None => {
                say("\nNo source of the real Amp CLI can be reached; these are its recordings.");
                Setup::of_recordings(home.path())?
            }
        }
    };
    say(format!("\n# {}", setup.introduction));
    setup.show(&["which"])?;
    setup.show(&["run", "What is in this folder?"])?;
    setup.show(&["continue", "What did I ask you before?"])?;
    say("\nTwo turns of one thread, and no process left behind.");
    Ok(())
}

/// What `ampctl which --json` says.
#[derive(Deserialize)]
struct Report {
    found: RealCli,
}

/// The Amp that `ampctl` found.
#[derive(Deserialize)]
pub(crate) struct RealCli {
    pub(crate) path: PathBuf,
    version: String,
}

/// Returns the real CLI, installed on the way if it is not here yet; `None` when no source of it
/// can be reached.
pub(crate) fn installed() -> Result<Option<RealCli>> {
    let environment = machine::environment();
    if let Some(cli) = found(&environment)? {
        return Ok(Some(cli));
    }
    say("$ ampctl install");
    let mut context = Context::from_process();
    if amp_cli::run(["ampctl", "install"], &mut context) != ExitCode::Done {
        return Ok(None);
    }
    found(&environment)
}

/// Returns the CLI that our own store holds.
fn found(environment: &Environment) -> Result<Option<RealCli>> {
    let (stdout, written) = Output::captured();
    let mut context = Context::new(".")
        .with_environment(environment.clone())
        .with_stdout(stdout);
    if amp_cli::run(["ampctl", "--json", "which"], &mut context) != ExitCode::Done {
        return Ok(None);
    }
    let report: Report =
        serde_json::from_str(&written.text()).context("`ampctl which --json` has another shape")?;
    Ok(Some(report.found))
}

/// A home, a folder to work in, an agent and, for the real one, a service.
struct Setup {
    introduction: String,
    environment: Environment,
    workspace: PathBuf,
    /// Stops when the demo is over.
    _service: Option<Backend>,
}

impl Setup {
    /// Prepares the real CLI: its service is the stand-in.
    fn of_real_cli(cli: &RealCli, home: &Path) -> Result<Self> {
        let workspace = workspace_in(home)?;
        let service = Backend::start_blocking(Options::for_workspace(&workspace))
            .context("cannot start the stand-in service")?;
        let environment = environment(home, &cli.path, &service.url());
        Ok(Self {
            introduction: format!(
                "Amp {}, the real CLI, against a stand-in service at {}",
                cli.version,
                service.url()
            ),
            environment,
            workspace,
            _service: Some(service),
        })
    }

    /// Prepares the fake agent, which replays what the real CLI wrote.
    fn of_recordings(home: &Path) -> Result<Self> {
        let version = fixtures::NEWEST_VERSION;
        let folders = RECORDINGS.map(|scenario| {
            fixtures::recording::recorded_folder()
                .join(version)
                .join(scenario)
        });
        for folder in &folders {
            ensure!(folder.is_dir(), "no recording at {}", folder.display());
        }
        // The service is never asked: nothing listens on the discard port.
        let mut environment = environment(home, fixtures::fake_agent(), "http://127.0.0.1:9");
        environment.insert(
            "FAKE_AGENT_REPLAY".into(),
            std::env::join_paths(folders).context("paths")?,
        );
        environment.insert("FAKE_AGENT_PACE".into(), "150ms".into());
        Ok(Self {
            introduction: format!("Amp {version}, replayed from recordings of the real CLI"),
            environment,
            workspace: workspace_in(home)?,
            _service: None,
        })
    }

    /// Runs one command as a user would see it.
    fn show(&self, arguments: &[&str]) -> Result<()> {
        let shown: Vec<String> = arguments
            .iter()
            .map(|argument| match argument.contains(' ') {
                true => format!("\"{argument}\""),
                false => (*argument).to_owned(),
            })
            .collect();
        say(format!("\n$ ampctl {}", shown.join(" ")));
        let mut context = Context::from_process()
            .in_directory(&self.workspace)
            .with_environment(self.environment.clone());
        let mut all = vec!["ampctl"];
        if !std::io::stdout().is_terminal() {
            // A pipe would get the last answer only; the demo shows what a person sees.
            let seen = || Terminal::with_columns(80);
            context = context
                .with_stdout(Output::new(std::io::stdout()).on_terminal(seen()))
                .with_stderr(Output::new(std::io::stdout()).on_terminal(seen()));
            all.extend(["--no-progress", "--color", "never"]);
        }
        all.extend(arguments);
        let code = amp_cli::run(all, &mut context);
        ensure!(
            code == ExitCode::Done,
            "`ampctl {}` ended with {code:?}",
            shown.join(" ")
        );
        Ok(())
    }
}

/// Makes the folder that the turns are about.
fn workspace_in(home: &Path) -> Result<PathBuf> {
    let workspace = home.join("project");
    std::fs::create_dir(&workspace).context("cannot make the project's folder")?;
    for (name, text) in [
        ("README.md", "# A small project\n"),
        ("main.rs", "fn main() {}\n"),
    ] {
        std::fs::write(workspace.join(name), text)
            .with_context(|| format!("cannot write {name}"))?;
    }
    Ok(workspace)
}

/// Returns an environment in which nothing of the maintainer's own is seen or touched.
pub(crate) fn environment(home: &Path, agent: &Path, service: &str) -> Environment {
    let kept = [
        "PATH",
        "TERM",
        "COLORTERM",
        "NO_COLOR",
        "LANG",
        "CI",
        "SystemRoot",
    ];
    let mut environment = machine::environment();
    environment.retain(|name, _| kept.iter().any(|kept| name == kept));
    let own: [(&str, &OsStr); 6] = [
        ("HOME", home.as_os_str()),
        ("USERPROFILE", home.as_os_str()),
        ("AMP_CLI_PATH", agent.as_os_str()),
        ("AMP_URL", service.as_ref()),
        ("AMP_API_KEY", "no-key-needed-here".as_ref()),
        ("AMP_SKIP_UPDATE_CHECK", "1".as_ref()),
    ];
    environment.extend(own.map(|(name, value)| (name.into(), value.to_owned())));
    environment
}
