//! A program that runs from the store while somebody wants to remove or replace it.
//!
//! It is a real program under the store's own name: the system's shell on Windows, where a
//! running file can be neither replaced nor removed, and `cat` on Linux, where it can.

use std::fs;
use std::process::{Child, Command, Stdio};

use amp_bootstrap::{CollectOptions, EntryState, ErrorKind, Installed, Outcome, Platform, Store};

use crate::support::release::{Release, gzip};
use crate::support::world::World;

/// An installed program that runs until its input ends.
struct Running {
    world: World,
    installed: Installed,
    program: Child,
}

impl Running {
    fn start() -> Self {
        let mut world = World::new();
        let (platform, program) = if cfg!(windows) {
            let platform = Platform::new(
                amp_bootstrap::OperatingSystem::Windows,
                amp_bootstrap::Architecture::X64,
            );
            (platform, system_shell())
        } else {
            (crate::support::world::LINUX, "/bin/cat".into())
        };
        world.request.platform = Some(platform);
        world.release.platform = platform;
        world.release.executable = fs::read(program).unwrap();
        world.release.gzipped = gzip(&world.release.executable);
        world.release.serve(&world.server);
        let installed = world.installs();
        #[expect(clippy::disallowed_methods, reason = "the point is a running program")]
        let program = Command::new(&installed.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            world,
            installed,
            program,
        }
    }

    fn store(&self) -> Store {
        self.world.store()
    }

    fn downloads(&self) -> usize {
        let path = self.world.release.gzip_path();
        self.world.server.requests_for(&path).len()
    }

    /// Checks that nothing happened to the program or to what is known of it.
    fn is_untouched(&mut self) {
        assert!(self.program.try_wait().unwrap().is_none(), "it has ended");
        assert_eq!(self.store().list().unwrap()[0].state, EntryState::Sound);
        assert_eq!(self.store().verify().unwrap()[0].state, EntryState::Sound);
        self.world.leaves_no_temporary_files();
    }

    fn ends(&mut self) {
        drop(self.program.stdin.take());
        assert!(self.program.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.program.kill());
        drop(self.program.wait());
    }
}

#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "where Windows is")]
fn system_shell() -> std::path::PathBuf {
    std::env::var_os("ComSpec").unwrap().into()
}

#[cfg(not(windows))]
fn system_shell() -> std::path::PathBuf {
    unreachable!("only Windows has it")
}

#[test]
fn it_is_not_uninstalled_before_it_ends() {
    let mut running = Running::start();
    let version = running.installed.version.clone();
    let error = running.store().uninstall(&version).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse, "{error:?}");
    assert!(!error.next_steps().is_empty());
    running.is_untouched();
    running.ends();
    running.store().uninstall(&version).unwrap();
    assert_eq!(running.store().list().unwrap(), []);
}

#[test]
fn it_is_kept_by_a_collection_and_goes_with_a_later_one() {
    let mut running = Running::start();
    let mut options = CollectOptions::default();
    options.keep = 0;
    let collected = running.store().collect(&options).unwrap();
    assert_eq!(collected.removed, []);
    assert_eq!(collected.kept[0].version, running.installed.version);
    running.is_untouched();
    running.ends();
    let collected = running.store().collect(&options).unwrap();
    assert_eq!(collected.removed.len(), 1);
    assert!(!running.installed.path.exists());
}

#[test]
fn it_is_found_installed_without_being_touched() {
    let mut running = Running::start();
    let again = running.world.installs();
    assert_eq!(again.outcome, Outcome::AlreadyInstalled);
    running.is_untouched();
}

#[test]
fn a_newer_version_is_installed_beside_it() {
    let mut running = Running::start();
    let older = running.installed.version.clone();
    running.world.release = Release {
        version: "0.0.1790000001-gabc124".parse().unwrap(),
        ..running.world.release.clone()
    };
    running.world.release.serve(&running.world.server);
    running.world.request.latest_for = std::time::Duration::ZERO;
    let newer = running.world.installs();
    assert_ne!(newer.path, running.installed.path);
    let mut options = CollectOptions::default();
    options.keep = 1;
    let collected = running.store().collect(&options).unwrap();
    assert_eq!(collected.kept[0].version, older);
    running.ends();
    let collected = running.store().collect(&options).unwrap();
    assert_eq!(collected.removed[0].version, older);
    assert_eq!(running.store().list().unwrap()[0].version, newer.version);
}

#[test]
fn without_a_receipt_it_is_replaced_where_the_system_lets_it_and_else_left_alone() {
    let mut running = Running::start();
    fs::remove_file(running.installed.path.with_file_name("receipt.json")).unwrap();
    if cfg!(windows) {
        let error = running.world.install().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InUse, "{error:?}");
        // Nothing was fetched for nothing.
        assert_eq!(running.downloads(), 1);
        assert!(
            running.program.try_wait().unwrap().is_none(),
            "it has ended"
        );
        assert_eq!(
            running.store().list().unwrap()[0].state,
            EntryState::Unfinished
        );
        running.world.leaves_no_temporary_files();
        running.ends();
    }
    running.world.installs();
    assert_eq!(running.downloads(), 2);
    assert_eq!(running.store().list().unwrap()[0].state, EntryState::Sound);
}

#[test]
#[cfg(windows)]
fn a_file_that_somebody_else_has_open_is_neither_removed_nor_half_removed() {
    use std::os::windows::fs::OpenOptionsExt;
    const SHARE_READ_AND_WRITE: u32 = 3;
    let mut running = Running::start();
    running.ends();
    let version = running.installed.version.clone();
    // As scanners and indexers hold files: others may read and write, but not delete.
    let reader = fs::File::options()
        .read(true)
        .share_mode(SHARE_READ_AND_WRITE)
        .open(&running.installed.path)
        .unwrap();
    let error = running.store().uninstall(&version).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse, "{error:?}");
    assert_eq!(
        running.store().verify().unwrap()[0].state,
        EntryState::Sound
    );
    drop(reader);
    running.store().uninstall(&version).unwrap();
}
