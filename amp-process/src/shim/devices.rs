//! The devices in a view: they can be used, but they are the host's own files.
//!
//! Root owns them, and an owner may change the mode and the times of a file without any capability.
//! What is written to a device does not go to the file, so a read-only mount leaves it usable.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::StatVfsMountFlags;
use rustix::mount::MountFlags;

use super::mounts;
use super::root::NewRoot;
use crate::sandbox::linux::view::DEVICES;

/// Where the devices are.
pub(super) const FOLDER: &str = "/dev";

/// The links beside them.
const LINKS: [(&str, &str); 6] = [
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("/proc/kcore", "core"),
    ("pts/ptmx", "ptmx"),
];

/// Makes the folder as bubblewrap does: the devices read-only, pseudo-terminals and shared memory
/// of its own, each in memory of so many bytes at most.
pub(super) fn make(root: &mut NewRoot, bytes: u64) -> io::Result<()> {
    let folder = Path::new(FOLDER);
    root.put_folder(folder, Some(bytes))?;
    for name in DEVICES {
        let path = folder.join(name);
        root.put(
            mounts::copy(&path, mounts::ALWAYS | mounts::READ_ONLY)?,
            &path,
        )?;
    }
    for (text, name) in LINKS {
        root.link(Path::new(text), &folder.join(name))?;
    }
    let options = [("ptmxmode", "0666"), ("mode", "620")];
    let terminals = mounts::make("devpts", &options, mounts::ALWAYS | mounts::NO_PROGRAMS)?;
    root.put(terminals, &folder.join("pts"))?;
    root.put_folder(&folder.join("shm"), Some(bytes))?;
    Ok(())
}

/// Makes every device read-only where bubblewrap has mounted it.
///
/// It (0.8) has no option for that: `--remount-ro` makes a device unusable (`nodev`) as well.
pub(super) fn protect() -> io::Result<()> {
    for entry in std::fs::read_dir(FOLDER)? {
        let entry = entry?;
        // The listing tells of the empty files that the devices are mounted on.
        let kind = entry.metadata()?.file_type();
        if kind.is_char_device() || kind.is_block_device() {
            remount_read_only(&entry.path())?;
        }
    }
    Ok(())
}

/// Adds "read-only" to what holds for a mount already, which cannot be taken away from it.
fn remount_read_only(path: &Path) -> io::Result<()> {
    let present = rustix::fs::statvfs(path)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY;
    for (held, flag) in [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
    ] {
        if present.contains(held) {
            flags |= flag;
        }
    }
    rustix::mount::mount_remount(path, flags, "")?;
    Ok(())
}
