//! What was the newest version, and when that was learned: a short memory that saves a request.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Entry, Store, staging};
use crate::digest::Hasher;
use crate::error::Result;
use crate::platform::Platform;
use crate::version::CliVersion;

#[derive(Debug, Serialize, Deserialize)]
struct Latest {
    source: String,
    platform: String,
    version: CliVersion,
    learned_unix: u64,
    /// What was the newest before and was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawn: Option<CliVersion>,
}

impl Store {
    /// Returns the newest version of a source as far as it is remembered.
    pub(crate) fn remembered_latest(
        &self,
        source: &str,
        platform: Platform,
        at_most: Duration,
    ) -> Option<CliVersion> {
        let latest = self.latest(source, &platform.to_string())?;
        let age = now_unix().checked_sub(latest.learned_unix)?;
        (Duration::from_secs(age) < at_most).then_some(latest.version)
    }

    /// Returns the newest version that a source was last heard to announce for a platform, by
    /// [`install`](crate::install) or [`available`](crate::available); asks nobody.
    #[must_use]
    pub fn last_announced(&self, platform: Platform) -> Option<CliVersion> {
        let end = format!("-{platform}.json");
        let files = fs::read_dir(self.root().join("latest")).ok()?.flatten();
        let answers = files
            .filter(|file| file.file_name().to_string_lossy().ends_with(&end))
            .filter_map(|file| serde_json::from_slice::<Latest>(&fs::read(file.path()).ok()?).ok());
        let last = answers.max_by_key(|latest| latest.learned_unix)?;
        Some(last.version)
    }

    /// Remembers the newest version of a source, unless it has taken back what was the newest: that is
    /// for an installation to say.
    pub(crate) fn remember_newer(&self, source: &str, platform: Platform, version: &CliVersion) {
        let before = self.latest(source, &platform.to_string());
        if before.is_none_or(|before| before.version <= *version) {
            // A store that may only be read has no memory.
            let _ = self.remember_latest(source, platform, version);
        }
    }

    /// Remembers the newest version of a source, and returns the one that it has taken back since it
    /// was last asked.
    ///
    /// # Errors
    ///
    /// As for every write to the store.
    pub(crate) fn remember_latest(
        &self,
        source: &str,
        platform: Platform,
        version: &CliVersion,
    ) -> Result<Option<CliVersion>> {
        let before = self.latest(source, &platform.to_string());
        let newer = |one: &CliVersion| one > version;
        let taken_back = before.as_ref().map(|before| before.version.clone());
        let taken_back = taken_back.filter(newer);
        let withdrawn = before.and_then(|before| before.withdrawn).filter(newer);
        let latest = Latest {
            source: source.to_owned(),
            platform: platform.to_string(),
            version: version.clone(),
            learned_unix: now_unix(),
            withdrawn: taken_back.clone().max(withdrawn),
        };
        let path = self.latest_path(source, &latest.platform);
        staging::write_whole(&path, &latest)?;
        Ok(taken_back)
    }

    /// Returns whether the source that an entry came from has taken it back.
    pub(crate) fn is_withdrawn(&self, entry: &Entry) -> bool {
        let latest = entry
            .receipt
            .as_ref()
            .and_then(|receipt| self.latest(&receipt.origin, &entry.platform));
        latest.is_some_and(|latest| {
            entry.version > latest.version && Some(&entry.version) <= latest.withdrawn.as_ref()
        })
    }

    fn latest(&self, source: &str, platform: &str) -> Option<Latest> {
        let bytes = fs::read(self.latest_path(source, platform)).ok()?;
        let latest: Latest = serde_json::from_slice(&bytes).ok()?;
        (latest.source == source && latest.platform == platform).then_some(latest)
    }

    /// Names the file after a digest, because a source may be any URL.
    fn latest_path(&self, source: &str, platform: &str) -> PathBuf {
        self.root()
            .join("latest")
            .join(format!("{}-{platform}.json", short_digest(source)))
    }
}

/// Returns a name for what may be any URL.
pub(super) fn short_digest(source: &str) -> String {
    let mut hasher = Hasher::sha256();
    hasher.update(source.as_bytes());
    let mut name = hasher.finish().to_hex();
    name.truncate(16);
    name
}

/// Returns the seconds since the Unix epoch.
pub(crate) fn now_unix() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{LINUX, WINDOWS, install, store, version};

    #[test]
    fn an_answer_is_good_until_it_is_too_old() {
        let (_folder, store) = store();
        let recalled = |source| store.remembered_latest(source, LINUX, Duration::from_secs(60));
        store.remember_latest("a", LINUX, &version(1)).unwrap();
        assert_eq!(recalled("a"), Some(version(1)));
        assert_eq!(recalled("b"), None);
        let path = store.latest_path("a", "linux-x64");
        let mut latest: Latest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        latest.learned_unix -= 60;
        staging::write_whole(&path, &latest).unwrap();
        assert_eq!(recalled("a"), None);
    }

    #[test]
    fn an_answer_for_another_source_or_platform_is_not_believed() {
        let (_folder, store) = store();
        store.remember_latest("a", LINUX, &version(1)).unwrap();
        for (source, platform) in [("b", LINUX), ("a", WINDOWS)] {
            let path = store.latest_path(source, &platform.to_string());
            fs::copy(store.latest_path("a", "linux-x64"), path).unwrap();
            let recalled = store.remembered_latest(source, platform, Duration::from_secs(60));
            assert_eq!(recalled, None);
        }
    }

    #[test]
    fn what_was_the_newest_is_withdrawn_until_it_is_the_newest_again() {
        let (_folder, store) = store();
        let entry = |number| {
            let mut entry = install(&store, &version(number));
            entry.receipt.as_mut().unwrap().origin = "a".to_owned();
            entry
        };
        let remember = |number| {
            let latest = version(number);
            store.remember_latest("a", LINUX, &latest).unwrap()
        };
        assert_eq!(remember(3), None);
        assert!(!store.is_withdrawn(&entry(3)));
        assert_eq!(remember(2), Some(version(3)));
        assert!(store.is_withdrawn(&entry(3)));
        assert!(!store.is_withdrawn(&entry(2)));
        // Newer than all that was ever the newest: somebody asked for it by name.
        assert!(!store.is_withdrawn(&entry(4)));
        assert_eq!(remember(2), None);
        assert!(store.is_withdrawn(&entry(3)));
        assert_eq!(remember(3), None);
        assert!(!store.is_withdrawn(&entry(3)));
    }
}
