//! Amp's `secrets.json`: a flat object from `apiKey@URL` to the key.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use crate::error::Error;

/// Reads the file; `None` when there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Map<String, Value>>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match serde_json::from_slice(&text) {
        Ok(Value::Object(map)) => Ok(Some(map)),
        // The cause is not passed on: an error text may quote what it stumbled over.
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a JSON object",
        )),
    }
}

/// Sets or removes one secret; tells whether a non-empty one was there before.
pub(super) fn change(path: &Path, name: &str, key: Option<&str>) -> Result<bool, Error> {
    let failed = |action| {
        move |source| Error::Credentials {
            action,
            path: path.to_path_buf(),
            source,
        }
    };
    let mut secrets = read(path).map_err(failed("read"))?.unwrap_or_default();
    let before = match key {
        Some(key) => secrets.insert(name.to_owned(), Value::from(key)),
        None => secrets.remove(name),
    };
    let had_one = before.is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    if key.is_some() || had_one {
        write(path, &secrets).map_err(failed("write"))?;
    }
    Ok(had_one)
}

/// Writes the whole file beside its place, flushed, and renames it there with mode 0600.
fn write(path: &Path, secrets: &Map<String, Value>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, secrets)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
