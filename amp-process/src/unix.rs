//! Unix: pipes, and the start of a program in a process group of its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tokio::net::unix::pipe;

use crate::error::Error;
use crate::spec::ProcessSpec;

/// The environment of a program.
type Variables = BTreeMap<OsString, OsString>;

/// Our end of a pipe that the program writes to.
pub(crate) type OutputPipe = pipe::Receiver;
/// Our end of a pipe that the program reads from.
pub(crate) type InputPipe = pipe::Sender;

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

/// Returns how many bytes can be read from `pipe` without waiting.
///
/// `None` where that cannot be known.
pub(crate) fn buffered_bytes(pipe: &OutputPipe) -> Option<u64> {
    rustix::io::ioctl_fionread(pipe).ok()
}

/// Returns the variable of this name.
pub(crate) fn variable<'a>(environment: &'a Variables, name: &str) -> Option<&'a OsString> {
    environment.get(OsStr::new(name))
}

/// Returns the file to try for a program found in `PATH`, if one is there.
pub(crate) fn with_program_suffix(candidate: PathBuf, _: &Variables) -> Option<PathBuf> {
    candidate.is_file().then_some(candidate)
}

/// Returns whether anybody may execute the file.
pub(crate) fn is_executable(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}
