//! Provenance that was published, and what becomes of it when somebody changes a thing.

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Attestations, Proved, Provenance, Statement, settle};
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

pub(crate) fn built_from(repository: &str) -> Provenance {
    Provenance {
        issuer: "https://issuer".to_owned(),
        repository_id: Some("1".to_owned()),
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
    assert_eq!(found.issuer, "https://token.actions.githubusercontent.com");
    assert_eq!(found.repository_id.as_deref(), Some("495574555"));
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
fn a_statement_has_one_subject_of_name_and_digest() {
    let published = published();
    let (name, digest) = (published.package_url(), published.digest.to_hex());
    let subject =
        |name: &str, digest: &str| json!({ "name": name, "digest": { "sha512": digest } });
    let check = |kind: &str, subjects: &[Value]| {
        let statement = json!({ "predicateType": kind, "subject": subjects });
        let statement: Statement = serde_json::from_value(statement).unwrap();
        published.check_statement(&statement)
    };
    let kind = "https://slsa.dev/provenance/v1";
    let other = subject("pkg:npm/other@1", "00");
    check(kind, &[other.clone(), subject(&name, &digest)]).unwrap();
    let crossed = [subject(&name, "00"), subject("pkg:npm/other@1", &digest)];
    for (kind, subjects, complaint) in [
        (kind, &crossed[..], "of other bytes"),
        (kind, &[other], "of another package or version"),
        (kind, &[], "of another package or version"),
        (
            "https://slsa.dev/verification_summary/v1",
            &crossed,
            "of another type",
        ),
    ] {
        let error = check(kind, subjects).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
        assert!(error.to_string().contains(complaint), "{error}");
    }
}

#[test]
fn more_attestations_than_a_registry_has_are_refused_unread() {
    let one = json!({ "predicateType": "https://slsa.dev/provenance/v1", "bundle": {} });
    let document = json!({ "attestations": vec![one; 5] }).to_string();
    let error = published().check(document.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("too many"), "{error}");
}

#[test]
fn provenance_may_neither_stop_nor_turn_to_another_builder() {
    let note = PathBuf::from("/store/provenance/1.json");
    let version = |number: u32| format!("0.0.{number}-ga").parse().unwrap();
    let same = built_from("https://github.com/a/b");
    let before = Proved {
        note: note.clone(),
        since: version(2),
        provenance: same.clone(),
    };
    let other_repository = built_from("https://github.com/a/c");
    let other_issuer = Provenance {
        issuer: "https://elsewhere".to_owned(),
        ..same.clone()
    };
    let other_identifier = Provenance {
        repository_id: Some("2".to_owned()),
        ..same.clone()
    };
    let no_identifier = Provenance {
        repository_id: None,
        ..same.clone()
    };
    settle(&version(2), None, None).unwrap();
    settle(&version(2), Some(&other_repository), None).unwrap();
    settle(&version(2), Some(&same), Some(&before)).unwrap();
    // What is older than all that was proved.
    settle(&version(1), None, Some(&before)).unwrap();
    for found in [
        None,
        Some(&other_repository),
        Some(&other_issuer),
        Some(&other_identifier),
        Some(&no_identifier),
    ] {
        let error = settle(&version(2), found, Some(&before)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
        let forget = NextStep::ForgetSigning {
            file: note.display().to_string(),
        };
        assert!(error.next_steps().contains(&forget));
    }
    settle(&version(1), Some(&other_issuer), Some(&before)).unwrap_err();
}
