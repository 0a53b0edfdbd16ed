//! Unix: pipes, the start of a program, and what the errors of `execve` mean.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::io::Errno;
use tokio::net::unix::pipe;

use crate::containment::{self, TreeGuard};
use crate::host_signals;
use crate::{Error, ErrorKind, ProcessSpec, StdinSource};

/// Our end of a pipe that the program writes to.
pub(crate) type OutputPipe = pipe::Receiver;
/// Our end of a pipe that the program reads from.
pub(crate) type InputPipe = pipe::Sender;

/// The size of the pipe for standard output; the default of 64 KiB halves the throughput.
#[cfg(target_os = "linux")]
const STDOUT_PIPE_BYTES: usize = 256 * 1024;

/// A program that was started, and our ends of its pipes.
pub(crate) struct Started {
    pub(crate) tree: TreeGuard,
    pub(crate) stdin: Option<InputPipe>,
    pub(crate) stdout: OutputPipe,
    pub(crate) stderr: OutputPipe,
}

/// Starts the program of `spec` within the containment that it asks for.
pub(crate) async fn start(spec: &ProcessSpec) -> Result<Started, Error> {
    host_signals::hear_of_children()?;
    crate::program::check_working_directory(spec)?;
    let program = crate::program::resolve(spec)?;
    let (child_ends, stdin, stdout, stderr) =
        pipes(spec.stdin != StdinSource::Empty).map_err(Error::io("make pipes"))?;
    let launch = Launch {
        program,
        spec: spec.clone(),
        ends: child_ends,
    };
    let tree = containment::launch(launch).await?;
    Ok(Started {
        tree,
        stdin,
        stdout,
        stderr,
    })
}

/// A program that is ready to be started: resolved, with its ends of the pipes.
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) spec: ProcessSpec,
    pub(crate) ends: ChildEnds,
}

/// The program's ends of its pipes.
pub(crate) struct ChildEnds {
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

impl Launch {
    /// Returns the same launch once more, with descriptors of its own.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            program: self.program.clone(),
            spec: self.spec.clone(),
            ends: ChildEnds {
                stdin: self.ends.stdin.try_clone()?,
                stdout: self.ends.stdout.try_clone()?,
                stderr: self.ends.stderr.try_clone()?,
            },
        })
    }

    /// Starts the program itself, as the leader of a process group of its own.
    pub(crate) fn spawn(self) -> Result<Child, Error> {
        let mut command = command(&self.program, &self.spec);
        command
            .args(&self.spec.arguments)
            .stdin(self.ends.stdin)
            .stdout(self.ends.stdout)
            .stderr(self.ends.stderr);
        let child = command.spawn();
        child.map_err(|source| Error::spawn(self.spec.program, self.program.exists(), source))
    }
}

/// Returns a command for `program` in a process group of its own, with the environment and the
/// working directory of `spec`.
///
/// It has no `pre_exec`, so that std starts it without a fork, whatever memory the host uses.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where children are started"
)]
pub(crate) fn command(program: &Path, spec: &ProcessSpec) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(&spec.environment).process_group(0);
    if let Some(directory) = &spec.working_directory {
        command.current_dir(directory);
    }
    command
}

/// Makes the pipes: the program's ends, then our ends of its standard input, output and error.
fn pipes(piped_stdin: bool) -> io::Result<(ChildEnds, Option<InputPipe>, OutputPipe, OutputPipe)> {
    let (stdin, our_stdin) = if piped_stdin {
        let (read, write) = io::pipe()?;
        (read.into(), Some(InputPipe::from_owned_fd(write.into())?))
    } else {
        (File::open("/dev/null")?.into(), None)
    };
    let (our_stdout, stdout) = io::pipe()?;
    #[cfg(target_os = "linux")]
    {
        // Past the user's quota the pipe keeps its size and is merely slower.
        let _ = rustix::pipe::fcntl_setpipe_size(&stdout, STDOUT_PIPE_BYTES);
    }
    let (our_stderr, stderr) = io::pipe()?;
    let ends = ChildEnds {
        stdin,
        stdout: stdout.into(),
        stderr: stderr.into(),
    };
    Ok((
        ends,
        our_stdin,
        OutputPipe::from_owned_fd(our_stdout.into())?,
        OutputPipe::from_owned_fd(our_stderr.into())?,
    ))
}

/// Returns how many bytes can be read from `pipe` without waiting.
///
/// `None` where that cannot be known.
pub(crate) fn buffered_bytes(pipe: &OutputPipe) -> Option<u64> {
    rustix::io::ioctl_fionread(pipe).ok()
}

/// Returns whether there are no descriptors, processes or memory left.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno))
}

/// Returns what an error of `execve` that std has no name for means.
pub(crate) fn spawn_error_kind(error: &io::Error) -> ErrorKind {
    match Errno::from_io_error(error) {
        Some(Errno::NOEXEC) => ErrorKind::NotExecutable,
        _ => ErrorKind::Io,
    }
}

/// Returns the file to try for a program found in `PATH`, if one is there.
pub(crate) fn with_program_suffix(candidate: PathBuf) -> Option<PathBuf> {
    candidate.is_file().then_some(candidate)
}

/// Returns whether anybody may execute the file.
pub(crate) fn is_executable(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}
