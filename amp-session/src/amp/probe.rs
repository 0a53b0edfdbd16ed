//! Asking an executable what it is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::{Deadlines, Exit, ProcessSpec};

use super::Amp;
use super::answers::{Answer, LONGEST_ANSWER};
use crate::dialect::{AgentMode, Dialect, Match, never_real};
use crate::environment::{self, Environment};
use crate::error::Error;
use crate::plain_text::{telling_line, without_escapes};
use crate::sandbox::{allowed_variables, question_sandbox};
use crate::settings::{DEFAULT_SERVICE_URL, ServiceAddress};
use crate::version::AmpVersion;

/// How long a question may take; measured answers take half a second to a second.
const TIMEOUT: Duration = Duration::from_secs(30);

impl Amp {
    /// Asks an executable for its version and, when that is not a measured one, for its help.
    ///
    /// Neither needs a key or a network.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be started, or does not answer like an Amp CLI.
    pub async fn probe(
        executable: impl Into<PathBuf>,
        environment: Environment,
    ) -> Result<Self, Error> {
        Self::new(executable, "")
            .with_environment(environment)
            .probed()
            .await
    }

    /// Asks the executable what it is, keeping everything else of this value.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be started, or does not answer like an Amp CLI.
    pub async fn probed(mut self) -> Result<Self, Error> {
        let answer = self.ask("--version").await?;
        self.version = AmpVersion::new(&answer);
        self.dialect = Dialect::for_version(&self.version);
        if matches!(self.dialect.matched(), Match::Exact | Match::Between) {
            return Ok(self);
        }
        let help = self.help().await?;
        if !help.contains("--stream-json") {
            let mut words = help.split(|character: char| {
                character.is_whitespace() || matches!(character, ',' | '=' | '<' | '[')
            });
            let documented = words.find_map(never_real);
            let documented = documented.map_or(String::new(), |reason| format!("; {reason}"));
            return Err(self.not_amp(format!("its help lists no --stream-json{documented}")));
        }
        Ok(self)
    }

    /// Returns the text of the executable's help, without terminal escapes.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be started, or prints none.
    pub async fn help(&self) -> Result<String, Error> {
        self.ask("--help").await
    }

    /// Returns the modes of this build and those that the executable's own help adds.
    ///
    /// # Errors
    ///
    /// Fails when the executable cannot be started, or prints no help.
    pub async fn discover_modes(&self) -> Result<Vec<AgentMode>, Error> {
        Ok(self.dialect.modes_with_help(&self.help().await?))
    }

    /// Returns what the executable prints when it is run with one flag, or has printed before.
    async fn ask(&self, flag: &str) -> Result<String, Error> {
        if self.question_sandbox.is_some() {
            return self.ask_offline(&[flag]).await;
        }
        let environment = self.environment.clone();
        self.answer(&[flag], environment, None).await
    }

    /// Returns what the executable prints, or has printed before, in a home of its own, where it
    /// finds neither settings nor a key, and with an address where no service is.
    pub(crate) async fn ask_offline(&self, arguments: &[&str]) -> Result<String, Error> {
        let home = tempfile::tempdir().map_err(Error::RunFiles)?;
        let mut environment = Environment::from(
            [
                ("AMP_URL", "http://127.0.0.1:9"),
                ("AMP_API_KEY", "offline"),
            ]
            .map(|(name, value)| (name.into(), value.into())),
        );
        // A JavaScript build finds `node` by it.
        if let Some((name, path)) = environment::entry(&self.environment, "PATH") {
            environment.insert(name.clone(), path.clone());
        }
        if let Some(config) = &self.question_sandbox {
            environment.extend(allowed_variables(config, &self.environment));
        }
        for name in ["HOME", "USERPROFILE"] {
            environment.insert(name.into(), home.path().into());
        }
        self.answer(arguments, environment, Some(home.path())).await
    }

    /// Returns what the executable prints to these arguments, or has printed before.
    async fn answer(
        &self,
        arguments: &[&str],
        environment: Environment,
        directory: Option<&Path>,
    ) -> Result<String, Error> {
        let question = arguments.join(" ");
        let mut spec = self.process(arguments, with_no_update(environment));
        let kept = self.kept(&question, &spec);
        if let Some(answer) = kept.as_ref().and_then(Answer::read) {
            return Ok(answer);
        }
        if let Some(directory) = directory {
            if let Some(config) = &self.question_sandbox {
                let programs = self.programs();
                let sandbox = question_sandbox(config, &programs, spec.environment(), directory);
                spec = spec.with_sandbox(sandbox);
            }
            spec = spec.with_working_directory(directory);
        }
        let (answer, exit) = self.question(spec, &question).await?;
        let answer = without_escapes(&answer);
        if answer.trim().is_empty() {
            let stderr = without_escapes(&exit.stderr().to_string());
            let complaint = telling_line(&stderr).or_else(|| stderr.trim().lines().next());
            let complaint = complaint.map_or(String::new(), |line| format!(": {line}"));
            let status = exit.status();
            return Err(self.not_amp(format!("{question} prints nothing ({status}){complaint}")));
        }
        if let Some(kept) = kept.filter(|_| exit.status().is_success()) {
            kept.keep(&answer);
        }
        Ok(answer)
    }

    /// Returns the place of what the file that would be executed answers to a question, where answers
    /// are kept.
    fn kept(&self, question: &str, spec: &ProcessSpec) -> Option<Answer> {
        // With arguments in front it is another program that answers.
        let folder = self.answers.as_deref();
        let folder = folder.filter(|_| self.leading_arguments.is_empty())?;
        Answer::of(folder, &spec.find_program().ok()?, question)
    }

    /// Asks the executable about itself; `question` names what it is asked.
    pub(super) async fn question(
        &self,
        spec: ProcessSpec,
        question: &str,
    ) -> Result<(String, Exit), Error> {
        let answer = self.run_to_end(spec, TIMEOUT, LONGEST_ANSWER).await?;
        let kilobytes = LONGEST_ANSWER / 1024;
        let too_long = || self.not_amp(format!("{question} prints more than {kilobytes} KiB"));
        answer.ok_or_else(too_long)
    }

    /// Runs the executable to its end; `None` when it has printed more than `longest` bytes.
    pub(super) async fn run_to_end(
        &self,
        spec: ProcessSpec,
        timeout: Duration,
        longest: usize,
    ) -> Result<Option<(String, Exit)>, Error> {
        let deadlines = Deadlines::default()
            .with_startup(Some(timeout))
            .with_total(Some(timeout));
        let spec = spec.with_deadlines(deadlines).with_max_line_bytes(longest);
        let failed = |source| Error::Process {
            executable: self.executable.clone(),
            source,
        };
        let mut process = spec.spawn().await.map_err(failed)?;
        let mut answer = String::new();
        while let Some(line) = process.next_line().await.map_err(failed)? {
            answer.push_str(&String::from_utf8_lossy(line.bytes()));
            answer.push('\n');
            if answer.len() > longest {
                process.kill().await;
                return Ok(None);
            }
        }
        let exit = process.finish().await;
        Ok(Some((answer, exit)))
    }

    /// Returns the environment in which Amp speaks with a service where no project names another.
    pub(super) fn environment_for(&self, service: &ServiceAddress) -> Environment {
        let mut environment = with_no_update(self.environment.clone());
        environment.remove(OsStr::new("AMP_PWD"));
        // The build of 2026-01-08 writes any address that it is given into the user's settings.
        if service.url != DEFAULT_SERVICE_URL {
            environment.insert("AMP_URL".into(), service.url.clone().into());
        }
        environment
    }

    pub(crate) fn not_amp(&self, reason: String) -> Error {
        Error::NotAmp {
            executable: self.executable.clone(),
            reason,
        }
    }
}

pub(super) fn with_no_update(mut environment: Environment) -> Environment {
    environment.insert("AMP_SKIP_UPDATE_CHECK".into(), "1".into());
    environment
}
