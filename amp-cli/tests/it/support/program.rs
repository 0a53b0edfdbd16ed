//! Runs the real `ampctl` program.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::World;

/// How long a process may take to do what a test waits for.
const PROCESS_LIMIT: Duration = Duration::from_secs(30);

const AMPCTL: &str = env!("CARGO_BIN_EXE_ampctl");

/// Represents a running `ampctl` with its output in pipes; killed when the test is over.
pub(crate) struct Program {
    child: Child,
    /// Where it runs; gone after it.
    world: World,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<ChildStderr>,
}

impl Program {
    /// Starts `ampctl` in a world.
    #[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
    pub(crate) fn start(world: World, arguments: &[&str]) -> Self {
        Self::start_by(Command::new(AMPCTL), world, arguments)
    }

    /// Starts it as a parent does that ignores what becomes of its children.
    #[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
    pub(crate) fn start_by_deaf_parent(world: World, arguments: &[&str]) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' CHLD && exec \"$@\"", "sh", AMPCTL]);
        Self::start_by(shell, world, arguments)
    }

    /// Starts it with a file open under the number 7.
    #[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
    pub(crate) fn start_with_descriptor_7(world: World, file: &Path, arguments: &[&str]) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "exec \"$@\" 7>>\"$0\""])
            .arg(file)
            .arg(AMPCTL);
        Self::start_by(shell, world, arguments)
    }

    /// Starts `ampctl` as a shell with job control does: in a process group of its own, so that it
    /// can be suspended.
    #[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
    pub(crate) fn start_as_job(world: World, arguments: &[&str]) -> Self {
        let mut command = Command::new(AMPCTL);
        command.process_group(0);
        Self::start_by(command, world, arguments)
    }

    fn start_by(mut command: Command, world: World, arguments: &[&str]) -> Self {
        let mut child = command
            .args(arguments)
            .env_clear()
            .envs(world.environment())
            .current_dir(world.project())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ampctl starts");
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = child.stderr.take();
        Self {
            child,
            world,
            stdout,
            stderr,
        }
    }

    /// Waits for a line of standard output that contains a text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let stdout = self.stdout.as_mut().expect("an open pipe");
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            let count = stdout.read_line(&mut line).expect("lines of text");
            assert!(count > 0, "ampctl ended before it wrote {text:?}");
        }
    }

    /// Waits until so many bytes of standard output wait for a reader.
    pub(crate) fn wait_until_unread(&self, bytes: u64) {
        let pipe = self.stdout.as_ref().expect("an open pipe").get_ref();
        let deadline = Instant::now() + PROCESS_LIMIT;
        while rustix::io::ioctl_fionread(pipe).expect("a pipe") < bytes {
            assert!(Instant::now() < deadline, "the pipe does not fill");
            std::thread::yield_now();
        }
    }

    /// Closes standard output, as `head` does when it has seen enough.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Reads standard output to its end.
    pub(crate) fn read_stdout(&mut self) -> String {
        let mut text = String::new();
        let stdout = self.stdout.as_mut().expect("an open pipe");
        stdout.read_to_string(&mut text).expect("UTF-8");
        text
    }

    /// Sends a signal to `ampctl` alone.
    pub(crate) fn signal(&self, signal: Signal) {
        send(self.child.id(), signal);
    }

    /// Returns the process id of `ampctl`.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns where it runs.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Waits for the end and returns the exit status and standard error.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        self.wait_for_end()
    }

    /// As [`Program::wait`], for a test that looks at the world afterwards.
    pub(crate) fn wait_for_end(&mut self) -> (ExitStatus, String) {
        wait_until_gone(self.child.id());
        let status = self
            .child
            .try_wait()
            .expect("a process")
            .expect("an exit status");
        let mut text = String::new();
        let stderr = self.stderr.as_mut().expect("an open pipe");
        stderr.read_to_string(&mut text).expect("UTF-8");
        (status, text)
    }
}

/// Sends a signal to a process.
pub(crate) fn send(id: u32, signal: Signal) {
    kill_process(process_id(id), signal).expect("a process");
}

/// Waits until a process has exited.
pub(crate) fn wait_until_gone(id: u32) {
    let flags = PidfdFlags::empty();
    let process = match pidfd_open(process_id(id), flags) {
        Ok(process) => process,
        Err(error) => return assert_eq!(error, Errno::SRCH),
    };
    let deadline = Timespec::try_from(PROCESS_LIMIT).expect("a short time");
    let mut exits = [PollFd::new(&process, PollFlags::IN)];
    let ended = poll(&mut exits, Some(&deadline)).expect("a wait");
    assert_eq!(ended, 1, "process {id} did not end");
}

fn process_id(id: u32) -> Pid {
    i32::try_from(id)
        .ok()
        .and_then(Pid::from_raw)
        .expect("a process id")
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the command lines of all processes that were started in a world: its home folder is in
/// their environment.
pub(crate) fn processes_in(world: &World) -> Vec<String> {
    let home = format!("HOME={}\0", world.home().display());
    let read = |id: u32, file: &str| {
        let bytes = std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    process_ids()
        .filter(|id| read(*id, "environ").contains(&home))
        .map(|id| read(id, "cmdline").replace('\0', " "))
        .filter(|command| !command.is_empty())
        .collect()
}

/// Waits until no process of a world is left.
pub(crate) fn wait_until_none(world: &World) {
    let deadline = Instant::now() + PROCESS_LIMIT;
    while !processes_in(world).is_empty() {
        assert!(Instant::now() < deadline, "{:?} stay", processes_in(world));
        std::thread::yield_now();
    }
}

/// Waits until no process of a world has a command line that contains a text.
pub(crate) fn wait_until_no_process(world: &World, text: &str) {
    let deadline = Instant::now() + PROCESS_LIMIT;
    while processes_in(world).iter().any(|line| line.contains(text)) {
        assert!(Instant::now() < deadline, "{text} stays");
        std::thread::yield_now();
    }
}

/// Waits until a process of a world has a command line that contains a text.
pub(crate) fn wait_for_process(world: &World, text: &str) {
    let deadline = Instant::now() + PROCESS_LIMIT;
    while !processes_in(world).iter().any(|line| line.contains(text)) {
        assert!(Instant::now() < deadline, "no {text} was started");
        std::thread::yield_now();
    }
}

fn process_ids() -> impl Iterator<Item = u32> {
    let processes = std::fs::read_dir("/proc").expect("a process table");
    processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Returns the process ids of the fake agents of one test, found by a word in their arguments.
pub(crate) fn agents_marked(mark: &str) -> Vec<u32> {
    let is_agent = |id: &u32| {
        let path = format!("/proc/{id}/cmdline");
        let arguments = std::fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&arguments);
        text.contains("fake-agent") && text.contains(mark)
    };
    process_ids().filter(is_agent).collect()
}

/// Waits until so many of the processes are suspended.
pub(crate) fn wait_until_suspended(ids: &[u32], count: usize) {
    let deadline = Instant::now() + PROCESS_LIMIT;
    let is_suspended = |id: &&u32| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("a process");
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('T'))
    };
    while ids.iter().filter(is_suspended).count() != count {
        assert!(
            Instant::now() < deadline,
            "of {ids:?} not {count} are suspended"
        );
        std::thread::yield_now();
    }
}
