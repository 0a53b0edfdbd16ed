//! A store that cannot be written, or whose content was tampered with.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use amp_bootstrap::{ErrorKind, NextStep, Outcome, Store, Variables, Warning, install};

use crate::support::world::World;

fn installing_into(folder: &Path) -> amp_bootstrap::Error {
    let world = World::new();
    let store = Store::at(folder);
    install(
        &store,
        &world.request,
        &world.environment,
        &amp_bootstrap::Silent,
    )
    .unwrap_err()
}

#[test]
fn a_file_where_the_store_should_be_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = installing_into(file.path());
    assert_eq!(error.kind(), ErrorKind::Storage, "{error:?}");
}

#[test]
fn the_store_is_where_the_environment_says() {
    let store = |pairs: &[(&str, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Store::from_environment(&pairs.collect::<Variables>()).map(|store| store.root().to_owned())
    };
    let at = |path: &str| Some(PathBuf::from(path));
    assert_eq!(
        store(&[("AMPCTL_CACHE_DIR", "/a"), ("HOME", "/h")]).ok(),
        at("/a/v1")
    );
    if cfg!(target_os = "linux") {
        let both = [("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(store(&both).ok(), at("/x/ampctl/v1"));
        // A relative one is to be ignored.
        let relative = [("XDG_CACHE_HOME", "x"), ("HOME", "/h")];
        assert_eq!(store(&relative).ok(), at("/h/.cache/ampctl/v1"));
    }
    for pairs in [vec![], vec![("HOME", "")], vec![("AMPCTL_CACHE_DIR", "a")]] {
        let error = store(&pairs).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(matches!(
            error.next_steps()[..],
            [NextStep::Configure { .. }]
        ));
    }
}

#[test]
fn spaces_and_great_depth_in_the_path_are_no_trouble() {
    let world = World::new();
    let mut folder = world.path("with space and \u{fc}ml\u{e4}uts");
    for _ in 0..12 {
        folder.push("a rather long name of a folder");
    }
    let store = Store::at(&folder);
    let silent = amp_bootstrap::Silent;
    let installed = install(&store, &world.request, &world.environment, &silent).unwrap();
    assert!(installed.path.is_file());
}

#[test]
#[cfg(target_os = "linux")]
fn a_path_that_is_not_utf8_is_no_trouble() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let folder = world
        .folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"not \xff utf8"));
    let store = Store::at(&folder);
    let silent = amp_bootstrap::Silent;
    assert!(
        install(&store, &world.request, &world.environment, &silent)
            .unwrap()
            .path
            .is_file()
    );
}

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
    let changes: [fn(&Path); 5] = [
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
            symlink("/bin/sh", path).unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            fs::write(path.join("inside"), "").unwrap();
        },
    ];
    for change in changes {
        let (outcome, warnings, downloads) = after_change(change);
        assert_eq!(outcome, Outcome::Downloaded);
        assert!(
            matches!(warnings[..], [Warning::Replaced { .. }]),
            "{warnings:?}"
        );
        assert_eq!(downloads, 2);
    }
}

#[test]
fn a_missing_executable_is_downloaded_again() {
    let (outcome, _, downloads) = after_change(|path| fs::remove_file(path).unwrap());
    assert_eq!((outcome, downloads), (Outcome::Downloaded, 2));
}

#[test]
fn right_bytes_with_another_look_are_recognised_without_a_download() {
    let changes: [fn(&Path); 2] = [
        |path| fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap(),
        |path| {
            let copy = path.with_extension("copy");
            fs::copy(path, &copy).unwrap();
            fs::rename(copy, path).unwrap();
        },
    ];
    for change in changes {
        let (outcome, warnings, downloads) = after_change(change);
        assert_eq!(
            (outcome, warnings, downloads),
            (Outcome::Restored, vec![], 1)
        );
    }
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
