//! Stores that others may write to: nothing in them is believed, and nothing is put there.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use amp_bootstrap::{
    CollectOptions, EntryState, Error, ErrorKind, NextStep, Verdict, VersionSpec, Wanted,
    locate_wanted,
};

use crate::support::world::{LINUX, World};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Checks that an error is about the rights, and says how to put them right.
fn is_refusal(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::UntrustedStore, "{error:?}");
    assert!(
        error.to_string().contains("others may write to "),
        "{error}"
    );
    assert!(matches!(
        error.next_steps()[..],
        [NextStep::RestrictAccess { .. }, NextStep::MoveStore { .. }]
    ));
}

/// Checks that nothing of a world's store is run, installed over or removed.
fn is_refused(world: &World) {
    let (store, version) = (world.store(), &world.release.version);
    is_refusal(&store.lease(version, LINUX).unwrap_err());
    is_refusal(&world.install().unwrap_err());
    is_refusal(&store.uninstall(version).unwrap_err());
    is_refusal(&store.collect(&CollectOptions::default()).unwrap_err());
    let entry = store.find(version, LINUX).unwrap();
    assert!(matches!(entry.state, EntryState::Untrusted(_)), "{entry:?}");
    is_not_located(world);
}

fn is_not_located(world: &World) {
    let wanted = Wanted::Version(VersionSpec::Exact(world.release.version.clone()));
    let store = world.store();
    let report = locate_wanted(&wanted, &world.environment, Some(&store), LINUX);
    assert_eq!(report.found, None);
    let verdict = &report.candidates[0].verdict;
    let Verdict::Unusable { reason, next_steps } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(reason.contains("others may write to "), "{reason}");
    let restrict = NextStep::RestrictAccess {
        folder: world.path("store").display().to_string(),
    };
    assert_eq!(next_steps.first(), Some(&restrict));
    assert_eq!(report.require().unwrap_err().next_steps(), *next_steps);
}

#[test]
fn a_store_that_everybody_may_write_to_is_refused_until_they_may_not() {
    for name in ["", "v1", "v1/versions"] {
        let world = World::new();
        world.installs();
        let folder = world.path("store").join(name);
        set_mode(&folder, 0o777);
        is_refused(&world);
        set_mode(&folder, 0o755);
        world.installs();
        world.store().lease(&world.release.version, LINUX).unwrap();
    }
}

#[test]
fn a_version_that_everybody_may_write_to_is_not_run() {
    for name in ["..", ".", "amp"] {
        let world = World::new();
        world.installs();
        let path = world.installed_folder().join(name);
        set_mode(&path, 0o757);
        let store = world.store();
        let error = store.lease(&world.release.version, LINUX).unwrap_err();
        assert!(error.to_string().contains("others may write to"), "{error}");
        is_not_located(&world);
        set_mode(&path, 0o755);
        store.lease(&world.release.version, LINUX).unwrap();
    }
}

#[test]
fn nothing_is_put_into_a_folder_that_everybody_may_write_to() {
    let world = World::new();
    fs::create_dir_all(world.installed_folder()).unwrap();
    set_mode(&world.installed_folder(), 0o777);
    is_refusal(&world.install().unwrap_err());
    assert!(!world.installed_folder().join("amp").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_store_of_somebody_else_is_refused() {
    let world = World::new();
    world.installs();
    // Who is judged by a number is a test of its own.
    match std::os::unix::fs::chown(world.path("store"), Some(65_533), None) {
        Ok(()) => is_refused(&world),
        Err(error) => fixtures::Requirement::Root.is_missing(error),
    }
}
