//! Several sources: which one is asked, and whether two agree.

use std::fs;

use amp_bootstrap::{CrossCheck, ErrorKind, NextStep, Source, VersionSpec, Warning};

use crate::support::release::Release;
use crate::support::server::{Reply, Server};
use crate::support::world::World;

#[test]
fn sources_read_as_they_are_written() {
    let folder = if cfg!(windows) { r"C:\amp" } else { "/srv/amp" };
    for text in ["bucket", "npm", "https://mirror.example/amp", folder] {
        assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
    }
    for text in ["", "ftp", "relative/folder", "ftp://host/x", "https://"] {
        assert_eq!(
            text.parse::<Source>().unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    }
    let secret: Source = "https://user:word@host/a?token=1".parse().unwrap();
    assert_eq!(secret.to_string(), "https://host/a");
}

#[test]
fn the_next_source_is_asked_when_the_first_cannot_be_reached() {
    let mut world = World::new();
    let dead = Source::Mirror("http://127.0.0.1:1".to_owned());
    world.request.sources = vec![dead, Source::Bucket];
    let installed = world.installs();
    assert_eq!(installed.source, "bucket");
    assert!(matches!(installed.warnings[..], [Warning::FellBack { .. }]));
    assert_eq!(world.count("FallingBack"), 1);
    assert_eq!(world.count("Retrying"), 1);
    // The next start does not wait for the dead one again.
    assert_eq!(world.installs().warnings, []);
    assert_eq!(world.events(), [""; 0]);
}

#[test]
fn when_no_source_can_be_reached_all_reasons_are_given() {
    let mut world = World::new();
    let dead = |port: u16| Source::Mirror(format!("http://127.0.0.1:{port}"));
    world.request.sources = vec![dead(1), dead(2)];
    world
        .fails(ErrorKind::Unreachable)
        .reads("sources_all_dead");
}

#[test]
fn each_source_has_one_reason_and_the_last_cause_is_told_once() {
    let mut world = World::new();
    let dead = |port: u16| Source::Mirror(format!("http://127.0.0.1:{port}"));
    world.request.sources = vec![dead(1), dead(2)];
    let reasons = world.install().unwrap_err().reasons();
    assert_eq!(reasons.len(), 2);
    for (port, reason) in [1, 2].into_iter().zip(reasons) {
        let start = format!("http://127.0.0.1:{port}: could not connect (http://127.0.0.1:{port}/");
        assert!(reason.starts_with(&start), "{reason}");
        assert_eq!(reason.matches("os error").count(), 1, "{reason}");
    }
    world.request.sources.pop();
    let reasons = world.install().unwrap_err().reasons();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].starts_with("could not connect"), "{reasons:?}");
}

#[test]
fn a_source_that_failed_is_not_recommended() {
    let mut world = World::new();
    world.request.limits.retry.retries = 0;
    world.set("AMP_STORAGE_BASE", "http://127.0.0.1:1");
    let steps = world.install().unwrap_err().next_steps();
    let sources = vec!["npm".to_owned()];
    assert!(
        steps.contains(&NextStep::UseSource { sources }),
        "{steps:?}"
    );
    world.set("NPM_CONFIG_REGISTRY", "http://127.0.0.1:2");
    world.request.sources = vec![Source::Bucket, Source::Npm];
    let steps = world.install().unwrap_err().next_steps();
    let is_source = |step: &NextStep| matches!(step, NextStep::UseSource { .. });
    assert!(!steps.iter().any(is_source), "{steps:?}");
    assert!(steps.contains(&NextStep::UseMirror));
}

#[test]
fn a_fallback_that_cannot_be_used_does_not_hide_the_first_reason() {
    let mut world = World::new();
    world
        .environment
        .remove(std::ffi::OsStr::new("NPM_CONFIG_REGISTRY"));
    world.set("NPM_CONFIG_GLOBALCONFIG", world.path("no-such-file"));
    world.request.sources = vec![Source::Mirror("http://127.0.0.1:1".to_owned()), Source::Npm];
    world
        .fails(ErrorKind::NpmConfiguration)
        .reads("sources_dead_and_unusable");
}

#[test]
fn a_mirror_folder_is_verified_like_any_other_source() {
    let mut world = World::new();
    let mirror = world.path("mirror");
    let release = world.release.clone();
    let put = |path: &str, bytes: &[u8]| {
        let path = mirror.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    world.request.sources = vec![Source::Folder(mirror.clone())];
    world.fails(ErrorKind::NotPublished).reads("folder_empty");
    put(
        "cli/cli-version.txt",
        release.version.to_string().as_bytes(),
    );
    put(&release.checksum_path(), release.sha256().as_bytes());
    put(&release.raw_path(), b"#!/bin/sh\necho wrong\n");
    world
        .fails(ErrorKind::ChecksumMismatch)
        .reads("folder_wrong");
    put(&release.raw_path(), &release.executable);
    world.installs();
    assert!(world.server.requests().is_empty());
}

/// A world that installs from npm and compares with a second publisher.
fn cross_checked(second: &Server, required: bool) -> World {
    let mut world = World::new();
    world
        .release
        .serve_package(&world.server, &world.release.package());
    world.request.sources = vec![Source::Npm];
    let source = Source::Mirror(second.url());
    world.request.cross_check = Some(if required {
        CrossCheck::required(source)
    } else {
        CrossCheck::when_reachable(source)
    });
    world
}

#[test]
fn two_publishers_that_agree_are_noted_in_the_receipt() {
    let second = Server::start();
    let world = cross_checked(&second, true);
    world.release.serve(&second);
    world.installs();
    let receipt = world.store().list().unwrap().remove(0).receipt.unwrap();
    assert_eq!(receipt.confirmed_by, Some(second.url()));
    // Only the digest was asked for.
    assert_eq!(second.requests().len(), 1);
}

#[test]
fn two_publishers_that_disagree_are_both_refused() {
    let second = Server::start();
    let world = cross_checked(&second, false);
    let mut other = Release::new("0.0.1790000000-gabc123", 500);
    other.executable.push(b'x');
    other.serve(&second);
    world
        .fails(ErrorKind::PublishersDisagree)
        .reads("publishers_disagree");
}

#[test]
fn a_silent_second_publisher_is_an_error_or_a_warning() {
    let second = Server::start();
    let world = cross_checked(&second, true);
    second.route(&world.release.checksum_path(), [Reply::status(500)]);
    world.fails(ErrorKind::ServerError);
    let world = cross_checked(&second, false);
    assert!(matches!(
        world.installs().warnings[..],
        [Warning::NotCrossChecked { .. }]
    ));
}

#[test]
fn what_was_installed_without_the_check_does_not_satisfy_it() {
    let second = Server::start();
    let mut world = cross_checked(&second, true);
    world.release.serve(&second);
    let check = world.request.cross_check.take();
    world.installs();
    world.request.cross_check = check;
    world.request.version = VersionSpec::Exact(world.release.version.clone());
    world.installs();
    assert_eq!(second.requests().len(), 1);
}

#[test]
fn credentials_in_a_mirror_url_are_used_and_never_shown() {
    let mut world = World::new();
    let url = world.server.url().replace("http://", "http://user:sesame@");
    world.request.sources = vec![Source::Mirror(url)];
    let installed = world.installs();
    for request in world.server.requests() {
        // `user:sesame` in base64.
        assert_eq!(
            request.header("authorization"),
            Some("Basic dXNlcjpzZXNhbWU=")
        );
    }
    world
        .server
        .route(&world.release.checksum_path(), [Reply::status(401)]);
    world.store().uninstall(&installed.version).unwrap();
    let error = world.install().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let shown = format!("{installed:?} {error} {error:?} {:?}", error.report());
    assert!(!shown.contains("sesame"), "{shown}");
}

#[test]
fn a_clean_installation_tells_its_steps_in_their_documented_order() {
    let world = World::new();
    world.installs();
    let expected = [
        "Resolving",
        "Downloading",
        "Verified",
        "Sealed",
        "Placed",
        "Recorded",
    ];
    assert_eq!(world.events(), expected);
}
