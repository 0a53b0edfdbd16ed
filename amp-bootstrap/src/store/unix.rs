//! What Unix knows about files: identity, permission to run, folders that must be synchronised.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::io::Errno;

/// Returns a number that changes when another file takes the name.
pub(super) fn identity(_path: &Path, metadata: &Metadata) -> io::Result<u64> {
    Ok(metadata.ino())
}

pub(super) fn identity_of(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.ino())
}

pub(super) fn is_executable(metadata: &Metadata) -> bool {
    metadata.mode() & 0o111 != 0
}

pub(super) fn make_executable(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o755))
}

pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Returns how others than the user and the administrator could write to a file or folder, links
/// followed; `None` when they cannot or nothing is there.
///
/// A folder `with_sticky_bit`, such as `/tmp`, lets others add to it but not replace what is ours.
pub(super) fn write_access(path: &Path, with_sticky_bit: bool) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let user = rustix::process::geteuid().as_raw();
    let is_sticky = with_sticky_bit && metadata.mode() & 0o1000 != 0;
    let mode = match is_sticky {
        true => metadata.mode() & !0o022,
        false => metadata.mode(),
    };
    write_access_of(metadata.uid(), metadata.gid(), mode, user)
}

/// Judges an owner, a group and a mode for a user.
///
/// A group with the user's own number is the user's alone where each user has such a group, as on
/// Debian and Fedora, whose file mode creation mask leaves it the right to write.
fn write_access_of(owner: u32, group: u32, mode: u32, user: u32) -> Option<String> {
    if owner != user && owner != 0 {
        return Some(format!("it belongs to user {owner}"));
    }
    let by_group = mode & 0o020 != 0 && group != user && group != 0;
    let by_others = mode & 0o002 != 0;
    (by_group || by_others).then(|| format!("its mode is {:o}", mode & 0o7777))
}

/// Returns whether a lock failed because the file system has none, as some network file systems.
pub(super) fn has_no_locks(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::Unsupported
        || cause.raw_os_error() == Some(Errno::NOLCK.raw_os_error())
}

/// Makes a rename within the folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Returns whether a process runs this file, where the system tells.
pub(super) fn is_in_use(executable: &Path) -> bool {
    let Ok(executable) = executable.canonicalize() else {
        return false;
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return false;
    };
    let mut processes = processes.flatten();
    processes.any(|process| {
        fs::read_link(process.path().join("exe")).is_ok_and(|running| running == executable)
    })
}

/// Returns that any file can be replaced: whoever runs or reads the old one keeps it.
pub(super) fn is_held_in_place(_file: &Path) -> bool {
    false
}

/// Returns that no failure passes because a file is closed.
pub(super) fn may_pass(_cause: &io::Error) -> bool {
    false
}

/// Returns whether the file system below a folder refuses to run programs, where the system tells.
pub(super) fn refuses_to_execute(folder: &Path) -> bool {
    let (Ok(folder), Ok(mounts)) = (
        folder.canonicalize(),
        fs::read_to_string("/proc/self/mountinfo"),
    ) else {
        return false;
    };
    mount_refuses_to_execute(&mounts, &folder)
}

/// Finds the innermost mount that holds the folder in a `mountinfo` table (see proc(5)).
fn mount_refuses_to_execute(mounts: &str, folder: &Path) -> bool {
    let candidates = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(4);
        let mount_point = fields.next()?.replace("\\040", " ");
        let options = fields.next()?;
        folder
            .starts_with(&mount_point)
            .then_some((mount_point.len(), options))
    });
    // The last of equals wins: it was mounted over the others.
    candidates
        .max_by_key(|(length, _)| *length)
        .is_some_and(|(_, options)| options.split(',').any(|option| option == "noexec"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_user_and_the_administrator_may_be_able_to_write() {
        const USER: u32 = 1000;
        let reason = |owner, group, mode| write_access_of(owner, group, mode, USER);
        for (owner, group, mode) in [
            (USER, USER, 0o755),
            (USER, 50, 0o755),
            (0, 0, 0o755),
            // The group of the user's own.
            (USER, USER, 0o775),
            (0, 0, 0o775),
        ] {
            assert_eq!(reason(owner, group, mode), None, "{owner} {group} {mode:o}");
        }
        assert_eq!(
            reason(1001, USER, 0o700).unwrap(),
            "it belongs to user 1001"
        );
        assert_eq!(reason(USER, 50, 0o40775).unwrap(), "its mode is 775");
        assert_eq!(reason(USER, USER, 0o777).unwrap(), "its mode is 777");
        assert_eq!(reason(0, 50, 0o020).unwrap(), "its mode is 20");
        assert_eq!(reason(0, 0, 0o002).unwrap(), "its mode is 2");
    }

    #[test]
    fn a_folder_for_everybody_protects_what_is_in_it_by_its_sticky_bit_alone() {
        let folder = tempfile::tempdir().unwrap();
        let set = |mode| fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
        set(0o1777);
        assert_eq!(write_access(folder.path(), true), None);
        assert_eq!(
            write_access(folder.path(), false).unwrap(),
            "its mode is 1777"
        );
        set(0o777);
        assert_eq!(
            write_access(folder.path(), true).unwrap(),
            "its mode is 777"
        );
        set(0o755);
        assert_eq!(write_access(folder.path(), false), None);
        assert_eq!(write_access(&folder.path().join("absent"), false), None);
    }

    #[test]
    fn the_innermost_mount_decides_whether_programs_run() {
        let mounts = "1 0 8:1 / / rw,relatime - ext4 /dev/vda rw\n\
                      2 1 0:2 / /home rw,nosuid,noexec - tmpfs tmpfs rw\n\
                      3 2 0:3 / /home/a\\040b rw - tmpfs tmpfs rw\n";
        let refuses = |folder: &str| mount_refuses_to_execute(mounts, Path::new(folder));
        assert!(!refuses("/root"));
        assert!(refuses("/home/user/.cache"));
        assert!(!refuses("/home/a b/c"));
        assert!(!refuses("/homestead"));
    }
}
