//! The files that a turn has changed, as far as its tool calls tell.

use amp_session::FileChange;
use amp_session::protocol::progress::ClosedCall;
use serde::Serialize;

/// One file and what all calls together did to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ChangedFile {
    /// Relative to the folder the agent works in, where it lies in there.
    pub(crate) path: String,
    pub(crate) added: u64,
    pub(crate) deleted: u64,
}

/// The files that were changed, in the order of their first change.
#[derive(Debug, Default)]
pub(crate) struct Changes(Vec<ChangedFile>);

impl Changes {
    /// Adds what a call that has ended changed; `directory` is where the agent works.
    pub(crate) fn add(&mut self, closed: &ClosedCall<'_>, directory: Option<&str>) {
        let (Some(call), Some(result)) = (&closed.call, closed.result) else {
            return;
        };
        for change in FileChange::of_call(&call.request, result) {
            let path = relative(&change.path, directory);
            match self.0.iter_mut().find(|file| file.path == path) {
                Some(file) => {
                    file.added += change.added;
                    file.deleted += change.deleted;
                }
                None => self.0.push(ChangedFile {
                    path: path.to_owned(),
                    added: change.added,
                    deleted: change.deleted,
                }),
            }
        }
    }

    /// Returns the files.
    pub(crate) fn files(&self) -> &[ChangedFile] {
        &self.0
    }
}

/// Returns a path as seen from a folder, when it lies in there.
pub(crate) fn relative<'a>(path: &'a str, directory: Option<&str>) -> &'a str {
    let inside = directory
        .and_then(|directory| path.strip_prefix(directory))
        .and_then(|inside| inside.strip_prefix('/'));
    inside.unwrap_or(path)
}
