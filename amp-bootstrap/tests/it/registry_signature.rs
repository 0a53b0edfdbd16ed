//! What npm registries sign: name, version and digest, by keys that they list.

use std::fs;

use amp_bootstrap::{ErrorKind, NextStep, PinnedKey, Warning};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use crate::npm::npm_world;
use crate::support::release::{DOCUMENT_PATH, integrity};
use crate::support::server::Reply;
use crate::support::world::World;

const KEYS_PATH: &str = "/-/npm/v1/keys";
const ATTESTATIONS_PATH: &str = "/-/npm/v1/attestations/@ampcode%2fcli-linux-x64@1";
const PACKAGE: &str = "@ampcode/cli-linux-x64";

/// A key of a registry.
struct Key {
    pair: EcdsaKeyPair,
    id: &'static str,
}

impl Key {
    fn new(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { pair, id }
    }

    /// Signs as a registry does when a version is published.
    fn sign(&self, message: &str) -> serde_json::Value {
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        json!({ "keyid": self.id, "sig": BASE64_STANDARD.encode(signature.unwrap()) })
    }

    /// Returns the key as a list of keys and `--pin-key` have it.
    fn public(&self) -> String {
        let prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let byte = |at: usize| u8::from_str_radix(&prefix[at..at + 2], 16).unwrap();
        let mut der: Vec<u8> = (0..prefix.len()).step_by(2).map(byte).collect();
        der.extend(self.pair.public_key().as_ref());
        BASE64_STANDARD.encode(der)
    }

    fn list(&self, expires: Option<&str>) -> String {
        let key = json!({
            "expires": expires,
            "keyid": self.id,
            "keytype": "ecdsa-sha2-nistp256",
            "scheme": "ecdsa-sha2-nistp256",
            "key": self.public(),
        });
        json!({ "keys": [key] }).to_string()
    }
}

/// What a registry signs of the world's release.
fn message(world: &World) -> String {
    let digest = integrity(&world.release.package());
    format!("{PACKAGE}@{}:{digest}", world.release.version)
}

/// Serves the release with these signatures.
fn serve(world: &World, signatures: &[serde_json::Value]) {
    serve_attested(world, signatures, &serde_json::Value::Null);
}

/// Serves the release with these signatures and what the registry says of attestations.
fn serve_attested(
    world: &World,
    signatures: &[serde_json::Value],
    attestations: &serde_json::Value,
) {
    serve_document(world, |document| {
        let published = &mut document["versions"][world.release.version.to_string()];
        published["dist"]["signatures"] = json!(signatures);
        published["dist"]["attestations"] = attestations.clone();
    });
}

/// Serves the document of the release, changed.
fn serve_document(world: &World, change: impl FnOnce(&mut serde_json::Value)) {
    let mut document = json!({
        "dist-tags": { "latest": world.release.version.to_string() },
        "versions": { world.release.version.to_string(): { "dist": {
            "integrity": integrity(&world.release.package()),
            "tarball": format!("{}{}", world.server.url(), world.release.tarball_path()),
        } } },
    });
    change(&mut document);
    let reply = Reply::body(document.to_string());
    world.server.route(DOCUMENT_PATH, [reply]);
}

/// A registry that signs its one release.
fn signed_world() -> (World, Key) {
    let (world, key) = (npm_world(), Key::new("SHA256:first"));
    serve(&world, &[key.sign(&message(&world))]);
    world.server.route(KEYS_PATH, [Reply::body(key.list(None))]);
    (world, key)
}

#[test]
fn a_sound_signature_is_checked_and_its_key_noted() {
    let (world, key) = signed_world();
    let installed = world.installs();
    assert_eq!(installed.signed_by.as_deref(), Some(key.id));
    let entry = &world.store().list().unwrap()[0];
    let receipt = entry.receipt.as_ref().unwrap();
    assert_eq!(receipt.registry_key.as_deref(), Some(key.id));
}

#[test]
fn the_receipt_says_where_the_registry_serves_attestations() {
    let elsewhere = format!("https://me:secret@other.example{ATTESTATIONS_PATH}");
    let usual = "/-/npm/v1/attestations/@ampcode%2fcli-linux-x64@";
    for (attestations, is_known) in [
        (json!({ "url": elsewhere }), true),
        // Named in a way that nobody knows, they are where npm's own registry has them.
        (json!({ "url": "https://other.example/elsewhere" }), false),
        (json!({ "url": "not a url" }), false),
        (json!({ "provenance": {} }), false),
        (json!("none"), false),
    ] {
        let (world, key) = signed_world();
        serve_attested(&world, &[key.sign(&message(&world))], &attestations);
        world.installs();
        let entry = world.store().list().unwrap().remove(0);
        let receipt = entry.receipt.unwrap();
        // A mirror is asked itself for what it hands on from another registry.
        let place = match is_known {
            true => ATTESTATIONS_PATH.to_owned(),
            false => format!("{usual}{}", world.release.version),
        };
        let place = format!("{}{place}", world.server.url());
        assert_eq!(receipt.attestations, Some(place));
        assert_eq!(receipt.provenance, None);
    }
}

/// A registry that signs its one release and names attestations of it, which it answers with this.
fn attested_world(reply: Option<Reply>) -> World {
    let (world, key) = signed_world();
    let url = format!("https://other.example{ATTESTATIONS_PATH}");
    let signature = key.sign(&message(&world));
    serve_attested(&world, &[signature], &json!({ "url": url }));
    if let Some(reply) = reply {
        world.server.route(ATTESTATIONS_PATH, [reply]);
    }
    world
}

#[test]
fn attestations_that_a_registry_names_and_does_not_have_are_said() {
    let installed = attested_world(None).installs();
    let source = "npm".to_owned();
    assert_eq!(
        installed.warnings,
        [Warning::ProvenanceNotServed { source }]
    );
    assert_eq!(installed.provenance, None);
}

#[test]
fn provenance_of_something_else_is_refused_before_anything_is_fetched() {
    let published = include_str!("../../src/provenance/sigstore-2.0.0.json");
    let bundle: serde_json::Value = serde_json::from_str(published).unwrap();
    let kind = "https://slsa.dev/provenance/v1";
    let document = json!({ "attestations": [{ "predicateType": kind, "bundle": bundle }] });
    let world = attested_world(Some(Reply::body(document.to_string())));
    world
        .refuses(ErrorKind::Signature)
        .reads("provenance_of_something_else");
    world.fetched_no_package();
}

#[test]
fn attestations_that_cannot_be_read_are_refused_before_anything_is_fetched() {
    let kind = "https://slsa.dev/provenance/v1";
    let empty = json!({ "attestations": [{ "predicateType": kind, "bundle": {} }] });
    for (body, expected) in [
        ("<html>".to_owned(), ErrorKind::UnexpectedResponse),
        (empty.to_string(), ErrorKind::Signature),
    ] {
        let world = attested_world(Some(Reply::body(body)));
        world.refuses(expected);
        world.fetched_no_package();
    }
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let (world, _) = signed_world();
    let other = Key::new("SHA256:first");
    serve(&world, &[other.sign(&message(&world))]);
    world
        .refuses(ErrorKind::Signature)
        .reads("registry_signature_tampered");
    world.fetched_no_package();
}

#[test]
fn the_signature_of_an_old_version_proves_nothing_of_a_new_one() {
    let (world, key) = signed_world();
    let new = world.release.version.to_string();
    let old = new.replace("0.0.1790000000", "0.0.1780000000");
    let signature = key.sign(&message(&world).replace(&new, &old));
    serve(&world, std::slice::from_ref(&signature));
    world.refuses(ErrorKind::Signature);
    // Where the registry still has that version, it is named.
    serve_document(&world, |document| {
        let published = &mut document["versions"];
        published[&new]["dist"]["signatures"] = json!([signature]);
        published[&old] = published[&new].clone();
    });
    world
        .refuses(ErrorKind::Signature)
        .reads("registry_signature_of_an_old_version");
    world.fetched_no_package();
}

#[test]
fn a_key_that_had_expired_when_the_version_was_built_is_refused() {
    let (world, key) = signed_world();
    let expired = key.list(Some("2026-01-29T00:00:00.000Z"));
    world.server.route(KEYS_PATH, [Reply::body(expired)]);
    world
        .refuses(ErrorKind::Signature)
        .reads("registry_signature_expired");
    let later = key.list(Some("2027-01-29T00:00:00.000Z"));
    world.server.route(KEYS_PATH, [Reply::body(later)]);
    world.installs();
}

#[test]
fn a_key_that_the_registry_does_not_list_is_refused() {
    let (world, _) = signed_world();
    let stranger = Key::new("SHA256:stranger");
    serve(&world, &[stranger.sign(&message(&world))]);
    world
        .refuses(ErrorKind::Signature)
        .reads("registry_signature_by_a_stranger");
}

#[test]
fn a_registry_that_signed_may_not_stop() {
    let (world, _) = signed_world();
    world.installs();
    world.store().uninstall(&world.release.version).unwrap();
    // Neither its signatures may go, nor its keys.
    world.server.route(KEYS_PATH, [Reply::status(404)]);
    world.refuses(ErrorKind::Signature);
    serve(&world, &[]);
    world.refuses(ErrorKind::Signature);
    let error = world.install().unwrap_err();
    assert!(error.to_string().contains("signed what it had"), "{error}");
    // Who knows why may say so.
    let steps = error.next_steps();
    let [.., NextStep::ForgetSigning { file }] = &steps[..] else {
        panic!("{steps:?}");
    };
    fs::remove_file(file).unwrap();
    world.installs();
}

#[test]
fn a_registry_whose_bytes_are_refused_may_stop_to_sign() {
    let (mut world, _) = signed_world();
    let demands_nothing = world.request.clone();
    let other = "0".repeat(64);
    world.request = world.request.with_sha256(&other).unwrap();
    world.refuses(ErrorKind::ChecksumMismatch);
    serve(&world, &[]);
    world.request = demands_nothing;
    world.installs();
}

#[test]
fn a_mirror_that_lists_no_keys_is_believed_with_a_warning() {
    let (world, _) = signed_world();
    world.server.route(KEYS_PATH, [Reply::status(404)]);
    let installed = world.installs();
    assert!(matches!(
        installed.warnings[..],
        [Warning::SignatureNotChecked { .. }]
    ));
    assert_eq!(installed.signed_by, None);
}

#[test]
fn a_registry_without_signatures_is_not_asked_for_keys() {
    let world = npm_world();
    assert_eq!(world.installs().warnings, []);
    assert!(world.server.requests_for(KEYS_PATH).is_empty());
}

#[test]
fn a_pinned_key_of_a_registry_is_demanded_whatever_the_registry_lists() {
    let (mut world, key) = signed_world();
    world.request.pinned_key = Some(PinnedKey::parse(&key.public()).unwrap());
    let installed = world.installs();
    assert_eq!(installed.signed_by, Some(key.public()));
    assert!(world.server.requests_for(KEYS_PATH).is_empty());

    let (mut world, _) = signed_world();
    let other = Key::new("SHA256:first");
    world.request.pinned_key = Some(PinnedKey::parse(&other.public()).unwrap());
    world
        .refuses(ErrorKind::Signature)
        .reads("registry_signature_not_pinned");
    serve(&world, &[]);
    world.refuses(ErrorKind::Signature);
}

#[test]
fn a_pinned_key_of_a_registry_excludes_sources_that_are_none() {
    let mut world = World::new();
    let key = Key::new("SHA256:first").public();
    world.request.pinned_key = Some(PinnedKey::parse(&key).unwrap());
    world
        .refuses(ErrorKind::Signature)
        .reads("registry_key_for_the_bucket");
}
