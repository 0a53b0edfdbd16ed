//! Many installers at once: one download, and everybody gets the right file.

use std::fs::{self, File};
use std::time::Duration;

use amp_bootstrap::ErrorKind;

use crate::support::process::{Job, Worker};
use crate::support::release::Release;
use crate::support::server::{Reply, Server};
use crate::support::world::World;

/// Also the entry of the processes that the tests start: with a job it does only that.
#[test]
fn another_process_installs() {
    if let Some(job) = Job::of_this_process() {
        return job.run();
    }
    let world = World::new();
    let reports = Job::in_world(&world).start().finish();
    assert_eq!(reports, [format!("installed {}", world.release.sha256())]);
    world.installs();
    assert_eq!(
        world.server.requests_for(&world.release.gzip_path()).len(),
        1
    );
}

#[test]
#[cfg(unix)]
fn fifty_processes_with_eight_threads_download_once() {
    download_once(50, 8);
}

// A process costs much more there.
#[test]
#[cfg(windows)]
fn eight_processes_with_eight_threads_download_once() {
    download_once(8, 8);
}

fn download_once(processes: usize, threads: usize) {
    let release = Release::new("0.0.1790000000-gabc123", 1_000_000);
    let world = World::with_release(Server::start(), release);
    let job = Job {
        threads,
        ..Job::in_world(&world)
    };
    // Nobody gets the body before everybody has asked for the version.
    world.server.hold(&world.release.gzip_path());
    let workers: Vec<_> = (0..processes).map(|_| job.start()).collect();
    world
        .server
        .wait_for("/cli/cli-version.txt", processes * threads);
    world.server.release(&world.release.gzip_path());
    let reports: Vec<String> = workers.into_iter().flat_map(Worker::finish).collect();
    assert_eq!(
        reports,
        vec![format!("installed {}", world.release.sha256()); processes * threads]
    );
    assert_eq!(
        world.server.requests_for(&world.release.gzip_path()).len(),
        1
    );
    world.installs();
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let world = World::new();
    let path = world.release.gzip_path();
    world.server.hold(&path);
    let worker = Job::in_world(&world).start();
    world.server.wait_for(&path, 1);
    worker.kill();
    world.server.release(&path);
    world.installs();
}

fn lock_file(world: &World) -> std::path::PathBuf {
    let locks = world.store().root().join("locks");
    fs::create_dir_all(&locks).unwrap();
    locks.join(format!("{}-linux-x64.lock", world.release.version))
}

#[test]
fn a_lock_that_is_never_released_is_an_error_in_the_end() {
    let mut world = World::new();
    world.request.limits.deadlines.lock = Duration::from_millis(200);
    let file = File::create(lock_file(&world)).unwrap();
    file.lock().unwrap();
    world.fails(ErrorKind::LockTimeout).reads("lock_timeout");
    assert_eq!(world.count("WaitingForLock"), 1);
}

// Windows keeps the name of an open file as long as somebody has it open.
#[test]
#[cfg(unix)]
fn a_lock_file_deleted_while_it_is_held_does_no_harm() {
    let world = World::new();
    let path = world.release.gzip_path();
    world.server.hold(&path);
    let first = Job::in_world(&world).start();
    world.server.wait_for(&path, 1);
    fs::remove_file(lock_file(&world)).unwrap();
    let second = Job::in_world(&world).start();
    world.server.wait_for(&path, 2);
    world.server.release(&path);
    for worker in [first, second] {
        assert_eq!(
            worker.finish(),
            [format!("installed {}", world.release.sha256())]
        );
    }
    world.installs();
}

#[test]
fn lock_files_are_never_deleted() {
    let world = World::new();
    world.installs();
    world.store().uninstall(&world.release.version).unwrap();
    assert!(lock_file(&world).exists());
}

#[test]
#[cfg(unix)]
fn what_was_installed_runs_at_once_though_others_fork_meanwhile() {
    // A file that any process has open for writing cannot be run, and a child that is being born
    // holds all of its parent's files for a moment.
    let world = World::new();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                run("/bin/true".as_ref());
            }
        });
        for _ in 0..20 {
            let installed = world.installs();
            assert_eq!(run(&installed.path), format!("{}\n", world.release.version));
            world.store().uninstall(&world.release.version).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[cfg(unix)]
fn run(program: &std::path::Path) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the point is to run what was installed"
    )]
    let output = std::process::Command::new(program).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_failed_holder_lets_the_next_one_try() {
    let world = World::new();
    let path = world.release.gzip_path();
    world.server.route(&path, [Reply::status(404)]);
    world
        .server
        .route(&world.release.raw_path(), [Reply::status(404)]);
    world.fails(ErrorKind::NotPublished);
    world.release.serve(&world.server);
    world.installs();
}
