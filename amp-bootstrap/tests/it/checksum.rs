//! The announced digest: read before the body, and the last word on it.

use amp_bootstrap::{ErrorKind, InstallRequest, Source};

use crate::support::release::gzip;
use crate::support::server::{Reply, Server};
use crate::support::world::World;

fn announcing(text: impl Fn(&World) -> Reply) -> World {
    let world = World::new();
    world
        .server
        .route(&world.release.checksum_path(), [text(&world)]);
    world
}

/// The bytes of another executable, in a sound wrapping.
fn wrong_body() -> Reply {
    Reply::file(gzip(b"#!/bin/sh\necho something else\n"), "\"w\"")
}

#[test]
fn the_checksum_is_read_before_the_body() {
    let world = World::new();
    world.installs();
    let paths: Vec<String> = world
        .server
        .requests()
        .into_iter()
        .map(|r| r.path)
        .collect();
    let expected = [
        "/cli/cli-version.txt",
        &world.release.checksum_path(),
        &world.release.gzip_path(),
    ];
    assert_eq!(paths, expected);
}

#[test]
fn without_a_checksum_nothing_is_downloaded() {
    let world = announcing(|_| Reply::status(404));
    world
        .fails(ErrorKind::NotPublished)
        .reads("checksum_missing");
    assert!(
        world
            .server
            .requests_for(&world.release.gzip_path())
            .is_empty()
    );
}

#[test]
fn a_malformed_checksum_is_refused() {
    let world = announcing(|world| Reply::body(&world.release.sha256()[..63]));
    world
        .fails(ErrorKind::ChecksumMissing)
        .reads("checksum_short");
    announcing(|_| Reply::body("")).fails(ErrorKind::ChecksumMissing);
    announcing(|_| Reply::body("z".repeat(64))).fails(ErrorKind::ChecksumMissing);
    assert!(
        world
            .server
            .requests_for(&world.release.gzip_path())
            .is_empty()
    );
}

#[test]
fn upper_case_and_a_file_name_are_understood() {
    announcing(|world| Reply::body(world.release.sha256().to_uppercase())).installs();
    let with_name = |world: &World| format!("{}  amp-linux-x64\n", world.release.sha256());
    announcing(|world| Reply::body(with_name(world))).installs();
}

#[test]
fn a_body_that_was_damaged_once_is_fetched_once_more() {
    let world = World::new();
    let good = Reply::file(world.release.gzipped.clone(), "\"g\"");
    world
        .server
        .route(&world.release.gzip_path(), [wrong_body(), good]);
    world.installs();
    assert_eq!(
        world.server.requests_for(&world.release.gzip_path()).len(),
        2
    );
}

#[test]
fn a_body_that_stays_wrong_is_refused_and_forgotten() {
    let world = World::new();
    world
        .server
        .route(&world.release.gzip_path(), [wrong_body()]);
    world
        .fails(ErrorKind::ChecksumMismatch)
        .reads("checksum_mismatch");
    assert_eq!(
        world.server.requests_for(&world.release.gzip_path()).len(),
        2
    );
    assert_eq!(world.kept_partials(), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn no_other_source_is_asked_after_a_failed_check() {
    let mut world = World::new();
    let second = Server::start();
    world.release.serve(&second);
    world
        .server
        .route(&world.release.gzip_path(), [wrong_body()]);
    let sources = [Source::Bucket, Source::Mirror(second.url())];
    world.request = InstallRequest::with_sources(world.request.clone(), sources);
    world.fails(ErrorKind::ChecksumMismatch);
    assert!(second.requests().is_empty());
}
