//! Where a case is tried: a throw-away home, a project, and a command whose trace is looked for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(target_os = "linux")]
use amp_session::SandboxConfig;
use amp_session::{Amp, Outcome, SessionConfig, default_deadlines};
use anyhow::Result;
use fixtures::backend::{Backend, Options};
use fixtures::script::{Answer, Block, Script};

use crate::command;
use crate::installed_cli::InstalledCli;

/// The longest time for one run; the slowest takes about six seconds.
pub(super) const LIMIT: Duration = Duration::from_secs(40);

/// The prompt that makes the model run the command.
pub(super) const PROMPT: &str = "SCN:leave-a-trace";

/// A throw-away place with a stand-in for the service; everything in it is named from its root.
pub(super) struct Place {
    folder: tempfile::TempDir,
    backend: Backend,
    cli: InstalledCli,
}

impl Place {
    /// Makes a place in which the model runs the command that leaves a trace.
    pub(super) async fn create(cli: &InstalledCli) -> Result<Self> {
        Self::with(cli, |folder| {
            let trace = folder.join("trace");
            let call = Block::Shell(format!("echo ran > '{}'", trace.display()));
            let answer = |blocks| Answer {
                blocks,
                ..Answer::default()
            };
            Script {
                answers: vec![
                    answer(vec![call]),
                    answer(vec![Block::Text("It is done.".to_owned())]),
                ],
                ..Script::default()
            }
        })
        .await
    }

    /// Makes a place in which the model follows this script, told where the place is.
    pub(super) async fn with(
        cli: &InstalledCli,
        script: impl FnOnce(&Path) -> Script,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for name in ["home", "project"] {
            fs::create_dir(folder.path().join(name))?;
        }
        let options = Options::for_workspace(folder.path().join("project"))
            .with_script("leave-a-trace", script(folder.path()));
        Ok(Self {
            backend: Backend::start(options).await?,
            cli: cli.clone(),
            folder,
        })
    }

    pub(super) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Writes a file, and the folders that it needs.
    pub(super) fn write(&self, below: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.path(below);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, content)?)
    }

    /// The environment of a run with a key and, unless a case goes without it, the address of the
    /// stand-in.
    pub(super) fn environment(&self) -> BTreeMap<OsString, OsString> {
        let mut environment = self.cli.environment(&self.path("home"));
        environment.insert("AMP_API_KEY".into(), "fake".into());
        environment.insert("AMP_URL".into(), self.backend.url().into());
        environment
    }

    /// Returns a sandbox that reaches the stand-in.
    #[cfg(target_os = "linux")]
    pub(super) fn sandbox(&self) -> Result<SandboxConfig> {
        let service = self.backend.url();
        let service = service.trim_start_matches("http://").trim_end_matches('/');
        let mut sandbox = SandboxConfig::new();
        sandbox.hosts = vec![service.parse()?];
        Ok(sandbox)
    }

    /// Runs `ampctl`, played by this program, in the project, and waits for its end.
    #[cfg(target_os = "linux")]
    pub(super) async fn ampctl(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<command::Finished> {
        let spec = amp_process::ProcessSpec::new(std::env::current_exe()?)
            .with_argument("ampctl")
            .with_arguments(arguments)
            .with_environment(self.environment())
            .with_working_directory(self.path("project"));
        command::run(spec, LIMIT).await
    }

    /// Starts the CLI by itself.
    pub(super) async fn by_hand(
        &self,
        environment: BTreeMap<OsString, OsString>,
        directory: &Path,
        more: &[OsString],
    ) -> Result<String> {
        let spec = self
            .cli
            .spec(&self.path("home"))
            .with_environment(environment)
            .with_arguments([format!("--execute={PROMPT}").as_str(), "--stream-json"])
            .with_arguments(more)
            .with_working_directory(directory);
        // A build that reads its input waits for the end of it.
        let finished = command::run(spec, LIMIT).await?;
        Ok(self.trace().unwrap_or(
            match finished.stdout.contains(r#""type":"result""#) {
                true => "held",
                false => "no result",
            }
            .to_owned(),
        ))
    }

    /// Starts a run through `amp-session`.
    pub(super) async fn driven(
        &self,
        environment: BTreeMap<OsString, OsString>,
        config: SessionConfig,
    ) -> String {
        match (self.outcome(environment, config).await, self.trace()) {
            (_, Some(trace)) => trace,
            (Ok(outcome), None) if outcome.is_success() => "held".to_owned(),
            (Ok(outcome), None) => outcome.status.to_string(),
            (Err(error), None) => match error.kind() {
                amp_session::ErrorKind::Refused => "refused".to_owned(),
                _ => error.to_string(),
            },
        }
    }

    /// Runs a turn through `amp-session`.
    pub(super) async fn outcome(
        &self,
        environment: BTreeMap<OsString, OsString>,
        config: SessionConfig,
    ) -> Result<Outcome, amp_session::Error> {
        let deadlines = default_deadlines().with_total(Some(LIMIT));
        let amp =
            Amp::new(&self.cli.executable, self.cli.version.as_str()).with_environment(environment);
        let session = amp.start(config.with_deadlines(deadlines))?;
        Ok(session.prompt(PROMPT).await?.finish().await)
    }

    /// Says that the command ran, if it did, and takes its trace away.
    fn trace(&self) -> Option<String> {
        fs::remove_file(self.path("trace"))
            .is_ok()
            .then(|| "command ran".to_owned())
    }
}
