//! Containment by the shim, alone or as the first process of a PID namespace: the host's side.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::process::Pid;

use super::kind::ContainmentKind;
use super::leader_watch::LeaderWatch;
use super::process_table::{self, ProcessKey};
use super::readiness::Readiness;
use super::tree::{Listeners, StartFailure, Sweep, Tree};
use crate::error::{Error, ErrorKind};
use crate::exit::{ExitStatus, Survivor};
use crate::platform::{self, Launch};
use crate::shim::protocol::{self, Order, Report};
use crate::signal::Signal;
use crate::spec::ProcessSpec;

/// How a shim is started: an executable and the arguments before those of the shim.
#[derive(Debug, Clone)]
pub(crate) struct ShimCommand {
    pub(crate) kind: ContainmentKind,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// What the shim does to itself first, as it is told by arguments.
    pub(crate) confinement: Vec<OsString>,
    /// What whoever makes the namespaces reads from its standard output.
    pub(crate) data: Option<Vec<u8>>,
}

impl ShimCommand {
    /// Returns how to start the shim in no namespace of its own, or why that cannot be.
    pub(crate) fn alone(spec: &ProcessSpec) -> Result<Self, String> {
        let program = match &spec.shim_program {
            Some(program) => program.clone(),
            // Still the same program when its file was replaced meanwhile.
            None if crate::shim::is_hooked() => PathBuf::from("/proc/self/exe"),
            None => return Err(NOT_HOOKED.to_owned()),
        };
        Ok(Self {
            kind: ContainmentKind::Shim,
            program,
            arguments: Vec::new(),
            confinement: Vec::new(),
            data: None,
        })
    }
}

/// Why there is no shim in a host that has not called the hook.
pub(crate) const NOT_HOOKED: &str = "the host's main does not call run_shim_if_requested";

/// How long a shim may take to empty the tree before the host does it as well.
const SHIM_TIMEOUT: Duration = Duration::from_millis(500);

/// How much of what a shim says on standard error is told, in bytes.
const COMPLAINT: usize = 2048;

/// A program below a shim.
#[derive(Debug)]
pub(crate) struct ShimTree {
    kind: ContainmentKind,
    /// The shim, or whoever has made its namespace and waits for it.
    child: Child,
    /// Waits for its end.
    over: LeaderWatch,
    /// Whether a sweep has found that it has ended.
    is_over: bool,
    /// What it writes on standard error before the program runs.
    complaint: File,
    control: UnixStream,
    readiness: Readiness,
    /// Bytes of a report that is not complete yet.
    partial: Vec<u8>,
    /// Descriptors whose report is not complete yet.
    descriptors: Vec<OwnedFd>,
    closed: bool,
    /// When the shim was told to kill.
    ordered: Option<Instant>,
    state: State,
}

/// What the shim has reported.
#[derive(Debug, Default)]
struct State {
    leader: Option<u32>,
    /// The program and those below it, to be found again should the shim itself be killed.
    seen: BTreeMap<ProcessKey, String>,
    failure: Option<i32>,
    refusal: Option<String>,
    status: Option<ExitStatus>,
    found: Vec<Survivor>,
    empty: bool,
    /// Listeners that have come before the program was started, by their positions.
    listeners: Listeners,
}

impl ShimTree {
    /// Starts a shim for the program of `launch`.
    pub(crate) fn start(command: &ShimCommand, launch: &Launch) -> Result<Self, Error> {
        let (ours, theirs) = UnixStream::pair().map_err(Error::io("make a control socket"))?;
        let ends = &launch.ends;
        let complaint = in_memory(&[]).map_err(Error::io("make a file in memory"))?;
        let stderr = complaint.try_clone();
        let stderr = stderr.map_err(Error::io("share a file in memory"))?;
        let stdout = match &command.data {
            Some(data) => in_memory(data)
                .map_err(Error::io("make a file in memory"))?
                .into(),
            None => Stdio::null(),
        };
        let orders = command.confinement.iter().map(OsString::as_os_str);
        let orders = orders.chain([launch.program.as_os_str()]);
        let orders = orders.chain(launch.spec.arguments.iter().map(OsString::as_os_str));
        let mut shim = platform::command(&command.program, &launch.spec);
        shim.args(&command.arguments)
            .arg(protocol::REQUEST)
            .args(orders.clone())
            .stdin(OwnedFd::from(theirs))
            .stdout(stdout)
            .stderr(stderr);
        let spawned = shim.spawn();
        drop(shim);
        let child = spawned.map_err(|source| {
            let error = Error::spawn(launch.spec.program.clone(), true, source);
            match error.kind() {
                // These are about the program's arguments and the host's limits, not the shim.
                ErrorKind::InvalidArgument
                | ErrorKind::ArgumentsTooLong
                | ErrorKind::ResourceExhausted => error,
                _ => Error::unavailable(
                    command.kind,
                    format!("{} cannot be started", command.program.display()),
                ),
            }
        })?;
        let readiness = ours
            .try_clone()
            .map(|control| Readiness::new(control.into()));
        let prepared = readiness.and_then(|readiness| {
            let streams = [&ends.stdin, &ends.stdout, &ends.stderr].map(AsFd::as_fd);
            match protocol::send_streams(&ours, protocol::fingerprint(orders), streams) {
                // It has ended already, which whoever waits for its reports is told.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                sent => sent?,
            }
            ours.set_nonblocking(true)?;
            Ok(readiness)
        });
        // Without its streams the shim ends when the socket is closed, which the error does.
        let readiness = prepared.map_err(Error::io("talk to the shim"))?;
        Ok(Self {
            kind: command.kind,
            over: LeaderWatch::new(Pid::from_child(&child)),
            is_over: false,
            child,
            complaint,
            control: ours,
            readiness,
            partial: Vec::new(),
            descriptors: Vec::new(),
            closed: false,
            ordered: None,
            state: State::default(),
        })
    }

    /// Takes in every report that is there.
    fn listen(&mut self) {
        let mut chunk = [0; 1024];
        while !self.closed {
            match protocol::receive_reports(&self.control, &mut chunk) {
                Ok((0, _)) => self.closed = true,
                Ok((count, descriptors)) => {
                    self.partial.extend_from_slice(&chunk[..count]);
                    self.descriptors.extend(descriptors);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => self.closed = true,
            }
        }
        while let Some(newline) = memchr::memchr(b'\n', &self.partial) {
            let line: Vec<u8> = self.partial.drain(..=newline).collect();
            let line = String::from_utf8_lossy(&line[..newline]);
            match Report::decode(&line) {
                // Once the program runs, nobody in the sandbox has anything to hand out.
                Some(Report::Listening(positions)) if self.state.leader.is_none() => {
                    let descriptors = std::mem::take(&mut self.descriptors);
                    self.state.listeners = positions.into_iter().zip(descriptors).collect();
                }
                Some(report) => self.state.note(report, self.kind),
                None => {}
            }
        }
        if self.state.leader.is_some() {
            self.descriptors.clear();
        }
        if self.closed && self.state.status.is_none() {
            self.state.status = Some(ExitStatus::Unknown);
        }
        if self.closed && self.state.leader.is_none() && self.state.refusal.is_none() {
            self.state.refusal = Some(self.ended_at_once());
        }
    }

    /// Says why a shim has ended before it could start the program.
    fn ended_at_once(&self) -> String {
        let mut complaint = [0; COMPLAINT];
        let count = self.complaint.read_at(&mut complaint, 0).unwrap_or(0);
        let complaint = String::from_utf8_lossy(&complaint[..count]);
        match complaint.trim() {
            "" => "the shim ended at once".to_owned(),
            complaint => complaint.to_owned(),
        }
    }

    fn order(&self, order: &Order) -> io::Result<()> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        rustix::net::send(&self.control, order.encode().as_bytes(), flags)?;
        Ok(())
    }

    /// Waits until `attempt` finds its answer in what the shim has reported.
    fn poll_state<R>(
        &mut self,
        context: &mut Context<'_>,
        attempt: impl Fn(&State) -> Option<R>,
    ) -> Poll<io::Result<R>> {
        self.listen();
        if let Some(answer) = attempt(&self.state) {
            return Poll::Ready(Ok(answer));
        }
        let mut readiness = std::mem::replace(&mut self.readiness, Readiness::Failed);
        let answer = readiness.poll(context, || {
            self.listen();
            Ok(attempt(&self.state))
        });
        self.readiness = readiness;
        answer
    }

    /// Does the work of a shim that does not get on with it, because it was stopped for instance.
    ///
    /// Everybody still descends from it, so nobody is missed. When nobody is left, it goes too.
    fn sweep_for_the_shim(&mut self) -> Vec<Survivor> {
        let below = process_table::descendants(Pid::from_child(&self.child));
        if below.is_empty() {
            // An error means that it is over, which the next sweep sees.
            let _ = self.child.kill();
        }
        for entry in &below {
            process_table::send(entry.key, rustix::process::Signal::KILL);
        }
        let name =
            |entry: process_table::Entry| Survivor::new(entry.key.pid.unsigned_abs(), entry.name);
        below.into_iter().map(name).collect()
    }

    /// Kills what a shim that was killed itself has left behind, as far as it can be found.
    fn sweep_orphans(&mut self) -> Vec<Survivor> {
        let leader = self
            .state
            .leader
            .and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let (Some(leader), ContainmentKind::Shim) = (leader, self.kind) else {
            return Vec::new();
        };
        let orphans = process_table::tree(leader, &self.state.seen);
        // The leader's zombie is not ours, so its id may belong to somebody else by now.
        let known = |key| self.state.seen.contains_key(key);
        if !orphans.iter().any(|orphan| known(&orphan.key)) {
            return Vec::new();
        }
        for orphan in &orphans {
            process_table::send(orphan.key, rustix::process::Signal::KILL);
        }
        let named = orphans.iter().map(|orphan| {
            let pid = orphan.key.pid.unsigned_abs();
            Survivor::new(pid, orphan.name.clone())
        });
        let named = named.collect();
        let seen = orphans.into_iter().map(|orphan| (orphan.key, orphan.name));
        self.state.seen = seen.collect();
        named
    }
}

impl State {
    fn note(&mut self, report: Report, kind: ContainmentKind) {
        match report {
            Report::Started(pid) => {
                self.leader = Some(pid);
                if kind == ContainmentKind::Shim {
                    let entry = process_table::read_one(pid.cast_signed());
                    self.seen.extend(entry.map(|entry| (entry.key, entry.name)));
                }
            }
            Report::Failed(error) => self.failure = Some(error),
            Report::Refused(reason) => self.refusal = Some(reason),
            Report::Listening(_) => {}
            Report::Exited(status) => self.status = Some(status),
            Report::Killed(survivor) => self.found.push(survivor),
            Report::Empty => self.empty = true,
        }
    }
}

impl Tree for ShimTree {
    fn kind(&self) -> ContainmentKind {
        self.kind
    }

    fn poll_started(&mut self, context: &mut Context<'_>) -> Poll<Result<u32, StartFailure>> {
        let started = self.poll_state(context, |state| match state {
            State {
                failure: Some(error),
                ..
            } => {
                let error = io::Error::from_raw_os_error(*error);
                Some(Err(StartFailure::Program(error)))
            }
            State {
                refusal: Some(reason),
                ..
            } => Some(Err(StartFailure::Containment(reason.clone()))),
            State {
                leader: Some(pid), ..
            } => Some(Ok(*pid)),
            _ => None,
        });
        started.map(|started| {
            started.unwrap_or_else(|error| Err(StartFailure::Containment(error.to_string())))
        })
    }

    fn poll_leader(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        self.poll_state(context, |state| state.status)
    }

    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Self { over, child, .. } = self;
        // What is alive after its end is found by sweeps alone.
        if self.is_over {
            return Poll::Pending;
        }
        let status = || {
            let status = child.try_wait()?;
            Ok(status.map(|_| ExitStatus::Unknown))
        };
        match over.poll(context, status) {
            Poll::Ready(Ok(_)) => Poll::Ready(()),
            // Sweeps find its end as well, if later.
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        self.order(&Order::Signal(signal))
    }

    fn take_listeners(&mut self) -> Listeners {
        std::mem::take(&mut self.state.listeners)
    }

    fn sweep(&mut self) -> Sweep {
        if self.ordered.is_none() {
            // A shim that is gone needs no order.
            let _ = self.order(&Order::Kill);
        }
        let since = *self.ordered.get_or_insert_with(Instant::now);
        let ended = self.child.try_wait();
        let over = matches!(ended, Ok(Some(_)) | Err(_));
        self.is_over = over;
        // Whoever has made a namespace and was killed has not waited for its end.
        let waited = ended.is_ok_and(|status| status.is_some_and(|status| status.code().is_some()));
        self.listen();
        let mut alive = self.state.found.clone();
        if over && !self.state.empty {
            alive.extend(self.sweep_orphans());
        } else if !over && since.elapsed() > SHIM_TIMEOUT {
            alive.extend(self.sweep_for_the_shim());
        }
        let silent = self.state.empty || self.closed;
        let empty = over && silent && alive.len() == self.state.found.len();
        Sweep {
            empty,
            // With its first process a namespace is gone; a shim that was killed proves nothing.
            proven: empty
                && (self.state.empty || waited && self.kind == ContainmentKind::Namespace),
            alive,
            status: self.state.status,
        }
    }
}

/// Returns a file without a name that holds `data`, to be read from its beginning.
fn in_memory(data: &[u8]) -> io::Result<File> {
    let file = rustix::fs::memfd_create("amp-process", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = File::from(file);
    file.write_all(data)?;
    file.rewind()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::os::fd::OwnedFd;
    use std::task::Poll;
    use std::time::Duration;

    use super::{ContainmentKind, File, Launch, ProcessSpec, ShimCommand, ShimTree, Tree};
    use crate::platform::ChildEnds;

    fn nowhere() -> OwnedFd {
        File::open("/dev/null").unwrap().into()
    }

    /// A shim that ends by itself.
    fn short() -> ShimTree {
        let command = ShimCommand {
            kind: ContainmentKind::Shim,
            program: "/bin/true".into(),
            arguments: Vec::new(),
            confinement: Vec::new(),
            data: None,
        };
        let launch = Launch {
            program: "/bin/true".into(),
            spec: ProcessSpec::new("/bin/true"),
            ends: ChildEnds {
                stdin: nowhere(),
                stdout: nowhere(),
                stderr: nowhere(),
            },
        };
        ShimTree::start(&command, &launch).unwrap()
    }

    #[tokio::test]
    async fn the_end_of_a_shim_is_told_when_it_comes_and_not_after_a_sweep_has_seen_it() {
        let mut tree = short();
        let over = poll_fn(|context| tree.poll_over(context));
        let told = tokio::time::timeout(Duration::from_secs(60), over).await;
        assert_eq!(told, Ok(()));
        assert!(tree.sweep().empty);
        let again = poll_fn(|context| Poll::Ready(tree.poll_over(context))).await;
        assert!(again.is_pending());
    }
}
