//! Mounts by descriptors: made or copied first, restricted before anybody can reach them, and put in
//! their place last.
//!
//! It takes Linux 5.12; an older kernel does not know the calls.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};

/// What holds for every mount of a sandbox: no program gains rights by its file.
pub(super) const ALWAYS: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID;
/// What holds for every mount but those of devices.
pub(super) const NO_DEVICES: MountAttrFlags = ALWAYS.union(MountAttrFlags::MOUNT_ATTR_NODEV);
pub(super) const READ_ONLY: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_RDONLY;
pub(super) const NO_PROGRAMS: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOEXEC;

/// No link on the way is followed.
pub(super) const NO_LINKS: ResolveFlags =
    ResolveFlags::NO_SYMLINKS.union(ResolveFlags::NO_MAGICLINKS);

/// Makes a file system.
pub(super) fn make(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> io::Result<OwnedFd> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (name, value) in options {
        fsconfig_set_string(&context, *name, *value)?;
    }
    fsconfig_create(&context)?;
    Ok(fsmount(
        &context,
        FsMountFlags::FSMOUNT_CLOEXEC,
        attributes,
    )?)
}

/// Makes an empty folder in memory, of so many bytes at most.
pub(super) fn make_folder(bytes: Option<u64>) -> io::Result<OwnedFd> {
    let mode = ("mode", "0755");
    match bytes {
        Some(bytes) => make("tmpfs", &[mode, ("size", &bytes.to_string())], NO_DEVICES),
        None => make("tmpfs", &[mode], NO_DEVICES),
    }
}

/// Copies what is seen at a path without links, and all that is mounted in it.
pub(super) fn copy(path: &Path, attributes: MountAttrFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let source = rustix::fs::openat2(rustix::fs::CWD, path, flags, Mode::empty(), NO_LINKS)?;
    copy_open(&source, attributes)
}

/// Copies what a descriptor is of, and all that is mounted in it.
pub(super) fn copy_open(source: impl AsFd, attributes: MountAttrFlags) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    let copied = open_tree(source, "", flags)?;
    set(&copied, attributes, libc::AT_RECURSIVE)?;
    Ok(copied)
}

/// Adds to what holds for a mount.
pub(super) fn restrict(mount: impl AsFd, attributes: MountAttrFlags) -> io::Result<()> {
    set(mount, attributes, 0)
}

/// Puts a mount over what a descriptor is of.
pub(super) fn attach(mount: impl AsFd, place: impl AsFd) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(mount, "", place, "", flags)?)
}

/// What is not named stays as it is, so that nothing is taken away from it.
#[expect(unsafe_code, reason = "rustix does not have the call")]
fn set(mount: impl AsFd, attributes: MountAttrFlags, flags: libc::c_int) -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: attributes.bits().into(),
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    // SAFETY: the path is empty and ends in zero, and the size is that of the value.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | flags,
            &raw const attributes,
            size_of_val(&attributes),
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
