//! npm's platform packages, from the registry that npm's configuration names.

use std::fs;

use amp_bootstrap::{ErrorKind, Platform, Source, VersionSpec};

use crate::support::release::{DOCUMENT_PATH, Member, integrity, tarball};
use crate::support::server::{Reply, Server};
use crate::support::world::{LINUX, World};

pub(crate) fn npm_world() -> World {
    let mut world = World::new();
    world
        .release
        .serve_package(&world.server, &world.release.package());
    world.request.sources = vec![Source::Npm];
    world
}

pub(crate) fn with_package(members: &[Member<'_>]) -> World {
    let world = npm_world();
    world
        .release
        .serve_package(&world.server, &tarball(members));
    world
}

#[test]
fn the_executable_is_taken_out_of_the_package() {
    let world = npm_world();
    assert_eq!(world.installs().source, "npm");
    let request = &world.server.requests_for(DOCUMENT_PATH)[0];
    assert!(
        request
            .header("accept")
            .unwrap()
            .starts_with("application/vnd.npm.install-v1+json")
    );
}

#[test]
fn a_package_that_broke_off_is_continued() {
    let world = npm_world();
    let path = world.release.tarball_path();
    let sound = Reply::file(world.release.package(), "\"t1\"");
    world
        .server
        .route(&path, [sound.clone().close_after(50_000), sound]);
    world.installs();
    assert_eq!(
        world.server.requests_for(&path)[1].header("range"),
        Some("bytes=50000-")
    );
}

#[test]
fn a_package_with_another_digest_is_refused() {
    let world = npm_world();
    world
        .release
        .serve_document(&world.server, &integrity(b"something else"));
    world
        .fails(ErrorKind::ChecksumMismatch)
        .reads("npm_wrong_integrity");
    assert_eq!(
        world
            .server
            .requests_for(&world.release.tarball_path())
            .len(),
        2
    );
}

#[test]
fn damaged_bytes_are_told_by_the_digest_and_fetched_once_more() {
    let world = npm_world();
    let path = world.release.tarball_path();
    let mut damaged = world.release.package();
    damaged[5000] ^= 0xff;
    world.server.route(
        &path,
        [
            Reply::body(damaged.clone()),
            Reply::body(world.release.package()),
        ],
    );
    world.installs();
    let world = npm_world();
    world.server.route(&path, [Reply::body(damaged)]);
    world.fails(ErrorKind::ChecksumMismatch);
}

#[test]
fn a_package_without_a_strong_digest_is_refused() {
    for integrity in ["", "sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=", "sha512-tooshort"] {
        let world = npm_world();
        world.release.serve_document(&world.server, integrity);
        world.fails(ErrorKind::ChecksumMissing);
        world.fetched_no_package();
    }
}

#[test]
fn a_package_that_unpacks_to_too_much_is_not_mistaken_for_a_damaged_one() {
    let mut world = with_package(&[Member::file("package/amp", &vec![0; 2_000_000])]);
    world.request.limits.caps.executable = 1_000_000;
    world.fails(ErrorKind::TooLarge);
    assert_eq!(
        world
            .server
            .requests_for(&world.release.tarball_path())
            .len(),
        1
    );
}

#[test]
fn a_version_that_npm_lacks_is_answered_with_those_it_has() {
    let mut world = npm_world();
    world.request.version = VersionSpec::Exact("0.0.1-gabc".parse().unwrap());
    world
        .fails(ErrorKind::NotPublished)
        .reads("npm_version_missing");
}

#[test]
fn npm_has_no_build_for_processors_without_avx2() {
    let mut world = npm_world();
    world.request.platform = Some(LINUX.with_baseline(true));
    world
        .fails(ErrorKind::UnsupportedPlatform)
        .reads("npm_no_baseline");
}

#[test]
fn a_document_that_is_none_is_an_error() {
    let world = npm_world();
    world.server.route(DOCUMENT_PATH, [Reply::body("<html>")]);
    world.fails(ErrorKind::UnexpectedResponse);
}

#[test]
fn the_token_goes_to_the_registry_and_not_to_where_it_redirects() {
    let mut world = npm_world();
    let storage = Server::start();
    world
        .release
        .serve_package(&storage, &world.release.package());
    let path = world.release.tarball_path();
    let elsewhere = format!("{}{path}", storage.url());
    world
        .server
        .route(&path, [Reply::redirect(302, &elsewhere)]);
    let host = world.server.url().replace("http:", "");
    fs::write(
        world.path(".npmrc"),
        format!("{host}/:_authToken=${{TOKEN}}\n"),
    )
    .unwrap();
    world.set("TOKEN", "sesame");
    let installed = world.installs();
    for request in world.server.requests() {
        assert_eq!(
            request.header("authorization"),
            Some("Bearer sesame"),
            "{}",
            request.path
        );
    }
    assert_eq!(storage.requests_for(&path)[0].header("authorization"), None);
    assert!(
        !serde_json::to_string(&installed)
            .unwrap()
            .contains("sesame")
    );
}

#[test]
fn switched_off_certificate_checks_are_not_followed() {
    let mut world = npm_world();
    world.set("npm_config_strict_ssl", "false");
    world
        .fails(ErrorKind::NpmConfiguration)
        .reads("npm_strict_ssl");
}

#[test]
fn the_newest_known_version_is_chosen_from_the_list() {
    let mut world = npm_world();
    let known = amp_bootstrap::KNOWN_VERSIONS[1];
    world.release = crate::support::release::Release::new(known, 1000);
    world
        .release
        .serve_package(&world.server, &world.release.package());
    world.request.version = VersionSpec::NewestKnown;
    world.installs();
    let mut world = npm_world();
    world.request.version = VersionSpec::NewestKnown;
    world
        .fails(ErrorKind::NotPublished)
        .reads("npm_no_known_version");
}

#[test]
fn this_machine_has_a_package_or_says_why_not() {
    match Platform::detect() {
        Ok(platform) => assert!(platform.npm_name().is_some() || platform.is_baseline()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::UnsupportedPlatform),
    }
}
