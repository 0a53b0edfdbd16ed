//! Unix: makes the pipes, and starts the program in its containment.

use std::fs::File;
use std::io;

use crate::containment::guard::TreeGuard;
use crate::containment::launch::launch;
use crate::error::Error;
use crate::host_signals;
use crate::platform::{ChildEnds, InputPipe, Launch, OutputPipe};
use crate::program;
use crate::spec::{ProcessSpec, StdinSource};

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
    program::check_working_directory(spec)?;
    let program = spec.find_program()?;
    let (child_ends, stdin, stdout, stderr) =
        pipes(spec.stdin != StdinSource::Empty).map_err(Error::io("make pipes"))?;
    let plan = Launch {
        program,
        spec: spec.clone(),
        ends: child_ends,
    };
    let tree = match launch(plan).await {
        // Whoever makes the sandbox says on standard error why it cannot be made.
        Err(Error::Sandbox { reason, layers }) => {
            return Err(Error::sandbox(reason + &complaint(&stderr), layers));
        }
        launched => launched?,
    };
    Ok(Started {
        tree,
        stdin,
        stdout,
        stderr,
    })
}

/// Returns what is on a standard error that nobody has read yet, as the end of a sentence.
fn complaint(stderr: &OutputPipe) -> String {
    let mut said = [0; 1024];
    let count = stderr.try_read(&mut said).unwrap_or_default();
    let said = String::from_utf8_lossy(&said[..count]);
    match said.lines().next() {
        Some(line) => format!(" ({})", line.trim()),
        None => String::new(),
    }
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
