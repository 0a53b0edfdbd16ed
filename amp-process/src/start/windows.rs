//! Windows: starts the program in a job object of its own.

use std::io;
use std::process::Stdio;

use process_wrap::tokio::{CommandWrap, JobObject, KillOnDrop};

use crate::containment::guard::TreeGuard;
use crate::containment::job::JobTree;
use crate::containment::kind::{Containment, ContainmentKind};
use crate::containment::tree::StartFailure;
use crate::error::Error;
use crate::platform::{InputPipe, OutputPipe};
use crate::program;
use crate::sandbox::elsewhere;
use crate::spec::{ProcessSpec, StdinSource};

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
    if spec.sandbox.is_some() {
        return Err(elsewhere::unsupported());
    }
    program::check_working_directory(spec)?;
    let program = spec.find_program()?;
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
