//! An Amp CLI that is there: an executable, its version, what it understands.

mod answers;
mod login;
mod probe;
mod skills;
mod threads;

pub use login::Login;
pub use skills::Skill;
pub use threads::{ThreadList, ThreadSummary};

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use amp_process::{Containment, ProcessSpec};

use crate::capabilities::Capabilities;
use crate::dialect::Dialect;
use crate::environment::{Environment, NamesOf};
use crate::sandbox::SandboxConfig;
use crate::version::AmpVersion;

/// An Amp CLI to begin threads with, and to go on with them.
///
/// It is handed everything it uses: the executable, its version and the environment, which the
/// agent sees as it is and which is empty unless given. A JavaScript build needs `PATH` in it to
/// find `node`; every build needs `HOME`.
#[derive(Clone)]
pub struct Amp {
    executable: PathBuf,
    leading_arguments: Vec<OsString>,
    version: AmpVersion,
    dialect: Dialect,
    environment: Environment,
    containment: Containment,
    shim_program: Option<PathBuf>,
    answers: Option<PathBuf>,
    question_sandbox: Option<SandboxConfig>,
}

impl Amp {
    /// Takes an executable whose version is known; nothing is run.
    #[must_use]
    pub fn new(executable: impl Into<PathBuf>, version: impl Into<AmpVersion>) -> Self {
        let version = version.into();
        Self {
            executable: executable.into(),
            leading_arguments: Vec::new(),
            dialect: Dialect::for_version(&version),
            version,
            environment: Environment::new(),
            containment: Containment::default(),
            shim_program: None,
            answers: None,
            question_sandbox: None,
        }
    }

    /// Returns this Amp with the environment that the agent will see.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Returns this Amp with arguments in front of all others, such as a script for `node`.
    #[must_use]
    pub fn with_leading_arguments<I>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        self.leading_arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Returns this Amp with a containment of its process trees other than the strongest at hand.
    #[must_use]
    pub fn with_containment(mut self, containment: Containment) -> Self {
        self.containment = containment;
        self
    }

    /// Returns this Amp with another executable to serve as the process shim than the host's own.
    #[must_use]
    pub fn with_shim_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.shim_program = Some(program.into());
        self
    }

    /// Returns this Amp with a folder in which its answers about itself are kept.
    ///
    /// [`probed`](Self::probed), [`help`](Self::help) and [`discover_modes`](Self::discover_modes)
    /// then start a native executable only when its file was not asked before: its path, size,
    /// times and inode tell. A script is asked each time. The folder is made when it is needed;
    /// without it, or when it cannot be used, the executable is asked.
    #[must_use]
    pub fn with_answers_kept_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.answers = Some(folder.into());
        self
    }

    /// Returns this Amp with a sandbox for [`probed`](Self::probed) and the other questions about
    /// the executable itself; a turn has the one of its session.
    ///
    /// It sees the system, its own files and what the configuration lets it read, has a home of its
    /// own and the variables that the configuration names, and reaches nobody.
    #[must_use]
    pub fn with_questions_in_sandbox(mut self, sandbox: SandboxConfig) -> Self {
        self.question_sandbox = Some(sandbox);
        self
    }

    /// Returns the executable.
    #[must_use]
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Returns the arguments in front of all others.
    #[must_use]
    pub fn leading_arguments(&self) -> &[OsString] {
        &self.leading_arguments
    }

    /// Returns the version.
    #[must_use]
    pub fn version(&self) -> &AmpVersion {
        &self.version
    }

    /// Returns what this Amp understands.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Returns what this Amp can and cannot do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        Capabilities::of(&self.version, &self.dialect)
    }

    /// Returns the environment that the agent will see.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the paths of the executable and of what stands in front of its arguments.
    pub(crate) fn programs(&self) -> Vec<PathBuf> {
        let leading = self.leading_arguments.iter().map(PathBuf::from);
        let programs = [self.executable.clone()].into_iter().chain(leading);
        programs.filter(|path| path.is_absolute()).collect()
    }

    /// Describes a run of the executable with these arguments in this environment.
    pub(crate) fn process<I>(&self, arguments: I, environment: Environment) -> ProcessSpec
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let arguments = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned());
        let mut spec = ProcessSpec::new(&self.executable)
            .with_arguments(self.leading_arguments.iter().cloned())
            .with_arguments(arguments)
            .with_environment(environment)
            .with_containment(self.containment);
        if let Some(program) = &self.shim_program {
            spec = spec.with_shim_program(program);
        }
        spec
    }
}

/// Shows names of variables, never their values.
impl fmt::Debug for Amp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Amp")
            .field("executable", &self.executable)
            .field("leading_arguments", &self.leading_arguments)
            .field("version", &self.version)
            .field("dialect", &self.dialect)
            .field("environment", &NamesOf(&self.environment))
            .field("containment", &self.containment)
            .finish_non_exhaustive()
    }
}
