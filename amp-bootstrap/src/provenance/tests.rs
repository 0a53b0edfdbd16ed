//! Provenance that was published, and what becomes of it when somebody changes a thing.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Attestations, Provenance, settle};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, NextStep};
use crate::http::Address;

/// The provenance of the package `sigstore` 2.0.0, as npm's own registry serves it.
const PUBLISHED: &str = include_str!("sigstore-2.0.0.json");

pub(crate) fn bundle() -> Value {
    serde_json::from_str(PUBLISHED).unwrap()
}

/// The statement of a bundle.
fn statement(bundle: &Value) -> Value {
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&BASE64_STANDARD.decode(payload).unwrap()).unwrap()
}

/// The package that was published.
pub(crate) fn published() -> Attestations {
    let statement = statement(&bundle());
    let digest = statement["subject"][0]["digest"]["sha512"].as_str();
    let bytes: Vec<u8> = digest
        .unwrap()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    Attestations {
        address: Address::parse("https://registry.example/-/npm/v1/attestations/sigstore@2.0.0")
            .unwrap(),
        package: "sigstore".to_owned(),
        version: "2.0.0".to_owned(),
        digest: Digest::Sha512(bytes.try_into().unwrap()),
    }
}

/// What a registry serves that has this bundle.
pub(crate) fn document(bundle: &Value) -> Vec<u8> {
    let provenance = "https://slsa.dev/provenance/v1";
    let publish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
    let document = json!({ "attestations": [
        { "predicateType": publish, "bundle": {} },
        { "predicateType": provenance, "bundle": bundle },
    ] });
    document.to_string().into_bytes()
}

fn refusal(attestations: &Attestations, bundle: &Value) -> Error {
    let error = attestations.check(&document(bundle)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signature, "{error}");
    error
}

fn built_from(repository: &str) -> Provenance {
    Provenance {
        repository: repository.to_owned(),
        commit: None,
        workflow: String::new(),
    }
}

#[test]
fn published_provenance_holds_and_says_where_the_package_was_built() {
    let found = published().check(&document(&bundle())).unwrap().unwrap();
    assert_eq!(found.repository, "https://github.com/sigstore/sigstore-js");
    assert_eq!(
        found.workflow,
        "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
    );
    assert_eq!(found.commit.unwrap().len(), 40);
}

#[test]
fn provenance_of_another_version_package_or_archive_is_refused() {
    let other_version = Attestations {
        version: "2.0.1".to_owned(),
        ..published()
    };
    let other_package = Attestations {
        package: "@ampcode/cli-linux-x64".to_owned(),
        ..published()
    };
    for other in [other_version, other_package] {
        let error = refusal(&other, &bundle()).to_string();
        assert!(error.contains("of another package or version"), "{error}");
    }
    let other_archive = Attestations {
        digest: Digest::Sha512([7; 64]),
        ..published()
    };
    let error = refusal(&other_archive, &bundle()).to_string();
    assert!(error.contains("of other bytes"), "{error}");
}

#[test]
fn provenance_that_was_changed_anywhere_is_refused() {
    let mut changed: Vec<(&str, Value)> = Vec::new();
    let mut change = |what, change: &dyn Fn(&mut Value)| {
        let mut bundle = bundle();
        change(&mut bundle);
        changed.push((what, bundle));
    };
    change("the statement", &|bundle| {
        let mut statement = statement(bundle);
        statement["predicate"]["builder"] = json!("mine");
        let payload = BASE64_STANDARD.encode(statement.to_string());
        bundle["dsseEnvelope"]["payload"] = json!(payload);
    });
    change("the signature", &|bundle| {
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!("MEUCIQ==");
    });
    change("no signature", &|bundle| {
        bundle["dsseEnvelope"]["signatures"] = json!([]);
    });
    change("no entry in the log", &|bundle| {
        bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    });
    change("the time of the entry", &|bundle| {
        bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = json!("1");
    });
    change("no promise and no proof", &|bundle| {
        let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
        entry.as_object_mut().unwrap().remove("inclusionPromise");
        entry.as_object_mut().unwrap().remove("inclusionProof");
    });
    change("no certificate", &|bundle| {
        bundle["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": [] });
    });
    change("nothing", &|bundle| *bundle = json!({}));
    for (what, bundle) in changed {
        let error = published().check(&document(&bundle)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature, "{what}: {error}");
    }
}

#[test]
fn a_registry_may_serve_attestations_without_provenance_but_nothing_else() {
    let none = published().check(br#"{ "attestations": [] }"#).unwrap();
    assert_eq!(none, None);
    let error = published().check(b"<html>").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
}

#[test]
fn provenance_may_neither_stop_nor_turn_to_another_repository() {
    let note = Path::new("/store/provenance/1.json");
    let noted = Some((note, "https://github.com/a/b"));
    let same = built_from("https://github.com/a/b");
    let other = built_from("https://github.com/a/c");
    settle(None, None).unwrap();
    settle(Some(&other), None).unwrap();
    settle(Some(&same), noted).unwrap();
    for found in [None, Some(&other)] {
        let error = settle(found, noted).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
        let forget = NextStep::ForgetSigning {
            file: note.display().to_string(),
        };
        assert!(error.next_steps().contains(&forget));
    }
}
