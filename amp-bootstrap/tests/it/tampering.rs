//! A store whose content was tampered with.

use std::fs;
use std::path::Path;

use amp_bootstrap::{Outcome, Warning};

use crate::support::world::World;

/// Installs, changes the executable, and installs again.
fn after_change(change: impl Fn(&Path)) -> (Outcome, Vec<Warning>, usize) {
    let world = World::new();
    let installed = world.installs();
    change(&installed.path);
    let again = world.installs();
    (
        again.outcome,
        again.warnings,
        world.server.requests_for(&world.release.gzip_path()).len(),
    )
}

#[test]
fn a_changed_executable_is_replaced_with_a_warning() {
    let changes: [fn(&Path); 4] = [
        |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[50] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        |path| fs::write(path, "").unwrap(),
        |path| {
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(10)
                .unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            fs::write(path.join("inside"), "").unwrap();
        },
    ];
    for change in changes {
        is_replaced_with_a_warning(change);
    }
}

fn is_replaced_with_a_warning(change: impl Fn(&Path)) {
    let (outcome, warnings, downloads) = after_change(change);
    assert_eq!(outcome, Outcome::Downloaded);
    assert!(
        matches!(warnings[..], [Warning::Replaced { .. }]),
        "{warnings:?}"
    );
    assert_eq!(downloads, 2);
}

#[test]
#[cfg(unix)]
fn a_link_in_place_of_the_executable_is_replaced_with_a_warning() {
    is_replaced_with_a_warning(|path| {
        fs::remove_file(path).unwrap();
        std::os::unix::fs::symlink("/bin/sh", path).unwrap();
    });
}

#[test]
fn a_missing_executable_is_downloaded_again() {
    let (outcome, _, downloads) = after_change(|path| fs::remove_file(path).unwrap());
    assert_eq!((outcome, downloads), (Outcome::Downloaded, 2));
}

#[test]
fn right_bytes_with_another_look_are_recognised_without_a_download() {
    is_recognised(|path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    });
}

#[test]
#[cfg(unix)]
fn right_bytes_that_may_not_run_may_again() {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::Permissions::from_mode(0o644);
    is_recognised(|path| fs::set_permissions(path, mode.clone()).unwrap());
}

fn is_recognised(change: impl Fn(&Path)) {
    let (outcome, warnings, downloads) = after_change(change);
    assert_eq!(
        (outcome, warnings, downloads),
        (Outcome::Restored, vec![], 1)
    );
}

#[test]
fn a_damaged_receipt_means_a_fresh_download() {
    for content in ["", "{}", "null"] {
        let (outcome, _, downloads) =
            after_change(|path| fs::write(path.with_file_name("receipt.json"), content).unwrap());
        assert_eq!((outcome, downloads), (Outcome::Downloaded, 2));
    }
}

#[test]
fn a_receipt_of_another_version_is_not_believed() {
    let (outcome, _, _) = after_change(|path| {
        let receipt = path.with_file_name("receipt.json");
        let text = fs::read_to_string(&receipt)
            .unwrap()
            .replace("abc123", "abc124");
        fs::write(receipt, text).unwrap();
    });
    assert_eq!(outcome, Outcome::Downloaded);
}
