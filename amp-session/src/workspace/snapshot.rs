//! A listing kept in the repository: a tree with the files and with what Git has no place for.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::git::{Git, failure};
use super::listing::{Entry, EntryKind, Listing};
use super::path::{RepositoryPath, quoted};
use super::platform;
use crate::error::Error;

/// The files, in the tree of a snapshot.
const FILES: &str = "files";

/// What Git has no place for, in the tree of a snapshot.
const NOTES: &str = "notes.json";

/// The layout of the notes; a reader refuses a number it does not know.
const FORMAT: u32 = 1;

/// What Git has no place for; paths are quoted as Git does it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Notes {
    format: u32,
    ignored: Vec<String>,
    empty_folders: Vec<String>,
    left_out: BTreeMap<String, String>,
    /// The permission bits that most files and most programs have.
    usual: (u32, u32),
    /// The permission bits of the others.
    unusual: BTreeMap<String, u32>,
}

/// Writes a listing into the repository and has a ref name it; the objects of its files are there.
///
/// The user's index stays as it is. The ref names a tree and no commit, so that no log shows it.
pub(super) async fn write(git: &Git, listing: &Listing, name: &str) -> Result<(), Error> {
    let scratch = tempfile::tempdir().map_err(Error::RunFiles)?;
    let notes =
        serde_json::to_vec(&Notes::of(listing)).map_err(|error| Error::Output(error.into()))?;
    let file = scratch.path().join(NOTES);
    std::fs::write(&file, notes).map_err(Error::RunFiles)?;
    let hash = ["hash-object", "-w", "--no-filters", "--stdin-paths"];
    let file = quoted(&platform::bytes(&file));
    let notes = git.line(&hash, format!("{file}\n").into_bytes()).await?;
    let mut index = format!("100644 {notes}\t{NOTES}\n");
    for (path, entry) in &listing.entries {
        let line = format!(
            "{} {}\t{}\n",
            entry.git_mode(),
            entry.id,
            path.inside(FILES).quoted()
        );
        index.push_str(&line);
    }
    let own = git.with("GIT_INDEX_FILE", scratch.path().join("index"));
    let update = ["update-index", "--index-info"];
    own.lines(&update, index.into_bytes()).await?;
    let tree = own.line(&["write-tree"], Vec::new()).await?;
    git.lines(&["update-ref", name, &tree], Vec::new()).await?;
    Ok(())
}

/// Reads a listing that a ref names.
pub(super) async fn read(git: &Git, name: &str) -> Result<Listing, Error> {
    let file = format!("{name}:{NOTES}");
    let notes = git.lines(&["cat-file", "blob", &file], Vec::new()).await?;
    let notes: Option<Notes> = serde_json::from_slice(&notes.join(&b'\n')).ok();
    let notes = notes.filter(|notes| notes.format == FORMAT);
    let unknown = || failure(&["cat-file"], "it is a snapshot of another release");
    let notes = notes.ok_or_else(unknown)?;
    let list = ["ls-tree", "-r", name, "--", FILES];
    let mut entries = BTreeMap::new();
    for line in git.lines(&list, Vec::new()).await? {
        let (path, entry) = notes.entry(&line).ok_or_else(unknown)?;
        entries.insert(path, entry);
    }
    notes.listing(entries).ok_or_else(unknown)
}

/// Returns what is not the same in the files of two snapshots, as Git shows it.
pub(super) async fn diff(
    git: &Git,
    [before, after]: &[String; 2],
    colour: bool,
) -> Result<Vec<Vec<u8>>, Error> {
    let colour = if colour {
        "--color=always"
    } else {
        "--color=never"
    };
    let relative = format!("--relative={FILES}");
    let command = [
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--find-renames",
        &relative,
        colour,
        before,
        after,
    ];
    git.lines(&command, Vec::new()).await
}

/// Writes what is not the same in the files of two snapshots to a file, as `git apply` takes it.
pub(super) async fn write_patch(
    git: &Git,
    [before, after]: [&str; 2],
    to: &Path,
) -> Result<(), Error> {
    let relative = format!("--relative={FILES}");
    // By Git itself: lines of any length stay whole.
    let output = format!("--output={}", to.display());
    let command = [
        "diff",
        "--binary",
        "--full-index",
        "--no-color",
        "--no-ext-diff",
        "--no-renames",
        "--no-textconv",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        &relative,
        &output,
        before,
        after,
    ];
    git.lines(&command, Vec::new()).await?;
    Ok(())
}

impl Notes {
    fn of(listing: &Listing) -> Self {
        let all = |paths: &[RepositoryPath]| paths.iter().map(RepositoryPath::quoted).collect();
        let files = || {
            listing
                .entries
                .iter()
                .filter(|(_, entry)| entry.kind == EntryKind::File)
        };
        let most = |programs: bool| {
            let mut counts = BTreeMap::<u32, usize>::new();
            for (_, entry) in files().filter(|(_, entry)| entry.is_program() == programs) {
                *counts.entry(entry.permissions).or_default() += 1;
            }
            counts.into_iter().max_by_key(|(_, count)| *count)
        };
        let [file, program] = [false, true].map(|programs| most(programs).map_or(0, |most| most.0));
        let usual = |entry: &Entry| if entry.is_program() { program } else { file };
        let unusual = files().filter(|(_, entry)| entry.permissions != usual(entry));
        let left_out = listing.left_out.iter();
        Self {
            format: FORMAT,
            ignored: all(&listing.ignored),
            empty_folders: all(&listing.empty_folders),
            left_out: left_out
                .map(|(path, why)| (path.quoted(), why.clone()))
                .collect(),
            usual: (file, program),
            unusual: unusual
                .map(|(path, entry)| (path.quoted(), entry.permissions))
                .collect(),
        }
    }

    /// Reads a line of `git ls-tree`.
    fn entry(&self, line: &[u8]) -> Option<(RepositoryPath, Entry)> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let path = RepositoryPath::parse(&line[tab + 1..])?.out_of(FILES)?;
        let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
        let (mode, _, id) = (words.next()?, words.next()?, words.next()?);
        let (kind, usual) = match mode {
            "120000" => (EntryKind::Link, 0),
            "100755" => (EntryKind::File, self.usual.1),
            "100644" => (EntryKind::File, self.usual.0),
            _ => return None,
        };
        let permissions = self.unusual.get(&path.quoted()).copied().unwrap_or(usual);
        let id = id.to_owned();
        Some((
            path,
            Entry {
                kind,
                permissions,
                id,
            },
        ))
    }

    fn listing(self, entries: BTreeMap<RepositoryPath, Entry>) -> Option<Listing> {
        let read = |text: &String| RepositoryPath::parse(text.as_bytes());
        let all = |paths: &[String]| paths.iter().map(read).collect::<Option<Vec<_>>>();
        let left_out = self
            .left_out
            .iter()
            .map(|(path, why)| Some((read(path)?, why.clone())));
        Some(Listing {
            entries,
            ignored: all(&self.ignored)?,
            empty_folders: all(&self.empty_folders)?,
            left_out: left_out.collect::<Option<_>>()?,
        })
    }
}
