//! The devices in the view of root: they can be used, but they are the host's own files.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::StatVfsMountFlags;

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
#[expect(unsafe_code, reason = "the call takes pointers")]
fn remount_read_only(path: &Path) -> io::Result<()> {
    let present = rustix::fs::statvfs(path)?.f_flag;
    let mut flags = libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY;
    for (held, flag) in [
        (StatVfsMountFlags::NOSUID, libc::MS_NOSUID),
        (StatVfsMountFlags::NODEV, libc::MS_NODEV),
        (StatVfsMountFlags::NOEXEC, libc::MS_NOEXEC),
    ] {
        if present.contains(held) {
            flags |= flag;
        }
    }
    let target = CString::new(path.as_os_str().as_bytes())?;
    let none = std::ptr::null();
    // SAFETY: the path ends in a zero byte and outlives the call; the rest may be null, as a
    // change of flags has no source, no type and no data.
    let result = unsafe { libc::mount(none, target.as_ptr(), none, flags, none.cast()) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
