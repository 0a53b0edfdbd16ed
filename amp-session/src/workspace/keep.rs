//! The files of a work tree, kept before a turn and after it.

use std::path::{Path, PathBuf};

use super::git::{Git, in_time};
use super::note::SnapshotNote;
use super::scan::{Keep, Scan, root_around};
use super::snapshot;
use crate::environment::Environment;
use crate::error::Error;

/// The files of a work tree before a turn, until the turn has ended.
#[derive(Debug)]
pub(crate) struct Snapshots {
    git: Git,
    root: PathBuf,
    note: SnapshotNote,
    before: Scan,
}

impl Snapshots {
    /// Keeps the files of the work tree around a folder as they are before a turn.
    ///
    /// `name` is what the names of the refs begin with.
    pub(crate) async fn before(
        folder: &Path,
        environment: &Environment,
        name: &str,
    ) -> Result<Self, Error> {
        let folder = folder.canonicalize().map_err(Error::RunFiles)?;
        if !folder.ancestors().any(|above| above.join(".git").exists()) {
            let reason = "there is no Git work tree".to_owned();
            return Err(Error::WorkTree { reason });
        }
        in_time(async {
            let git = Git::new(&folder, environment);
            let root = root_around(&git, &folder).await?;
            let git = git.at(&root);
            let before = Scan::take(&git, &root, Keep::Objects, None).await?;
            let note = SnapshotNote {
                root: Some(root.clone()),
                name: name.to_owned(),
                ..SnapshotNote::default()
            };
            snapshot::write(&git, &before.listing, &note.before()).await?;
            Ok(Self {
                git,
                root,
                note,
                before,
            })
        })
        .await
    }

    /// Returns what the record of the turn says while it runs.
    pub(crate) fn note(&self) -> &SnapshotNote {
        &self.note
    }

    /// Keeps the files as they are after the turn, and returns what its record says then.
    pub(crate) async fn after(self) -> SnapshotNote {
        let mut note = self.note.clone();
        let kept = in_time(async {
            let after =
                Scan::take(&self.git, &self.root, Keep::Objects, Some(&self.before)).await?;
            let after = after.listing.comparable(&self.before.listing);
            snapshot::write(&self.git, &after, &self.note.after()).await
        });
        match kept.await {
            Ok(()) => note.is_whole = true,
            Err(error) => note.trouble = Some(error.to_string()),
        }
        note
    }
}
