//! Amp's `secrets.json`: a flat object from `apiKey@URL` to the key.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::{ordinary_file, whole_file};

/// Reads the file; `None` when there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Map<String, Value>>> {
    let text = match ordinary_file::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match serde_json::from_slice(&text) {
        Ok(Value::Object(map)) => Ok(Some(map)),
        // The cause is not passed on: an error text may quote the text that it is about.
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

fn write(path: &Path, secrets: &Map<String, Value>) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    whole_file::write_json(path, secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_not_taken_for_a_missing_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("absent")).unwrap().is_none());
        // A folder in its place, and what never ends.
        assert!(read(folder.path()).is_err());
        #[cfg(unix)]
        assert!(read(Path::new("/dev/zero")).is_err());
        assert!(change(folder.path(), "apiKey@service", Some("key")).is_err());
        let list = folder.path().join("list");
        fs::write(&list, "[]").unwrap();
        assert_eq!(read(&list).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_change_tells_whether_a_secret_was_there_and_writes_only_what_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/secrets.json");
        assert!(!change(&path, "one", None).unwrap());
        assert!(!path.exists(), "nothing to remove, nothing to write");
        assert!(!change(&path, "one", Some("key")).unwrap());
        assert!(change(&path, "one", Some("other")).unwrap());
        assert_eq!(read(&path).unwrap().unwrap()["one"], "other");
        assert!(change(&path, "one", None).unwrap());
        assert!(read(&path).unwrap().unwrap().is_empty());
        fs::write(&path, r#"{"one":""}"#).unwrap();
        assert!(!change(&path, "one", None).unwrap());
    }
}
