//! npm's platform packages: `@ampcode/cli-<platform>`, a tarball with `package/amp`.
//!
//! Seen for 0.0.1784106548 and 0.0.1790142911. The meta package `@ampcode/cli` may be ahead of
//! them, so only the platform package's own list counts.

#[cfg(any(test, fuzzing))]
pub(crate) mod promises;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Announced, Artifact, Packing, Place, Publisher, Release, with_versions};
use crate::digest::Digest;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::http::{Address, Client};
use crate::npm::NpmConfiguration;
use crate::platform::Platform;
use crate::progress::Progress;
use crate::provenance::Attestations;
use crate::registry_signature::{Claim, KeyList, RegistrySignature};
use crate::settings::Limits;
use crate::version::{CliVersion, excerpt, known_versions};

/// The short form of the document first: it is all that is needed and much smaller.
const ACCEPT: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

/// The most versions, newest first, that a signature which does not fit is held against.
const MOST_COMPARED: usize = 1000;

/// The list of keys and attestations come in one form.
const JSON: &str = "application/json";

/// What registries serve attestations below.
const ATTESTATIONS: &str = "-/npm/v1/attestations/";

pub(super) struct Registry {
    address: Address,
    client: Client,
    /// What one installation learned; versions never change, so once is enough.
    document: OnceCell<Document>,
}

/// A package's versions; what is not needed is not read.
#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default, rename = "dist-tags")]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    versions: BTreeMap<String, Published>,
}

#[derive(Debug, Deserialize)]
struct Published {
    dist: Distribution,
}

#[derive(Debug, Deserialize)]
struct Distribution {
    #[serde(default)]
    integrity: String,
    tarball: String,
    #[serde(default)]
    signatures: Vec<RegistrySignature>,
    /// An object with a `url`, of packages that were published with provenance.
    #[serde(default)]
    attestations: serde_json::Value,
}

impl Document {
    fn versions(&self) -> impl Iterator<Item = CliVersion> {
        self.versions
            .keys()
            .filter_map(|version| version.parse().ok())
    }

    /// Returns the versions that are there, newest first, and what their digests are.
    fn integrities(&self) -> impl Iterator<Item = (CliVersion, String)> {
        let newest_first = self.versions.iter().rev();
        newest_first.filter_map(|(version, published)| {
            Some((version.parse().ok()?, published.dist.integrity.clone()))
        })
    }
}

impl Registry {
    pub(super) fn open(environment: Environment<'_>, limits: &Limits) -> Result<Self> {
        let configuration = NpmConfiguration::read(environment)?;
        if configuration.wants_no_verification() {
            return Err(Error::new(
                ErrorKind::NpmConfiguration,
                "npm's configuration switches certificate checks off, which is not followed",
            )
            .compare("strict-ssl=true", "strict-ssl=false")
            .next(NextStep::Configure {
                name: "NPM_CONFIG_CAFILE".to_owned(),
                value: "a PEM file with the authority that your registry uses".to_owned(),
            }));
        }
        let address = configuration.registry(environment, limits.deadlines.npm)?;
        let client = Client::new(
            configuration.trust(environment),
            configuration.proxies(environment),
            configuration.credentials(),
            limits.clone(),
        );
        Ok(Self {
            address,
            client,
            document: OnceCell::new(),
        })
    }

    fn document(&self, platform: Platform, progress: &dyn Progress) -> Result<&Document> {
        if let Some(document) = self.document.get() {
            return Ok(document);
        }
        let package = package(platform)?.replace('/', "%2f");
        let address = Address::below(self.address.as_str(), &package)?;
        let cap = self.client.limits.caps.package_document;
        let bytes = self.client.fetch(&address, Some(ACCEPT), cap, progress)?;
        let document: Document = serde_json::from_slice(&bytes).map_err(|cause| {
            Error::new(ErrorKind::UnexpectedResponse, "not a package document")
                .at(address.to_string())
                .caused_by(cause)
        })?;
        Ok(self.document.get_or_init(|| document))
    }
}

impl Registry {
    /// Returns where this registry has what a document says is at `url`: a mirror hands on the
    /// documents of another, and is asked itself, as npm does.
    fn attestations_address(&self, url: Option<&str>) -> Option<Address> {
        let url = self.address.join(url?).ok()?;
        let place = url.path().find(ATTESTATIONS)?;
        Address::below(self.address.as_str(), &url.path()[place..]).ok()
    }
}

/// Returns the name of a platform's package.
fn package(platform: Platform) -> Result<String> {
    match platform.npm_name() {
        Some(name) => Ok(format!("@ampcode/cli-{name}")),
        None => Err(Error::new(
            ErrorKind::UnsupportedPlatform,
            format!("npm has no package for {platform}"),
        )
        .next(NextStep::UseSource {
            sources: vec!["bucket".to_owned()],
        })),
    }
}

impl Publisher for Registry {
    fn name(&self) -> &'static str {
        "npm"
    }

    fn versions(&self, platform: Platform, progress: &dyn Progress) -> Result<Vec<CliVersion>> {
        Ok(self.document(platform, progress)?.versions().collect())
    }

    /// Follows the `latest` tag, which the publisher may also move back, but not to a version that
    /// it has withdrawn.
    fn newest(&self, platform: Platform, progress: &dyn Progress) -> Result<CliVersion> {
        let document = self.document(platform, progress)?;
        let tagged = document.tags.get("latest");
        if let Some(tagged) = tagged.filter(|version| !document.versions.contains_key(*version)) {
            let error = Error::new(
                ErrorKind::NotPublished,
                "the version that npm calls the latest has been withdrawn",
            )
            .compare("one of those it has", excerpt(tagged));
            return Err(with_versions(error, document.versions().collect()));
        }
        tagged
            .and_then(|version| version.parse().ok())
            .or_else(|| document.versions().max())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotPublished,
                    format!("npm has no version for {platform}"),
                )
            })
    }

    fn newest_known(&self, platform: Platform, progress: &dyn Progress) -> Result<CliVersion> {
        let document = self.document(platform, progress)?;
        let known = known_versions().find(|v| document.versions.contains_key(&v.to_string()));
        known.ok_or_else(|| {
            let error = Error::new(
                ErrorKind::NotPublished,
                "npm has none of the versions that are known to work",
            );
            with_versions(error, document.versions().collect())
        })
    }

    fn release(
        &self,
        version: &CliVersion,
        platform: Platform,
        progress: &dyn Progress,
    ) -> Result<Release> {
        let document = self.document(platform, progress)?;
        let Some(published) = document.versions.get(&version.to_string()) else {
            let error = Error::new(
                ErrorKind::NotPublished,
                format!("npm does not have version {version} for {platform}"),
            );
            return Err(with_versions(error, document.versions().collect()));
        };
        let tarball = self.address.join(&published.dist.tarball)?;
        if self.address.is_https() && !tarball.is_https() {
            return Err(
                Error::new(ErrorKind::Redirect, "the registry points away from HTTPS")
                    .compare("an https URL", tarball.to_string()),
            );
        }
        let digest = Digest::from_integrity(&published.dist.integrity)
            .map_err(|error| error.at(tarball.to_string()))?;
        let package = package(platform)?;
        let attestations = &published.dist.attestations;
        let attestations = match attestations.is_null() {
            true => None,
            // Whatever else is said of the place, npm's own registry has them there.
            false => {
                let url = attestations.get("url").and_then(|url| url.as_str());
                let name = package.replace('/', "%2f");
                let usual = format!("{ATTESTATIONS}{name}@{version}");
                let address = self.attestations_address(url);
                Some(address.map_or_else(|| Address::below(self.address.as_str(), &usual), Ok)?)
            }
        };
        Ok(Release {
            attestations: attestations.map(|address| Attestations {
                address,
                package: package.clone(),
                version: version.to_string(),
                digest,
            }),
            artifacts: vec![Artifact {
                place: Place::Web(tarball),
                packing: Packing::Package,
            }],
            announced: Announced::Download(digest),
            signature: None,
            claim: Some(
                Claim::new(
                    &package,
                    version,
                    &published.dist.integrity,
                    &published.dist.signatures,
                )
                .among(document.integrities().take(MOST_COMPARED)),
            ),
        })
    }

    fn signing_keys(&self, progress: &dyn Progress) -> Result<Option<KeyList>> {
        let address = Address::below(self.address.as_str(), "-/npm/v1/keys")?;
        let cap = self.client.limits.caps.text;
        match self.client.fetch(&address, Some(JSON), cap, progress) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
                Error::new(ErrorKind::UnexpectedResponse, "not a list of keys")
                    .at(address.to_string())
                    .caused_by(cause)
            }),
            Err(error) if error.kind() == ErrorKind::NotPublished => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn attestations(
        &self,
        attestations: &Attestations,
        progress: &dyn Progress,
    ) -> Result<Option<Vec<u8>>> {
        let cap = self.client.limits.caps.attestations;
        let address = &attestations.address;
        match self.client.fetch(address, Some(JSON), cap, progress) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotPublished => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn client(&self) -> Option<&Client> {
        Some(&self.client)
    }

    fn address(&self) -> Option<&Address> {
        Some(&self.address)
    }
}
