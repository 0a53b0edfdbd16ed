//! The view of files and the namespaces of a sandbox, made by the shim itself.
//!
//! Whoever we are stands for root in them, who may make the view. The confinement that follows
//! takes that away.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;

use rustix::thread::UnshareFlags;

use super::namespace::{self, Side};
use super::root::NewRoot;
use super::{devices, loopback, mounts, user};
use crate::sandbox::linux::mount::Mount;
use crate::sandbox::linux::view::View;

/// Makes the namespaces of a view and goes on in the first process inside, which sees it.
pub(super) fn enter(view: &View) -> Result<Side, String> {
    namespace::enter_by(
        || separate(view).map_err(|error| format!("the kernel refuses namespaces: {error}")),
        |()| furnish(view),
    )
}

fn separate(view: &View) -> io::Result<()> {
    let mut namespaces =
        UnshareFlags::NEWPID | UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    if view.own_network {
        namespaces |= UnshareFlags::NEWNET;
    }
    if Path::new("/proc/self/ns/cgroup").exists() {
        namespaces |= UnshareFlags::NEWCGROUP;
    }
    let user = rustix::process::geteuid().as_raw();
    let group = rustix::process::getegid().as_raw();
    user::unshare(namespaces, (0, 0), (user, group))
}

/// Takes the terminal away, and makes the network and the files of the view.
fn furnish(view: &View) -> Result<(), String> {
    rustix::process::setsid().map_err(|error| format!("the terminal stays in reach: {error}"))?;
    if view.own_network {
        loopback::turn_on().map_err(|error| format!("there is no loopback: {error}"))?;
    }
    let mut root = NewRoot::new().map_err(|error| format!("there is no new root: {error}"))?;
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| match error.raw_os_error() {
            Some(libc::ENOSYS) => "the kernel lacks calls of Linux 5.12".to_owned(),
            _ => format!("{path} cannot be put in its place: {error}"),
        }
    };
    let folder = Path::new(devices::FOLDER);
    devices::make(&mut root, view.private_bytes).map_err(at(folder))?;
    put_processes(&root, view.root).map_err(at(Path::new("/proc")))?;
    for mount in &view.mounts {
        let (path, put) = put(&mut root, mount, view.private_bytes);
        put.map_err(at(path))?;
    }
    if view.own_host_names {
        let path = Path::new("/etc/hosts");
        let put = || root.put_text(&handed_over()?, path);
        put().map_err(at(path))?;
    }
    root.enter()
        .map_err(|error| format!("the new root cannot be entered: {error}"))?;
    rustix::process::chdir(&view.directory).map_err(|error| at(&view.directory)(error.into()))
}

/// Does one step; returns where with what came of it.
fn put<'a>(root: &mut NewRoot, mount: &'a Mount, bytes: u64) -> (&'a Path, io::Result<()>) {
    const READABLE: rustix::mount::MountAttrFlags = mounts::NO_DEVICES.union(mounts::READ_ONLY);
    let copy = |from: &Path, to: &Path, attributes| {
        let copied = mounts::copy(from, attributes)?;
        root.put(copied, to)
    };
    match mount {
        Mount::Link(text, path) => (path, root.link(text, path)),
        Mount::Readable(path) => (path, copy(path, path, READABLE)),
        Mount::Writable(path) => (path, copy(path, path, mounts::NO_DEVICES)),
        Mount::Substitute(from, path) => (path, copy(from, path, READABLE)),
        Mount::Unreadable(path) => (path, copy(Path::new("/dev/null"), path, READABLE)),
        Mount::Private(path) => (path, root.put_folder(path, Some(bytes)).map(drop)),
        Mount::EmptyFolder(path) => (path, root.put_empty_folder(path)),
    }
}

/// Puts the processes of this namespace in their place.
///
/// Root can change settings of the kernel there, and with them the whole machine: the program that
/// takes core files, for instance.
fn put_processes(root: &NewRoot, is_root: bool) -> io::Result<()> {
    let mut attributes = mounts::NO_DEVICES | mounts::NO_PROGRAMS;
    if is_root {
        attributes |= mounts::READ_ONLY;
    }
    root.put(mounts::make("proc", &[], attributes)?, Path::new("/proc"))
}

/// Reads the text that the host has put in the place of standard output.
fn handed_over() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    File::from(output).read_to_end(&mut text)?;
    Ok(text)
}
