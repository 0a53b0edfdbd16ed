//! Provenance that npm registries serve: from which repository a package was built, and by which
//! workflow. A build service signs it by Sigstore.
//!
//! As npm's `audit signatures` checks it: the document of a version names the address of its
//! attestations, each a bundle of Sigstore; the signature, its certificate and its entry in the log
//! are held against the keys that Sigstore had when this crate was published, and the subject against
//! package, version and digest. No package of Amp has any (registry of November 2026).

mod ring_provider;
#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::bundle::SignatureContent;
use sigstore_verify::types::{ArtifactDigest, Bundle, HashAlgorithm, Statement};
use sigstore_verify::{SubjectAltName, VerificationPolicy, VerificationResult, Verifier};

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::http::Address;
use crate::registry_signature::refused;
use crate::source_name::BUCKET;

/// What the type of every attestation of provenance begins with, whatever its version.
const PROVENANCE: &str = "https://slsa.dev/provenance/";

/// What a package was built from, as the service that built it has signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Provenance {
    /// The repository's address.
    pub repository: String,
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The workflow that built it, at the version that it had.
    pub workflow: String,
}

/// Where the attestations of a version are, and what they have to be of.
#[derive(Debug)]
pub(crate) struct Attestations {
    pub(crate) address: Address,
    pub(crate) package: String,
    pub(crate) version: String,
    /// The digest of the archive.
    pub(crate) digest: Digest,
}

/// What a registry serves.
#[derive(Deserialize)]
struct Document {
    attestations: Vec<Attestation>,
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(default, rename = "predicateType")]
    predicate_type: String,
    bundle: serde_json::Value,
}

impl Attestations {
    /// Checks everything that the document says of provenance, and returns it; nothing when it says
    /// nothing of it. Attestations of the registry itself say no more than its signature.
    pub(crate) fn check(&self, document: &[u8]) -> Result<Option<Provenance>> {
        let document: Document = serde_json::from_slice(document).map_err(|cause| {
            Error::new(ErrorKind::UnexpectedResponse, "not a list of attestations")
                .at(self.address.to_string())
                .caused_by(cause)
        })?;
        let is_provenance = |one: &&Attestation| one.predicate_type.starts_with(PROVENANCE);
        let mut provenance = None;
        for attestation in document.attestations.iter().filter(is_provenance) {
            let one = self.check_bundle(&attestation.bundle);
            provenance = Some(one.map_err(|error| error.at(self.address.to_string()))?);
        }
        Ok(provenance)
    }

    fn check_bundle(&self, bundle: &serde_json::Value) -> Result<Provenance> {
        let bundle = Bundle::from_json(&bundle.to_string()).map_err(unproven)?;
        let verified = self.verify(&bundle)?;
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err(refused("the provenance makes no statement"));
        };
        let statement: Statement =
            serde_json::from_slice(envelope.payload.as_bytes()).map_err(unproven)?;
        if !statement.predicate_type.starts_with(PROVENANCE) {
            return Err(
                refused("what stands for the provenance is a statement of another type")
                    .compare(PROVENANCE, statement.predicate_type),
            );
        }
        let name = self.package_url();
        if statement.subject.iter().all(|subject| subject.name != name) {
            let named = statement.subject.into_iter().next();
            return Err(refused("the provenance is of another package or version")
                .compare(name, named.map_or(String::new(), |subject| subject.name)));
        }
        provenance(&verified)
            .ok_or_else(|| refused("the provenance is signed by no build service of a repository"))
    }

    fn verify(&self, bundle: &Bundle) -> Result<VerificationResult> {
        ring_provider::install();
        let root = TrustedRoot::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT).map_err(unproven)?;
        let verifier = Verifier::new(&root).map_err(unproven)?;
        let digest = match &self.digest {
            Digest::Sha256(bytes) => ArtifactDigest::new(HashAlgorithm::Sha2256, &bytes[..]),
            Digest::Sha512(bytes) => ArtifactDigest::new(HashAlgorithm::Sha2512, &bytes[..]),
        };
        let digest = digest.map_err(unproven)?;
        // Whoever may publish the package may build it anywhere: that it comes from the same place
        // as before is for the caller to see to.
        let anybody = VerificationPolicy::any_identity();
        match verifier.verify(digest, bundle, &anybody) {
            Err(sigstore_verify::Error::ArtifactMismatch(_)) => {
                Err(refused("the provenance is of other bytes"))
            }
            verified => verified.map_err(unproven),
        }
    }

    /// Returns the package and its version as attestations name them.
    fn package_url(&self) -> String {
        let package = self.package.replacen('@', "%40", 1);
        format!("pkg:npm/{package}@{}", self.version)
    }
}

/// Reads from a certificate what was built by whom.
fn provenance(verified: &VerificationResult) -> Option<Provenance> {
    let claims = &verified.certificate()?.ci_claims;
    let SubjectAltName::Uri(workflow) = verified.identity()? else {
        return None;
    };
    Some(Provenance {
        repository: claims.source_repository_uri.clone()?,
        commit: claims.source_repository_digest.clone(),
        workflow: workflow.clone(),
    })
}

/// Says that what a registry serves proves nothing.
fn unproven(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    refused("the provenance that the registry serves does not hold")
        .caused_by(cause)
        .next(NextStep::UseSource {
            sources: vec![BUCKET.to_owned()],
        })
}

/// Holds what was found against what a registry served before, where that was noted: it may neither
/// stop, nor turn to another repository, without a word.
pub(crate) fn settle(found: Option<&Provenance>, noted: Option<(&Path, &str)>) -> Result<()> {
    let Some((note, before)) = noted else {
        return Ok(());
    };
    let error = match found {
        Some(provenance) if provenance.repository == before => return Ok(()),
        Some(provenance) => refused("the package was built from another repository than before")
            .compare(before, &provenance.repository),
        None => refused("the registry served the provenance of what it had, and does not any more"),
    };
    Err(error.next(NextStep::ForgetSigning {
        file: note.display().to_string(),
    }))
}
