//! Random work trees, random turns, and what undoing them leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::future::Future;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use tempfile::TempDir;

use super::git::Git;
use super::keep::Snapshots;
use super::note::SnapshotNote;
use super::scan::LARGEST_FILE;
use super::state::state;
use super::turn_files::TurnFiles;
use crate::environment::Environment;

/// What lies at a path: kind, permissions and bytes.
type Node = (char, u32, Vec<u8>);

/// Everything below a folder but its repository.
type Disk = BTreeMap<PathBuf, Node>;

/// One thing that somebody does to a tree.
#[derive(Debug, Clone)]
enum Deed {
    Write(PathBuf, Vec<u8>, u32),
    Link(PathBuf, String),
    Delete(PathBuf),
    Rename(PathBuf, PathBuf),
    Permit(PathBuf, u32),
}

/// A Git work tree.
struct Place {
    folder: TempDir,
    environment: Environment,
}

impl Place {
    async fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Environment::from([
                ("HOME".into(), "/nowhere".into()),
                ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
            ]),
        };
        place.git(&["init", "-q"]).await;
        place
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    async fn git(&self, arguments: &[&str]) -> Vec<Vec<u8>> {
        let git = Git::new(self.root(), &self.environment);
        git.lines(arguments, Vec::new()).await.expect("git does it")
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        self.carry_out(&Deed::Write(path.into(), content.as_ref().to_vec(), 0o644));
    }

    async fn before(&self) -> Snapshots {
        let name = "refs/amp-session/any/0001";
        let before = Snapshots::before(self.root(), &self.environment, name).await;
        before.expect("there is a snapshot")
    }

    async fn files(&self, note: &SnapshotNote) -> TurnFiles {
        let mut files = TurnFiles::new(note.root.clone().unwrap(), &self.environment);
        files.read(note).await.unwrap();
        files
    }

    fn carry_out(&self, deed: &Deed) {
        let at = |path: &Path| self.root().join(path);
        match deed {
            Deed::Write(path, content, permissions) => {
                make_room(self.root(), path);
                fs::write(at(path), content).unwrap();
                fs::set_permissions(at(path), Permissions::from_mode(*permissions)).unwrap();
            }
            Deed::Link(path, target) => {
                make_room(self.root(), path);
                symlink(target, at(path)).unwrap();
            }
            Deed::Delete(path) => remove(&at(path)),
            Deed::Rename(from, to) => {
                if fs::symlink_metadata(at(from)).is_ok()
                    && !to.starts_with(from)
                    && !from.starts_with(to)
                {
                    make_room(self.root(), to);
                    // What was to be renamed may have lain behind what made room.
                    let _ = fs::rename(at(from), at(to));
                }
            }
            Deed::Permit(path, permissions) => {
                let is_file = |metadata: fs::Metadata| metadata.is_file();
                if fs::symlink_metadata(at(path)).is_ok_and(is_file) {
                    fs::set_permissions(at(path), Permissions::from_mode(*permissions)).unwrap();
                }
            }
        }
    }

    /// Returns all files and links.
    fn disk(&self) -> Disk {
        let mut disk = Disk::new();
        read(self.root(), Path::new(""), &mut disk);
        disk
    }
}

fn read(root: &Path, folder: &Path, disk: &mut Disk) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            if path != Path::new(".git") {
                read(root, &path, disk);
            }
        } else if metadata.is_symlink() {
            let target = fs::read_link(entry.path()).unwrap();
            disk.insert(path, ('l', 0, target.to_str().unwrap().into()));
        } else {
            let permissions = metadata.permissions().mode() & 0o7777;
            disk.insert(path, ('f', permissions, fs::read(entry.path()).unwrap()));
        }
    }
}

/// Deletes what is at a path, whatever it is.
fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Makes the folders above a path, in the place of whatever is there, and deletes what is at it.
fn make_room(root: &Path, path: &Path) {
    let above: Vec<&Path> = path.ancestors().skip(1).collect();
    for folder in above
        .into_iter()
        .rev()
        .filter(|folder| *folder != Path::new(""))
    {
        let folder = root.join(folder);
        if !fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir()) {
            remove(&folder);
            fs::create_dir(&folder).unwrap();
        }
    }
    remove(&root.join(path));
}

fn paths() -> impl Strategy<Value = PathBuf> {
    let name = prop_oneof![
        Just("a"),
        Just("b"),
        Just("c.txt"),
        Just("odd \n\"näme\\"),
        Just("built.o"),
        Just("target")
    ];
    vec(name, 1..4).prop_map(|names| names.iter().collect())
}

fn contents() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..40),
        Just(b"one\r\ntwo\n$Id$\r\n".to_vec()),
        Just(b"*.o\n".to_vec()),
        Just(b"* text=auto eol=crlf ident\n".to_vec()),
    ]
}

fn permissions() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0o644),
        Just(0o755),
        Just(0o600),
        Just(0o664),
        Just(0o500)
    ]
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    vec(deed(), 0..12)
}

fn deed() -> impl Strategy<Value = Deed> {
    let special = prop_oneof![
        Just(PathBuf::from(".gitignore")),
        Just(PathBuf::from(".gitattributes"))
    ];
    let anywhere = prop_oneof![6 => paths(), 1 => special];
    prop_oneof![
        4 => (anywhere, contents(), permissions()).prop_map(|(path, content, permissions)| Deed::Write(path, content, permissions)),
        1 => (paths(), "[a-z./]{1,8}").prop_map(|(path, target)| Deed::Link(path, target)),
        2 => paths().prop_map(Deed::Delete),
        2 => (paths(), paths()).prop_map(|(from, to)| Deed::Rename(from, to)),
        1 => (paths(), permissions()).prop_map(|(path, permissions)| Deed::Permit(path, permissions)),
    ]
}

/// Returns the files that are ignored in a tree, and the folders that are ignored as a whole.
async fn ignored(place: &Place) -> Vec<PathBuf> {
    let list = [
        "ls-files",
        "--others",
        "--ignored",
        "--exclude-standard",
        "-z",
    ];
    let files = place.git(&list).await.join(&b'\n');
    let files = files
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty());
    let text = |path: &[u8]| PathBuf::from(String::from_utf8(path.to_vec()).unwrap());
    let mut ignored: Vec<PathBuf> = files.map(text).collect();
    let folders: BTreeSet<PathBuf> = ignored
        .iter()
        .flat_map(|file| file.ancestors().skip(1).map(Path::to_owned))
        .collect();
    let git = Git::new(place.root(), &place.environment);
    for folder in folders
        .into_iter()
        .filter(|folder| *folder != Path::new(""))
    {
        let command = ["check-ignore", "--no-index", folder.to_str().unwrap()];
        if !git
            .lines_if_any(&command, Vec::new())
            .await
            .unwrap()
            .is_empty()
        {
            ignored.push(folder);
        }
    }
    ignored
}

/// Tries a turn in a tree of which a part is committed; then somebody else does a deed, and the turn
/// is undone.
async fn try_out([committed, loose, turn]: [Vec<Deed>; 3], others: Option<Deed>) -> TestCaseResult {
    let place = Place::new().await;
    place.write(".gitignore", "*.o\ntarget/\n");
    committed.iter().for_each(|deed| place.carry_out(deed));
    place.git(&["add", "--all"]).await;
    loose.iter().for_each(|deed| place.carry_out(deed));
    let index = fs::read(place.root().join(".git/index")).unwrap();
    let was_ignored = ignored(&place).await;
    let before = place.disk();
    let snapshots = place.before().await;
    turn.iter().for_each(|deed| place.carry_out(deed));
    let note = snapshots.after().await;
    prop_assert_eq!(&note.trouble, &None);
    let (after, is_ignored) = (place.disk(), ignored(&place).await);
    others.iter().for_each(|deed| place.carry_out(deed));
    let undo = place.files(&note).await.undo().await.unwrap();
    let was_ignored_as_a_whole = |path: &PathBuf| {
        let mut above = path.ancestors().skip(1);
        above.any(|folder| {
            !before.contains_key(folder) && was_ignored.iter().any(|one| one == folder)
        })
    };
    let unseen = |path: &PathBuf| match before.contains_key(path) {
        true => was_ignored.contains(path),
        false => was_ignored_as_a_whole(path) || is_ignored.contains(path),
    };
    let now = place.disk();
    let differs = |path: &&PathBuf, one: &Disk, other: &Disk| one.get(*path) != other.get(*path);
    let paths: Vec<&PathBuf> = before
        .keys()
        .chain(after.keys())
        .chain(now.keys())
        .collect();
    let of_others: Vec<&PathBuf> = paths
        .iter()
        .copied()
        .filter(|path| differs(path, &after, &now))
        .collect();
    let clashes = of_others.iter().any(|path| {
        !unseen(path) && differs(path, &before, &after) && differs(path, &before, &now)
    });
    let stays = |path: &&PathBuf| unseen(path) || of_others.contains(path);
    let is_blocked = now.keys().filter(stays).any(|one| {
        let around =
            |path: &PathBuf| path != one && (path.starts_with(one) || one.starts_with(path));
        before.keys().any(around)
    });
    let conflicts = undo.conflicts();
    prop_assert!(
        conflicts.is_empty() || clashes || is_blocked,
        "{:?}",
        conflicts
    );
    prop_assert!(!conflicts.is_empty() || !clashes);
    let restored = undo.carry_out().await;
    let undone = place.disk();
    for path in &of_others {
        prop_assert_eq!(now.get(*path), undone.get(*path), "{:?} is of others", path);
    }
    prop_assert_eq!(restored.is_ok(), conflicts.is_empty(), "{:?}", restored);
    if !conflicts.is_empty() {
        prop_assert_eq!(&undone, &now);
    }
    if restored.is_ok() {
        for path in paths {
            let wanted = match (unseen(path), differs(&path, &after, &now)) {
                (false, false) => before.get(path),
                _ => now.get(path),
            };
            prop_assert_eq!(undone.get(path), wanted, "{:?}", path);
        }
    }
    prop_assert_eq!(fs::read(place.root().join(".git/index")).unwrap(), index);
    Ok(())
}

fn run(work: impl Future<Output = TestCaseResult>) -> TestCaseResult {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn undoing_a_turn_restores_what_it_changed_and_nothing_else(
        committed in deeds(), loose in deeds(), turn in deeds(), others in option::of(deed())
    ) {
        run(try_out([committed, loose, turn], others))?;
    }
}

#[tokio::test]
async fn submodules_repositories_and_large_files_are_left_alone_and_named() {
    let place = Place::new().await;
    for name in ["module", "nested"] {
        place.git(&["init", "-q", name]).await;
        place.write(&format!("{name}/inside.txt"), "inside");
    }
    let author = [
        "-C",
        "module",
        "-c",
        "user.name=any",
        "-c",
        "user.email=any@localhost",
    ];
    place
        .git(&[&author[..], &["commit", "-q", "--allow-empty", "-m", "any"]].concat())
        .await;
    place.git(&["add", "module"]).await;
    let large = fs::File::create(place.root().join("large.bin")).unwrap();
    large.set_len(LARGEST_FILE + 1).unwrap();
    let snapshots = place.before().await;
    for path in [
        "module/inside.txt",
        "nested/inside.txt",
        "large.bin",
        "own.txt",
    ] {
        place.write(path, "changed");
    }
    let files = place.files(&snapshots.after().await).await;
    assert_eq!(files.changed(), ["own.txt"]);
    let left_alone = files.left_alone();
    let said = [
        "large.bin: larger than 32 MiB",
        "module: a submodule",
        "nested: a Git repository of its own",
    ];
    assert_eq!(left_alone, said);
    files.undo().await.unwrap().carry_out().await.unwrap();
    let disk = place.disk();
    assert_eq!(disk[Path::new("module/inside.txt")].2, b"changed");
    assert!(!disk.contains_key(Path::new("own.txt")));
}

#[tokio::test]
async fn a_program_that_the_repository_names_is_not_started() {
    let place = Place::new().await;
    let trace = place.root().join(".git/trace");
    let script = format!("touch '{}'; cat", trace.display());
    let program = place.root().join(".git/hooks/program");
    fixtures::write_script(&program, &script);
    fs::rename(
        &program,
        place.root().join(".git/hooks/reference-transaction"),
    )
    .unwrap();
    fixtures::write_script(&program, &script);
    let program = program.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "filter.any.clean",
        "filter.any.smudge",
        "diff.any.command",
        "diff.any.textconv",
        "diff.external",
    ] {
        place.git(&["config", key, program]).await;
    }
    place.write(".gitattributes", "* filter=any diff=any\n");
    place.write("a.txt", "before");
    let snapshots = place.before().await;
    place.write("a.txt", "after");
    let files = place.files(&snapshots.after().await).await;
    let diff = String::from_utf8(files.diff(false).await.unwrap()).unwrap();
    assert!(
        diff.contains("-before") && diff.contains("+after"),
        "{diff}"
    );
    files.undo().await.unwrap().carry_out().await.unwrap();
    assert_eq!(fs::read(place.root().join("a.txt")).unwrap(), b"before");
    assert!(!trace.exists());
}

#[tokio::test]
async fn a_work_tree_somewhere_else_is_refused() {
    let (place, elsewhere) = (Place::new().await, Place::new().await);
    place
        .git(&[
            "config",
            "core.worktree",
            elsewhere.root().to_str().unwrap(),
        ])
        .await;
    let kept = Snapshots::before(
        place.root(),
        &place.environment,
        "refs/amp-session/any/0001",
    );
    let error = kept.await.unwrap_err().to_string();
    assert!(error.contains("a work tree somewhere else"), "{error}");
    let plain = tempfile::tempdir().unwrap();
    let kept = Snapshots::before(
        plain.path(),
        &place.environment,
        "refs/amp-session/any/0001",
    );
    let error = kept.await.unwrap_err().to_string();
    assert!(error.contains("there is no Git work tree"), "{error}");
}

#[tokio::test]
async fn a_private_file_is_private_in_the_repository_too() {
    let place = Place::new().await;
    place.carry_out(&Deed::Write(
        "secret".into(),
        b"only for me".to_vec(),
        0o600,
    ));
    place.write("open", "for everybody");
    place.before().await;
    let mut modes = Vec::new();
    for path in ["secret", "open"] {
        let id = place
            .git(&["hash-object", "--no-filters", path])
            .await
            .remove(0);
        let id = String::from_utf8(id).unwrap();
        let object = place
            .root()
            .join(".git/objects")
            .join(&id[..2])
            .join(&id[2..]);
        modes.push(fs::metadata(object).unwrap().permissions().mode() & 0o77);
    }
    assert_eq!(modes[0], 0);
    assert_ne!(modes[1], 0);
}

#[tokio::test]
async fn the_state_is_another_one_when_a_file_is_that_is_not_ignored() {
    let place = Place::new().await;
    let now = async || state(place.root(), &place.environment).await.unwrap();
    let empty = now().await;
    place.write("new.txt", "text");
    assert_ne!(now().await, empty);
    place.write(".gitignore", "target\n");
    let ignoring = now().await;
    place.write("target", "built");
    assert_eq!(now().await, ignoring);
    place.write("new.txt", "another text");
    assert_ne!(now().await, ignoring);
    place.write("new.txt", "text");
    let below = place.root().join("below");
    fs::create_dir(&below).unwrap();
    assert_eq!(state(&below, &place.environment).await.unwrap(), ignoring);
    let plain = tempfile::tempdir().unwrap();
    assert_eq!(state(plain.path(), &place.environment).await, None);
}

#[tokio::test]
async fn turns_are_undone_one_after_the_other_and_a_cut_off_one_until_now() {
    let place = Place::new().await;
    place.write("a.txt", "zero");
    let first = place.before().await;
    place.write("a.txt", "one");
    let first = first.after().await;
    let name = "refs/amp-session/any/0002";
    let second = Snapshots::before(place.root(), &place.environment, name)
        .await
        .unwrap();
    // The host is killed: nothing is kept after this turn.
    let second = second.note().clone();
    place.write("a.txt", "two");
    place.write("b.txt", "two");
    let alone = place.files(&first).await.undo().await.unwrap();
    assert_eq!(alone.conflicts(), ["a.txt"]);
    let mut both = place.files(&first).await;
    assert!(both.is_whole());
    both.read(&second).await.unwrap();
    assert!(!both.is_whole());
    assert_eq!(both.changed(), ["a.txt", "b.txt"]);
    both.undo().await.unwrap().carry_out().await.unwrap();
    assert_eq!(place.disk().len(), 1);
    assert_eq!(place.disk()[Path::new("a.txt")].2, b"zero");
    // Nothing is left to do, and that is no failure.
    let mut both = place.files(&first).await;
    both.read(&second).await.unwrap();
    let again = both.undo().await.unwrap();
    assert_eq!((again.files(), again.conflicts()), (vec![], vec![]));
}
