//! Writing a file so that readers find it whole: as it was, or as it is now.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

/// Writes a value as JSON beside its place, flushed, and renames it there; its owner alone can read
/// it.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&text)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
