//! Reading a file that the user named: no more of it than can be of use.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::context::read_at_most;

/// Returns what a file holds, or a pipe such as `<(…)`, which is waited for like standard input.
///
/// # Errors
/// When it cannot be read, or has more than `longest` bytes.
pub(crate) fn read(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    read_at_most(File::open(path)?, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_limit_is_read_and_a_larger_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "12345678").expect("a file");
        assert_eq!(read(&path, 8).expect("its bytes"), b"12345678");
        let error = read(&path, 7).expect_err("too large");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_refused() {
        let error = read(Path::new("/dev/zero"), 1 << 20).expect_err("too large");
        assert_eq!(error.to_string(), "it is longer than 1.0 MiB");
    }
}
