//! The detached signature that a pinned key demands.

use minisign_verify::Signature;

use super::Fetch;
use crate::error::{ErrorKind, Result};
use crate::signature::{PinnedKey, absent, parse_signature};
use crate::source::{Place, read_file};

impl Fetch<'_> {
    /// Fetches the signature; `None` when no key of minisign is pinned.
    pub(super) fn signature(&self) -> Result<Option<Signature>> {
        let key = self.pinned_key.and_then(PinnedKey::of_minisign);
        if key.is_none() {
            return Ok(None);
        }
        let place = self.release.signature.as_ref();
        let place = place.ok_or_else(|| absent(self.publisher.name()))?;
        let cap = self.limits.caps.text;
        let bytes = match (place, self.publisher.client()) {
            (Place::Web(address), Some(client)) => client.fetch(address, None, cap, self.progress),
            (Place::File(path), _) => read_file(path, cap),
            (Place::Web(_), None) => Err(absent(self.publisher.name())),
        };
        let bytes = bytes.map_err(|error| match error.kind() {
            ErrorKind::NotPublished => absent(self.publisher.name())
                .at(place.to_string())
                .caused_by(error),
            _ => error,
        })?;
        let parsed = parse_signature(&String::from_utf8_lossy(&bytes));
        parsed
            .map(Some)
            .map_err(|error| error.at(place.to_string()))
    }
}
