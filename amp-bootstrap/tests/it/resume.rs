//! Going on where an earlier process broke off.

use std::fs;

use amp_bootstrap::ErrorKind;

use crate::support::server::Reply;
use crate::support::world::World;

const KEPT: usize = 30_000;

fn sound(world: &World) -> Reply {
    Reply::file(world.release.gzipped.clone(), "\"g1\"")
}

/// A world in which an earlier installation received a part and gave up.
fn interrupted() -> World {
    let mut world = World::new();
    world.request.limits.retry.retries = 0;
    world.server.route(
        &world.release.gzip_path(),
        [sound(&world).close_after(KEPT)],
    );
    world.fails(ErrorKind::Unreachable);
    let partials = world.kept_partials();
    assert_eq!(fs::metadata(&partials[0]).unwrap().len(), KEPT as u64);
    world
}

fn answers(world: &World, replies: impl IntoIterator<Item = Reply>) -> Vec<Option<String>> {
    let path = world.release.gzip_path();
    world.server.route(&path, replies);
    world.installs();
    let requests = world.server.requests_for(&path).into_iter().skip(1);
    requests
        .map(|request| request.header("range").map(str::to_owned))
        .collect()
}

fn from_kept() -> Option<String> {
    Some(format!("bytes={KEPT}-"))
}

#[test]
fn the_rest_is_fetched_and_the_whole_is_verified() {
    let world = interrupted();
    assert_eq!(answers(&world, [sound(&world)]), [from_kept()]);
    assert!(world.kept_partials().is_empty());
}

#[test]
fn a_server_that_ignores_ranges_gets_a_fresh_start() {
    let world = interrupted();
    let whole = Reply::body(world.release.gzipped.clone());
    assert_eq!(answers(&world, [whole]), [from_kept(), None]);
}

#[test]
fn a_range_that_cannot_be_satisfied_leads_to_a_fresh_start() {
    let world = interrupted();
    let ranges = answers(&world, [Reply::status(416), sound(&world)]);
    assert_eq!(ranges, [from_kept(), None]);
}

#[test]
fn a_wrong_content_range_leads_to_a_fresh_start() {
    let world = interrupted();
    let wrong = Reply::body(world.release.gzipped.clone())
        .with_status(206)
        .header("content-range", "bytes 0-9/10");
    assert_eq!(answers(&world, [wrong, sound(&world)]), [from_kept(), None]);
}

#[test]
fn a_changed_resource_is_fetched_anew() {
    let world = interrupted();
    let changed = Reply::file(world.release.gzipped.clone(), "\"g2\"");
    assert_eq!(answers(&world, [changed]), [from_kept(), None]);
}

#[test]
fn a_part_that_was_damaged_on_disk_is_thrown_away() {
    let world = interrupted();
    let partial = &world.kept_partials()[0];
    let mut bytes = fs::read(partial).unwrap();
    bytes[KEPT / 2] ^= 0xff;
    fs::write(partial, bytes).unwrap();
    let ranges = answers(&world, [sound(&world)]);
    assert_eq!(ranges.last(), Some(&None));
    assert!(world.kept_partials().is_empty());
}

#[test]
fn a_part_that_is_longer_than_the_whole_is_thrown_away() {
    let world = interrupted();
    fs::write(
        &world.kept_partials()[0],
        vec![0; world.release.gzipped.len() + 5],
    )
    .unwrap();
    let ranges = answers(&world, [sound(&world)]);
    assert_eq!(ranges.last(), Some(&None));
}

#[test]
fn a_server_that_never_continues_is_given_up() {
    let world = World::new();
    let path = world.release.gzip_path();
    let whole = Reply::body(world.release.gzipped.clone()).close_after(KEPT);
    world.server.route(&path, [whole]);
    world.fails(ErrorKind::Unreachable).reads("resume_never");
}

#[test]
fn a_version_published_meanwhile_does_not_mix_in() {
    let world = interrupted();
    let newer = crate::support::release::Release::new("0.0.1790000001-gdef456", 100_000);
    newer.serve(&world.server);
    let version = newer.version.clone();
    let mut world = world;
    world.request.latest_for = std::time::Duration::ZERO;
    world.release = newer;
    assert_eq!(world.installs().version, version);
}
