//! Which version is the newest: announced, withdrawn, moved back.

use amp_bootstrap::{ErrorKind, Source, Variables, VersionSpec, Warning, available, locate};
use serde_json::json;

use crate::npm::npm_world;
use crate::support::release::{DOCUMENT_PATH, Release, integrity};
use crate::support::server::Reply;
use crate::support::world::{LINUX, World};

const OLDER: &str = "0.0.1780000000-gabc";

/// Serves versions in a registry, one of which, or none, is the latest.
fn serve(world: &World, latest: &str, versions: &[&str]) {
    let digest = integrity(&world.release.package());
    let tarball = format!("{}{}", world.server.url(), world.release.tarball_path());
    let published = versions
        .iter()
        .map(|version| {
            let dist = json!({ "dist": { "integrity": digest, "tarball": tarball } });
            ((*version).to_owned(), dist)
        })
        .collect::<serde_json::Map<_, _>>();
    let document = json!({ "dist-tags": { "latest": latest }, "versions": published });
    let reply = Reply::body(document.to_string());
    world.server.route(DOCUMENT_PATH, [reply]);
}

#[test]
fn a_latest_that_was_withdrawn_is_refused() {
    let world = npm_world();
    serve(&world, "0.0.1799999999-gdead", &[OLDER]);
    world
        .refuses(ErrorKind::NotPublished)
        .reads("npm_latest_withdrawn");
}

#[test]
fn a_latest_that_moved_back_is_followed_and_said() {
    let mut world = World::new();
    let newer = world.release.clone();
    world.request.latest_for = std::time::Duration::ZERO;
    world.installs();
    let older = Release::new(OLDER, 1000);
    older.serve(&world.server);
    world.release = older;
    let installed = world.installs();
    let moved = Warning::MovedBack {
        from: newer.version.to_string(),
        to: OLDER.to_owned(),
    };
    assert_eq!(installed.warnings, [moved]);
    // Said once.
    assert_eq!(world.installs().warnings, []);
    // Runs follow too, though what was taken back is still there.
    let environment = Variables::new();
    let found = || {
        let report = locate(&environment, Some(&world.store()), LINUX);
        report.found.unwrap().version.unwrap().to_string()
    };
    assert_eq!(found(), OLDER);
    world.store().uninstall(&world.release.version).unwrap();
    assert_eq!(found(), newer.version.to_string());
}

#[test]
fn what_a_source_announces_is_listed_newest_first() {
    let mut world = npm_world();
    let newest = world.release.version.to_string();
    serve(&world, OLDER, &[OLDER, &newest, "not a version"]);
    let list = |world: &World| {
        let silent = &amp_bootstrap::Silent;
        let listed = available(&world.store(), &world.request, &world.environment, silent);
        let listed = listed.unwrap().into_iter();
        listed
            .map(|one| (one.version.to_string(), one.source, one.is_latest))
            .collect::<Vec<_>>()
    };
    let npm = || "npm".to_owned();
    let expected = [
        (newest.clone(), npm(), false),
        (OLDER.to_owned(), npm(), true),
    ];
    let remembered = |world: &World| world.store().last_announced(LINUX).map(|v| v.to_string());
    assert_eq!(remembered(&world), None);
    assert_eq!(list(&world), expected);
    assert_eq!(remembered(&world).as_deref(), Some(OLDER));
    // The bucket names one.
    world.request.sources = vec![Source::Bucket];
    assert_eq!(list(&world), [(newest, "bucket".to_owned(), true)]);
    world.request.version = VersionSpec::Latest;
}
