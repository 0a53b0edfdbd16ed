//! The bytes of one artifact, from a file or over the network, unpacked as they come.

use std::fmt::Display;
use std::fs::File;
use std::path::Path;

use super::output::{Output, mismatch};
use super::{Fetch, Setback};
use crate::error::{Error, ErrorKind};
use crate::source::{Announced, Artifact, missing_or_unreadable};
use crate::store::Partial;
use crate::transfer::{Failure, Transfer};
use crate::unpack::unpack;

impl Fetch<'_> {
    /// Reads the artifact from a file of a mirror.
    pub(super) fn copy_file(
        &self,
        artifact: &Artifact,
        path: &Path,
        output: &mut Output<'_>,
    ) -> std::result::Result<(), Setback> {
        let mut file =
            File::open(path).map_err(|cause| Setback::Final(missing_or_unreadable(path, cause)))?;
        let member = self.platform.executable_name();
        let cap = self.limits.caps.executable;
        unpack(artifact.packing, member, &mut file, cap, output)
            .map_err(|error| Setback::Final(located(error, path.display())))
    }

    /// Reads the artifact from the network; what was kept of it is returned when all of it came.
    pub(super) fn download(
        &self,
        artifact: &Artifact,
        mut transfer: Transfer<'_>,
        output: &mut Output<'_>,
    ) -> std::result::Result<Option<Partial>, Setback> {
        let member = self.platform.executable_name();
        let cap = self.limits.caps.executable;
        let unpacked = unpack(artifact.packing, member, &mut transfer, cap, output)
            // Bytes behind the end of the wrapping belong to the body as well.
            .and_then(|()| transfer.drain());
        // Damaged data in a body with a digest of its own: the digest says whose damage it is.
        let is_damaged = matches!(&unpacked, Err(error) if error.kind() == ErrorKind::Archive);
        if is_damaged && matches!(self.release.announced, Announced::Download(_)) {
            drop(transfer.drain());
        }
        let failure = transfer.failure();
        let (actual, partial) = transfer.finish();
        let wrong = match self.release.announced {
            Announced::Download(expected) if unpacked.is_ok() || is_damaged => actual
                .filter(|actual| *actual != expected)
                .map(|actual| Setback::Wrong(mismatch("the download", expected, actual))),
            _ => None,
        };
        let is_executables_digest = matches!(self.release.announced, Announced::Executable(_));
        let setback = match (failure, wrong, unpacked) {
            (Some(Failure::Restart(reason)), ..) => Setback::Restart(reason),
            (Some(Failure::Error(error)), ..) => {
                let is_useful =
                    !matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::TooLarge);
                if is_useful {
                    return Err(Setback::Final(error));
                }
                Setback::Final(error)
            }
            (None, Some(wrong), _) => wrong,
            (None, None, Ok(())) => return Ok(partial),
            (None, None, Err(error)) if is_damaged && is_executables_digest => {
                Setback::Wrong(error)
            }
            (None, None, Err(error)) => Setback::Final(located(error, &artifact.place)),
        };
        if let Some(partial) = partial {
            partial.discard();
        }
        Err(setback)
    }
}

/// Adds where the bytes came from, unless the error is about another place.
fn located(error: Error, place: impl Display) -> Error {
    match error.location() {
        Some(_) => error,
        None => error.at(place.to_string()),
    }
}
