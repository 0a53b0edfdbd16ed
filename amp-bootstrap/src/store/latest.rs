//! What was the newest version, and when that was learned: a short memory that saves a request.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Store, staging};
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
}

impl Store {
    /// Returns the newest version of a source as far as it is remembered.
    pub(crate) fn remembered_latest(
        &self,
        source: &str,
        platform: Platform,
        at_most: Duration,
    ) -> Option<CliVersion> {
        let latest: Latest =
            serde_json::from_slice(&fs::read(self.latest_path(source, platform)).ok()?).ok()?;
        let age = now_unix().checked_sub(latest.learned_unix)?;
        let same = latest.source == source && latest.platform == platform.to_string();
        (same && Duration::from_secs(age) < at_most).then_some(latest.version)
    }

    pub(crate) fn remember_latest(
        &self,
        source: &str,
        platform: Platform,
        version: &CliVersion,
    ) -> Result<()> {
        let latest = Latest {
            source: source.to_owned(),
            platform: platform.to_string(),
            version: version.clone(),
            learned_unix: now_unix(),
        };
        staging::write_whole(&self.latest_path(source, platform), &latest)
    }

    /// Names the file after a digest, because a source may be any URL.
    fn latest_path(&self, source: &str, platform: Platform) -> PathBuf {
        let mut hasher = Hasher::sha256();
        hasher.update(source.as_bytes());
        let name = &hasher.finish().to_hex()[..16];
        self.root()
            .join("latest")
            .join(format!("{name}-{platform}.json"))
    }
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
    use crate::store::tests::{LINUX, WINDOWS, store, version};

    #[test]
    fn an_answer_is_good_until_it_is_too_old() {
        let (_folder, store) = store();
        let recalled = |source| store.remembered_latest(source, LINUX, Duration::from_secs(60));
        store.remember_latest("a", LINUX, &version(1)).unwrap();
        assert_eq!(recalled("a"), Some(version(1)));
        assert_eq!(recalled("b"), None);
        let path = store.latest_path("a", LINUX);
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
            let path = store.latest_path(source, platform);
            fs::copy(store.latest_path("a", LINUX), path).unwrap();
            let recalled = store.remembered_latest(source, platform, Duration::from_secs(60));
            assert_eq!(recalled, None);
        }
    }
}
