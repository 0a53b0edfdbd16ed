//! Provenance that npm registries serve: from which repository a package was built, and by which
//! workflow. A build service signs it by Sigstore.
//!
//! As npm's `audit signatures` checks it: the document of a version names the address of its
//! attestations, each a bundle of Sigstore; the signature, its certificate and its entry in the log
//! are held against the keys that `sigstore-verify` brings, and the subject against package, version
//! and digest. No package of Amp has any (registry of November 2026).

mod ring_provider;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::bundle::SignatureContent;
use sigstore_verify::types::{ArtifactDigest, Bundle, HashAlgorithm};
use sigstore_verify::{SubjectAltName, VerificationPolicy, VerificationResult, Verifier};

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::http::Address;
use crate::registry_signature::refused;
use crate::source_name::BUCKET;
use crate::version::CliVersion;

/// What the type of every attestation of provenance begins with, whatever its version.
const PROVENANCE: &str = "https://slsa.dev/provenance/";

/// What a statement about another archive is refused with.
const OTHER_BYTES: &str = "the provenance is of other bytes";

/// How many attestations of provenance are checked at most; npm's own registry serves one.
const MOST_CHECKED: usize = 4;

/// What a package was built from, as the service that built it has signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Provenance {
    /// The address of who vouches for the workflow: the host of the repository, or a build service.
    pub issuer: String,
    /// The repository's address.
    pub repository: String,
    /// What the issuer calls the repository by, whatever its address; another one that comes to have
    /// the address has another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
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
    bundle: Box<RawValue>,
}

/// What an attestation states, as in-toto has it.
#[derive(Deserialize)]
struct Statement {
    #[serde(rename = "predicateType")]
    predicate_type: String,
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    /// In hexadecimal digits, by algorithm.
    digest: BTreeMap<String, String>,
}

/// What a registry proved before, and from which version on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proved {
    /// The note of it.
    pub(crate) note: PathBuf,
    pub(crate) since: CliVersion,
    pub(crate) provenance: Provenance,
}

impl Provenance {
    /// Tells whether the same issuer vouches for the same repository, by address and identifier.
    fn is_of_the_same_builder(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.repository == other.repository
            && self.repository_id == other.repository_id
    }

    /// Says where the package was built: what may not change without a word.
    fn builder(&self) -> String {
        let id = self.repository_id.as_deref().unwrap_or("none");
        format!("{} (identifier {id}), by {}", self.repository, self.issuer)
    }
}

impl Attestations {
    /// Checks everything that the document says of provenance, and returns it; nothing when it says
    /// nothing of it. Attestations of the registry itself say no more than its signature.
    pub(crate) fn check(&self, document: &[u8]) -> Result<Option<Provenance>> {
        self.check_all(document)
            .map_err(|error| error.at(self.address.to_string()))
    }

    fn check_all(&self, document: &[u8]) -> Result<Option<Provenance>> {
        let document: Document = serde_json::from_slice(document).map_err(|cause| {
            Error::new(ErrorKind::UnexpectedResponse, "not a list of attestations").caused_by(cause)
        })?;
        let is_provenance = |one: &&Attestation| one.predicate_type.starts_with(PROVENANCE);
        let served = document.attestations.iter().filter(is_provenance);
        if served.clone().count() > MOST_CHECKED {
            return Err(refused("the registry serves too many attestations"));
        }
        let mut found: Option<Provenance> = None;
        for attestation in served {
            let one = self.check_bundle(attestation.bundle.get())?;
            if let Some(other) = found.replace(one.clone())
                && !other.is_of_the_same_builder(&one)
            {
                return Err(refused("the package is said to be built in two places")
                    .compare(other.builder(), one.builder()));
            }
        }
        Ok(found)
    }

    fn check_bundle(&self, bundle: &str) -> Result<Provenance> {
        let bundle = Bundle::from_json(bundle).map_err(unproven)?;
        let verified = self.verify(&bundle)?;
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err(refused("the provenance makes no statement"));
        };
        let statement: Statement =
            serde_json::from_slice(envelope.payload.as_bytes()).map_err(unproven)?;
        self.check_statement(&statement)?;
        provenance(&verified)
            .ok_or_else(|| refused("the provenance is signed by no build service of a repository"))
    }

    /// Demands one subject that is the package by name and digest: a statement may have several.
    fn check_statement(&self, statement: &Statement) -> Result<()> {
        if !statement.predicate_type.starts_with(PROVENANCE) {
            return Err(
                refused("what stands for the provenance is a statement of another type")
                    .compare(PROVENANCE, &statement.predicate_type),
            );
        }
        let name = self.package_url();
        let mut named = statement
            .subject
            .iter()
            .filter(|subject| subject.name == name);
        let algorithm = match &self.digest {
            Digest::Sha256(_) => "sha256",
            Digest::Sha512(_) => "sha512",
        };
        let digest = self.digest.to_hex();
        let is_of_digest = |subject: &Subject| {
            let stated = subject.digest.get(algorithm);
            stated.is_some_and(|stated| stated.eq_ignore_ascii_case(&digest))
        };
        match (named.clone().next(), named.any(is_of_digest)) {
            (_, true) => Ok(()),
            (Some(_), false) => Err(refused(OTHER_BYTES)),
            (None, _) => {
                let first = statement.subject.first();
                Err(refused("the provenance is of another package or version")
                    .compare(name, first.map_or("", |subject| &subject.name)))
            }
        }
    }

    fn verify(&self, bundle: &Bundle) -> Result<VerificationResult> {
        ring_provider::install();
        let root = TrustedRoot::from_json(SIGSTORE_PRODUCTION_TRUSTED_ROOT);
        let root = root.map_err(without_keys)?;
        let verifier = Verifier::new(&root).map_err(without_keys)?;
        let digest = match &self.digest {
            Digest::Sha256(bytes) => ArtifactDigest::new(HashAlgorithm::Sha2256, &bytes[..]),
            Digest::Sha512(bytes) => ArtifactDigest::new(HashAlgorithm::Sha2512, &bytes[..]),
        };
        let digest = digest.map_err(unproven)?;
        // Whoever may publish the package may build it anywhere: that it comes from the same place
        // as before is for the caller to see to.
        let anybody = VerificationPolicy::any_identity();
        match verifier.verify(digest, bundle, &anybody) {
            Err(sigstore_verify::Error::ArtifactMismatch(_)) => Err(refused(OTHER_BYTES)),
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
        issuer: verified.issuer()?.to_owned(),
        repository_id: claims.source_repository_identifier.clone(),
        repository: claims.source_repository_uri.clone()?,
        commit: claims.source_repository_digest.clone(),
        workflow: workflow.clone(),
    })
}

/// Says that nothing can be proved here.
fn without_keys(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = "the keys of Sigstore that this program brings cannot be used";
    Error::new(ErrorKind::Signature, message).caused_by(cause)
}

/// Says that what a registry serves proves nothing.
fn unproven(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    refused("the provenance that the registry serves does not hold")
        .caused_by(cause)
        .next(NextStep::UseSource {
            sources: vec![BUCKET.to_owned()],
        })
}

/// Holds what was found of a version against what a registry proved before: from the first version
/// that it proved on, it may neither stop, nor turn to another repository, without a word.
pub(crate) fn settle(
    version: &CliVersion,
    found: Option<&Provenance>,
    before: Option<&Proved>,
) -> Result<()> {
    let Some(before) = before else {
        return Ok(());
    };
    let error = match found {
        Some(found) if found.is_of_the_same_builder(&before.provenance) => return Ok(()),
        Some(found) => refused("the package was built in another place than before")
            .compare(before.provenance.builder(), found.builder()),
        // What is older than all that was proved may never have been.
        None if *version < before.since => return Ok(()),
        None => refused("the registry served the provenance of what it had, and does not any more")
            .compare(format!("as of {}", before.since), "none"),
    };
    Err(error.next(NextStep::ForgetSigning {
        file: before.note.display().to_string(),
    }))
}
