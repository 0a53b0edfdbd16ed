//! What the reading of a registry's documents promises for any bytes, checked by the fuzzer and by
//! the tests alike.

use super::{Document, package};
use crate::digest::Digest;
use crate::http::Address;
use crate::platform::{Architecture, OperatingSystem, Platform};
use crate::provenance::Attestations;
use crate::registry_signature::{Claim, KeyList};
use crate::signature::{PinnedKey, parse_signature};
use crate::version::CliVersion;

/// Reads bytes as a package's document with the registry's keys in it, as attestations, a checksum, a
/// key and a signature, and panics on a broken promise.
pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Digest::from_checksum_file(&text);
    let _ = parse_signature(&text);
    if let Ok(key) = PinnedKey::parse(&text) {
        assert!(key.of_registry().is_some() != key.of_minisign().is_some());
    }
    let base = Address::parse("https://registry.example/npm/").expect("an address");
    let of_zeros = Attestations {
        address: base.clone(),
        package: "sigstore".to_owned(),
        version: "2.0.0".to_owned(),
        digest: Digest::Sha512([0; 64]),
    };
    assert!(!matches!(of_zeros.check(bytes), Ok(Some(_))), "{text}");
    let Ok(document) = serde_json::from_slice::<Document>(bytes) else {
        return;
    };
    let keys = serde_json::from_slice::<KeyList>(bytes).unwrap_or_default();
    for version in document.versions() {
        let written = version.to_string();
        assert_eq!(written.parse::<CliVersion>().ok().as_ref(), Some(&version));
        // A version that is read is one of the document, letter by letter.
        let dist = &document.versions[&written].dist;
        let name = package(PLATFORM).expect("a platform of npm");
        let claim = Claim::new(&name, &version, &dist.integrity, &dist.signatures);
        let signer = claim.check(&keys);
        assert!(signer.is_err() || claim.is_signed());
        if let Ok(tarball) = base.join(&dist.tarball) {
            assert!(Address::parse(tarball.as_str()).is_ok(), "{tarball}");
        }
        let digest = Digest::from_integrity(&dist.integrity);
        assert!(digest.is_err() || dist.integrity.contains("sha512-"));
    }
}

const PLATFORM: Platform = Platform::new(OperatingSystem::Linux, Architecture::X64);

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_hold_what_is_promised_and_so_do_damaged_ones() {
        fixtures::with_seeds(env!("CARGO_MANIFEST_DIR"), "documents", super::check);
    }
}
