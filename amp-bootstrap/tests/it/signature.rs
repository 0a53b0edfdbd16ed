//! Signatures of the executable by a key that the user pins.

use amp_bootstrap::{ErrorKind, PinnedKey, Source};

use crate::support::server::Reply;
use crate::support::world::World;

/// The public half of a key that was thrown away after it signed the fixtures below.
const KEY: &str = "RWR0ZXN0a2V5McCSsAHGYW/MY3O1wnJBEl6oNzzo8BPCYMlEpSpcLjIx";

/// Another such key.
const OTHER_KEY: &str = "RWR0ZXN0a2V5Mo1WbdWsn6bvZcq9FVlRf1p6ydvSgugXquhcJX75pRMd";

/// The signature of the executable that every [`World`] serves.
const SIGNATURE: &str = "\
untrusted comment: signature
RUR0ZXN0a2V5MdYjRF9Oj6H0PNVRbRihHXffGbnvoAtwAZzERd0oCM3kNF09S03MLRGOGMBI60EGNFh1pByY6D0ZaSE1FxVBRQo=
trusted comment: the release of the tests
U52zX7n3NsXNJmJf7NAhZGmM3mUwJPDk+dWA3Td9PsGkkE31buq3T4CGf0KPbG6x36C0rTQV1IuB3nv/jtcMDA==
";

/// A sound signature of other bytes by the same key.
const SIGNATURE_OF_OTHER_BYTES: &str = "\
untrusted comment: signature
RUR0ZXN0a2V5Mf9LMTANnq/32FCIZPIp0XfL1ldzCLtZ1UZIGL2/yBSM8QqF8MQfbjwWmoiTI4iJoWOtSb3MfMDYs+GPK03VjA8=
trusted comment: other bytes
e0HoKYhyS6CscPYe2udRY+RuiET0nGZn840CwA2etEz7YBlpGxsQmXY/ly4fAWGJ0bmrzw+Ej9M0Ea2dOFFJDQ==
";

fn demanding(key: &str, signature: Option<&str>) -> World {
    let mut world = World::new();
    if let Some(signature) = signature {
        let path = format!("{}.minisig", world.release.raw_path());
        world.server.route(&path, [Reply::body(signature)]);
    }
    world.request.pinned_key = Some(PinnedKey::parse(key).unwrap());
    world
}

#[test]
fn a_signature_of_the_pinned_key_is_accepted_and_noted() {
    let world = demanding(KEY, Some(SIGNATURE));
    world.installs();
    let receipt = world.store().list().unwrap().remove(0).receipt.unwrap();
    assert_eq!(receipt.signed_by.as_deref(), Some(KEY));
}

#[test]
fn a_missing_signature_is_an_error() {
    demanding(KEY, None)
        .fails(ErrorKind::Signature)
        .reads("signature_missing");
}

#[test]
fn a_signature_of_other_bytes_is_refused() {
    let world = demanding(KEY, Some(SIGNATURE_OF_OTHER_BYTES));
    world
        .fails(ErrorKind::Signature)
        .reads("signature_of_other_bytes");
    assert!(world.kept_partials().is_empty());
}

#[test]
fn a_signature_of_another_key_is_refused_before_the_body() {
    let world = demanding(OTHER_KEY, Some(SIGNATURE));
    world.fails(ErrorKind::Signature);
    assert!(
        world
            .server
            .requests_for(&world.release.gzip_path())
            .is_empty()
    );
}

#[test]
fn something_that_is_no_signature_is_refused() {
    demanding(KEY, Some("<html>")).fails(ErrorKind::Signature);
    let cut = &SIGNATURE[..SIGNATURE.len() - 30];
    demanding(KEY, Some(cut)).fails(ErrorKind::Signature);
}

#[test]
fn what_was_installed_unsigned_does_not_satisfy_a_pinned_key() {
    let mut world = demanding(KEY, Some(SIGNATURE));
    let key = world.request.pinned_key.take();
    world.installs();
    world.request.pinned_key = key;
    world.installs();
    assert_eq!(
        world.server.requests_for(&world.release.gzip_path()).len(),
        2
    );
}

#[test]
fn npm_has_no_signatures_to_offer() {
    let mut world = demanding(KEY, None);
    world
        .release
        .serve_package(&world.server, &world.release.package());
    world.request.sources = vec![Source::Npm];
    world.fails(ErrorKind::Signature).reads("signature_npm");
}

#[test]
fn a_key_that_is_none_is_refused() {
    assert_eq!(
        PinnedKey::parse("no key").unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}
