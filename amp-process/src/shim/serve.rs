//! The life of a shim, in its own process.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, WaitOptions};

use super::cleaner::Cleaner;
use super::confine::{self, Unconfined};
use super::namespace::Side;
use super::preparation::Preparation;
use super::protocol::{self, Order, Report};
use crate::containment::process_table;
use crate::exit::{ExitStatus, Survivor};
use crate::sandbox::linux::confinement::Confinement;
use crate::signal::Signal;

/// The pause between two rounds of killing; what forks faster is caught in the next round.
const ROUND: Duration = Duration::from_millis(1);

/// Runs `arguments` (the program, then its arguments) and returns the shim's own exit code.
pub(super) fn serve(arguments: Vec<OsString>) -> i32 {
    let told = protocol::fingerprint(arguments.iter().map(OsString::as_os_str));
    let mut arguments = arguments.into_iter().peekable();
    let is_probe = arguments
        .next_if(|first| first == protocol::PROBE)
        .is_some();
    let Some(preparation) = Preparation::decode(&mut arguments) else {
        return 2;
    };
    match preparation.enter() {
        Ok(Side::Inside) => {}
        Ok(Side::Outside(code)) => return code,
        Err(reason) if is_probe => return complain(&reason, 1),
        Err(reason) => return refuse(reason),
    }
    if is_probe {
        return answer_probe(&preparation);
    }
    let Some(program) = arguments.next() else {
        return 2;
    };
    let confinement = preparation.confinement.as_ref();
    let temporary = confinement.and_then(|told| told.temporary.clone());
    let _cleaner = temporary.map(Cleaner::of);
    match Shim::start(&program, arguments, confinement, told) {
        Ok(shim) => shim.reap(),
        // Without a host there is nobody to tell.
        Err(_) => 1,
    }
}

/// Confines itself as a trial, and returns the exit code that tells what came of it.
fn answer_probe(preparation: &Preparation) -> i32 {
    match preparation.try_out() {
        Ok(()) => protocol::PROBE_ANSWER,
        Err(Unconfined::NotSeparate(found)) => complain(&found, protocol::PROBE_NOT_SEPARATE),
        Err(Unconfined::Failed(reason)) => complain(&reason, protocol::PROBE_POWERLESS),
    }
}

/// Says why a trial has failed, and returns the exit code, which tells as well, if in fewer words.
fn complain(reason: &str, code: i32) -> i32 {
    let _ = writeln!(io::stderr(), "{reason}");
    code
}

/// Tells the host why the program is not started, and returns the shim's own exit code.
fn refuse(reason: String) -> i32 {
    if let Ok(control) = io::stdin().as_fd().try_clone_to_owned() {
        let control = UnixStream::from(control);
        // Without a host there is nobody to tell.
        let _ = protocol::receive_streams(&control);
        let _ = (&control).write_all(Report::Refused(reason).encode().as_bytes());
    }
    1
}

/// What both threads of a shim share.
struct Shim {
    control: UnixStream,
    leader: Mutex<Leader>,
}

/// The program. Locked while a signal is sent to it, so that it is not reaped meanwhile.
struct Leader {
    pid: Pid,
    reaped: bool,
}

impl Shim {
    /// Starts the program, and the thread that obeys the host.
    fn start(
        program: &OsString,
        arguments: impl Iterator<Item = OsString>,
        confinement: Option<&Confinement>,
        told: u64,
    ) -> io::Result<Arc<Self>> {
        let control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let (sent, [stdin, stdout, stderr]) = protocol::receive_streams(&control)?;
        let host = watch_host();
        // The shim must not hold what the program alone should hold.
        let nowhere = File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nowhere)?;
        rustix::stdio::dup2_stdout(&nowhere)?;
        rustix::stdio::dup2_stderr(&nowhere)?;
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let confined = match confinement {
            _ if sent != told => Err("what it was told was changed on the way".to_owned()),
            Some(confinement) => confine::apply(confinement, Some(control.as_fd()))
                .map_err(|unconfined| unconfined.to_string()),
            None => Ok(()),
        };
        if let Err(reason) = confined {
            (&control).write_all(Report::Refused(reason).encode().as_bytes())?;
            return Err(io::ErrorKind::Other.into());
        }
        let pid = match spawn(program, arguments, [stdin, stdout, stderr]) {
            Ok(pid) => pid,
            Err(error) => {
                let number = error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error());
                (&control).write_all(Report::Failed(number).encode().as_bytes())?;
                return Err(error);
            }
        };
        let shim = Arc::new(Self {
            control,
            leader: Mutex::new(Leader { pid, reaped: false }),
        });
        shim.report(&Report::Started(pid.as_raw_pid().unsigned_abs()));
        let obedient = Arc::clone(&shim);
        std::thread::Builder::new().spawn(move || obedient.obey(host.as_ref()))?;
        Ok(shim)
    }

    /// Reaps whatever ends, until there are no children left.
    fn reap(&self) -> i32 {
        loop {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            if let Err(Errno::CHILD) = rustix::process::waitid(WaitId::All, options) {
                break;
            }
            let mut leader = self.leader();
            let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) else {
                continue;
            };
            if pid == leader.pid {
                leader.reaped = true;
                let signal = status.terminating_signal().map(Signal::from_number);
                let code = status.exit_status().map(ExitStatus::Code);
                let end = code.or(signal.map(ExitStatus::Signal));
                self.report(&Report::Exited(end.unwrap_or(ExitStatus::Unknown)));
            }
        }
        self.report(&Report::Empty);
        0
    }

    /// Does what the host says until it says no more; then kills until the end of the shim.
    fn obey(&self, host: Option<&OwnedFd>) {
        let mut orders = BufReader::new(&self.control);
        let mut line = String::new();
        loop {
            if orders.buffer().is_empty() && host_is_gone(&self.control, host) {
                break;
            }
            line.clear();
            match orders
                .read_line(&mut line)
                .map(|_| Order::decode(line.trim_end()))
            {
                Ok(Some(Order::Signal(signal))) => self.signal(signal),
                // Anything else is the end of the host, or as good as.
                Ok(Some(Order::Kill) | None) | Err(_) => break,
            }
        }
        self.kill()
    }

    /// Sends a signal to the program's group, or to everybody once the program is gone.
    fn signal(&self, signal: Signal) {
        let Some(signal) = rustix::process::Signal::from_named_raw(signal.number()) else {
            return;
        };
        let leader = self.leader();
        // Whoever is gone by now has no need of the signal.
        if !leader.reaped {
            let _ = rustix::process::kill_process_group(leader.pid, signal);
            return;
        }
        for entry in process_table::descendants(rustix::process::getpid()) {
            process_table::send(entry.key, signal);
        }
    }

    /// Kills everybody, round after round, until the other thread ends the shim.
    fn kill(&self) -> ! {
        let mut reported = BTreeSet::new();
        loop {
            let leader = self.leader().pid.as_raw_pid();
            for entry in process_table::descendants(rustix::process::getpid()) {
                // Told first: with the last one gone, the other thread ends the shim.
                if entry.key.pid != leader && reported.insert(entry.key) {
                    let survivor = Survivor::new(entry.key.pid.unsigned_abs(), entry.name);
                    self.report(&Report::Killed(survivor));
                }
                process_table::send(entry.key, rustix::process::Signal::KILL);
            }
            std::thread::sleep(ROUND);
        }
    }

    fn report(&self, report: &Report) {
        // A host that is gone needs no reports, and one that does not read must not stop the shim.
        let flags = rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT;
        let _ = rustix::net::send(&self.control, report.encode().as_bytes(), flags);
    }

    fn leader(&self) -> MutexGuard<'_, Leader> {
        self.leader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the program as the leader of a group of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "the shim starts the program that it was asked for"
)]
fn spawn(
    program: &OsString,
    arguments: impl Iterator<Item = OsString>,
    [stdin, stdout, stderr]: [OwnedFd; 3],
) -> io::Result<Pid> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()?;
    Ok(Pid::from_child(&child))
}

/// Returns a descriptor that becomes readable when the host's process ends.
///
/// Unlike a parent-death signal it belongs to the process, not to one of its threads. Within a PID
/// namespace the host cannot be seen; there the namespace itself ends with the host.
fn watch_host() -> Option<OwnedFd> {
    let host = rustix::process::getppid()?;
    let pidfd = rustix::process::pidfd_open(host, PidfdFlags::empty()).ok()?;
    (rustix::process::getppid() == Some(host)).then_some(pidfd)
}

/// Waits for an order or for the end of the host; returns whether it was the end.
fn host_is_gone(control: &UnixStream, host: Option<&OwnedFd>) -> bool {
    let mut watched = vec![PollFd::new(control, PollFlags::IN)];
    watched.extend(host.map(|host| PollFd::new(host, PollFlags::IN)));
    loop {
        match poll(&mut watched, None) {
            Err(Errno::INTR) => {}
            Err(_) => return true,
            Ok(_) => {
                let gone = watched
                    .get(1)
                    .is_some_and(|host| !host.revents().is_empty());
                // An order that came before the end is still obeyed, and then the end is seen.
                return gone && watched[0].revents().is_empty();
            }
        }
    }
}
