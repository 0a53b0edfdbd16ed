//! Any mixture of faults: the right file or an error, and never anything in between.

use std::fs;

use proptest::prelude::*;

use crate::support::release::gzip;
use crate::support::server::Reply;
use crate::support::world::World;

/// One thing that can go wrong with one answer.
#[derive(Debug, Clone)]
enum Fault {
    Close(usize),
    Reset(usize),
    CutChunked(usize),
    Status(u16),
    IgnoreRange(usize),
    AnotherTag(usize),
    WrongRange,
    Flip(usize),
    OtherBytes,
    WebPage,
}

fn fault() -> impl Strategy<Value = Fault> {
    let position = 0usize..110_000;
    prop_oneof![
        position.clone().prop_map(Fault::Close),
        position.clone().prop_map(Fault::Reset),
        position.clone().prop_map(Fault::CutChunked),
        prop::sample::select(vec![206, 403, 404, 416, 429, 500, 503]).prop_map(Fault::Status),
        position.clone().prop_map(Fault::IgnoreRange),
        position.clone().prop_map(Fault::AnotherTag),
        Just(Fault::WrongRange),
        position.prop_map(Fault::Flip),
        Just(Fault::OtherBytes),
        Just(Fault::WebPage),
    ]
}

fn reply(fault: &Fault, body: &[u8]) -> Reply {
    let sound = || Reply::file(body, "\"g1\"");
    match *fault {
        Fault::Close(bytes) => sound().close_after(bytes),
        Fault::Reset(bytes) => sound().reset_after(bytes),
        Fault::CutChunked(bytes) => sound().chunked().close_after(bytes),
        Fault::Status(status) => Reply::status(status),
        Fault::IgnoreRange(bytes) => Reply::body(body).close_after(bytes),
        Fault::AnotherTag(bytes) => Reply::file(body, "\"g2\"").close_after(bytes),
        Fault::WrongRange => {
            let range = "bytes 7-9/10";
            Reply::body("abc")
                .with_status(206)
                .header("content-range", range)
        }
        Fault::Flip(position) => {
            let mut bytes = body.to_vec();
            let position = position % bytes.len();
            bytes[position] ^= 0x20;
            Reply::file(bytes, "\"g1\"")
        }
        Fault::OtherBytes => Reply::file(gzip(b"#!/bin/sh\necho other\n"), "\"g1\""),
        Fault::WebPage => Reply::body("<html>").header("content-type", "text/html"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn any_faults_end_in_the_right_file_or_an_error(faults in prop::collection::vec(fault(), 1..6)) {
        let world = World::new();
        let path = world.release.gzip_path();
        let sound = Reply::file(world.release.gzipped.clone(), "\"g1\"");
        let replies = faults.iter().map(|fault| reply(fault, &world.release.gzipped));
        world.server.route(&path, replies.chain([sound.clone()]));
        world.server.route(&world.release.raw_path(), []);
        match world.install() {
            Ok(installed) => {
                prop_assert!(fs::read(installed.path).unwrap() == world.release.executable);
            }
            Err(error) => {
                prop_assert!(!error.next_steps().is_empty());
                world.holds_nothing_executable();
            }
        }
        world.leaves_no_temporary_files();
        // Whatever was kept of it, the next attempt at a sound server succeeds.
        world.server.route(&path, [sound]);
        world.installs();
    }
}
