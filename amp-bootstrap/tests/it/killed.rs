//! A process killed at any step: the next one ends up with the right file.

use std::fs;

use amp_bootstrap::Outcome;

use crate::support::process::Job;
use crate::support::server::Reply;
use crate::support::world::World;

/// Kills an installer at an event, checks what it left, and installs.
fn killed_at(event: &str, check: impl Fn(&World)) -> (World, Outcome) {
    let world = World::new();
    let mut job = Job::in_world(&world);
    job.stepwise = true;
    let mut worker = job.start();
    worker.run_until(event);
    worker.kill();
    check(&world);
    let outcome = world.installs().outcome;
    assert!(world.kept_partials().is_empty());
    (world, outcome)
}

/// Checks that nothing that had arrived was fetched again.
fn fetched_once(world: &World) {
    let path = world.release.gzip_path();
    assert_eq!(world.server.requests_for(&path).len(), 1);
}

#[test]
fn before_the_first_byte() {
    let (_, outcome) = killed_at("Downloading", World::holds_nothing_executable);
    assert_eq!(outcome, Outcome::Downloaded);
}

#[test]
fn in_the_middle_of_the_body() {
    let world = World::new();
    let path = world.release.gzip_path();
    let sound = Reply::file(world.release.gzipped.clone(), "\"g1\"");
    world
        .server
        .route(&path, [sound.clone().stall_after(60_000), sound]);
    let worker = Job::in_world(&world).start();
    world.server.wait_for(&path, 1);
    while world
        .kept_partials()
        .first()
        .is_none_or(|part| fs::metadata(part).unwrap().len() == 0)
    {
        std::thread::yield_now();
    }
    worker.kill();
    world.holds_nothing_executable();
    world.installs();
    // What the killed process received was not fetched again.
    assert!(
        world.server.requests_for(&path)[1]
            .header("range")
            .is_some()
    );
}

#[test]
fn with_the_whole_body_received_and_unchecked() {
    let (world, outcome) = killed_at("Advanced", World::holds_nothing_executable);
    assert_eq!(outcome, Outcome::Downloaded);
    fetched_once(&world);
}

#[test]
fn after_the_check() {
    let (world, outcome) = killed_at("Verified", World::holds_nothing_executable);
    assert_eq!(outcome, Outcome::Downloaded);
    fetched_once(&world);
}

#[test]
fn after_the_file_was_made_durable() {
    let (world, outcome) = killed_at("Sealed", |world| {
        // Verified, but still under a name that nobody looks for.
        assert!(!world.installed_folder().join("amp").exists());
    });
    assert_eq!(outcome, Outcome::Downloaded);
    fetched_once(&world);
    world.leaves_no_temporary_files();
}

#[test]
fn after_the_rename_and_before_the_receipt() {
    let (world, outcome) = killed_at("Placed", |world| {
        let entry = &world.store().list().unwrap()[0];
        assert_eq!(entry.state, amp_bootstrap::EntryState::Unfinished);
    });
    assert_eq!(outcome, Outcome::Downloaded);
    fetched_once(&world);
}

#[test]
fn after_the_receipt() {
    let (world, outcome) = killed_at("Recorded", |_| {});
    assert_eq!(outcome, Outcome::AlreadyInstalled);
    fetched_once(&world);
}
