//! The copy of the workspace that is mutated: `target/mutants/tree`.
//!
//! It stays there between runs, and only files that differ are copied, so that cargo builds again
//! only what has changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};

use crate::{command, machine};

/// Time for git to list the files.
const LIMIT: Duration = Duration::from_secs(60);

/// Makes the copy the same as the workspace at `root`, changes that are not committed included,
/// and returns its folder.
///
/// # Errors
/// When git cannot list the files, or a file cannot be copied.
pub async fn refresh(root: &Path) -> Result<PathBuf> {
    let tree = root.join("target/mutants/tree");
    let wanted = tracked(root).await?;
    for file in &wanted {
        copy(&root.join(file), &tree.join(file))
            .with_context(|| format!("cannot copy {}", file.display()))?;
    }
    remove_others(&tree, &tree, &wanted)?;
    Ok(tree)
}

/// Returns the files that git knows or would take, from `root`.
async fn tracked(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let git = ProcessSpec::new(machine::find_program("git").context("git is not on the path")?)
        .with_environment(machine::environment())
        .with_working_directory(root)
        .with_arguments([
            "-c",
            "core.quotePath=off",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
    let listed = command::output(git, LIMIT).await?;
    let files = listed.lines().map(PathBuf::from);
    // Git still lists what was just removed.
    Ok(files.filter(|file| root.join(file).is_file()).collect())
}

/// Leaves a file alone that holds the same: what was changed there and changed back is newer than
/// what cargo built of the change, and has to stay so.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to)?;
    Ok(())
}

fn remove_others(tree: &Path, folder: &Path, wanted: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(tree, &path, wanted)?;
        } else if !wanted.contains(path.strip_prefix(tree)?) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
