//! A store that was copied, as into the image of a container: other files, the same bytes.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use amp_bootstrap::{EntryState, Outcome, Place, VersionSpec, Wanted, locate_wanted};

use crate::support::world::{LINUX, World};

/// Puts a copy in place of every file of the store, and cuts its time to a whole second if wanted.
fn copy_store(world: &World, whole_seconds: bool) {
    for name in ["amp", "receipt.json"] {
        copy(&world.installed_folder().join(name), whole_seconds);
    }
}

fn copy(path: &Path, whole_seconds: bool) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let cut = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).unwrap();
    let file = File::options().append(true).open(&copy).unwrap();
    file.set_modified(if whole_seconds { cut } else { modified })
        .unwrap();
    fs::rename(copy, path).unwrap();
}

fn state(world: &World) -> EntryState {
    let entry = world.store().find(&world.release.version, LINUX);
    entry.unwrap().state
}

#[test]
fn the_store_of_the_machine_is_found_after_the_users_own_and_left_alone() {
    let mut world = World::new();
    let installed = world.installs();
    let shared = world.path("shared");
    fs::create_dir(&shared).unwrap();
    fs::rename(world.store().root(), shared.join("v1")).unwrap();
    world.set("AMPCTL_SHARED_DIR", &shared);
    let found = |wanted: Wanted| {
        let store = world.store();
        locate_wanted(&wanted, &world.environment, Some(&store), LINUX).found
    };
    let exact = || Wanted::Version(VersionSpec::Exact(installed.version.clone()));
    for wanted in [Wanted::Any, exact()] {
        let found = found(wanted).unwrap();
        assert_eq!(found.place, Place::SharedStore);
        assert!(found.path.starts_with(&shared));
        assert_eq!(found.sha256.as_deref(), Some(&*installed.sha256));
    }
    // The user's own is the first.
    world.installs();
    assert_eq!(found(exact()).unwrap().place, Place::Store);
    // Somebody has written to it since.
    world.store().uninstall(&installed.version).unwrap();
    let executable = found(exact()).unwrap().path;
    fs::write(&executable, "#!/bin/sh\nexit 1\n").unwrap();
    assert_eq!(found(exact()), None);
}

#[test]
fn a_copied_store_is_hashed_once_and_runs() {
    for whole_seconds in [false, true] {
        let world = World::new();
        world.installs();
        copy_store(&world, whole_seconds);
        assert!(matches!(state(&world), EntryState::Unverified(_)));
        let lease = world.store().lease(&world.release.version, LINUX).unwrap();
        assert!(lease.path().is_file());
        assert_eq!(state(&world), EntryState::Sound);
    }
}

#[test]
fn a_copied_store_is_located_and_needs_no_network() {
    let mut world = World::new();
    world.installs();
    let version = VersionSpec::Exact(world.release.version.clone());
    copy_store(&world, true);
    let store = world.store();
    let wanted = Wanted::Version(version.clone());
    let report = locate_wanted(&wanted, &world.environment, Some(&store), LINUX);
    assert_eq!(report.found.unwrap().place, Place::Store);
    copy_store(&world, false);
    world.request = world.request.clone().with_offline(true);
    world.request.version = version;
    let installed = world.installs();
    assert_eq!(installed.outcome, Outcome::Restored);
    assert_eq!(installed.warnings, []);
    assert_eq!(world.count("Resolving"), 0);
    copy_store(&world, true);
    world.request.version = VersionSpec::Latest;
    world.installs();
}

#[test]
fn verification_proves_copies() {
    let world = World::new();
    world.installs();
    copy_store(&world, true);
    assert_eq!(world.store().verify().unwrap()[0].state, EntryState::Sound);
    assert_eq!(state(&world), EntryState::Sound);
}

#[test]
fn a_copy_with_other_bytes_is_not_run() {
    let world = World::new();
    world.installs();
    let path = world.installed_folder().join("amp");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = world
        .store()
        .lease(&world.release.version, LINUX)
        .unwrap_err();
    assert!(error.to_string().contains("cannot be used"), "{error}");
    let wanted = Wanted::Version(VersionSpec::Exact(world.release.version.clone()));
    let report = locate_wanted(&wanted, &world.environment, Some(&world.store()), LINUX);
    assert_eq!(report.found, None);
}

#[test]
#[cfg(target_os = "linux")]
fn a_copy_in_a_store_that_may_only_be_read_runs() {
    use crate::support::process::Job;
    use crate::support::surroundings::Ground;
    let world = World::new();
    world.installs();
    copy_store(&world, true);
    let path = world.installed_folder().join("amp");
    let job = Job {
        lease: Some(world.release.version.clone()),
        ..Job::in_world(&world)
    };
    if let Some(worker) = job.start_on(&Ground::read_only()) {
        let leased = format!("leased {}", path.display());
        assert_eq!(worker.finish()[0], leased);
    }
}
