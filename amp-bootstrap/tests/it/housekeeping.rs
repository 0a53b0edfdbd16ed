//! Listing, verifying and removing.

use std::fs;
use std::time::Duration;

use amp_bootstrap::{CollectOptions, EntryState, ErrorKind};

use crate::support::release::Release;
use crate::support::server::Reply;
use crate::support::world::{LINUX, World};

/// A store with three versions, the newest last.
fn three_versions() -> World {
    let mut world = World::new();
    world.request.latest_for = Duration::ZERO;
    for second in 1..=3 {
        world.release = Release::new(&format!("0.0.179000000{second}-gabc"), 5000);
        world.release.serve(&world.server);
        world.installs();
    }
    world
}

fn versions(world: &World) -> Vec<String> {
    world
        .store()
        .list()
        .unwrap()
        .iter()
        .map(|entry| entry.version.commit_and_second())
        .collect()
}

trait Short {
    fn commit_and_second(&self) -> String;
}

impl Short for amp_bootstrap::CliVersion {
    fn commit_and_second(&self) -> String {
        (self.released_unix() % 10).to_string()
    }
}

#[test]
fn the_newest_comes_first() {
    assert_eq!(versions(&three_versions()), ["3", "2", "1"]);
}

#[test]
fn foreign_files_in_the_store_are_left_alone() {
    let world = three_versions();
    let versions_folder = world.store().root().join("versions");
    fs::create_dir(versions_folder.join("notes")).unwrap();
    fs::write(versions_folder.join("0.0.1-gabc"), "a file").unwrap();
    assert_eq!(versions(&world).len(), 3);
    world.store().collect(&CollectOptions::default()).unwrap();
    assert!(versions_folder.join("notes").exists());
}

#[test]
fn a_collection_keeps_the_newest() {
    let world = three_versions();
    let collected = world.store().collect(&CollectOptions::default()).unwrap();
    assert_eq!(versions(&world), ["3", "2"]);
    assert_eq!(collected.removed.len(), 1);
    assert!(collected.freed_bytes > 5000);
}

#[test]
fn a_collection_that_only_reports_removes_nothing() {
    let world = three_versions();
    let mut options = CollectOptions::default();
    options.only_report = true;
    options.keep = 0;
    let collected = world.store().collect(&options).unwrap();
    assert_eq!(collected.removed.len(), 3);
    assert_eq!(versions(&world).len(), 3);
}

#[test]
fn what_is_in_use_stays() {
    let world = three_versions();
    let oldest = world.store().list().unwrap().pop().unwrap().version;
    let lease = world.store().lease(&oldest, LINUX).unwrap();
    let mut options = CollectOptions::default();
    options.keep = 0;
    let collected = world.store().collect(&options).unwrap();
    assert_eq!(collected.kept[0].version, oldest);
    assert_eq!(
        world.store().uninstall(&oldest).unwrap_err().kind(),
        ErrorKind::InUse
    );
    assert!(lease.path().exists());
    drop(lease);
    world.store().uninstall(&oldest).unwrap();
    assert!(versions(&world).is_empty());
}

#[test]
fn what_is_being_installed_stays() {
    let world = three_versions();
    let version = world.release.version.clone();
    let lock = world
        .store()
        .root()
        .join("locks")
        .join(format!("{version}-linux-x64.lock"));
    let file = fs::File::open(lock).unwrap();
    file.lock().unwrap();
    assert_eq!(
        world.store().uninstall(&version).unwrap_err().kind(),
        ErrorKind::InUse
    );
}

#[test]
fn a_version_that_is_not_there_cannot_be_removed_or_leased() {
    let world = three_versions();
    let other = "0.0.1-gabc".parse().unwrap();
    let error = world.store().uninstall(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotInstalled);
    assert!(!error.next_steps().is_empty());
    assert_eq!(
        world.store().lease(&other, LINUX).unwrap_err().kind(),
        ErrorKind::NotInstalled
    );
}

#[test]
fn verification_hashes_what_a_look_cannot_tell() {
    let world = three_versions();
    let entry = world.store().list().unwrap().remove(0);
    let modified = fs::metadata(&entry.path).unwrap().modified().unwrap();
    let mut bytes = fs::read(&entry.path).unwrap();
    bytes[100] ^= 1;
    fs::write(&entry.path, bytes).unwrap();
    fs::File::options()
        .write(true)
        .open(&entry.path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    assert_eq!(world.store().list().unwrap()[0].state, EntryState::Sound);
    let verified = world.store().verify().unwrap();
    assert!(matches!(verified[0].state, EntryState::Changed(_)));
    assert_eq!(verified[1].state, EntryState::Sound);
}

#[test]
fn what_a_killed_installer_left_beside_a_version_goes_unless_another_is_at_work() {
    let world = World::new();
    world.installs();
    let left = world.installed_folder().join(".incoming-left");
    fs::write(&left, "half").unwrap();
    let version = &world.release.version;
    let lock = world
        .store()
        .root()
        .join("locks")
        .join(format!("{version}-linux-x64.lock"));
    let installing = fs::File::open(lock).unwrap();
    installing.lock().unwrap();
    let options = CollectOptions::default();
    assert!(
        world
            .store()
            .collect(&options)
            .unwrap()
            .leftovers
            .is_empty()
    );
    drop(installing);
    let collected = world.store().collect(&options).unwrap();
    assert_eq!(collected.leftovers, std::slice::from_ref(&left));
    assert_eq!(collected.freed_bytes, 4);
    assert!(!left.exists());
}

#[test]
fn stale_partial_transfers_go() {
    let mut world = World::new();
    world.request.limits.retry.retries = 0;
    let sound = Reply::file(world.release.gzipped.clone(), "\"g\"");
    world
        .server
        .route(&world.release.gzip_path(), [sound.close_after(1000)]);
    world.fails(ErrorKind::Unreachable);
    let store = world.store();
    store.collect(&CollectOptions::default()).unwrap();
    assert_eq!(world.kept_partials().len(), 1);
    let mut options = CollectOptions::default();
    options.keep_partial = Duration::ZERO;
    let collected = store.collect(&options).unwrap();
    assert!(world.kept_partials().is_empty());
    assert!(collected.leftovers.len() == 2 && collected.freed_bytes >= 1000);
}

#[test]
fn an_empty_folder_is_no_version_and_one_with_a_file_is_an_unfinished_one() {
    let world = World::new();
    let folder = world.installed_folder();
    fs::create_dir_all(&folder).unwrap();
    assert_eq!(world.store().list().unwrap(), []);
    fs::write(folder.join(".incoming-left"), "half").unwrap();
    assert_eq!(
        world.store().list().unwrap()[0].state,
        EntryState::Unfinished
    );
    world.store().collect(&CollectOptions::default()).unwrap();
    assert!(!folder.exists());
}

#[test]
fn an_empty_store_is_no_error() {
    let world = World::new();
    assert_eq!(world.store().list().unwrap(), []);
    assert_eq!(world.store().verify().unwrap(), []);
    assert!(
        world
            .store()
            .collect(&CollectOptions::default())
            .unwrap()
            .removed
            .is_empty()
    );
}
