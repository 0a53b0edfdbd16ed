//! What a shim does to itself before it starts the program, so that the program inherits it.

use std::fmt;
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::thread::UnshareFlags;

use super::{devices, protocol, user};
use crate::sandbox::linux::confinement::Confinement;
use crate::sandbox::linux::{landlock, seccomp};

/// Why a shim is not confined.
#[derive(Debug)]
pub(super) enum Unconfined {
    /// Something around it is not as planned; what it found.
    NotSeparate(String),
    /// It cannot do to itself what it was told to.
    Failed(String),
}

impl From<String> for Unconfined {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

impl fmt::Display for Unconfined {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NotSeparate(reason) | Self::Failed(reason)) = self;
        formatter.write_str(reason)
    }
}

/// Applies a confinement to this process, for good; hands its listeners to the host, if there is
/// one.
///
/// The order matters: what comes later takes away what is needed before.
pub(super) fn apply(
    confinement: &Confinement,
    control: Option<BorrowedFd<'_>>,
) -> Result<(), Unconfined> {
    for evidence in &confinement.evidence {
        evidence.check().map_err(Unconfined::NotSeparate)?;
    }
    listen(confinement, control)?;
    if let Some(before) = confinement.user {
        // Root stands for this user here, who becomes the one that it was.
        user::unshare(UnshareFlags::empty(), before, (0, 0))
            .map_err(|error| format!("the user cannot be changed: {error}"))?;
    }
    if confinement.protect_devices {
        devices::protect().map_err(|error| {
            format!("the devices of this machine cannot be protected from root: {error}")
        })?;
    }
    close_on_start().map_err(|error| format!("descriptors cannot be closed: {error}"))?;
    user::drop_capabilities()
        .map_err(|error| format!("capabilities cannot be given up: {error}"))?;
    // Nobody inside can look into this process, which has the program's environment too.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| format!("the shim cannot be closed to others: {error}"))?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|error| format!("privileges could be gained: {error}"))?;
    if !confinement.rights.is_empty() {
        landlock::restrict(&confinement.rights)?;
    }
    if let Some(families) = confinement.families {
        seccomp::install(families)?;
    }
    limit(confinement).map_err(|error| format!("limits cannot be set: {error}"))?;
    Ok(())
}

fn listen(confinement: &Confinement, control: Option<BorrowedFd<'_>>) -> Result<(), String> {
    let mut positions = Vec::new();
    let mut listeners: Vec<OwnedFd> = Vec::new();
    for (position, address) in confinement.listeners.iter().enumerate() {
        match TcpListener::bind(address) {
            Ok(listener) => {
                positions.push(position);
                listeners.push(listener.into());
            }
            // A machine may have IPv6 turned off; the same port on IPv4 is there.
            Err(_) if address.is_ipv6() => {}
            Err(error) => return Err(format!("cannot listen on {address}: {error}")),
        }
    }
    if let Some(address) = confinement.name_server {
        let socket = UdpSocket::bind(address)
            .map_err(|error| format!("cannot answer questions at {address}: {error}"))?;
        positions.push(confinement.listeners.len());
        listeners.push(socket.into());
    }
    let Some(control) = control.filter(|_| !listeners.is_empty()) else {
        return Ok(());
    };
    protocol::send_listeners(control, &positions, &listeners)
        .map_err(|error| format!("listeners cannot be handed over: {error}"))
}

/// Sees to it that the program gets its standard streams and no other descriptor.
///
/// One that the host was started with may lead to a folder that is out of sight here.
#[expect(unsafe_code, reason = "no call that std has takes a number")]
fn close_on_start() -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let number: libc::c_int = number.ok_or(io::ErrorKind::InvalidData)?;
        if number > 2 {
            // SAFETY: it changes a flag of a descriptor of this process, which only `execve` heeds.
            // The one of the folder that is read here is gone afterwards, which is no failure.
            unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

fn limit(confinement: &Confinement) -> rustix::io::Result<()> {
    let limits = confinement.limits;
    let wanted = [
        // A core file may go to a program of the host; one byte is the size that keeps it from that.
        (Resource::Core, Some(1)),
        (Resource::Nproc, limits.processes),
        (Resource::As, limits.memory_bytes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, limits.open_files),
        (Resource::Cpu, limits.cpu_seconds),
    ];
    for (resource, limit) in wanted {
        let Some(limit) = limit else { continue };
        // It cannot be raised beyond what the host has.
        let most = rustix::process::getrlimit(resource).maximum;
        let limit = Some(most.map_or(limit, |most| most.min(limit)));
        let limit = Rlimit {
            current: limit,
            maximum: limit,
        };
        rustix::process::setrlimit(resource, limit)?;
    }
    Ok(())
}
