//! File systems that refuse: full, over quota, read-only, somebody else's, without execution.
//!
//! Each refusal is the kernel's own, met by an installer that is a process of its own. Afterwards
//! nothing is left that could be run by mistake, and once the reason is gone the next installer
//! succeeds.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use amp_bootstrap::{EntryState, ErrorKind, Store, install};

use crate::support::process::Job;
use crate::support::surroundings::Ground;
use crate::support::world::World;

/// What the two attempts must come to.
struct Refusal {
    kind: ErrorKind,
    /// The system's own reason, as it numbers it.
    cause: &'static str,
    /// What the user is told.
    advice: &'static str,
}

impl Refusal {
    /// Checks the report of a failed attempt.
    fn check(&self, report: &str) {
        assert!(report.starts_with("failed "), "{report}");
        for part in [&format!("kind: {:?}", self.kind), self.cause, self.advice] {
            assert!(report.contains(part), "no {part:?} in {report}");
        }
    }
}

/// Installs before and after the cure of the ground; `None` where there is no such ground.
fn refused_until_cured(world: &World, ground: &Ground, refusal: &Refusal) -> Option<()> {
    let reports = Job::in_world(world).start_on(ground)?.finish();
    assert_eq!(reports.len(), 2, "{reports:?}");
    refusal.check(&reports[0]);
    assert_eq!(reports[1], format!("installed {}", world.release.sha256()));
    Some(())
}

#[test]
fn a_full_file_system_is_an_error_and_leaves_nothing_to_run() {
    let refusal = Refusal {
        kind: ErrorKind::StorageFull,
        cause: "code: 28,",
        advice: "the disk is full",
    };
    let ground = Ground::memory("size=64k", "size=1m");
    refused_until_cured(&World::new(), &ground, &refusal);
}

const USED_UP: Refusal = Refusal {
    kind: ErrorKind::StorageFull,
    cause: "code: 122,",
    advice: "the quota is used up",
};

#[test]
fn a_quota_that_is_used_up_at_any_point_is_an_error_and_leaves_nothing_to_run() {
    // From too little for the last bytes to too little for the first.
    for kibibytes in [192, 128, 64, 48] {
        if refused_until_cured(&World::new(), &Ground::quota(kibibytes), &USED_UP).is_none() {
            return;
        }
    }
}

#[test]
fn a_quota_told_at_any_call_is_an_error_and_the_next_installer_succeeds() {
    for call in ["/mkdir", "/fsync", "/rename"] {
        for nth in 1.. {
            let world = World::new();
            let Some(worker) = Job::in_world(&world).start_failing(call, "EDQUOT", nth) else {
                return;
            };
            let reports = worker.finish();
            assert_eq!(reports.len(), 1, "{reports:?}");
            if reports[0].starts_with("installed ") {
                assert!(nth > 1, "the installer never calls {call}");
                break;
            }
            USED_UP.check(&reports[0]);
            world.leaves_no_temporary_files();
            // Whole and recorded, or of no account.
            for entry in world.store().list().unwrap() {
                let counts = matches!(entry.state, EntryState::Sound | EntryState::Unfinished);
                assert!(counts, "{call} {nth}: {entry:?}");
            }
            world.installs();
        }
    }
}

#[test]
fn a_read_only_file_system_is_an_error() {
    let refusal = Refusal {
        kind: ErrorKind::StorageDenied,
        cause: "code: 30,",
        advice: "the file system is read-only",
    };
    refused_until_cured(&World::new(), &Ground::memory("ro", "rw"), &refusal);
}

#[test]
fn a_file_system_without_execution_is_an_error_before_the_download() {
    let refusal = Refusal {
        kind: ErrorKind::StorageDenied,
        cause: "programs may not run from the store",
        advice: "mounted with noexec",
    };
    let world = World::new();
    let ground = Ground::memory("noexec", "exec");
    if refused_until_cured(&world, &ground, &refusal).is_some() {
        // Only the second installer asked for it.
        let downloads = world.server.requests_for(&world.release.gzip_path());
        assert_eq!(downloads.len(), 1);
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_an_error_until_it_may() {
    let refusal = Refusal {
        kind: ErrorKind::StorageDenied,
        cause: "code: 13,",
        advice: "the folder is not writable",
    };
    let world = World::new();
    let folder = world.path("store");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    let Some(worker) = Job::in_world(&world).start_without_privileges() else {
        return;
    };
    let reports = worker.finish();
    assert_eq!(reports.len(), 1, "{reports:?}");
    refusal.check(&reports[0]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    world.installs();
}

#[test]
fn the_store_may_be_on_another_file_system_than_temporary_files() {
    let world = World::new();
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |path| fs::metadata(path).unwrap().dev();
    assert_ne!(device(folder.path()), device(&std::env::temp_dir()));
    let silent = amp_bootstrap::Silent;
    let store = Store::at(folder.path());
    let installed = install(&store, &world.request, &world.environment, &silent).unwrap();
    assert!(installed.path.starts_with(folder.path()));
}

#[test]
fn the_parts_of_one_store_may_be_on_different_file_systems() {
    let world = World::new();
    let ground = Ground::split_between("v1/partial", "v1/versions");
    if let Some(worker) = Job::in_world(&world).start_on(&ground) {
        let reports = worker.finish();
        let installed = format!("installed {}", world.release.sha256());
        let (first, left) = reports.split_first().unwrap();
        assert_eq!(*first, installed);
        // What was installed, seen between the two attempts.
        assert_eq!(left.last(), Some(&installed));
        assert_eq!(left.len(), 2, "{reports:?}");
    }
}

#[test]
fn a_file_system_without_locks_is_installed_on_and_run_from() {
    let world = World::new();
    let job = Job::in_world(&world);
    let Some(worker) = job.start_failing("flock", "ENOLCK", "1+") else {
        return;
    };
    let installed = format!("installed {}", world.release.sha256());
    assert_eq!(worker.finish(), [installed]);
    let leasing = Job {
        lease: Some(world.release.version.clone()),
        ..job
    };
    let Some(worker) = leasing.start_failing("flock", "ENOLCK", "1+") else {
        return;
    };
    let path = world.installed_folder().join("amp");
    assert_eq!(worker.finish(), [format!("leased {}", path.display())]);
}

#[test]
fn what_is_in_a_store_that_may_only_be_read_runs() {
    let world = World::new();
    world.installs();
    let version = world.release.version.clone();
    let path = world.installed_folder().join("amp");
    let leased = [format!("leased {}", path.display())];
    let leasing = Job {
        lease: Some(version.clone()),
        ..Job::in_world(&world)
    };
    // Nobody has ever leased it, so not even the file of the lock is there.
    if let Some(worker) = leasing.start_on(&Ground::read_only()) {
        assert_eq!(worker.finish()[0], leased[0]);
    }
    for name in ["", "v1", "v1/locks"] {
        let read_only = Permissions::from_mode(0o555);
        fs::set_permissions(world.path("store").join(name), read_only).unwrap();
    }
    if let Some(worker) = leasing.start_without_privileges() {
        assert_eq!(worker.finish(), leased);
    }
    // With the file of the lock there, its reader holds it like everybody else.
    let file = world
        .store()
        .root()
        .join("locks")
        .join(format!("{version}-linux-x64.use.lock"));
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    let held = fs::File::open(&file).unwrap();
    held.lock().unwrap();
    if let Some(worker) = leasing.start_without_privileges() {
        let reports = worker.finish();
        assert!(reports[0].contains("kind: InUse"), "{reports:?}");
    }
}
