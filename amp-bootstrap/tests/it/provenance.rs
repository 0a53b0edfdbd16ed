//! What was taken from one source is not what another one was asked for, until that one vouches
//! for the same bytes.

use amp_bootstrap::{ErrorKind, Outcome, Source, VersionSpec, Warning};

use crate::support::release::Release;
use crate::support::server::Server;
use crate::support::world::World;

/// A world whose store holds the release as a mirror gave it, and whose bucket has it too.
///
/// What the mirror served is at the end of the bytes, if there is anything.
fn taken_from_a_mirror(other_bytes: &[u8]) -> (World, Server) {
    let mut world = World::new();
    let mirror = Server::start();
    let mut release = world.release.clone();
    release.executable.extend(other_bytes);
    let release = Release {
        gzipped: crate::support::release::gzip(&release.executable),
        ..release
    };
    release.serve(&mirror);
    world.request.sources = vec![Source::Mirror(mirror.url())];
    let installed = world.install().unwrap();
    assert_eq!(installed.source, mirror.url());
    world.request.sources = vec![Source::Bucket];
    (world, mirror)
}

fn downloads(world: &World) -> usize {
    let path = world.release.gzip_path();
    world.server.requests_for(&path).len()
}

#[test]
fn another_source_that_announces_the_same_bytes_is_recorded_without_a_download() {
    for version in [false, true] {
        let (mut world, _mirror) = taken_from_a_mirror(b"");
        if version {
            world.request.version = VersionSpec::Exact(world.release.version.clone());
        }
        let installed = world.installs();
        assert_eq!(installed.outcome, Outcome::AlreadyInstalled);
        assert_eq!(installed.source, "bucket");
        assert_eq!(installed.warnings, []);
        assert_eq!(downloads(&world), 0);
        // From now on nobody is asked.
        world.installs();
        assert_eq!(world.count("Resolving"), 0);
    }
}

#[test]
fn another_source_that_announces_other_bytes_replaces_them_with_a_warning() {
    let (world, _mirror) = taken_from_a_mirror(b"# and something else\n");
    let installed = world.installs();
    assert_eq!(installed.outcome, Outcome::Downloaded);
    assert!(
        matches!(installed.warnings[..], [Warning::Replaced { .. }]),
        "{:?}",
        installed.warnings
    );
    assert_eq!(downloads(&world), 1);
}

#[test]
fn without_a_network_what_another_source_gave_is_not_taken_for_it() {
    let (mut world, mirror) = taken_from_a_mirror(b"");
    world.request = world.request.clone().with_offline(true);
    for version in [
        VersionSpec::Latest,
        VersionSpec::Exact(world.release.version.clone()),
    ] {
        world.request.version = version;
        let error = world.install().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Offline, "{error:?}");
    }
    // From the one that gave it, it is there.
    world.request.sources = vec![Source::Mirror(mirror.url())];
    world.installs();
}

#[test]
fn the_bucket_is_another_one_when_its_variable_is() {
    let mut world = World::new();
    world.installs();
    let second = Server::start();
    world.release.serve(&second);
    world.set("AMP_STORAGE_BASE", second.url());
    let installed = world.installs();
    assert_eq!(installed.outcome, Outcome::AlreadyInstalled);
    let checksum = world.release.checksum_path();
    assert_eq!(second.requests_for(&checksum).len(), 1);
}

#[test]
fn the_registry_is_another_one_when_npm_says_so() {
    let mut world = World::new();
    let tarball = world.release.package();
    world.release.serve_package(&world.server, &tarball);
    world.request.sources = vec![Source::Npm];
    world.installs();
    let second = Server::start();
    world.release.serve_package(&second, &tarball);
    world.set("NPM_CONFIG_REGISTRY", second.url());
    world.installs();
    let tarball = world.release.tarball_path();
    assert_eq!(second.requests_for(&tarball).len(), 0);
    assert_ne!(second.requests().len(), 0);
}
