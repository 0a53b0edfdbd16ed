//! What Unix knows about files: identity, permission to run, folders that must be synchronised.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

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
