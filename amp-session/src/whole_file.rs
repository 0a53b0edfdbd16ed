//! Writing a file so that readers find it whole: as it was, or as it is now.

use std::io::{self, Write};
use std::path::Path;

/// Writes a file beside its place, flushed, and renames it there; its owner alone can read it.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
