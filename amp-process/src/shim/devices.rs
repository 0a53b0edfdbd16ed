//! The devices in the view of root: they can be used, but they are the host's own files.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::StatVfsMountFlags;
use rustix::mount::MountFlags;

/// Where bubblewrap puts the devices.
const FOLDER: &str = "/dev";

/// Makes every device read-only where it is mounted.
///
/// Root owns the devices of the host, and an owner may change the mode and the times of a file
/// without any capability. What is written to a device does not go to the file, so a read-only
/// mount leaves it usable. Bubblewrap (0.8) has no option for it: `--remount-ro` makes the device
/// unusable (`nodev`) as well.
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
