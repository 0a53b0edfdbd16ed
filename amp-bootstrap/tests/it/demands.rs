//! What the caller demands beyond what a publisher announces: encryption, and a certain executable.

use amp_bootstrap::{CrossCheck, ErrorKind, InstallRequest, Source, VersionSpec, Warning};

use crate::npm::npm_world;
use crate::support::proxy::{Kind, Proxy};
use crate::support::release::Release;
use crate::support::server::Server;
use crate::support::world::World;

/// A world with a proxy that takes every name for this machine, and a mirror at such a name.
fn mirror_elsewhere() -> (World, Proxy, String) {
    let mut world = World::new();
    let proxy = Proxy::start(Kind::Http);
    world.set("http_proxy", proxy.url("http", ""));
    let mirror = format!("http://mirror.example:{}", world.server.port());
    (world, proxy, mirror)
}

#[test]
fn plain_http_is_refused_of_every_host_that_is_not_named() {
    let (mut world, _proxy, mirror) = mirror_elsewhere();
    world.request.http_hosts = vec!["other.example".to_owned(), "example".to_owned()];
    world.request.sources = vec![Source::Mirror(mirror.clone())];
    let failure = world.refuses(ErrorKind::NotEncrypted);
    failure.reads_without(&mirror, "http_mirror_refused");
    world.set("AMP_STORAGE_BASE", &mirror);
    world.request.sources = vec![Source::Bucket];
    world.refuses(ErrorKind::NotEncrypted);
    world.set("NPM_CONFIG_REGISTRY", &mirror);
    world.request.sources = vec![Source::Npm];
    world.refuses(ErrorKind::NotEncrypted);
    assert_eq!(world.server.requests().len(), 0);
    // Nor does a second publisher prove anything that anybody could have changed.
    let mut world = npm_world();
    world.request.cross_check = Some(CrossCheck::required(Source::Mirror(mirror)));
    world.refuses(ErrorKind::NotEncrypted);
}

#[test]
fn plain_http_of_a_named_host_is_used_and_warned_about() {
    let (mut world, _proxy, mirror) = mirror_elsewhere();
    world.request.sources = vec![Source::Mirror(mirror.clone())];
    world.request = world.request.with_http_hosts(["Mirror.Example".to_owned()]);
    let warning = Warning::NotEncrypted { source: mirror };
    assert_eq!(world.installs().warnings, [warning]);
    // Said once, when the bytes came.
    assert_eq!(world.installs().warnings, []);
}

#[test]
fn another_executable_than_the_demanded_is_refused() {
    let mut world = World::new();
    let demanded = world.release.sha256().to_uppercase();
    world.request = world.request.with_sha256(&demanded).unwrap();
    world.installs();

    // A mirror whose sum is right for its own bytes.
    let mut other = World::new();
    other.request = other.request.with_sha256(&demanded).unwrap();
    let release = Release {
        executable: b"#!/bin/sh\nexit 1\n".to_vec(),
        gzipped: crate::support::release::gzip(b"#!/bin/sh\nexit 1\n"),
        ..other.release.clone()
    };
    let mirror = Server::start();
    release.serve(&mirror);
    other.request.sources = vec![Source::Mirror(mirror.url())];
    let text = other.refuses(ErrorKind::ChecksumMismatch);
    text.reads_without(&mirror.url(), "another_executable_than_demanded");
}

#[test]
fn what_was_installed_without_the_demand_has_to_satisfy_it() {
    let mut world = World::new();
    world.installs();
    let other = "0".repeat(64);
    world.request = world.request.clone().with_sha256(&other).unwrap();
    let error = world.install().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ChecksumMismatch);
    // What was there is there still, for those who demand nothing.
    world.request = InstallRequest::new(VersionSpec::Latest)
        .with_sources([Source::Bucket])
        .with_platform(crate::support::world::LINUX);
    world.installs();
}

#[test]
fn what_is_no_sum_is_refused_before_anything_is_asked() {
    for text in ["", "sha256:00", "zz"] {
        let request = InstallRequest::new(VersionSpec::Latest).with_sha256(text);
        assert_eq!(request.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
