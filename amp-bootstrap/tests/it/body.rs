//! The body on its way: cut, reset, stalled, too long, damaged.

use std::time::Duration;

use amp_bootstrap::ErrorKind;

use crate::support::release::gzip;
use crate::support::server::Reply;
use crate::support::world::World;

/// A world whose first answers for the body are these; the sound file comes after them.
fn first_answering(replies: impl IntoIterator<Item = Reply>) -> World {
    let world = World::new();
    let sound = Reply::file(world.release.gzipped.clone(), "\"g1\"");
    world.server.route(
        &world.release.gzip_path(),
        replies.into_iter().chain([sound]),
    );
    world
}

fn always_answering(reply: impl Fn(&World) -> Reply) -> World {
    let world = World::new();
    world
        .server
        .route(&world.release.gzip_path(), [reply(&world)]);
    world
}

fn sound(world: &World) -> Reply {
    Reply::file(world.release.gzipped.clone(), "\"g1\"")
}

#[test]
fn a_body_shorter_than_announced_is_continued() {
    let world = World::new();
    let half = world.release.gzipped.len() / 2;
    let path = world.release.gzip_path();
    world
        .server
        .route(&path, [sound(&world).close_after(half), sound(&world)]);
    world.installs();
    let requests = world.server.requests_for(&path);
    assert_eq!(requests.len(), 2);
    assert_eq!(
        requests[1].header("range"),
        Some(format!("bytes={half}-").as_str())
    );
    assert_eq!(requests[1].header("if-range"), Some("\"g1\""));
}

#[test]
fn a_body_that_always_ends_early_is_an_error_and_is_kept() {
    let world = always_answering(|world| sound(world).close_after(1000));
    world.fails(ErrorKind::Unreachable).reads("body_ends_early");
    assert_eq!(world.kept_partials().len(), 1);
}

#[test]
fn a_chunked_body_that_is_cut_is_continued() {
    let world = World::new();
    let path = world.release.gzip_path();
    world.server.route(
        &path,
        [sound(&world).chunked().close_after(5000), sound(&world)],
    );
    world.installs();
    assert_eq!(world.server.requests_for(&path).len(), 2);
}

#[test]
fn a_reset_at_any_byte_is_survived() {
    let length = World::new().release.gzipped.len();
    for bytes in [0, 1, length / 2, length - 1] {
        let world = World::new();
        let path = world.release.gzip_path();
        world
            .server
            .route(&path, [sound(&world).reset_after(bytes), sound(&world)]);
        world.installs();
        assert_eq!(
            world.server.requests_for(&path).len(),
            2,
            "after {bytes} bytes"
        );
    }
}

#[test]
fn a_trickle_counts_as_stuck() {
    let mut world = always_answering(|world| sound(world).drip(Duration::from_millis(50)));
    world.request.limits.deadlines.slow_window = Duration::from_millis(300);
    world.request.limits.retry.retries = 1;
    world.fails(ErrorKind::Timeout).reads("body_trickles");
}

#[test]
fn a_stall_is_noticed_and_continued() {
    let world = World::new();
    let path = world.release.gzip_path();
    world
        .server
        .route(&path, [sound(&world).stall_after(5000), sound(&world)]);
    world.installs();
    assert_eq!(world.server.requests_for(&path).len(), 2);
}

#[test]
fn a_stall_behind_the_last_byte_does_not_hang() {
    // The length says that all is here.
    let world = always_answering(|world| sound(world).stall_after(usize::MAX));
    world.installs();
    // Without a length only the repeated request shows it: there is nothing left to continue.
    let world = World::new();
    let path = world.release.gzip_path();
    let endless = sound(&world).chunked().stall_after(usize::MAX);
    world.server.route(&path, [endless, sound(&world)]);
    world.installs();
}

#[test]
fn a_length_larger_than_the_body_is_an_error() {
    let claim = |world: &World| world.release.gzipped.len() + 1000;
    let world =
        always_answering(|world| Reply::body(world.release.gzipped.clone()).claiming(claim(world)));
    world
        .fails(ErrorKind::Unreachable)
        .reads("body_length_too_large");
}

#[test]
fn a_body_without_a_length_is_taken_until_the_end() {
    always_answering(|world| Reply::body(world.release.gzipped.clone()).until_close()).installs();
}

#[test]
fn damaged_compression_is_fetched_once_more_and_then_refused() {
    let damage = |world: &World, position: usize| {
        let mut bytes = world.release.gzipped.clone();
        let position = position.min(bytes.len() - 6);
        bytes[position] ^= 0xff;
        Reply::body(bytes)
    };
    let world = World::new();
    for position in [0, usize::MAX] {
        first_answering([damage(&world, position)]).installs();
        let world = always_answering(|world| damage(world, position));
        world.fails(ErrorKind::Archive);
        assert_eq!(
            world.server.requests_for(&world.release.gzip_path()).len(),
            2
        );
    }
    always_answering(|world| damage(world, 0))
        .fails(ErrorKind::Archive)
        .reads("body_damaged");
}

#[test]
fn garbage_behind_the_compressed_data_is_refused() {
    let world = always_answering(|world| {
        Reply::body([world.release.gzipped.as_slice(), b"garbage"].concat())
    });
    world.fails(ErrorKind::Archive);
}

#[test]
fn a_decompression_bomb_is_defused() {
    let mut world = always_answering(|_| Reply::body(gzip(&vec![0; 2_000_000])));
    world.request.limits.caps.executable = 1_000_000;
    world.fails(ErrorKind::TooLarge).reads("body_bomb");
}

#[test]
fn a_body_larger_than_the_cap_is_refused_by_its_length_and_by_its_bytes() {
    let mut world = always_answering(sound);
    world.request.limits.caps.download = 1000;
    world.fails(ErrorKind::TooLarge);
    let mut world = always_answering(|world| sound(world).chunked());
    world.request.limits.caps.download = 1000;
    world.fails(ErrorKind::TooLarge).reads("body_too_large");
}

#[test]
fn a_web_page_in_place_of_the_body_is_named_as_such() {
    let page = Reply::body("<html>").header("content-type", "text/html; charset=utf-8");
    always_answering(|_| page.clone())
        .fails(ErrorKind::UnexpectedResponse)
        .reads("body_login_page");
}

#[test]
fn without_a_compressed_form_the_plain_one_is_taken() {
    let world = World::new();
    world
        .server
        .route(&world.release.gzip_path(), [Reply::status(404)]);
    let installed = world.installs();
    assert!(installed.location.ends_with("/amp-linux-x64"));
    assert_eq!(
        world.server.requests_for(&world.release.raw_path()).len(),
        1
    );
}

#[test]
fn a_version_without_any_form_is_an_error() {
    let world = World::new();
    world
        .server
        .route(&world.release.gzip_path(), [Reply::status(404)]);
    world
        .server
        .route(&world.release.raw_path(), [Reply::status(404)]);
    world.fails(ErrorKind::NotPublished).reads("body_missing");
}
