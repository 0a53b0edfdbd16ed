//! What to run and how: the one thing a caller fills in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::containment::kind::Containment;
use crate::deadlines::{Deadlines, StopPolicy};
use crate::sandbox::request::Sandbox;

/// A program to run, with everything that decides how.
///
/// The environment starts *empty*: what the program shall see is what it is given.
#[derive(Clone)]
pub struct ProcessSpec {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: BTreeMap<OsString, OsString>,
    pub(crate) working_directory: Option<PathBuf>,
    pub(crate) stdin: StdinSource,
    pub(crate) deadlines: Deadlines,
    pub(crate) stop: StopPolicy,
    pub(crate) containment: Containment,
    pub(crate) sandbox: Option<Sandbox>,
    pub(crate) shim_program: Option<PathBuf>,
    pub(crate) max_line_bytes: usize,
}

/// Where standard input comes from.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StdinSource {
    /// Nowhere: the program reads the end at once.
    #[default]
    Empty,
    /// These bytes, then the end. They are written while lines are awaited, so a program that never
    /// reads them blocks nothing.
    Bytes(Vec<u8>),
    /// A [`StdinWriter`](crate::StdinWriter), see
    /// [`Process::take_stdin`](crate::Process::take_stdin).
    Piped,
}

/// The longest line in bytes, unless the caller says otherwise: 64 MiB.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

impl ProcessSpec {
    /// Describes a run of `program` without arguments, environment and input.
    ///
    /// A bare name is looked up in the `PATH` of the environment given to the program; a path with
    /// a separator is taken as it is, relative to the current directory of the *host*.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            working_directory: None,
            stdin: StdinSource::Empty,
            deadlines: Deadlines::default(),
            stop: StopPolicy::default(),
            containment: Containment::default(),
            sandbox: None,
            shim_program: None,
            max_line_bytes: MAX_LINE_BYTES,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn with_argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn with_arguments<I>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Replaces the environment.
    #[must_use]
    pub fn with_environment(mut self, environment: BTreeMap<OsString, OsString>) -> Self {
        self.environment = environment;
        self
    }

    /// Adds one environment entry.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets the working directory; the host's own unless set.
    #[must_use]
    pub fn with_working_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(directory.into());
        self
    }

    /// Sets where standard input comes from.
    #[must_use]
    pub fn with_stdin(mut self, stdin: StdinSource) -> Self {
        self.stdin = stdin;
        self
    }

    /// Sets how long each wait may last.
    #[must_use]
    pub fn with_deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Sets how the tree is asked to stop.
    #[must_use]
    pub fn with_stop_policy(mut self, stop: StopPolicy) -> Self {
        self.stop = stop;
        self
    }

    /// Sets what keeps the process tree together.
    #[must_use]
    pub fn with_containment(mut self, containment: Containment) -> Self {
        self.containment = containment;
        self
    }

    /// Sets what the program may reach; everything that the host may, unless set.
    ///
    /// A sandbox brings its containment with it: the namespace, where there is one.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: Sandbox) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// Names another executable to serve as the shim, in place of the host itself.
    ///
    /// Its `main` must call [`run_shim_if_requested`](crate::run_shim_if_requested). For hosts that
    /// do not own their `main`, such as a plug-in or a test.
    #[must_use]
    pub fn with_shim_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.shim_program = Some(program.into());
        self
    }

    /// Sets the longest line in bytes; of a longer one only so many are kept.
    #[must_use]
    pub fn with_max_line_bytes(mut self, max_line_bytes: usize) -> Self {
        self.max_line_bytes = max_line_bytes.max(1);
        self
    }

    /// Returns the program as it was given.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Returns the arguments.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// Returns the environment.
    pub fn environment(&self) -> &BTreeMap<OsString, OsString> {
        &self.environment
    }
}

/// Shows names of environment entries, never values, and the size of the input, never its text.
impl fmt::Debug for ProcessSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProcessSpec")
            .field("program", &self.program)
            .field("arguments", &self.arguments)
            .field("environment", &self.environment.keys().collect::<Vec<_>>())
            .field("working_directory", &self.working_directory)
            .field("stdin", &self.stdin)
            .field("deadlines", &self.deadlines)
            .field("stop", &self.stop)
            .field("containment", &self.containment)
            .field("sandbox", &self.sandbox)
            .field("max_line_bytes", &self.max_line_bytes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StdinSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("Empty"),
            Self::Bytes(bytes) => write!(formatter, "Bytes({} bytes)", bytes.len()),
            Self::Piped => formatter.write_str("Piped"),
        }
    }
}
