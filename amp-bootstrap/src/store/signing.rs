//! Which registries sign what they have, and from which repository it was built: one that did may
//! not stop without a word.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::latest::short_digest;
use super::{Store, staging};
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::provenance::{Proved, Provenance};
use crate::version::CliVersion;

/// A note of a registry.
#[derive(Serialize, Deserialize)]
struct Note<T> {
    source: String,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize, Deserialize)]
struct Signs {}

#[derive(Serialize, Deserialize)]
struct Proves {
    since: CliVersion,
    provenance: Provenance,
}

impl Store {
    /// Returns the file that says that a registry signs, if it is there.
    pub(crate) fn signing_noted(&self, source: &str) -> Result<Option<PathBuf>> {
        let noted = self.noted::<Signs>("signing", source)?;
        Ok(noted.map(|(file, Signs {})| file))
    }

    /// Notes that a registry signs.
    pub(crate) fn note_signing(&self, source: &str) -> Result<()> {
        match self.signing_noted(source)? {
            Some(_) => Ok(()),
            None => self.note("signing", source, Signs {}),
        }
    }

    /// Returns what a registry proved of what it has, and from which version on.
    pub(crate) fn provenance_noted(&self, source: &str) -> Result<Option<Proved>> {
        let noted = self.noted::<Proves>("provenance", source)?;
        Ok(noted.map(|(note, proves)| Proved {
            note,
            since: proves.since,
            provenance: proves.provenance,
        }))
    }

    /// Notes what a registry proved of a version, unless it did of an older one.
    pub(crate) fn note_provenance(
        &self,
        source: &str,
        version: &CliVersion,
        provenance: &Provenance,
    ) -> Result<()> {
        let noted = self.provenance_noted(source)?;
        if noted.is_some_and(|noted| noted.since <= *version) {
            return Ok(());
        }
        let proves = Proves {
            since: version.clone(),
            provenance: provenance.clone(),
        };
        self.note("provenance", source, proves)
    }

    /// Reads a note; one that cannot be read is not taken for none.
    fn noted<T: DeserializeOwned>(&self, kind: &str, source: &str) -> Result<Option<(PathBuf, T)>> {
        let path = self.note_path(kind, source);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(Error::storage("read", &path, cause)),
        };
        let note: Note<T> = serde_json::from_slice(&bytes).map_err(|cause| {
            let message = "the note of what a registry signs or proves cannot be read";
            Error::new(ErrorKind::Storage, message)
                .at(path.display().to_string())
                .caused_by(cause)
                .next(NextStep::ForgetSigning {
                    file: path.display().to_string(),
                })
        })?;
        Ok((note.source == source).then_some((path, note.what)))
    }

    fn note<T: Serialize>(&self, kind: &str, source: &str, what: T) -> Result<()> {
        let note = Note {
            source: source.to_owned(),
            what,
        };
        staging::write_whole(&self.note_path(kind, source), &note)
    }

    fn note_path(&self, kind: &str, source: &str) -> PathBuf {
        let name = format!("{}.json", short_digest(source));
        self.root().join(kind).join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::error::ErrorKind;
    use crate::provenance::tests::built_from;
    use crate::store::tests::store;

    #[test]
    fn notes_speak_of_one_registry() {
        let (_folder, store) = store();
        let version = "0.0.2-ga".parse().unwrap();
        let provenance = built_from("https://b/c");
        assert_eq!(store.provenance_noted("https://a").unwrap(), None);
        store
            .note_provenance("https://a", &version, &provenance)
            .unwrap();
        store.note_signing("https://a").unwrap();
        let proved = store.provenance_noted("https://a").unwrap().unwrap();
        assert_eq!((proved.since, proved.provenance), (version, provenance));
        assert!(store.signing_noted("https://a").unwrap().is_some());
        assert_eq!(store.provenance_noted("https://b").unwrap(), None);
        assert_eq!(store.signing_noted("https://b").unwrap(), None);
    }

    #[test]
    fn the_oldest_version_that_was_proved_is_noted() {
        let (_folder, store) = store();
        let provenance = built_from("https://b/c");
        for (proved, noted) in [("2", "2"), ("3", "2"), ("1", "1")] {
            let version = |number: &str| format!("0.0.{number}-ga").parse().unwrap();
            store
                .note_provenance("https://a", &version(proved), &provenance)
                .unwrap();
            let since = store.provenance_noted("https://a").unwrap().unwrap().since;
            assert_eq!(since, version(noted));
        }
    }

    #[test]
    fn a_note_that_cannot_be_read_is_not_taken_for_none() {
        let (_folder, store) = store();
        store.note_signing("https://a").unwrap();
        let file = store.signing_noted("https://a").unwrap().unwrap();
        fs::write(&file, "{").unwrap();
        let error = store.signing_noted("https://a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        store.note_signing("https://a").unwrap_err();
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        store.signing_noted("https://a").unwrap_err();
    }
}
