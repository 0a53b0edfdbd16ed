//! Reads a work tree: what is tracked and what is not, but not what is ignored, byte for byte.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::git::{Git, failure};
use super::listing::{Entry, EntryKind, Listing};
use super::path::{RepositoryPath, quoted};
use super::platform::{self, Stamp};
use crate::blocking::blocking;
use crate::error::Error;

/// The largest file that is kept, in bytes: 32 MiB.
pub(super) const LARGEST_FILE: u64 = 32 << 20;

/// Git writes these in the place of a file's mode for a submodule.
const SUBMODULE: &[u8] = b"160000";

/// Whether the bytes of what is read go into the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Objects,
    Nothing,
}

/// A listing, and how to tell which of its files have changed since.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    pub(super) listing: Listing,
    stamps: HashMap<RepositoryPath, (Stamp, Entry)>,
}

/// A file to be read.
struct Found {
    path: RepositoryPath,
    kind: EntryKind,
    permissions: u32,
    stamp: Option<Stamp>,
    /// The target of a link.
    target: Vec<u8>,
}

/// Everything that a look at the file system tells.
#[derive(Default)]
struct Seen {
    found: Vec<Found>,
    known: BTreeMap<RepositoryPath, Entry>,
    left_out: BTreeMap<RepositoryPath, String>,
    /// Folders in the places of files.
    folders: Vec<RepositoryPath>,
}

impl Scan {
    /// Returns an earlier scan that knows nothing but a listing.
    pub(super) fn of(listing: Listing) -> Self {
        let stamps = HashMap::new();
        Self { listing, stamps }
    }

    /// Reads the work tree at the folder of `git`.
    ///
    /// `before` is an earlier scan: its files are looked at whether they are ignored by now or not,
    /// and are not read again while nothing has touched them.
    pub(super) async fn take(
        git: &Git,
        root: &Path,
        keep: Keep,
        before: Option<&Self>,
    ) -> Result<Self, Error> {
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        let started = started.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
        let mut left_out = BTreeMap::new();
        let mut paths = tracked(git, &mut left_out).await?;
        for path in list(git, &["--others"]).await? {
            match path.as_folder() {
                Some(folder) => {
                    left_out.insert(folder, "a Git repository of its own".to_owned());
                }
                None => {
                    paths.insert(path, false);
                }
            }
        }
        let folders = list(git, &["--others", "--directory"]).await?;
        let stamps = before
            .map(|before| before.stamps.clone())
            .unwrap_or_default();
        for path in before
            .iter()
            .flat_map(|before| before.listing.entries.keys())
        {
            paths.entry(path.clone()).or_insert(false);
        }
        let folders = folders.into_iter().filter_map(|path| path.as_folder());
        let used: HashSet<_> = paths.keys().flat_map(RepositoryPath::folders).collect();
        let is_empty =
            |folder: &RepositoryPath| !used.contains(folder) && !left_out.contains_key(folder);
        let empty_folders = folders.filter(is_empty).collect();
        let at = root.to_owned();
        let seen = blocking(move || look(&at, paths, &stamps)).await;
        left_out.extend(seen.left_out);
        let ignored = ignored(git, &seen.folders).await?;
        let mut scan = Self {
            listing: Listing {
                entries: seen.known,
                ignored,
                empty_folders,
                left_out,
            },
            stamps: HashMap::new(),
        };
        scan.read(git, seen.found, keep).await?;
        let stamps = before.map(|before| &before.stamps);
        for (path, known) in stamps.into_iter().flatten() {
            if scan.listing.entries.get(path) == Some(&known.1) {
                scan.stamps.insert(path.clone(), known.clone());
            }
        }
        // The clock of files is coarse: what changes in the second of a scan may not show.
        scan.stamps
            .retain(|_, (stamp, _)| stamp.is_before(started - 1));
        Ok(scan)
    }

    /// Has Git read files, and takes them up.
    async fn read(&mut self, git: &Git, found: Vec<Found>, keep: Keep) -> Result<(), Error> {
        let scratch = tempfile::tempdir().map_err(Error::RunFiles)?;
        // What others may not read must not be read by them in the repository.
        let is_private =
            |found: &Found| found.kind == EntryKind::File && found.permissions & 0o44 == 0;
        let (private, open): (Vec<_>, Vec<_>) = found.into_iter().partition(is_private);
        for (files, is_private) in [(open, false), (private, true)] {
            if files.is_empty() {
                continue;
            }
            let names = names(&files, scratch.path()).map_err(Error::RunFiles)?;
            let mut arguments = Vec::new();
            if is_private {
                arguments.extend(["-c", "core.sharedRepository=0600"]);
            }
            arguments.push("hash-object");
            if keep == Keep::Objects {
                arguments.push("-w");
            }
            arguments.extend(["--no-filters", "--stdin-paths"]);
            let ids = git.lines(&arguments, names.into_bytes()).await?;
            if ids.len() != files.len() {
                return Err(failure(&["hash-object"], "it left files out"));
            }
            for (found, id) in files.into_iter().zip(ids) {
                let entry = Entry {
                    kind: found.kind,
                    permissions: found.permissions,
                    id: String::from_utf8_lossy(&id).into_owned(),
                };
                if let Some(stamp) = found.stamp {
                    let known = (stamp, entry.clone());
                    self.stamps.insert(found.path.clone(), known);
                }
                self.listing.entries.insert(found.path, entry);
            }
        }
        Ok(())
    }
}

/// Returns what is in the index, and whether it is a program; submodules are left out.
async fn tracked(
    git: &Git,
    left_out: &mut BTreeMap<RepositoryPath, String>,
) -> Result<BTreeMap<RepositoryPath, bool>, Error> {
    let command = ["ls-files", "--stage"];
    let mut paths = BTreeMap::new();
    for line in git.lines(&command, Vec::new()).await? {
        let tab = line.iter().position(|byte| *byte == b'\t');
        let path = tab.and_then(|tab| RepositoryPath::parse(&line[tab + 1..]));
        let path = path.ok_or_else(|| failure(&command, "a line without a path"))?;
        if line.starts_with(SUBMODULE) {
            left_out.insert(path, "a submodule".to_owned());
        } else {
            paths.insert(path, line.starts_with(b"100755"));
        }
    }
    Ok(paths)
}

/// Lists what is ignored: a folder that is ignored by itself, but no folder that merely has nothing
/// but ignored files in it.
///
/// `in_place_of_files` are folders where the index has files, which Git does not list as folders.
async fn ignored(
    git: &Git,
    in_place_of_files: &[RepositoryPath],
) -> Result<Vec<RepositoryPath>, Error> {
    let listed = list(git, &["--others", "--ignored", "--directory"]).await?;
    let (mut folders, mut ignored): (Vec<_>, Vec<_>) = listed
        .into_iter()
        .partition(|path| path.as_folder().is_some());
    folders.extend(in_place_of_files.iter().map(RepositoryPath::with_slash));
    if folders.is_empty() {
        return Ok(ignored);
    }
    let command = ["check-ignore", "--no-index", "--stdin"];
    let asked: String = folders.iter().map(|path| path.quoted() + "\n").collect();
    let matching = git.lines_if_any(&command, asked.into_bytes()).await?;
    let matching: HashSet<_> = matching
        .iter()
        .filter_map(|line| RepositoryPath::parse(line))
        .collect();
    let (by_itself, by_content): (Vec<_>, Vec<_>) = folders
        .into_iter()
        .partition(|path| matching.contains(path));
    ignored.extend(by_itself);
    if !by_content.is_empty() {
        let files = list(git, &["--others", "--ignored"]).await?;
        let is_listed = |file: &RepositoryPath| by_content.iter().any(|folder| file.is_in(folder));
        ignored.extend(files.into_iter().filter(is_listed));
    }
    Ok(ignored)
}

/// Lists what is not in the index.
async fn list(git: &Git, options: &[&str]) -> Result<Vec<RepositoryPath>, Error> {
    let command: Vec<&str> = ["ls-files", "--exclude-standard"]
        .iter()
        .chain(options)
        .copied()
        .collect();
    let lines = git.lines(&command, Vec::new()).await?;
    let paths: Option<Vec<_>> = lines
        .iter()
        .map(|line| RepositoryPath::parse(line))
        .collect();
    paths.ok_or_else(|| failure(&command, "a path that cannot be read"))
}

/// Looks at files; those that nothing has touched since they were read are known.
fn look(
    root: &Path,
    paths: BTreeMap<RepositoryPath, bool>,
    stamps: &HashMap<RepositoryPath, (Stamp, Entry)>,
) -> Seen {
    let mut seen = Seen::default();
    let mut folders = Folders::new(root);
    for (path, is_program) in paths {
        if !path.folders().all(|folder| folders.is_real(&folder)) {
            continue;
        }
        let place = path.below(root);
        let metadata = match fs::symlink_metadata(&place) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                seen.left_out.insert(path, error.to_string());
                continue;
            }
        };
        let stamp = Stamp::of(&metadata);
        let known = stamps.get(&path);
        match known.filter(|(known, _)| stamp.as_ref() == Some(known)) {
            Some((_, entry)) => {
                seen.known.insert(path, entry.clone());
            }
            None => match found(&path, &place, &metadata, is_program) {
                Ok(Some(found)) => seen.found.push(found),
                Ok(None) => seen.folders.push(path),
                Err(reason) => {
                    seen.left_out.insert(path, reason);
                }
            },
        }
    }
    seen
}

/// Returns a file as it is to be read; nothing for a folder, and the reason for what cannot be.
fn found(
    path: &RepositoryPath,
    place: &Path,
    metadata: &Metadata,
    is_program: bool,
) -> Result<Option<Found>, String> {
    let mut found = Found {
        path: path.clone(),
        kind: EntryKind::File,
        permissions: 0,
        stamp: Stamp::of(metadata),
        target: Vec::new(),
    };
    if metadata.is_symlink() {
        let target = fs::read_link(place).map_err(|error| error.to_string())?;
        found.kind = EntryKind::Link;
        found.target = platform::bytes(&target);
    } else if metadata.is_file() {
        if metadata.len() > LARGEST_FILE {
            return Err(format!("larger than {} MiB", LARGEST_FILE >> 20));
        }
        File::open(place).map_err(|error| error.to_string())?;
        found.permissions = platform::permissions(metadata, is_program);
    } else if metadata.is_dir() {
        return Ok(None);
    } else {
        return Err("neither a file nor a link".to_owned());
    }
    Ok(Some(found))
}

/// Returns the files to read, one a line; the target of a link is put into a file of its own.
fn names(files: &[Found], scratch: &Path) -> io::Result<String> {
    let mut names = String::new();
    for (number, found) in files.iter().enumerate() {
        let name = match found.kind {
            EntryKind::File => found.path.quoted(),
            EntryKind::Link => {
                let file = scratch.join(number.to_string());
                fs::write(&file, &found.target)?;
                quoted(&platform::bytes(&file))
            }
        };
        names.push_str(&name);
        names.push('\n');
    }
    Ok(names)
}

/// Which folders are folders, and no links to others.
struct Folders<'a> {
    root: &'a Path,
    known: HashMap<RepositoryPath, bool>,
}

impl<'a> Folders<'a> {
    fn new(root: &'a Path) -> Self {
        let known = HashMap::new();
        Self { root, known }
    }

    fn is_real(&mut self, folder: &RepositoryPath) -> bool {
        if let Some(known) = self.known.get(folder) {
            return *known;
        }
        let metadata = fs::symlink_metadata(folder.below(self.root));
        let is_real = metadata.is_ok_and(|metadata| metadata.is_dir());
        self.known.insert(folder.clone(), is_real);
        is_real
    }
}

/// The root of the work tree around a folder.
///
/// # Errors
/// Fails where there is none, or one that does not hold the folder.
pub(super) async fn root_around(git: &Git, folder: &Path) -> Result<PathBuf, Error> {
    let command = ["rev-parse", "--show-toplevel"];
    let root = PathBuf::from(git.line(&command, Vec::new()).await?);
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let root = real(&root);
    // A repository may name any folder as its work tree.
    match real(folder).starts_with(&root) {
        true => Ok(root),
        false => Err(failure(&command, "it names a work tree somewhere else")),
    }
}
