//! What could be installed: the versions that the sources announce.

use serde::Serialize;

use crate::environment::{Environment, Variables};
use crate::error::Result;
use crate::install::InstallRequest;
use crate::platform::Platform;
use crate::progress::Progress;
use crate::store::Store;
use crate::version::CliVersion;

/// A version that a source announces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Available {
    /// The version.
    pub version: CliVersion,
    /// The source, as [`Source`](crate::Source) writes it.
    pub source: String,
    /// Whether the source calls it the latest.
    pub is_latest: bool,
}

/// Returns what the first source with an answer announces for a platform, the newest first; the
/// bucket names no version but the newest. The store remembers which is the latest.
///
/// # Errors
///
/// As for [`install`](crate::install) while it asks for the newest version.
pub fn available(
    store: &Store,
    request: &InstallRequest,
    environment: &Variables,
    progress: &dyn Progress,
) -> Result<Vec<Available>> {
    let platform = match request.platform {
        Some(platform) => platform,
        None => Platform::detect()?,
    };
    let mut failed = Vec::new();
    for source in &request.sources {
        let name = source.to_string();
        let ask = || -> Result<Vec<Available>> {
            let publisher = source.publisher(Environment(environment), &request.limits)?;
            request.check_encrypted(publisher.as_ref())?;
            let latest = publisher.newest(platform, progress)?;
            let origin = source.origin(Environment(environment));
            store.remember_newer(&origin, platform, &latest);
            let mut versions = publisher.versions(platform, progress)?;
            versions.sort_unstable_by(|a, b| b.cmp(a));
            let versions = versions.into_iter();
            Ok(versions
                .map(|version| Available {
                    is_latest: version == latest,
                    source: name.clone(),
                    version,
                })
                .collect())
        };
        match ask().map_err(|error| error.asked_of(&name)) {
            Err(error) if error.kind().is_network() => failed.push(error),
            answer => return answer.map_err(|error| error.after(&failed)),
        }
    }
    match failed.pop() {
        Some(last) => Err(last.after(&failed)),
        None => Ok(Vec::new()),
    }
}
