//! Where the store is, and what its path may be like.

use std::path::PathBuf;

use amp_bootstrap::{
    CollectOptions, Error, ErrorKind, NextStep, Silent, Store, Variables, install,
};

use crate::support::world::{LINUX, World};

#[test]
fn a_file_where_the_store_should_be_is_an_error() {
    let world = World::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let store = Store::at(file.path());
    let error = install(&store, &world.request, &world.environment, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error:?}");
}

#[test]
fn what_cannot_be_locked_is_neither_leased_nor_removed() {
    let world = World::new();
    world.installs();
    let locks = world.store().root().join("locks");
    std::fs::remove_dir_all(&locks).unwrap();
    std::fs::write(&locks, "a file").unwrap();
    let lease = world.store().lease(&world.release.version, LINUX);
    assert_eq!(lease.unwrap_err().kind(), ErrorKind::Storage);
    let mut options = CollectOptions::default();
    options.keep = 0;
    let error = world.store().collect(&options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(world.installed_folder().join("amp").is_file());
}

/// Returns the folder of the store in an environment of these variables alone.
fn store(pairs: &[(&str, &str)]) -> Result<PathBuf, Error> {
    let variables = pairs
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    Store::from_environment(&variables.collect::<Variables>()).map(|store| store.root().to_owned())
}

fn at(path: &str) -> Option<PathBuf> {
    Some(PathBuf::from(path))
}

/// Checks that the variables lead to no store, and that the error tells what to set.
fn assert_is_refused(pairs: &[(&str, &str)]) {
    let error = store(pairs).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(matches!(
        error.next_steps()[..],
        [NextStep::Configure { .. }]
    ));
}

#[test]
#[cfg(unix)]
fn the_store_is_where_the_environment_says() {
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
        assert_is_refused(&pairs);
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
    let installed = install(&store, &world.request, &world.environment, &Silent).unwrap();
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
    assert!(
        install(&store, &world.request, &world.environment, &Silent)
            .unwrap()
            .path
            .is_file()
    );
}

#[test]
#[cfg(windows)]
fn the_store_is_where_the_environment_says() {
    let local = ("LocalAppData", r"C:\Users\u\AppData\Local");
    assert_eq!(
        store(&[("AMPCTL_CACHE_DIR", r"D:\a"), local]).ok(),
        at(r"D:\a\v1")
    );
    assert_eq!(
        store(&[local]).ok(),
        at(r"C:\Users\u\AppData\Local\ampctl\v1")
    );
    // A folder of the current drive is not absolute.
    for pairs in [vec![], vec![("AMPCTL_CACHE_DIR", r"\a"), local]] {
        assert_is_refused(&pairs);
    }
}
