//! Windows: pipes, the start of a program in a job object, and what its errors mean.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;

use process_wrap::tokio::{CommandWrap, JobObject, KillOnDrop};
use tokio::io::AsyncRead;
use tokio::process::ChildStdin;

use crate::containment::{Containment, ContainmentKind, JobTree, StartFailure, TreeGuard};
use crate::{Deadlines, Error, ErrorKind, ProcessSpec, StdinSource, StopPolicy};

/// Our end of a pipe that the program writes to.
pub(crate) type OutputPipe = Pin<Box<dyn AsyncRead + Send>>;
/// Our end of a pipe that the program reads from.
pub(crate) type InputPipe = ChildStdin;

/// A program that was started, and our ends of its pipes.
pub(crate) struct Started {
    pub(crate) tree: TreeGuard,
    pub(crate) stdin: Option<InputPipe>,
    pub(crate) stdout: OutputPipe,
    pub(crate) stderr: OutputPipe,
}

/// Starts the program of `spec` in a job object of its own.
pub(crate) async fn start(spec: &ProcessSpec) -> Result<Started, Error> {
    if let Containment::Require(kind) = spec.containment
        && kind != ContainmentKind::Job
    {
        return Err(Error::unavailable(kind, "Windows has job objects alone"));
    }
    crate::program::check_working_directory(spec)?;
    let program = crate::program::resolve(spec)?;
    let stdin = match spec.stdin {
        StdinSource::Empty => Stdio::null(),
        _ => Stdio::piped(),
    };
    let mut command = CommandWrap::with_new(&program, |command| {
        command
            .args(&spec.arguments)
            .env_clear()
            .envs(&spec.environment)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(directory) = &spec.working_directory {
            command.current_dir(directory);
        }
    });
    // The job ends its processes when its last handle is closed, so it ends with the host too.
    command.wrap(KillOnDrop).wrap(JobObject);
    let mut child = command
        .spawn()
        .map_err(|source| Error::spawn(spec.program.clone(), program.exists(), source))?;
    let stdin = child.stdin().take();
    let stdout = child.stdout().take();
    let stderr = child.stderr().take();
    let mut tree = TreeGuard::new(JobTree::new(child));
    std::future::poll_fn(|context| tree.poll_started(context))
        .await
        .map_err(|failure| match failure {
            StartFailure::Program(source) => Error::spawn(program.clone(), true, source),
            StartFailure::Containment(reason) => Error::unavailable(ContainmentKind::Job, reason),
        })?;
    let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
        let missing = io::Error::from(io::ErrorKind::BrokenPipe);
        return Err(Error::io("open the program's pipes")(missing));
    };
    Ok(Started {
        tree,
        stdin,
        stdout: Box::pin(stdout),
        stderr: Box::pin(stderr),
    })
}

/// Returns the policy without its signal, for there are none: the time that a program would have to
/// obey it is time to exit on the end of its input.
pub(crate) fn without_signal(mut policy: StopPolicy, deadlines: &Deadlines) -> StopPolicy {
    if policy.signal.take().is_some() {
        policy.stdin_grace = policy.stdin_grace.saturating_add(deadlines.grace);
    }
    policy
}

/// Returns how many bytes can be read from `pipe` without waiting.
///
/// `None` where that cannot be known.
pub(crate) fn buffered_bytes(_: &OutputPipe) -> Option<u64> {
    None
}

/// Returns whether there are no handles or memory left.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    /// The process has no handle left.
    const TOO_MANY_OPEN_FILES: i32 = 4;
    error.kind() == io::ErrorKind::OutOfMemory || error.raw_os_error() == Some(TOO_MANY_OPEN_FILES)
}

/// Returns what an error of `CreateProcess` that std has no name for means.
pub(crate) fn spawn_error_kind(error: &io::Error) -> ErrorKind {
    /// The file is no program for this machine.
    const BAD_EXE_FORMAT: i32 = 193;
    /// The command line is longer than 32,767 characters.
    const FILENAME_EXCED_RANGE: i32 = 206;
    match error.raw_os_error() {
        Some(BAD_EXE_FORMAT) => ErrorKind::NotExecutable,
        Some(FILENAME_EXCED_RANGE) => ErrorKind::ArgumentsTooLong,
        _ => ErrorKind::Io,
    }
}

/// Returns the file to try for a program found in `PATH`, if one is there.
pub(crate) fn with_program_suffix(candidate: PathBuf) -> Option<PathBuf> {
    if candidate.is_file() {
        return Some(candidate);
    }
    let mut name = candidate.into_os_string();
    name.push(".exe");
    let candidate = PathBuf::from(name);
    candidate.is_file().then_some(candidate)
}

/// Returns whether the file may be executed; on Windows the attempt alone tells.
pub(crate) fn is_executable(file: &Path) -> bool {
    file.is_file()
}
