//! Offline mode: the store answers, or the error says how to fill it.

use std::fs;

use amp_bootstrap::{ErrorKind, Outcome, Source, VersionSpec};

use crate::support::server::Server;
use crate::support::world::World;

fn offline(mut world: World) -> World {
    world.request.offline = true;
    world
}

#[test]
fn what_is_installed_is_found_without_a_request() {
    let mut world = World::new();
    world.installs();
    let requests = world.server.requests().len();
    world = offline(world);
    for spec in [
        VersionSpec::Latest,
        VersionSpec::Exact(world.release.version.clone()),
    ] {
        world.request.version = spec;
        assert_eq!(world.installs().outcome, Outcome::AlreadyInstalled);
    }
    assert_eq!(world.server.requests().len(), requests);
}

#[test]
fn what_is_missing_is_named_together_with_the_ways_to_get_it() {
    let mut world = offline(World::new());
    world.fails(ErrorKind::Offline).reads("offline_latest");
    world.request.version = VersionSpec::Exact(world.release.version.clone());
    world.fails(ErrorKind::Offline).reads("offline_exact");
    assert!(world.server.requests().is_empty());
}

#[test]
fn a_folder_filled_as_the_error_says_is_enough() {
    let mut world = offline(World::new());
    let mirror = world.path("mirror");
    let release = world.release.clone();
    for (path, bytes) in [
        (release.checksum_path(), release.sha256().into_bytes()),
        (release.gzip_path(), release.gzipped.clone()),
    ] {
        let path = mirror.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    world.request.version = VersionSpec::Exact(release.version.clone());
    world.request.sources = vec![Source::Bucket, Source::Folder(mirror.clone())];
    assert_eq!(world.installs().source, mirror.display().to_string());
    assert!(world.server.requests().is_empty());
}

#[test]
fn an_installed_version_needs_no_socket() {
    let mut world = World::new();
    world.installs();
    // With its server gone, the first attempt to connect anywhere would fail.
    world.server = Server::start();
    world.request.sources = vec![Source::Bucket, Source::Npm];
    let installed = world.installs();
    assert_eq!(installed.outcome, Outcome::AlreadyInstalled);
    assert_eq!(installed.warnings, []);
    assert_eq!(world.count("Resolving"), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn an_installed_version_opens_no_socket_as_the_system_sees_it() {
    use crate::support::process::Job;
    let world = World::new();
    let record = world.path("sockets");
    let mut recorded = Vec::new();
    for _ in 0..2 {
        let job = Job::in_world(&world);
        let Some(worker) = job.start_traced("trace=socket,connect", &record) else {
            return;
        };
        let installed = format!("installed {}", world.release.sha256());
        assert_eq!(worker.finish(), [installed]);
        recorded.push(fs::read_to_string(&record).unwrap());
    }
    assert!(recorded[0].contains("connect("), "{}", recorded[0]);
    assert_eq!(recorded[1], "");
}
