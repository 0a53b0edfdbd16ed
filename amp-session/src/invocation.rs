//! From what was asked to what is run: arguments, variables, standard input and files.
//!
//! [`invocation`] is a pure function of a [`Request`], so the whole command line of a turn can be
//! shown, tested and reasoned about without running anything.

mod checks;
mod overlay;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use amp_protocol::UserInput;
use serde_json::{Map, Value};

pub(crate) use checks::check_message;

use crate::config::{Executor, SessionConfig};
use crate::dialect::{Dialect, Feature};
use crate::environment::{Environment, NamesOf};
use crate::error::Error;
use crate::thread_id::ThreadId;
use crate::version::AmpVersion;

/// Everything that decides how a turn is run.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The version of the executable, for messages.
    pub version: &'a AmpVersion,
    /// What the executable understands.
    pub dialect: &'a Dialect,
    /// What the caller asked for.
    pub config: &'a SessionConfig,
    /// The thread to continue; a new one when absent.
    pub thread: Option<&'a ThreadId>,
    /// What is sent to the agent.
    pub input: Input<'a>,
    /// The settings that stand where `--settings-file` would replace them.
    pub base_settings: &'a Map<String, Value>,
    /// The folder that the run's files will be written to.
    pub run_folder: &'a Path,
}

/// What is sent to the agent.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Input<'a> {
    /// One prompt, complete before the start.
    Prompt(&'a str),
    /// One message that is more than text, complete before the start.
    Message(&'a UserInput),
    /// Messages that are written while the turn runs.
    Messages,
    /// The same, and this one is the first of them.
    FirstMessage(&'a UserInput),
}

impl Input<'_> {
    /// Tells whether it goes through `--stream-json-input`.
    fn is_stream(self) -> bool {
        !matches!(self, Self::Prompt(_))
    }
}

impl<'a> From<&'a UserInput> for Input<'a> {
    /// Text alone is a prompt, which every build takes.
    fn from(message: &'a UserInput) -> Self {
        match message.plain_text() {
            Some(text) => Self::Prompt(text),
            None => Self::Message(message),
        }
    }
}

/// The command line of one turn, and what goes with it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invocation {
    /// The arguments behind the executable.
    pub arguments: Vec<OsString>,
    /// Variables to set over the environment at hand; an empty value unsets one.
    pub variables: Environment,
    /// What the process reads.
    pub standard_input: StandardInput,
    /// Files to write, readable by this user only, before the start.
    pub files: Vec<RunFile>,
}

/// What the process reads on standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StandardInput {
    /// This text, then the end.
    Text(String),
    /// Lines, until the caller closes it.
    Lines,
}

/// A file of one run; it may hold secrets and is removed when the turn ends.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFile {
    /// Where it goes.
    pub path: PathBuf,
    /// What it holds.
    pub content: String,
}

/// Shows names of variables, never their values.
impl fmt::Debug for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Invocation")
            .field("arguments", &self.arguments)
            .field("variables", &NamesOf(&self.variables))
            .field("standard_input", &self.standard_input)
            .field("files", &self.files)
            .finish()
    }
}

/// Shows the place, never the content.
impl fmt::Debug for RunFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RunFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Turns a request into the command line of its dialect.
///
/// # Errors
///
/// Refuses options that the dialect lacks, naming the versions that have them, and values that no
/// version takes. Nothing is left out silently.
pub fn invocation(request: &Request<'_>) -> Result<Invocation, Error> {
    checks::check(request)?;
    let config = request.config;
    let mut builder = Builder {
        request,
        arguments: Vec::new(),
        files: Vec::new(),
    };
    if let Some(thread) = request.thread {
        builder
            .arguments
            .extend(["threads", "continue", thread.as_str()].map(OsString::from));
    }
    let standard_input = builder.input();
    builder.stream();
    builder.mode()?;
    builder.thread_options()?;
    builder.executor()?;
    builder.switch(config.dangerously_allow_all, Feature::DangerouslyAllowAll)?;
    builder.settings()?;
    builder.mcp_servers()?;
    builder.logs()?;
    let variables = builder.variables()?;
    builder
        .arguments
        .extend(config.extra_arguments.iter().cloned());
    Ok(Invocation {
        arguments: builder.arguments,
        variables,
        standard_input,
        files: builder.files,
    })
}

struct Builder<'a> {
    request: &'a Request<'a>,
    arguments: Vec<OsString>,
    files: Vec<RunFile>,
}

impl Builder<'_> {
    /// Puts a prompt on standard input, which every measured build takes: everybody on the machine
    /// can read the arguments of a process.
    fn input(&mut self) -> StandardInput {
        self.arguments.push("--execute".into());
        match self.request.input {
            Input::Prompt(prompt) => StandardInput::Text(prompt.to_owned()),
            Input::Message(message) => StandardInput::Text(message.to_line()),
            Input::Messages | Input::FirstMessage(_) => StandardInput::Lines,
        }
    }

    fn stream(&mut self) {
        self.arguments.push("--stream-json".into());
        if self.request.config.thinking {
            self.arguments.push("--stream-json-thinking".into());
        }
        if self.request.input.is_stream() {
            self.arguments.push("--stream-json-input".into());
        }
    }

    fn mode(&mut self) -> Result<(), Error> {
        let config = self.request.config;
        self.option(Feature::Mode, config.mode.as_deref())?;
        self.option(Feature::Model, config.model.as_deref())?;
        if self.request.dialect.supports(Feature::EffortOption) {
            self.option(Feature::EffortOption, config.reasoning_effort.as_deref())?;
        }
        Ok(())
    }

    fn thread_options(&mut self) -> Result<(), Error> {
        let config = self.request.config;
        let visibility = config
            .visibility
            .as_deref()
            .map(|value| self.visibility(value));
        self.option(Feature::Visibility, visibility)?;
        for label in &config.labels {
            self.option(Feature::Label, Some(label))?;
        }
        self.option(Feature::Title, config.title.as_deref())?;
        match config.archive {
            // Builds that have the second flag archive by default, the others never do.
            Some(true) if !self.supports(Feature::NoArchiveAfterExecute) => {
                self.switch(true, Feature::Archive)
            }
            Some(false) if self.supports(Feature::NoArchiveAfterExecute) => {
                self.switch(true, Feature::NoArchiveAfterExecute)
            }
            _ => Ok(()),
        }
    }

    /// The word of this dialect for a thread that anybody with the address can read.
    fn visibility<'v>(&self, value: &'v str) -> &'v str {
        let known = self.request.dialect.visibilities();
        match value {
            "public" | "unlisted" if !known.contains(&value) => {
                if value == "public" {
                    "unlisted"
                } else {
                    "public"
                }
            }
            other => other,
        }
    }

    fn executor(&mut self) -> Result<(), Error> {
        match &self.request.config.executor {
            Executor::Local => Ok(()),
            Executor::Orb { project } => {
                self.switch(true, Feature::OrbExecute)?;
                self.option(Feature::Project, project.as_deref())
            }
            Executor::Runner { id, directory } => {
                self.option(Feature::Executor, Some(&format!("runner:{id}")))?;
                self.path(Feature::RunnerDirectory, directory.as_deref())
            }
        }
    }

    fn settings(&mut self) -> Result<(), Error> {
        let Request {
            config,
            dialect,
            version,
            base_settings,
            run_folder,
            ..
        } = *self.request;
        match overlay::overlay(config, dialect, version, base_settings)? {
            Some(settings) => {
                let path = run_folder.join("settings.json");
                self.file(path.clone(), &Value::Object(settings));
                self.path(Feature::SettingsFile, Some(&path))
            }
            None => self.path(Feature::SettingsFile, config.settings_file.as_deref()),
        }
    }

    fn mcp_servers(&mut self) -> Result<(), Error> {
        let Request {
            config, run_folder, ..
        } = *self.request;
        if config.mcp_servers.is_empty() {
            return self.path(Feature::McpConfig, config.mcp_config_file.as_deref());
        }
        let path = run_folder.join("mcp.json");
        self.file(path.clone(), &Value::Object(config.mcp_servers.clone()));
        self.path(Feature::McpConfig, Some(&path))
    }

    /// Adds the options of the log as two words each: every build of 2026 takes `--log-file=FILE`
    /// without a word and writes no such file.
    fn logs(&mut self) -> Result<(), Error> {
        let config = self.request.config;
        let level = config.log_level.as_deref().map(Path::new);
        let options = [
            (Feature::LogLevel, level),
            (Feature::LogFile, config.log_file.as_deref()),
        ];
        for (feature, value) in options {
            let Some(value) = value else { continue };
            self.require(feature)?;
            if value.as_os_str().as_encoded_bytes().starts_with(b"-") {
                return Err(Error::InvalidOption {
                    option: feature.spelling(),
                    reason: "it begins with a dash".to_owned(),
                });
            }
            self.arguments.push(feature.spelling().into());
            self.arguments.push(value.into());
        }
        Ok(())
    }

    fn variables(&self) -> Result<Environment, Error> {
        let config = self.request.config;
        // A background update would replace the executable under a running turn.
        let mut variables = Environment::from([("AMP_SKIP_UPDATE_CHECK".into(), "1".into())]);
        if let Some(folder) = &config.toolbox {
            self.require(Feature::Toolbox)?;
            variables.insert("AMP_TOOLBOX".into(), folder.into());
        }
        variables.extend(config.environment.clone());
        Ok(variables)
    }

    fn file(&mut self, path: PathBuf, value: &Value) {
        self.files.push(RunFile {
            path,
            content: format!("{value:#}\n"),
        });
    }

    fn switch(&mut self, wanted: bool, feature: Feature) -> Result<(), Error> {
        if wanted {
            self.require(feature)?;
            self.arguments.push(feature.spelling().into());
        }
        Ok(())
    }

    fn option(&mut self, feature: Feature, value: Option<&str>) -> Result<(), Error> {
        self.path(feature, value.map(Path::new))
    }

    /// Adds `--flag=value`, the one form that takes any value in every build.
    fn path(&mut self, feature: Feature, value: Option<&Path>) -> Result<(), Error> {
        let Some(value) = value else { return Ok(()) };
        self.require(feature)?;
        let mut argument = OsString::from(feature.spelling());
        argument.push("=");
        argument.push(value);
        self.arguments.push(argument);
        Ok(())
    }

    fn supports(&self, feature: Feature) -> bool {
        self.request.dialect.supports(feature)
    }

    fn require(&self, feature: Feature) -> Result<(), Error> {
        self.request.dialect.require(self.request.version, feature)
    }
}
