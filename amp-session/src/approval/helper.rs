//! The helper: the host's executable, started by the CLI to decide about one tool call.
//!
//! It exits with 0 for a yes that the host has said, and with 2 and a reason on standard error for
//! everything else; never with 1, which some builds take for "ask". It reads its standard input to
//! the end first, because the CLI does not survive a helper that closes it early.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::approver::Approval;
use crate::error::Error;

/// Whether the host has called the hook, and so can be started again as the helper.
static HOOKED: AtomicBool = AtomicBool::new(false);

/// Becomes the process shim or the approval helper if this process was started as one of them.
///
/// Call it first thing in `main`, before anything reads arguments or starts threads. It does what
/// [`process::run_shim_if_requested`](amp_process::run_shim_if_requested) does and, for sessions
/// with an [`Approval`], what the CLI starts this executable for. Otherwise it returns.
///
/// ```no_run
/// amp_session::run_helper_if_requested();
/// // … and only then the rest of `main`.
/// ```
#[cfg_attr(
    target_os = "linux",
    expect(
        clippy::disallowed_methods,
        reason = "the helper is a process of its own, and the host's main must not run in it"
    )
)]
pub fn run_helper_if_requested() {
    HOOKED.store(true, Ordering::Release);
    #[cfg(target_os = "linux")]
    if let Some(call) = linux::Call::requested() {
        std::process::exit(linux::serve(&call));
    }
    amp_process::run_shim_if_requested();
}

/// Returns the executable that the CLI shall start as the helper, by its path without links.
pub(crate) fn program(approval: &Approval) -> Result<PathBuf, Error> {
    if cfg!(not(target_os = "linux")) {
        return Err(refused(
            "only Linux tells a host who asks on its socket".to_owned(),
        ));
    }
    let program = match approval.helper_program() {
        Some(program) => program
            .canonicalize()
            .map_err(|error| refused(format!("{}: {error}", program.display())))?,
        None if HOOKED.load(Ordering::Acquire) => {
            let program = std::env::current_exe();
            program.map_err(|error| refused(format!("this program has no path: {error}")))?
        }
        None => {
            return Err(refused(
                "this program does not call `run_helper_if_requested` in its main".to_owned(),
            ));
        }
    };
    match is_executable(&program) {
        true => Ok(program),
        false => Err(refused(format!(
            "{} cannot be started as the helper",
            program.display()
        ))),
    }
}

fn is_executable(program: &Path) -> bool {
    let metadata = std::fs::metadata(program)
        .ok()
        .filter(std::fs::Metadata::is_file);
    #[cfg(unix)]
    let metadata = metadata
        .filter(|file| std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0);
    metadata.is_some()
}

fn refused(reason: String) -> Error {
    Error::NoApproval { reason }
}

#[cfg(all(test, target_os = "linux"))]
pub(super) mod tests;

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsString;
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use rustix::event::{PollFd, PollFlags, poll};

    use crate::approval::protocol::{
        HOST, LONGEST_LINE, MOST_ARGUMENTS, Reply, Request, SOCKET, THREAD, TOKEN, TOOL,
        TOOL_USE_ID, namespace,
    };

    /// Lets the call run.
    const ALLOW: i32 = 0;
    /// Refuses the call.
    const REJECT: i32 = 2;

    /// What the CLI told the helper beside the arguments.
    pub(super) struct Call {
        socket: OsString,
        token: String,
        host: String,
        tool: String,
        tool_use_id: Option<String>,
        thread: Option<String>,
    }

    impl Call {
        /// Returns what this process is to decide, if the CLI started it for that: without
        /// arguments, and with the CLI's own variable for the tool beside ours.
        pub(super) fn requested() -> Option<Self> {
            (std::env::args_os().len() <= 1).then(Self::from_environment)?
        }

        #[expect(
            clippy::disallowed_methods,
            reason = "the environment is all that the CLI tells its helper by"
        )]
        pub(super) fn from_environment() -> Option<Self> {
            let text = |name| std::env::var_os(name)?.into_string().ok();
            Some(Self {
                socket: std::env::var_os(SOCKET)?,
                tool: text(TOOL)?,
                token: text(TOKEN)?,
                host: text(HOST)?,
                tool_use_id: text(TOOL_USE_ID),
                thread: text(THREAD),
            })
        }
    }

    /// Decides about the call; returns the exit code.
    pub(super) fn serve(call: &Call) -> i32 {
        let reason = match ask(call) {
            Ok(Reply::Allow) => return ALLOW,
            Ok(Reply::Reject(reason)) => reason,
            Err(error) => format!("nobody could be asked, so the call was refused: {error}"),
        };
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(io::stderr(), "{}", reason.trim());
        REJECT
    }

    fn ask(call: &Call) -> io::Result<Reply> {
        let arguments = read_arguments()?;
        let mut host = connect(call)?;
        let request = Request {
            token: call.token.clone(),
            tool: call.tool.clone(),
            tool_use_id: call.tool_use_id.clone(),
            thread: call.thread.clone(),
            length: arguments.len(),
        };
        let mut line = serde_json::to_string(&request)?;
        line.push('\n');
        // A host that does not listen to the end has answered before it.
        let _ = host
            .write_all(line.as_bytes())
            .and_then(|()| host.write_all(&arguments));
        wait_for(&host)?;
        let mut line = String::new();
        let limit = LONGEST_LINE as u64;
        BufReader::new(host.take(limit)).read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Err(io::Error::other("the host has gone away"));
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Connects to the host and to nobody else.
    ///
    /// Whatever the agent runs knows the socket, and could put one of its own in its place.
    fn connect(call: &Call) -> io::Result<UnixStream> {
        let stream = UnixStream::connect(&call.socket)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let _entered = runtime.enter();
        stream.set_nonblocking(true)?;
        let stream = tokio::net::UnixStream::from_std(stream)?;
        let peer = stream.peer_cred()?.pid();
        let stream = stream.into_std()?;
        stream.set_nonblocking(false)?;
        let (pid, its_namespace) = call.host.split_once(' ').unwrap_or_default();
        // Processes outside of the namespace that this one is in have no number here.
        let expected = match its_namespace == namespace()? {
            true => pid.parse().ok(),
            false => Some(0),
        };
        match peer.is_some() && peer == expected {
            true => Ok(stream),
            false => Err(io::Error::other("another process is in the host's place")),
        }
    }

    /// Reads standard input to its end, however much it is.
    fn read_arguments() -> io::Result<Vec<u8>> {
        let mut stdin = io::stdin().lock();
        let mut arguments = Vec::new();
        let limit = MOST_ARGUMENTS as u64 + 1;
        stdin.by_ref().take(limit).read_to_end(&mut arguments)?;
        if arguments.len() > MOST_ARGUMENTS {
            io::copy(&mut stdin, &mut io::sink())?;
            return Err(io::Error::other("the arguments are longer than 16 MiB"));
        }
        Ok(arguments)
    }

    /// Waits until the host says something or goes away, as long as the CLI is there.
    fn wait_for(host: &UnixStream) -> io::Result<()> {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        loop {
            let mut watched = [
                PollFd::from_borrowed_fd(host.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::empty()),
                PollFd::from_borrowed_fd(stderr.as_fd(), PollFlags::empty()),
            ];
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
            let [host, stdout, stderr] = watched.map(|watched| watched.revents());
            let gone = PollFlags::HUP | PollFlags::ERR;
            if stdout.intersects(gone) || stderr.intersects(gone) {
                return Err(io::Error::other("the CLI has gone away"));
            }
            if !host.is_empty() {
                return Ok(());
            }
        }
    }
}
