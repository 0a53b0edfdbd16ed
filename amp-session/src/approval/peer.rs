//! Who asks: a connection counts when it comes from the CLI's helper, and from nobody else.
//!
//! Every program that the agent runs knows the socket and the token, for both are in the
//! environment that it inherits. So the kernel is asked who is at the other end: a process of this
//! user, running the helper's executable, started by the CLI, and watched by no debugger.

#[cfg(target_os = "linux")]
pub(super) use linux::{Identity, check};

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{Identity, check};

/// The CLI of a run, as the kernel can tell it from what it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agent {
    /// Its process id, within its innermost PID namespace.
    pub(super) id: u32,
    /// How many PID namespaces it is below the host's. What it runs can make deeper ones, in which
    /// any id may come again, and none that is less deep.
    pub(super) namespaces: usize,
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use tokio::net::unix::UCred;

    use super::Agent;

    /// A file, whatever it is called.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Identity {
        device: u64,
        inode: u64,
    }

    impl Identity {
        pub(crate) fn of(path: &Path) -> io::Result<Self> {
            let metadata = fs::metadata(path)?;
            Ok(Self {
                device: metadata.dev(),
                inode: metadata.ino(),
            })
        }
    }

    /// Refuses a peer that is not the helper of this CLI, or, where none is named, that does not run
    /// the CLI's own executable as a plugin does.
    pub(crate) fn check(peer: UCred, helper: Option<Identity>, agent: Agent) -> Result<(), String> {
        if peer.uid() != rustix::process::geteuid().as_raw() {
            return Err(format!("it belongs to user {}", peer.uid()));
        }
        let pid = peer.pid().ok_or("its process is not known")?;
        let unknown = |error| format!("process {pid} cannot be looked at: {error}");
        if field(pid, "TracerPid").map_err(unknown)? != "0" {
            return Err(format!("process {pid} is being debugged"));
        }
        let parent = field(pid, "PPid").map_err(unknown)?;
        let parent: i32 = parent.parse().map_err(|_| "it has no parent")?;
        let executable = |pid: i32| Identity::of(format!("/proc/{pid}/exe").as_ref());
        let expected = helper.map_or_else(|| executable(parent), Ok);
        if executable(pid).map_err(unknown)? != expected.map_err(unknown)? {
            return Err(format!("process {pid} is not the helper"));
        }
        // One number for each PID namespace, the innermost last.
        let names = field(parent, "NSpid").map_err(unknown)?;
        let names: Vec<_> = names.split_ascii_whitespace().collect();
        let own = field(rustix::process::getpid().as_raw_pid(), "NSpid");
        let depth = own.map_err(unknown)?.split_ascii_whitespace().count() + agent.namespaces;
        if names.len() != depth || names.last() != Some(&agent.id.to_string().as_str()) {
            return Err(format!("process {pid} was not started by the CLI"));
        }
        Ok(())
    }

    fn field(pid: i32, name: &str) -> io::Result<String> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let mut lines = status.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(key, _)| *key == name);
        found
            .map(|(_, value)| value.trim().to_owned())
            .ok_or_else(|| io::Error::other(format!("it has no {name}")))
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;
    use std::path::Path;

    /// A file; it cannot be told here which one a process runs.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Identity;

    impl Identity {
        pub(crate) fn of(_: &Path) -> io::Result<Self> {
            Ok(Self)
        }
    }

    /// Refuses every peer.
    pub(crate) fn check<P>(_: P, _: Option<Identity>, _: super::Agent) -> Result<(), String> {
        Err("this system does not tell who it is".to_owned())
    }
}
