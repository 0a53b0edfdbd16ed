//! Reading a small file that others write: to its end, or not at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Returns what a file holds.
///
/// # Errors
/// When it cannot be read, and with [`io::ErrorKind::FileTooLarge`] when it has more than `cap`
/// bytes, as a device without an end does.
pub(crate) fn read(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(cap + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > cap {
        let reason = format!("it has more than {cap} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_cap_and_not_beyond() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "four").unwrap();
        assert_eq!(read(file.path(), 4).unwrap(), b"four");
        let error = read(file.path(), 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it has more than 3 bytes");
    }
}
