//! Whether files of a work tree have changed.

use std::collections::BTreeMap;
use std::path::Path;

use super::git::Git;
use super::listing::Listing;
use super::scan::{Keep, Scan, root_around};
use crate::environment::Environment;

/// What the files of a work tree are, ignored ones left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State(Listing);

/// Returns what the files of the work tree around a folder are; `None` where there is none, or
/// where `git` is missing or fails.
pub(crate) async fn state(folder: &Path, environment: &Environment) -> Option<State> {
    let git = Git::new(folder, environment);
    let root = root_around(&git, folder).await.ok()?;
    let scan = Scan::take(&git.at(&root), &root, Keep::Nothing, None).await;
    let mut listing = scan.ok()?.listing;
    // What is built besides is no work.
    listing.ignored.clear();
    listing.empty_folders.clear();
    listing.left_out = BTreeMap::new();
    Some(State(listing))
}
