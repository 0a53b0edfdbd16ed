//! The store as a whole, and what the tests of its parts put into it.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::digest::Hasher;
use crate::platform::{Architecture, OperatingSystem};

pub(crate) const LINUX: Platform = Platform::new(OperatingSystem::Linux, Architecture::X64);
pub(super) const WINDOWS: Platform = Platform::new(OperatingSystem::Windows, Architecture::X64);

/// The bytes of every executable that is installed here.
pub(super) const EXECUTABLE: &[u8] = b"an executable";

/// As many other bytes.
const DAMAGED: &[u8] = b"an executablE";

/// Returns an empty store and the folder that holds it.
pub(crate) fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    (folder, store)
}

/// Returns a version, the newer the greater the digit.
pub(super) fn version(digit: u8) -> CliVersion {
    format!("0.0.179000000{digit}-gabc123").parse().unwrap()
}

/// Puts an executable and its receipt where an installer would.
pub(super) fn install(store: &Store, version: &CliVersion) -> Entry {
    install_for(store, version, LINUX)
}

pub(super) fn install_for(store: &Store, version: &CliVersion, platform: Platform) -> Entry {
    let folder = store.folder(version, platform);
    create_folder(&folder).unwrap();
    let path = folder.join(platform.executable_name());
    fs::write(&path, EXECUTABLE).unwrap();
    system::make_executable(&File::open(&path).unwrap()).unwrap();
    let receipt = Receipt {
        platform: platform.to_string(),
        sha256: Hasher::sha256_of(EXECUTABLE).unwrap().to_hex(),
        ..Receipt::blank(version.clone())
    };
    receipt.record(&folder, &path).unwrap();
    store.find(version, platform).unwrap()
}

/// Gives a file another time, as a copy has it.
pub(super) fn touch(path: &Path) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1))
        .unwrap();
}

fn is_unverified(entry: &Entry) -> bool {
    matches!(entry.state, EntryState::Unverified(_))
}

fn is_changed(entry: &Entry) -> bool {
    matches!(entry.state, EntryState::Changed(_))
}

#[test]
fn a_copy_with_the_same_bytes_counts_and_is_recorded() {
    let (_folder, store) = store();
    let installed = install(&store, &version(1));
    touch(&installed.path);
    let copy = store.find(&version(1), LINUX).unwrap();
    assert!(is_unverified(&copy), "{copy:?}");
    let settled = store.settled(copy);
    assert_eq!(settled.state, EntryState::Sound);
    assert_ne!(settled.receipt, installed.receipt);
    assert_eq!(store.find(&version(1), LINUX), Some(settled));
}

#[test]
fn a_copy_with_other_bytes_does_not_count() {
    let (_folder, store) = store();
    let path = install(&store, &version(1)).path;
    fs::write(&path, DAMAGED).unwrap();
    touch(&path);
    let copy = store.find(&version(1), LINUX).unwrap();
    assert!(is_unverified(&copy), "{copy:?}");
    assert_eq!(store.restore(&copy), None);
    let settled = store.settled(copy);
    assert!(is_changed(&settled), "{settled:?}");
}

#[test]
fn while_an_installer_is_at_work_a_copy_is_hashed_and_not_recorded() {
    let (_folder, store) = store();
    let path = install(&store, &version(1)).path;
    let lock = store.install_lock_path(&version(1), LINUX);
    let _installer = Lock::acquire_briefly(&lock).unwrap().unwrap();
    touch(&path);
    let look = || store.find(&version(1), LINUX).unwrap();
    assert_eq!(store.settled(look()).state, EntryState::Sound);
    assert!(is_unverified(&look()));
    fs::write(&path, DAMAGED).unwrap();
    assert!(is_changed(&store.settled(look())));
}

#[test]
fn a_receipt_of_another_version_or_platform_restores_nothing() {
    let (_folder, store) = store();
    let others = [
        install(&store, &version(2)),
        install_for(&store, &version(1), WINDOWS),
    ];
    for other in others {
        let installed = install(&store, &version(1));
        assert!(store.restore(&installed).is_some());
        let receipt = |entry: &Entry| entry.folder().join("receipt.json");
        fs::copy(receipt(&other), receipt(&installed)).unwrap();
        let entry = store.find(&version(1), LINUX).unwrap();
        assert!(is_changed(&entry), "{entry:?}");
        assert_eq!(store.restore(&entry), None);
    }
}

#[test]
#[cfg(unix)]
fn a_link_to_the_same_bytes_is_not_restored() {
    let (_folder, store) = store();
    let path = install(&store, &version(1)).path;
    let elsewhere = path.with_extension("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let entry = store.find(&version(1), LINUX).unwrap();
    assert_eq!(store.restore(&entry), None);
}

#[test]
#[cfg(unix)]
fn an_executable_that_may_not_be_run_any_more_is_made_so_again() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, store) = store();
    let path = install(&store, &version(1)).path;
    assert!(may_be_run(&fs::metadata(&path).unwrap()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(!may_be_run(&fs::metadata(&path).unwrap()));
    let entry = store.find(&version(1), LINUX).unwrap();
    assert!(is_changed(&entry), "{entry:?}");
    let restored = store.restore(&entry).unwrap();
    assert!(may_be_run(&fs::metadata(&path).unwrap()));
    assert_eq!(store.find(&version(1), LINUX), Some(restored));
}

#[test]
fn of_a_failed_installation_the_empty_folders_go_and_nothing_else() {
    let (_folder, store) = store();
    let folder = store.folder(&version(1), LINUX);
    let version_folder = folder.parent().unwrap();
    create_folder(&folder).unwrap();
    fs::write(folder.join("amp"), "the first bytes").unwrap();
    store.tidy(&version(1), LINUX);
    assert!(folder.join("amp").exists());

    fs::remove_file(folder.join("amp")).unwrap();
    let other = install_for(&store, &version(1), WINDOWS);
    store.tidy(&version(1), LINUX);
    assert!(!folder.exists());
    assert!(other.path.exists());

    fs::remove_dir_all(other.folder()).unwrap();
    create_folder(&folder).unwrap();
    store.tidy(&version(1), LINUX);
    assert!(!version_folder.exists());
    assert!(version_folder.parent().unwrap().exists());
}

#[test]
fn the_list_has_every_platform_and_the_newest_first() {
    let (_folder, store) = store();
    assert_eq!(store.list().unwrap(), []);
    let old = install(&store, &version(1));
    let elsewhere = install_for(&store, &version(2), WINDOWS);
    let new = install(&store, &version(2));
    create_folder(&store.root().join("versions/not a version/linux-x64")).unwrap();
    assert_eq!(store.list().unwrap(), [new, elsewhere, old]);
}

#[test]
fn a_store_that_cannot_be_read_is_an_error() {
    let (_folder, store) = store();
    create_folder(store.root()).unwrap();
    fs::write(store.root().join("versions"), "a file").unwrap();
    assert_eq!(store.list().unwrap_err().kind(), ErrorKind::Storage);
}

#[test]
fn the_newest_to_run_is_sound_and_for_the_platform() {
    let (_folder, store) = store();
    let old = install(&store, &version(1));
    assert_eq!(store.newest_sound(WINDOWS).unwrap(), None);
    let elsewhere = install_for(&store, &version(3), WINDOWS);
    let damaged = install(&store, &version(2));
    assert_eq!(store.newest_sound(LINUX).unwrap().as_ref(), Some(&damaged));
    fs::write(&damaged.path, "damaged").unwrap();
    assert_eq!(store.newest_sound(LINUX).unwrap(), Some(old));
    assert_eq!(store.newest_sound(WINDOWS).unwrap(), Some(elsewhere));
}

#[test]
fn verification_finds_other_bytes_behind_the_same_look() {
    let (_folder, store) = store();
    let sound = install(&store, &version(1));
    let path = install(&store, &version(2)).path;
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, DAMAGED).unwrap();
    let file = File::options().append(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    drop(file);
    let [found, other] = &store.verify().unwrap()[..] else {
        panic!("two are installed");
    };
    assert!(is_changed(found), "{found:?}");
    assert_eq!(*other, sound);
}

#[test]
fn programs_may_run_below_the_folder_of_one_that_runs() {
    let running = std::env::current_exe().unwrap();
    check_programs_run_below(running.parent().unwrap()).unwrap();
}
