//! Everything a command learns from outside: environment, directory, streams, signals.

mod input;
mod output;
mod signals;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

pub use self::input::Input;
pub(crate) use self::input::read_at_most;
use self::output::USUAL_HEIGHT;
pub use self::output::{Captured, Output, Terminal};
pub(crate) use self::signals::{Listener, Requests, Signal, Signals, UserRequest};

/// Holds the world a command runs in.
///
/// Commands look at nothing else: no process environment, no global streams. Tests and the demo
/// construct a context of their own and read back what was written.
///
/// ```
/// use amp_cli::{Context, ExitCode, Output};
///
/// let (stdout, written) = Output::captured();
/// let mut context = Context::new("/").with_stdout(stdout);
/// let code = amp_cli::run(["ampctl", "--version"], &mut context);
/// assert_eq!(code, ExitCode::Done);
/// assert!(written.text().starts_with("ampctl "));
/// ```
#[derive(Debug)]
pub struct Context {
    pub(crate) environment: BTreeMap<OsString, OsString>,
    pub(crate) directory: PathBuf,
    pub(crate) stdin: Input,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    pub(crate) signals: Signals,
    /// What goes on besides, and ends before the program does.
    pub(crate) at_work: Vec<JoinHandle<()>>,
}

/// What contexts have in common of which several are in use at once: each has a folder of its own,
/// and no input, no output and no signals.
#[cfg(feature = "acp")]
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    environment: BTreeMap<OsString, OsString>,
    stderr: Output,
}

#[cfg(feature = "acp")]
impl Surroundings {
    /// Returns a context in a folder.
    pub(crate) fn context(&self, directory: impl Into<PathBuf>) -> Context {
        Context {
            environment: self.environment.clone(),
            stderr: self.stderr.clone(),
            ..Context::new(directory)
        }
    }
}

impl Context {
    /// Creates a context with an empty environment, empty input and discarded output.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            environment: BTreeMap::new(),
            directory: directory.into(),
            stdin: Input::empty(),
            stdout: Output::discarded(),
            stderr: Output::discarded(),
            signals: Signals::ignored(),
            at_work: Vec::new(),
        }
    }

    /// Creates the context of this process: its environment, directory, streams and signals.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment of the process"
    )]
    pub fn from_process() -> Self {
        let requests = Requests::default();
        Self {
            environment: std::env::vars_os().collect(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            stdin: Input::of_process(),
            stdout: Output::standard_output(requests.clone()),
            stderr: Output::standard_error(requests.clone()),
            signals: Signals::of_process(requests),
            at_work: Vec::new(),
        }
    }

    /// Replaces the directory that commands work in.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Replaces the environment.
    #[must_use]
    pub fn with_environment<Name, Value>(
        mut self,
        variables: impl IntoIterator<Item = (Name, Value)>,
    ) -> Self
    where
        Name: Into<OsString>,
        Value: Into<OsString>,
    {
        self.environment = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        self
    }

    /// Replaces standard input.
    #[must_use]
    pub fn with_stdin(mut self, stdin: Input) -> Self {
        self.stdin = stdin;
        self
    }

    /// Replaces standard output.
    #[must_use]
    pub fn with_stdout(mut self, stdout: Output) -> Self {
        self.stdout = stdout;
        self
    }

    /// Replaces standard error.
    #[must_use]
    pub fn with_stderr(mut self, stderr: Output) -> Self {
        self.stderr = stderr;
        self
    }

    /// Heeds `COLUMNS`, from now on and for every output that is a terminal.
    pub(crate) fn limit_columns(&mut self) {
        if let Some(columns) = self.columns_wanted() {
            self.stdout.limit_columns(columns);
            self.stderr.limit_columns(columns);
        }
    }

    /// Returns the columns to lay text out in that goes to standard output: the terminal's, or
    /// `otherwise` where nothing says how many there are.
    pub(crate) fn columns(&self, otherwise: u16) -> usize {
        let terminal = self.stdout.terminal().map(Terminal::columns);
        let columns = terminal.or_else(|| self.columns_wanted());
        columns.unwrap_or(otherwise).into()
    }

    /// Returns the rows of the terminal that standard output goes to, or those of a usual one.
    pub(crate) fn rows(&self) -> usize {
        let terminal = self.stdout.terminal();
        terminal.map_or(USUAL_HEIGHT, Terminal::rows).into()
    }

    fn columns_wanted(&self) -> Option<u16> {
        let columns = self.variable("COLUMNS")?.to_str()?.parse().ok()?;
        (columns > 0).then_some(columns)
    }

    /// Returns a variable; an empty one counts as absent, as it does for Amp.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|v| !v.is_empty())
    }

    /// Asks a person a question; anything but a yes is a no.
    ///
    /// # Errors
    /// Fails when the question cannot be written or its answer not be read.
    pub(crate) fn confirms(&mut self, question: &str) -> std::io::Result<bool> {
        write!(self.stderr, "{question} [y/N] ")?;
        self.stderr.flush()?;
        let answer = self.stdin.read_line()?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// Returns the environment for a program that has no business with the key.
    pub(crate) fn environment_without_key(&self) -> BTreeMap<OsString, OsString> {
        let mut environment = self.environment.clone();
        environment.remove(OsStr::new("AMP_API_KEY"));
        environment
    }

    /// Returns what it has in common with the contexts of work that goes on beside it.
    #[cfg(feature = "acp")]
    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings {
            environment: self.environment.clone(),
            stderr: self.stderr.clone(),
        }
    }

    /// Returns the path as seen from this context's directory.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }

    /// Returns the user's home directory.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        self.variable(name).map(PathBuf::from)
    }
}
